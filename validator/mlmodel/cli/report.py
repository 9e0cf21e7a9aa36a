"""``mlmodel report``: the results of audits as one page."""

from __future__ import annotations

import click

from mlmodel.cli.errors import InternalError, printable


@click.command("report")
@click.argument("results", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    default="report.html",
    help="The page.  [default: report.html]",
)
@click.help_option("-h", "--help")
@click.pass_context
def command(context: click.Context, results: tuple[str, ...], output: str) -> None:
    """Make one page of what mlmodel audit wrote, JSON Lines or Parquet: it needs no other file and no network."""
    from itertools import chain

    from mlmodel.audit.page import page, rows_of
    from mlmodel.audit.subjects import WhereError

    try:
        pieces = list(page(chain.from_iterable(map(rows_of, results)), ", ".join(results)))
    except WhereError as error:
        raise click.UsageError(printable(str(error)), context) from None
    except OSError as error:
        raise InternalError(printable(f"{error.filename}: {error.strerror or error}")) from None
    try:
        with open(output, "w", encoding="ascii", newline="\n") as file:
            file.writelines(pieces)
    except OSError as error:
        raise InternalError(printable(f"{output}: {error.strerror or error}")) from None
    click.echo(printable(output))
