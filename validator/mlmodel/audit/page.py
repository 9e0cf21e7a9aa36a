"""The rows of an audit as one page to look at: it needs no other file and no network."""

from __future__ import annotations

import heapq
import json
import os
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from mlmodel.audit.rows import is_row
from mlmodel.audit.subjects import WhereError
from mlmodel.common.records import Record
from mlmodel.common.version import SPEC_VERSION, __version__
from mlmodel.reporters import html_format
from mlmodel.reporters.html_markup import escaped, table
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.audit.rows import Row

LISTED = 2_000
"""Models that have a part of their own; of more, those with the most errors, warnings and notes."""
_BARS = 24
"""Bars of a picture; what is beyond is one bar."""
_RULES = 200
_FINDINGS = 50
_OWNERS = 10_000
_VERDICTS = ("valid", "invalid", "unjudged")
_WORDS = {"valid": "valid", "invalid": "invalid", "unjudged": "not judged"}
_COLORS = {"valid": "var(--valid)", "invalid": "var(--error)", "unjudged": "var(--warning)"}
_LABELS = {"error": "error", "warning": "warning", "info": "note"}

_STYLE = """
.bars{display:block;width:100%;max-width:46rem;height:auto;font:13px system-ui,sans-serif}.bars text{fill:var(--text)}
.bars .soft{fill:var(--soft)}.key{display:flex;flex-wrap:wrap;gap:1rem;list-style:none;padding:0;margin:.5rem 0}
.key i{display:inline-block;width:.9rem;height:.9rem;border-radius:.2rem;margin-right:.4rem;vertical-align:-.1rem}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem;align-items:start}
.pictures figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.75rem}
figcaption{font-weight:600;margin-bottom:.4rem}
#search{font:inherit;width:100%;max-width:32rem;padding:.5rem .7rem;border:1px solid var(--soft);border-radius:.4rem;
background:var(--back);color:var(--text)}#search:focus-visible{outline:3px solid var(--link);outline-offset:2px}
details.model{padding:.4rem .8rem;margin:.5rem 0}details.model summary{overflow-wrap:anywhere}[hidden]{display:none}
"""
_SCRIPT = """
const search = document.getElementById("search"), boxes = [...document.querySelectorAll("[data-show]")];
const models = [...document.querySelectorAll("details.model")], told = document.getElementById("found");
const texts = models.map(model => model.textContent.toLowerCase());
function filter() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const shown = new Set(boxes.filter(box => box.checked).map(box => box.dataset.show));
  let count = 0;
  models.forEach((model, index) => {
    const fits = shown.has(model.dataset.verdict) && words.every(word => texts[index].includes(word));
    model.hidden = !fits;
    count += fits;
  });
  told.textContent = count.toLocaleString("en") + " of " + models.length.toLocaleString("en") + " models shown";
}
search.addEventListener("input", filter);
boxes.forEach(box => box.addEventListener("change", filter));
document.getElementById("filters").hidden = false;
filter();
"""


def rows_of(path: str) -> Iterator[Row]:
    """The rows of results, in either format; of a run that goes on, those that are whole.

    Raises:
        WhereError: it holds anything else.
        OSError: it cannot be read.
    """
    if path.lower().endswith((".parquet", ".pq")):
        from mlmodel.audit import parquet

        try:
            yield from parquet.read(path)
        except ValueError as error:
            raise WhereError(str(error)) from None
        return
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not is_row(row) or not isinstance(row.get("findings"), list):
                raise WhereError(f"{path}:{number}: no row of an audit")
            yield row


class _RuleHits:
    """How often a rule fired."""

    def __init__(self) -> None:
        self.models = 0
        self.findings = 0
        self.owners: set[str] = set()
        self.severity = "info"


class _Ranked(Record):
    """A model, by how much is wrong with it; the heap gives up the least first."""

    rank: tuple[int, int, int, int]
    number: int
    row: Row


