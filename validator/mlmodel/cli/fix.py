"""``mlmodel fix``."""

from __future__ import annotations

import click

EPILOG = """Exit status: 0 nothing to repair, or written; 1 repairs are shown and not written; 2 wrong usage;
3 could not."""


@click.command("fix", epilog=EPILOG)
@click.argument("directories", metavar="DIR...", nargs=-1, required=True, type=click.Path())
@click.option("--recursive", "-r", is_flag=True, help="Repair every model directory at or below each DIR.")
@click.option("--write", is_flag=True, help="Write the repairs that are shown.")
@click.pass_context
def command(context: click.Context, directories: tuple[str, ...], recursive: bool, write: bool) -> None:
    """Repair what has one right answer, and show it as a diff.

    Only texts are changed, no binary file.
    """
    from mlmodel.sources import discovery
    from mlmodel.sources.opening import is_remote

    for path in directories:
        if is_remote(path):
            raise click.UsageError(f"{path} is an address: only folders are repaired", context)
    found = discovery.below(directories) if recursive else discovery.directories(directories)
    worst = 0
    try:
        for path in found:
            worst = max(worst, _fix(path, write=write, named=recursive or len(directories) > 1))
    except discovery.DiscoveryError as error:
        raise click.UsageError(str(error), context) from None
    context.exit(worst)


def _fix(path: str, *, write: bool, named: bool) -> int:
    """Show the repairs of one model directory, and write them where that is asked for; the exit status."""
    from mlmodel import fixing
    from mlmodel.common.texts import printable

    try:
        plan = fixing.plan(path)
        if named and (plan.repairs or plan.unjudged):
            click.echo(printable(path))
        for piece in fixing.render(plan):
            click.echo(piece, nl=False)
        if write:
            fixing.write(plan)
    except (OSError, fixing.StaleError) as error:
        click.echo(f"Error: {error}", err=True)
        return 3
    start = f"{printable(path)}: " if named else ""
    click.echo(f"{start}{fixing.summary(plan, written=write)}", err=True)
    return 3 if plan.unjudged else int(bool(plan.repairs) and not write)
