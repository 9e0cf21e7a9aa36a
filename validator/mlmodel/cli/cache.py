"""``mlmodel cache``: the environments that ``--load`` keeps, and the verdicts of ``--cache``, with their sizes."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

import click

from mlmodel.cli.errors import InternalError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator


_VERDICTS = "verdicts"


@click.group("cache", invoke_without_command=True)
@click.help_option("-h", "--help")
@click.pass_context
def command(context: click.Context) -> None:
    """List, check and clear what is kept: the environments of --load, the verdicts of --cache.

    They are in $MLMODEL_CACHE, else in the user's folder for caches.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


@command.command("list")
@click.help_option("-h", "--help")
def list_() -> None:
    """Show each environment with its size and when it was used last, and how many verdicts there are."""
    from mlmodel.runtime.store import Store

    store = Store()
    with _faults():
        total = 0
        for kept in store.environments():
            size = _size(kept.folder)
            total += size
            used = time.strftime("%Y-%m-%d %H:%M", time.localtime(kept.used))
            click.echo(f"{kept.name}  {_megabytes(size):>10}  used {used}")
        count = len(store.environments())
    click.echo(
        f"{count} environment{'' if count == 1 else 's'}, {_megabytes(total)}, in {printable(store.root)}"
    )
    with _faults():
        from mlmodel.verdicts import cache as verdicts

        kept_verdicts = verdicts.size()
        from mlmodel.audit import kept as kept_versions

        registries = kept_versions.size()
    if kept_verdicts.bytes:
        word = "verdict" if kept_verdicts.verdicts == 1 else "verdicts"
        click.echo(f"{kept_verdicts.verdicts:,} {word}, {_megabytes(kept_verdicts.bytes)}")
    if registries:
        click.echo(f"what registries said of model versions, {_megabytes(registries)}")


@command.command("check")
@click.help_option("-h", "--help")
def check() -> None:
    """Compare each environment with what it was when it was made; one that differs is made anew when it is needed."""
    from mlmodel.runtime.store import Store

    store = Store()
    damaged = 0
    with _faults():
        for kept in store.environments():
            whole = store.is_whole(kept.folder)
            damaged += not whole
            click.echo(f"{kept.name}  {'whole' if whole else 'damaged'}")
    if damaged:
        raise SystemExit(1)


@command.command("clear")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.help_option("-h", "--help")
def clear(names: tuple[str, ...]) -> None:
    """Remove environments, all of them, what was resolved and the verdicts unless names are given; what is in use stays.

    The name "verdicts" stands for these, and for what audits keep of registries.
    """
    from mlmodel.audit import kept as kept_versions
    from mlmodel.runtime.store import Store
    from mlmodel.verdicts import cache as verdicts

    store = Store()
    with _faults():
        kept = {each.name: each.folder for each in store.environments()}
        unknown = [name for name in names if name not in kept and name != _VERDICTS]
        if unknown:
            raise click.UsageError(
                f"there is no environment {printable(unknown[0])}; `mlmodel cache list` shows them"
            )
        freed = busy = 0
        if not names or _VERDICTS in names:
            freed += verdicts.clear() + kept_versions.clear()
        for name in [name for name in names or kept if name != _VERDICTS]:
            size = _size(kept[name])
            if store.clear(name):
                freed += size
            else:
                busy += 1
                click.echo(f"{name}  is in use")
        if not names:
            store.forget()
            store.runs()
    click.echo(f"freed {_megabytes(freed)}" + (f"; {busy} in use" if busy else ""))


def _size(folder: str) -> int:
    """Bytes that a folder takes on the disk; a file with several names, as uv links them, counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(path, name))
            except OSError:
                continue
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                total += getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
    return total


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    """Says what of this machine is wrong, in one line."""
    try:
        yield
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        raise InternalError(printable(f"{error.strerror or error}{where}")) from None
