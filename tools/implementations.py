"""Writes ``conformance/IMPLEMENTATIONS.md``: what the suite says of several implementations, side by side.

``python tools/implementations.py`` asks two that always give the same answer, check-jsonschema with the schemas alone (from
the index, once), the adapters in JavaScript (npm) and Rust (cargo) and the reference.  It takes minutes; an implementation
whose toolchain is not at hand is left out, and said to be.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "validator")]

from mlmodel.conformance import suite  # noqa: E402
from mlmodel.conformance.adapters import About, Adapter, CommandAdapter  # noqa: E402
from mlmodel.conformance.balance import balance, by_chapter, percent  # noqa: E402
from mlmodel.conformance.results import Level, Outcome, Summary  # noqa: E402
from mlmodel.conformance.running import Options, applicable, run  # noqa: E402
from mlmodel.standard.rules import catalogue  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlmodel.conformance.adapters import Asked
    from mlmodel.conformance.results import Result

TARGET = ROOT / "conformance" / "IMPLEMENTATIONS.md"
ADAPTERS = ROOT / "conformance" / "adapters"
CACHE = ROOT / ".cache"
HEAD = """# Implementations, side by side

Written by `tools/implementations.py`: what the suite of standard {version} says of each, in {count:,} cases.
*Found* is the share of what must be refused, *accepted* the share of what must be accepted, *balanced* the mean of both; every rule weighs the same, as [the guide](README.md) says.
*Plain* is the share of cases with the right verdict, in which a program that accepts everything looks good.
What MLflow's own releases make of the cases stands in [RESULTS.md](RESULTS.md).

"""
SAME = "one answer to everything, so that each chapter has 50 %"
LONGEST = 100
"""Characters of a case's title in the tables: what a phone shows on a few lines."""
LEVELS = (Level.VERDICTS, Level.RULES, Level.POINTERS)


class _Same(CommandAdapter):
    """Always the same verdict; no command is run."""

    def __init__(self, verdict: str) -> None:
        super().__init__([], 1.0, {})
        self._verdict = verdict

    def hello(self) -> About:
        """What it is."""
        return About(f"always {self._verdict}", "", "", frozenset({"validator"}), frozenset())

    def ask(self, op: str, **_arguments: object) -> dict[str, Any]:
        """The verdict."""
        return {"verdict": self._verdict} if op == "validate" else {}

    def close(self) -> None:
        """Nothing to end."""


class Implementation(NamedTuple):
    """One of those that are compared."""

    name: str
    make: Callable[[dict[str, str]], Asked] | None
    """None where its toolchain is not at hand."""
    what: str


_CHECKING = """
import contextlib, io, json, os, sys
from check_jsonschema import main

def verdict(model):
    words = ["--schemafile", sys.argv[1], "--default-filetype", "yaml", os.path.join(model, "MLmodel")]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            main(words)
        except SystemExit as end:
            return "invalid" if end.code else "valid"
        except Exception:
            return "invalid"

for line in sys.stdin:
    request = json.loads(line)
    about = {"name": "check-jsonschema", "version": "0.34.0", "language": "Python"}
    answers = {"hello": {"implementation": about, "roles": ["validator"], "features": []}, "bye": {}}
    answer = answers.get(request["op"]) or ({"verdict": verdict(request["model"])} if "model" in request else {})
    print(json.dumps({"id": request["id"], **answer}), flush=True)
    if request["op"] == "bye":
        break
"""
"""check-jsonschema asked once a line: the same function as its command, which takes a second to start."""


def _check_jsonschema() -> Callable[[dict[str, str]], Asked] | None:
    from tests import environments

    python = environments.environment("check-jsonschema", ["check-jsonschema==0.34.0"])
    command = [python, "-c", _CHECKING, str(ROOT / "schemas" / "mlmodel.schema.json")]
    return lambda variables: Adapter(command, 60, variables)


