"""The catalogue of rules: ``schemas/rules.json``, which the pages of ``spec/rules/`` generate."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.common.spelling import nearest
from mlmodel.common.texts import shortened
from mlmodel.findings import Finding, Severity, page_of
from mlmodel.standard import data

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlmodel.findings import Location


MAX_MESSAGE = 2000
"""Characters of a message or hint; only names and values that no author wrote make longer ones."""


REPOSITORY = "https://github.com/mlmodel-standard/mlmodel"
"""Where the standard is kept: links in reports lead there.  ``project.urls`` in pyproject.toml is the same."""


class Rule(Record):
    """One rule of the standard."""

    id: str
    name: str
    severity: Severity
    chapter: str
    since: str
    fixable: bool
    summary: str
    executes: bool = False
    """Whether an error of it says that loading the model runs, or names, code that no library needs."""
    optional: bool = False
    """Whether it is off unless it is selected or given a severity."""
    unjudged: bool = False
    """Whether a finding of it says that something could not be judged: the verdict is then ``unjudged``, and no option hides it."""
    unknown: bool = False
    """Whether a finding of it says that something is unknown, which may be new in a release newer than those covered."""

    @property
    def page(self) -> str:
        """The page's path from the root of the repository."""
        return page_of(self.id, self.name)

    @property
    def url(self) -> str:
        """The page's address."""
        return f"{REPOSITORY}/blob/main/{self.page}"


@cache
def catalogue() -> Mapping[str, Rule]:
    """All rules by id, in the order of their ids."""
    entries = json.loads(data.read("schemas", "rules.json"))["rules"]
    return {
        entry["id"]: Rule(
            entry["id"],
            entry["name"],
            Severity[entry["severity"].upper()],
            entry["chapter"],
            entry["since"],
            entry["fixable"],
            entry["summary"],
            entry.get("executes", False),
            entry.get("optional", False),
            entry.get("unjudged", False),
            entry.get("unknown", False),
        )
        for entry in entries
    }


def page(rule: Rule) -> str:
    """The Markdown text of a rule's page, without its front matter."""
    text = data.read("rules", f"{rule.id}-{rule.name}.md")
    return text.split("---\n", 2)[2].lstrip("\n")


class UnknownRuleError(ValueError):
    """A selector names no rule; ``suggestion`` is the nearest one, if any is near."""

    def __init__(self, selector: str) -> None:
        known = [*catalogue(), *(rule.name for rule in catalogue().values())]
        self.suggestion = nearest(selector, known, 0.6)
        hint = f"; did you mean {self.suggestion}?" if self.suggestion else " (see --list-rules)"
        super().__init__(f"no rule is called {selector!r}{hint}")


def matching(selector: str) -> frozenset[str]:
    """The ids that a selector means: an id, the beginning of ids (``MLM3``; not of optional rules), a name, or ``ALL``.

    Raises:
        UnknownRuleError: it means none.
    """
    if selector == "ALL":
        return frozenset(catalogue())
    ids = frozenset(
        rule.id
        for rule in catalogue().values()
        if selector in (rule.id, rule.name)
        or (selector[:3] == "MLM" and rule.id.startswith(selector) and not rule.optional)
    )
    if not ids:
        raise UnknownRuleError(selector)
    return ids


def matching_any(selectors: Iterable[str]) -> frozenset[str]:
    """The ids that any of the selectors means."""
    return frozenset().union(*map(matching, selectors))


def new_finding(rule: str, message: str, location: Location, hint: str | None = None) -> Finding:
    """A finding of the rule with this id, with the name and severity that the catalogue gives it.

    Raises:
        KeyError: no rule has this id.
    """
    entry = catalogue()[rule]
    message, hint = shortened(message, MAX_MESSAGE), hint and shortened(hint, MAX_MESSAGE)
    return Finding(rule, entry.name, entry.severity, message, location, hint)
