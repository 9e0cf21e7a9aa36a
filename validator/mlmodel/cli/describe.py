"""``mlmodel describe``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlmodel.cli.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

EPILOG = """Exit status: 0 described; 2 wrong usage; 3 described, but for what could not be read."""


@click.command("describe", epilog=EPILOG)
@click.argument("directory", metavar="DIR", type=click.Path())
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(context: click.Context, directory: str, format_: str) -> None:
    """Show what a model directory says, in the form that all readers share.

    Flavors, signature, environment, and the files with their SHA-256.
    """
    from mlmodel.description import describe
    from mlmodel.sources import discovery
    from mlmodel.sources.base import UnopenedError

    try:
        path = next(discovery.directories([directory]))
        found = describe(path, compatibility=True)
    except (discovery.DiscoveryError, NotADirectoryError) as error:
        raise click.UsageError(printable(str(error)), context) from None
    except UnopenedError as error:
        click.echo(f"Error: {printable(str(error))}", err=True)
        context.exit(3)
    if format_ == "json":
        import json

        click.echo(json.dumps(found, indent=2, ensure_ascii=True))
    else:
        for line in _text(dict(found)):
            click.echo(printable(line))
    context.exit(3 if found["unread"] else 0)


def _text(found: dict[str, Any]) -> Iterator[str]:
    for key, value in found.get("identity", {}).items():
        if value is not None:
            yield f"{key}: {value}"
    for name, conf in found.get("flavors", {}).items():
        yield f"flavor {name}"
        for key, value in conf.items():
            if value is not None:
                yield f"  {key}: {_short(value)}"
    signature = found.get("signature") or {}
    for section, items in signature.items():
        if items is not None:
            yield f"{section}:"
            yield from (f"  {_spec(item)}" for item in items)
    environment = found.get("environment", {})
    if environment.get("python"):
        yield f"python {environment['python']}"
    if environment.get("requirements") is not None:
        yield "requirements:"
        yield from (f"  {line}" for line in environment["requirements"])
    yield "files:"
    for file in found["files"]:
        yield f"  {file['sha256'][:12]}  {file['size']:>12,}  {file['path']}"
    if "compatibility" in found:
        yield "targets:"
        for row in found["compatibility"]["targets"]:
            yield f"  {row['target']}: {row['verdict']}"
    for item in found["unread"]:
        yield f"not read: {item['file']}: {item['reason']}"


def _spec(item: dict[str, Any]) -> str:
    name = item.get("name")
    shown = repr(name) if name is not None else "-"
    if item.get("type") == "tensor":
        return f"{shown}: tensor of {item.get('dtype')}, shape {item.get('shape')}"
    if "default" in item:
        return f"{shown}: {item.get('type')} = {_short(item['default'])}"
    return f"{shown}: {item.get('type')}" + ("" if item.get("required") else ", optional")


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 100 else text[:97] + "..."