def _javascript() -> Callable[[dict[str, str]], Asked] | None:
    if shutil.which("npm") is None:
        return None
    folder = CACHE / "node-adapter"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "validator.mjs"):
        shutil.copy(ADAPTERS / "node" / name, folder)
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    subprocess.run(install, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    command = ["node", str(folder / "validator.mjs"), str(ROOT / "schemas")]
    return lambda variables: Adapter(command, 60, variables)


def rust() -> str | None:
    """The adapter in Rust, compiled; None without cargo."""
    if shutil.which("cargo") is None:
        return None
    target = CACHE / "rust-adapter"
    build = ["cargo", "build", "--release", "--offline", "--quiet", "--target-dir", str(target)]
    subprocess.run(build, check=True, cwd=ADAPTERS / "rust")
    return str(target / "release" / "mlmodel-structural")


def implementations() -> list[Implementation]:
    """All that are compared."""
    program = rust()
    ours = [sys.executable, "-m", "mlmodel.conformance.adapter"]
    return [
        Implementation("accepts everything", lambda _: _Same("valid"), SAME),
        Implementation("rejects everything", lambda _: _Same("invalid"), SAME),
        Implementation(
            "check-jsonschema",
            _check_jsonschema(),
            "the schemas of the MLmodel file alone, as a user runs them",
        ),
        Implementation(
            "JavaScript", _javascript(), "[the schemas with ajv](adapters/node/), with the rules' severities"
        ),
        Implementation(
            "Rust",
            (lambda variables: Adapter([program, str(ROOT / "schemas")], 60, variables)) if program else None,
            "[written from the text](adapters/rust/): schemas, paths, lists; looks for names in pickles, and decodes none",
        ),
        Implementation(
            "mlmodel", lambda variables: Adapter(ours, 60, variables), "the reference implementation"
        ),
    ]


def asked(implementation: Implementation, cases: list[suite.Case]) -> Summary:
    """All answers, at the level of verdicts; what comes of the higher levels is in the results."""
    make = implementation.make
    assert make is not None
    options = Options("validator", Level.VERDICTS, jobs=2, timeout=60)
    results = tuple(run(cases, make, options, frozenset()))
    return Summary(make({}).hello(), Level.VERDICTS, results, 0.0)


def table(header: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _row(name: str, summary: Summary) -> list[str]:
    shares = {level: balance(summary.judged, level) for level in LEVELS}
    verdicts = shares[Level.VERDICTS]
    plain = [percent(summary.reached(level) / len(summary.judged)) for level in LEVELS]
    found = [
        percent(verdicts.found),
        percent(verdicts.accepted),
        *(percent(shares[level].score) for level in LEVELS),
    ]
    return [name, *found, *plain]


def _failures(name: str, results: Iterable[Result]) -> str:
    """What went wrong, one line a rule and direction: a case with its title, and how many more."""
    groups: dict[tuple[str, bool], list[Result]] = {}
    for result in results:
        if result.outcome is not Outcome.PASS and not result.lacks:
            groups.setdefault((result.subject, result.refusal), []).append(result)
    if not groups:
        return f"## What {name} gets wrong\n\nNothing.\n\n"
    lines = []
    for (subject, refusal), group in sorted(groups.items()):
        first = group[0]
        rule = catalogue().get(subject)
        told = f"[{subject}](../{rule.page})" if rule else subject
        more = f", and {len(group) - 1} more" if len(group) > 1 else ""
        wrong = "not found" if refusal else "not accepted"
        title = textwrap.shorten(first.title, LONGEST, placeholder=" …")
        title = title.replace("|", "\\|").replace("<", "&lt;")
        lines.append([told, wrong, f"[{title}](cases/{first.case}){more}"])
    return f"## What {name} gets wrong\n\n" + table(["rule or area", "", "case"], lines) + "\n"


def page() -> str:
    """The whole page."""
    cases = [case for case in applicable(suite.cases(), "validator") if not case.needs("validator")]
    every = implementations()
    summaries = {one.name: asked(one, cases) for one in every if one.make is not None}
    text = HEAD.format(version=suite.SUITE_VERSION, count=len(cases))
    header = [
        "",
        "found",
        "accepted",
        *(f"balanced: {level.name.lower()}" for level in LEVELS),
        *(f"plain: {level.name.lower()}" for level in LEVELS),
    ]
    text += table(header, (_row(name, summary) for name, summary in summaries.items())) + "\n"
    text += "".join(
        f"- {one.name}: {one.what}{'' if one.make else ' (not asked: its toolchain is not here)'}\n"
        for one in every
    )
    chapters = {
        one.name: by_chapter(summaries[one.name].judged, Level.VERDICTS)
        for one in every
        if one.name in summaries and one.what != SAME
    }
    sections = sorted({section for found in chapters.values() for section in found})
    rows = (
        [f"[{section}](../spec/{section})", *(percent(found[section].score) for found in chapters.values())]
        for section in sections
        if any(found[section].score is not None for found in chapters.values())
    )
    text += "\n## Chapters, balanced, verdicts\n\n" + table(["chapter", *chapters], rows) + "\n"
    for name in ("JavaScript", "Rust", "mlmodel"):
        if name in summaries:
            text += _failures(name, summaries[name].results)
    return text.rstrip("\n") + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` compare it."""
    new = page()
    if "--check" in arguments:
        return int(TARGET.read_text(encoding="utf-8") != new)
    TARGET.write_text(new, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
