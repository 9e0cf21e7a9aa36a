"""One page that needs nothing else, on a screen or on a phone: the shares by level and chapter, every failure, every rule."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mlmodel.common.texts import printable
from mlmodel.conformance.balance import Balance, balance, by_chapter, percent
from mlmodel.conformance.reports.badge_report import render as badge
from mlmodel.conformance.results import Level, Outcome, by_rule
from mlmodel.standard.rules import REPOSITORY, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmodel.conformance.results import Result, Summary

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#222;background:#fff}
h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin-top:2rem}svg{max-width:100%;height:auto}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #ddd}
td+td,th+th{text-align:right;white-space:nowrap}td:first-child{overflow-wrap:anywhere}
article{border:1px solid #ddd;border-left:4px solid #b3261e;border-radius:4px;padding:.6rem .8rem;margin:.8rem 0}
article.skip,article.xfail{border-left-color:#8a6100}article h3{font-size:1rem;margin:0}article p{margin:.2rem 0}
dl{display:grid;grid-template-columns:5.5rem 1fr;gap:.1rem .5rem;margin:.3rem 0}dt{color:#555}dd{margin:0;overflow-wrap:anywhere}
code{font-size:90%;overflow-wrap:anywhere}a{color:#0b57a4}td.pass{color:#176f2c}td.fail{color:#b3261e;font-weight:600}
ul.passed{columns:20rem;padding-left:1rem;overflow-wrap:anywhere}summary{cursor:pointer}
@media(max-width:32rem){td,th{font-size:.85rem;padding:.3rem .2rem}}"""


def render(summary: Summary) -> str:
    """The page."""
    about = summary.about
    counts = ", ".join(
        f"{summary.count(outcome):,} {outcome.value}" for outcome in Outcome if summary.count(outcome)
    )
    limits = f"; without {', '.join(summary.without)}" if summary.without else ""
    total = len(summary.judged)
    levels = "".join(
        f"<tr><td>{level.label}</td><td>{summary.reached(level)}/{total}</td>"
        f"{_shares(balance(summary.judged, level))}</tr>"
        for level in Level
        if level
    )
    chapters = "".join(
        f"<tr><td>{_link(f'spec/{section}', section)}</td>{_shares(shares)}</tr>"
        for section, shares in by_chapter(summary.judged, summary.asked).items()
    )
    wrong = [result for result in summary.results if result.outcome is not Outcome.PASS and not result.lacks]
    passed = [result for result in summary.results if result.outcome is Outcome.PASS]
    name = escape(printable(f"{about.name} {about.version}".strip()))
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>MLmodel conformance: {name}</title><style>{_STYLE}</style></head>
<body><h1>MLmodel conformance: {name}</h1>
{badge(summary)}
<p>{len(summary.results):,} cases in {summary.seconds:.1f} seconds: {counts}{escape(limits)}. {escape(printable(about.language))}</p>
<h2>Levels</h2>
<p>Balanced: every rule counts the same, and so do what must be refused and what must be accepted.</p>
<table><tr><th>level</th><th>right</th><th>found</th><th>accepted</th><th>balanced</th></tr>{levels}</table>
<h2>Chapters, at level {summary.asked.label}</h2>
<table><tr><th>chapter</th><th>found</th><th>accepted</th><th>balanced</th></tr>{chapters}</table>
<h2>What went wrong: {len(wrong):,}</h2>
{"".join(map(_failure, wrong)) or "<p>Nothing.</p>"}
<h2>Rules</h2>
<details><summary>The cases of each rule</summary><table><tr><th>rule</th><th>passed</th></tr>{_rules(summary.results)}</table></details>
<h2>What is right: {len(passed):,}</h2>
<details><summary>The cases that pass</summary><ul class="passed">{"".join(map(_passed, passed))}</ul></details>
</body></html>
"""


def _shares(shares: Balance) -> str:
    return "".join(f"<td>{percent(share)}</td>" for share in (shares.found, shares.accepted, shares.score))


def _link(path: str, text: str) -> str:
    return f'<a href="{REPOSITORY}/blob/main/{escape(path)}">{escape(text)}</a>'


def _case(id_: str) -> str:
    return _link(f"conformance/cases/{id_}", id_)


def _failure(result: Result) -> str:
    """A case that is no pass: what it is, and what was expected and found."""
    rules = ", ".join(
        f'<a href="{catalogue()[rule].url}">{rule}</a>' if rule in catalogue() else escape(rule)
        for rule in result.rules
    )
    rows = [("case", _case(result.case)), ("why", escape(printable(result.reason)))]
    rows += [("rules", rules)] if rules else []
    rows += [("expected", _answer(result.expected)), ("found", _answer(result.found) or "no answer")]
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    outcome = result.outcome.value
    return f'<article class="{outcome}"><h3>{escape(printable(result.title))}</h3><dl><dt>outcome</dt><dd>{outcome}</dd>{listed}</dl></article>\n'


def _answer(words: tuple[str, ...]) -> str:
    return "<br>".join(escape(printable(word)) for word in words)


def _rules(results: Iterable[Result]) -> str:
    return "".join(
        f'<tr><td><a href="{catalogue()[rule].url}">{rule}</a> {escape(catalogue()[rule].name)}</td>'
        f'<td class="{"pass" if passed == cases else "fail"}">{passed} of {cases}</td></tr>'
        for rule, (passed, cases) in by_rule(results).items()
        if rule in catalogue()
    )


def _passed(result: Result) -> str:
    return f"<li>{_case(result.case)}: {escape(printable(result.title))}</li>"
