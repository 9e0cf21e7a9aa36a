"""How a command says that something went wrong."""

from __future__ import annotations

import click


class InternalError(click.ClickException):
    """Something is wrong with this program, or with the machine it runs on."""

    exit_code = 3


def printable(text: str) -> str:
    """What other people named or wrote, as a terminal may show it."""
    from mlmodel.reporters.text_format import printable as escaped

    return escaped(text)