class Summary:
    """What the page counts, over any number of rows."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.owners: set[str] = set()
        self.by_release: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.by_python: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.by_month: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.by_owner: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.rules: defaultdict[str, _RuleHits] = defaultdict(_RuleHits)
        self._worst: list[_Ranked] = []
        self._count = 0

    def add(self, row: Row) -> None:
        """Count one more model."""
        verdict = row["verdict"]
        self._count += 1
        self.verdicts[verdict] += 1
        owner = str(row.get("owner") or "unknown")
        if len(self.by_owner) < _OWNERS or owner in self.by_owner:
            self.by_owner[owner][verdict] += 1
        self.by_release[str(row.get("mlflow_version") or "not recorded")[:40]][verdict] += 1
        python = str(row.get("python") or "")
        self.by_python[".".join(python.split(".")[:2]) or "not recorded"][verdict] += 1
        self.by_month[str(row.get("created") or "")[:7] or "not recorded"][verdict] += 1
        for finding in row["findings"]:
            hits = self.rules[finding["rule"]]
            hits.findings += 1
            hits.severity = max(hits.severity, finding["severity"], key=_GRADES.index)
        for rule in {finding["rule"] for finding in row["findings"]}:
            self.rules[rule].models += 1
            if len(self.rules[rule].owners) < _OWNERS:
                self.rules[rule].owners.add(owner)
        rank = (verdict != "valid", row["errors"], row["warnings"], row["infos"])
        ranked = _Ranked(rank, -self._count, row)
        if len(self._worst) < LISTED:
            heapq.heappush(self._worst, ranked)
        elif ranked[:2] > self._worst[0][:2]:
            heapq.heapreplace(self._worst, ranked)

    @property
    def models(self) -> list[Row]:
        """Those that are listed, the worst first."""
        return [ranked.row for ranked in sorted(self._worst, key=lambda each: each[:2], reverse=True)]


_GRADES = ("info", "warning", "error")


def page(rows: Iterable[Row], title: str) -> Iterator[str]:
    """The pieces of the page; ASCII, with character references.

    Args:
        rows: of one audit or several.
        title: what the page is about.
    """
    summary = Summary()
    for row in rows:
        summary.add(row)
    total = sum(summary.verdicts.values())
    with open(os.path.join(os.path.dirname(html_format.__file__), "report.css"), encoding="ascii") as file:
        style = file.read() + _STYLE
    heading = f"{total:,} model{'' if total == 1 else 's'} audited"
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{heading}: {escaped(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#models">Skip to the models</a>\n'
        f'<header>\n<h1>{heading}</h1>\n<p class="soft">{escaped(title)}</p>\n'
    )
    yield _cards(summary)
    yield "</header>\n<main>\n"
    yield from _pictures(summary)
    yield from _rules(summary)
    yield from _models(summary, total)
    yield (
        f'</main>\n<footer class="soft"><p>mlmodel {escaped(__version__)}, standard {SPEC_VERSION}, '
        f'<a href="{rules.REPOSITORY}">the project</a></p></footer>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n'
    )


def _cards(summary: Summary) -> str:
    kinds = {"valid": "valid", "invalid": "error", "unjudged": "warning"}
    items = "".join(
        f'<li class="{kinds[verdict] if summary.verdicts[verdict] else ""}"><b>{summary.verdicts[verdict]:,}</b> '
        f"{_WORDS[verdict]}</li>"
        for verdict in _VERDICTS
    )
    known = [owner for owner in summary.by_owner if owner != "unknown"]
    more = f"<li><b>{len(summary.rules):,}</b> rules that fired</li><li><b>{len(known):,}</b> owners</li>"
    return f'<ul class="cards">{items}{more}</ul>\n'


def _pictures(summary: Summary) -> Iterator[str]:
    key = "".join(
        f'<li><i style="background:{_COLORS[verdict]}"></i>{_WORDS[verdict]}</li>' for verdict in _VERDICTS
    )
    yield f'<h2>At a glance</h2>\n<ul class="key">{key}</ul>\n<div class="pictures">\n'
    yield _bars(*_over_time(summary.by_month), last=True)
    yield _bars("By release of MLflow", sorted(summary.by_release.items(), key=_version_key), last=True)
    yield _bars("By Python", sorted(summary.by_python.items(), key=_version_key), last=True)
    owners = sorted(summary.by_owner.items(), key=lambda item: (-_failed(item[1]), item[0]))
    yield _bars("By owner, those with the most that are not valid first", owners)
    yield "</div>\n"


def _over_time(months: dict[str, Counter[str]]) -> tuple[str, list[tuple[str, Counter[str]]]]:
    """Title and bars: months, or years where these are too many."""
    if len(months) <= _BARS:
        return "By month in which they were made", sorted(months.items())
    years: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for month, counts in months.items():
        years[month[:4] if month[:4].isdigit() else month].update(counts)
    return "By year in which they were made", sorted(years.items())


def _failed(counts: Counter[str]) -> int:
    return sum(counts.values()) - counts["valid"]


def _version_key(item: tuple[str, Counter[str]]) -> tuple[list[int], str]:
    parts = item[0].split(".")
    return [int(part) if part.isdigit() and len(part) < 9 else -1 for part in parts], item[0]


def _bars(title: str, bars: list[tuple[str, Counter[str]]], *, last: bool = False) -> str:
    """Stacked bars, a line each: the verdicts of a group."""
    if len(bars) > _BARS:
        rest = bars[: -_BARS + 1] if last else bars[_BARS - 1 :]
        others: Counter[str] = sum((counts for _, counts in rest), Counter())
        other = (f"{len(rest):,} others", others)
        bars = [other, *bars[-_BARS + 1 :]] if last else [*bars[: _BARS - 1], other]
    most = max((sum(counts.values()) for _, counts in bars), default=1) or 1
    lines = []
    for number, (label, counts) in enumerate(bars):
        top, start = number * 24, 118.0
        short = label if len(label) <= 16 else label[:14] + "..."
        lines.append(f'<text x="110" y="{top + 16}" text-anchor="end">{escaped(short)}</text>')
        for verdict in _VERDICTS:
            width = 190 * counts[verdict] / most
            if counts[verdict]:
                lines.append(
                    f'<rect x="{start:.1f}" y="{top + 3}" width="{max(width, 1):.1f}" height="17" rx="2" '
                    f'fill="{_COLORS[verdict]}"><title>{escaped(label)}: {counts[verdict]:,} '
                    f"{_WORDS[verdict]}</title></rect>"
                )
                start += max(width, 1)
        failed = _failed(counts)
        text = f"{sum(counts.values()):,}" + (f", {failed:,} not valid" if failed else "")
        lines.append(f'<text class="soft" x="{start + 6:.1f}" y="{top + 16}">{text}</text>')
    spoken = "; ".join(
        f"{label}: {', '.join(f'{counts[verdict]:,} {_WORDS[verdict]}' for verdict in _VERDICTS if counts[verdict])}"
        for label, counts in bars
    )
    return (
        f"<figure><figcaption>{title}</figcaption>"
        f'<svg class="bars" role="img" aria-label="{escaped(f"{title}: {spoken}")}" '
        f'viewBox="0 0 460 {len(bars) * 24 + 2}">{"".join(lines)}</svg></figure>\n'
    )


def _rules(summary: Summary) -> Iterator[str]:
    if not summary.rules:
        return
    catalogue = rules.catalogue()
    ordered = sorted(
        summary.rules.items(), key=lambda item: (-_GRADES.index(item[1].severity), -item[1].models, item[0])
    )
    cells = []
    for rule, hits in ordered[:_RULES]:
        known = catalogue.get(rule)
        name = f'<a href="{known.url}">{rule}</a> {known.name}' if known is not None else escaped(rule)
        text = escaped(known.summary) if known is not None else ""
        badge = html_format.badge(hits.severity, _LABELS[hits.severity])
        owners = [owner for owner in hits.owners if owner != "unknown"]
        cells.append((name, badge, f"{hits.models:,}", f"{len(owners):,}", f"{hits.findings:,}", text))
    head = ("rule", "severity", "models", "owners", "findings", "what must be")
    yield f"<h2>Rules</h2>\n{table(head, cells, 'Rules by how many models they hit')}\n"


def _models(summary: Summary, total: int) -> Iterator[str]:
    boxes = "".join(
        f'<label><input type="checkbox" data-show="{verdict}" checked> {_WORDS[verdict]}</label>'
        for verdict in _VERDICTS
    )
    yield (
        '<h2 id="models">Models</h2>\n<div id="filters" hidden><label for="search">Search names, owners, rules and '
        f'messages</label><br><input id="search" type="search"><fieldset><legend>Show</legend>{boxes}</fieldset>'
        '<p id="found" class="soft" role="status"></p></div>\n'
    )
    for row in summary.models:
        yield from _model(row)
    if total > LISTED:
        yield f"<p>... and {total - LISTED:,} more, with less that is wrong; the results have all of them.</p>\n"


def _model(row: Row) -> Iterator[str]:
    verdict = row["verdict"]
    counts = ", ".join(
        f"{row[key]:,} {word}{'' if row[key] == 1 else 's'}"
        for key, word in (("errors", "error"), ("warnings", "warning"), ("infos", "note"))
        if row[key]
    )
    yield (
        f'<details class="model" data-verdict="{verdict}"><summary>{html_format.badge(verdict, _WORDS[verdict])} '
        f'<code>{escaped(row["id"])}</code> <span class="soft">{escaped(counts)}</span></summary>\n'
    )
    facts = [
        ("owner", row.get("owner")),
        ("made", row.get("created")),
        ("MLflow", row.get("mlflow_version")),
        ("Python", row.get("python")),
        ("flavors", ", ".join(row.get("flavors") or ())),
        ("files at", row.get("source")),
    ]
    told = "; ".join(f"{name} {escaped(value)}" for name, value in facts if value)
    yield f'<p class="soft">{told}</p>\n<ol class="findings">\n'
    for finding in row["findings"][:_FINDINGS]:
        yield _finding(finding)
    yield "</ol>\n"
    if len(row["findings"]) > _FINDINGS:
        yield f"<p>... and {len(row['findings']) - _FINDINGS:,} more findings.</p>\n"
    yield "</details>\n"


def _finding(finding: dict[str, Any]) -> str:
    severity = finding["severity"]
    place = ":".join(str(part) for part in (finding["file"], finding["line"], finding["column"]) if part)
    where = f" <code>{escaped(place)}</code>" if place else ""
    hint = f"<p><strong>Hint:</strong> {escaped(finding['hint'])}</p>" if finding["hint"] else ""
    return (
        f'<li class="finding {severity}">{html_format.badge(severity, _LABELS[severity])} '
        f"{escaped(finding['rule'])} {escaped(finding['name'])}{where}<p>{escaped(finding['message'])}</p>{hint}</li>\n"
    )
