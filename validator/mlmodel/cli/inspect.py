"""``mlmodel inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlmodel.cli.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.inspection import InspectedObject

EPILOG = """Exit status: 0 looked at; 2 wrong usage; 3 could not be read.  What is found is no verdict: that is
mlmodel-validate's."""


@click.command("inspect", epilog=EPILOG)
@click.argument("path", metavar="FILE|DIR", type=click.Path())
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(context: click.Context, path: str, format_: str) -> None:
    """Show what serialized objects hold, without loading them: of a file, a model directory, an archive or an address.

    Names by distribution, calls, code by value, and the versions that they betray.
    """
    from mlmodel import inspection
    from mlmodel.common.errors import MlmodelError
    from mlmodel.sources.base import UnopenedError, UnreadableError

    try:
        parts = list(inspection.inspect(path))
    except (FileNotFoundError, MlmodelError) as error:
        raise click.UsageError(printable(str(error)), context) from None
    except (UnreadableError, UnopenedError, OSError) as error:
        click.echo(f"Error: {printable(str(error))}", err=True)
        context.exit(3)
    if format_ == "json":
        import json

        from mlmodel.common.version import __version__

        click.echo(
            json.dumps(
                {"inspection_version": 1, "tool_version": __version__, "parts": list(map(_json, parts))},
                indent=2,
            )
        )
        return
    for part in parts:
        for line in _text(part):
            click.echo(printable(line))
    if not parts:
        click.echo("no serialized object that is known")


def _json(part: InspectedObject) -> dict[str, object]:
    return {
        **part._asdict(),
        "calls": [used._asdict() for used in part.calls],
        "code": [code._asdict() for code in part.code],
        "remarks": [said._asdict() for said in part.remarks],
    }


_MOST = 12
"""Lines of one kind that are shown."""


def _text(part: InspectedObject) -> Iterator[str]:
    facts = [part.form]
    if part.protocol is not None:
        facts.append(f"protocol {part.protocol}")
    if part.size is not None:
        facts.append(f"{part.size:,} bytes")
    yield f"{part.path}: {', '.join(facts)}"
    for library, version in part.versions.items():
        yield f"  written with {library} {version}"
    for group, names in part.imports.items():
        yield f"  names of {group}:"
        yield from _some(names)
    if part.calls:
        yield "  calls:"
        yield from _some(tuple(f"{used.text}  {used.opcode}, {used.times:,} times" for used in part.calls))
    for code in part.code:
        uses = f", uses {', '.join(code.names[:20])}" if code.names else ""
        yield f"  carries {code.kind} {code.name or 'without a name'}{uses}"
    for said in part.remarks:
        yield f"  byte {said.offset:,}: {said.kind}: {said.message}"


def _some(lines: tuple[str, ...]) -> Iterator[str]:
    for line in lines[:_MOST]:
        yield f"    {line}"
    if len(lines) > _MOST:
        yield f"    ... and {len(lines) - _MOST:,} more"
