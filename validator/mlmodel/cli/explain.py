"""``mlmodel explain``."""

from __future__ import annotations

import click

from mlmodel.cli.selectors import RuleSelectors
from mlmodel.standard import rules


@click.command("explain")
@click.argument("rule", type=RuleSelectors())
def command(rule: str) -> None:
    """Show the page of a rule: what it checks, why it matters, how to fix it."""
    click.echo(pages(rule), nl=False)


def pages(selector: str) -> str:
    """The pages of all rules that an id, the beginning of ids or a name means, as people read them.

    Raises:
        click.UsageError: there is no such rule.
    """
    from mlmodel.reporters.rule_pages import readable

    try:
        ids = sorted(rules.matching(selector))
    except rules.UnknownRuleError as error:
        raise click.UsageError(str(error)) from None
    return "\n".join(readable(rules.catalogue()[id_]) for id_ in ids)
