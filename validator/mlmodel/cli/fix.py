"""``mlmodel fix``."""

from __future__ import annotations

import click

EPILOG = """Exit status: 0 nothing to repair, or written; 1 repairs are shown and not written; 2 wrong usage;
3 could not."""


@click.command("fix", epilog=EPILOG)
@click.argument("directory", metavar="DIR", type=click.Path())
@click.option("--write", is_flag=True, help="Write the repairs that are shown.")
@click.pass_context
def command(context: click.Context, directory: str, write: bool) -> None:
    """Repair what has one right answer, and show it as a diff.

    Only texts are changed, no binary file.
    """
    from mlmodel import fixing
    from mlmodel.sources import discovery

    try:
        path = next(discovery.directories([directory]))
        plan = fixing.plan(path)
        for piece in fixing.render(plan):
            click.echo(piece, nl=False)
        if write:
            fixing.write(plan)
    except discovery.DiscoveryError as error:
        raise click.UsageError(str(error), context) from None
    except (OSError, fixing.StaleError) as error:
        click.echo(f"Error: {error}", err=True)
        context.exit(3)
    click.echo(fixing.summary(plan, written=write), err=True)
    context.exit(3 if plan.unjudged else int(bool(plan.repairs) and not write))
