"""Rules on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    _Base = click.ParamType[str]
else:
    _Base = click.ParamType  # not generic before click 8.3


class RuleSelectors(_Base):
    """Ids, prefixes or names of rules, comma-separated; a shell completes the last of them."""

    name = "rules"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is: what it names is looked up with that of the configuration."""
        del param, ctx
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Ids and names that begin so, each with the summary of its rule."""
        del ctx, param
        from click.shell_completion import CompletionItem

        from mlmodel.standard import rules

        before, comma, last = incomplete.rpartition(",")
        return [
            CompletionItem(f"{before}{comma}{word}", help=rule.summary)
            for rule in rules.catalogue().values()
            for word in (rule.id, rule.name)
            if word.startswith(last)
        ]


def as_rules(values: tuple[str, ...]) -> tuple[str, ...]:
    """The selectors in the values of an option."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())
