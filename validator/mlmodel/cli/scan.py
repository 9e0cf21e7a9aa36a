"""``mlmodel scan``, which is also ``mlmodel-scan``."""

from __future__ import annotations

import click

EPILOG = """Exit status: 0 nothing is wrong; 1 loading would be dangerous or fail; 2 wrong usage; 3 something could not
be read or judged."""


@click.command("scan", epilog=EPILOG)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.pass_context
def command(context: click.Context, files: tuple[str, ...]) -> None:
    """Judge single files that may be serialized objects, without loading them.

    What reading them would run, refer to, or fail at; a line a remark.
    """
    from mlmodel.pickles.__main__ import main

    context.exit(main(["--", *files]))
