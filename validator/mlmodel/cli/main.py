"""``mlmodel``: the group of commands, each imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

from mlmodel import __version__

COMMANDS = {
    "validate": "Validate model directories without running anything in them.",
    "explain": "Show the page of a rule: what it checks, why it matters, how to fix it.",
    "compat": "Show which readers and serving products take a model directory as it is.",
    "targets": "List the readers and serving products that are known.",
    "write": "Make a model directory of a bare pickle, joblib or skops file.",
    "describe": "Show what a model directory says, in the form that all readers share.",
    "inspect": "Show what serialized objects hold, without loading them.",
    "conformance": "Test an implementation of the standard with the cases of the suite.",
    "fix": "Repair what has one right answer, and show it as a diff.",
}
"""The commands in the order of the help text.  Each is ``command`` in the module of its name; the line of help
stands here so that listing them imports none."""


class _Lazy(click.Group):
    """Commands that are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"mlmodel.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mlmodel")
def main() -> None:
    """Work with MLflow model directories: the standard, its validator."""
