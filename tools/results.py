"""Writes ``conformance/RESULTS.md``: what releases of MLflow read, predict and write of the suite's cases.

``python tools/results.py`` installs each release once (``MLMODEL_TEST_VENVS``) and asks it through its adapter;
``--check`` only compares.
"""

from __future__ import annotations

import fnmatch
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "validator")]

from mlmodel.conformance import suite  # noqa: E402
from mlmodel.conformance.adapters import Adapter  # noqa: E402
from mlmodel.conformance.results import Level, Outcome  # noqa: E402
from mlmodel.conformance.running import Options, applicable, run  # noqa: E402
from mlmodel.standard import rules  # noqa: E402
from mlmodel.standard.releases import covered  # noqa: E402
from tests import environments  # noqa: E402

RELEASES = covered().results
TARGET = ROOT / "conformance" / "RESULTS.md"
ADAPTER = ROOT / "conformance" / "adapters" / "mlflow" / "adapter.py"
SIGNS = {Outcome.PASS: "yes", Outcome.FAIL: "no", Outcome.ERROR: "error", Outcome.SKIP: "-"}
FEATURES = frozenset({"predict", "python-code", "sklearn", "skops"})
HEAD = """# What MLflow reads, predicts and writes

Written by `tools/results.py`: real releases of MLflow, asked through [their adapter](adapters/mlflow/) about the cases of this suite.

"""
READS = """
## How many directories each release reads

A release reads a directory when `Model.load`, the signature and the schemas of inputs and outputs raise nothing; the model itself is not loaded.

"""
PREDICTS = """
## How many models each release predicts with as the one that saved them

Each model is asked several questions, and what must be refused must be refused.
The libraries are those that install with each release today, so that scikit-learn reads what another version of it saved.

"""
WRITES = """
## What each release writes

"yes": what it wrote conforms, and holds everything that was asked for; or it refused what nobody should write.
"-": the release has no way to say that.
Requirements are given to it, so that nothing is inferred.

"""
REFUSES = """
## Whether each release refuses what is invalid, by rule

MLflow is a reader and no validator, so that most rows say "no": it reads the directory, and what is wrong with it shows later, when the model is loaded, served or given an environment.
Each rule's page tells why a reader should not be content with that.
"-": it does not read the near miss either, so that its refusal says nothing.

"""

Found = dict[str, Outcome]


def validated_areas(cases: list[suite.Case]) -> dict[str, list[str]]:
    """What stands in the table of what each release reads: the ids of the cases of each row."""
    named = {
        "saved by MLflow 1": "mlflow/1*",
        "saved by MLflow 2": "mlflow/2*",
        "saved by MLflow 3": "mlflow/3*",
        "valid near misses": "rules/*-near-miss",
        "YAML": "yaml/*",
    }
    return {
        name: [case.id for case in cases if fnmatch.fnmatch(case.id, glob)] for name, glob in named.items()
    }


def refused(cases: list[suite.Case]) -> dict[str, tuple[str, str]]:
    """For each error rule, the case of its page that must be refused, and its near miss."""
    by_id = {case.id: case for case in cases}
    found = {}
    for rule in rules.catalogue().values():
        bad = by_id.get(f"rules/{rule.id}-{rule.name}-bad")
        if bad is not None and bad.twin is not None and bad.expect["validate"]["verdict"] == "invalid":
            found[rule.id] = (bad.id, bad.twin)
    return found


def answers(release: str, cases: list[suite.Case]) -> dict[str, Found]:
    """For each role and case that the page shows, whether the release is right about it."""
    areas, pairs = validated_areas(cases).values(), refused(cases).values()
    validated = frozenset(id_ for ids in (*areas, *pairs) for id_ in ids)
    command = [environments.interpreter(release), "-W", "ignore", str(ADAPTER)]

    def make(variables: dict[str, str]) -> Adapter:
        return Adapter(command, 120, {**variables, "PYTHONPATH": ""})

    found = {}
    for role, level, features in (
        ("validator", Level.VERDICTS, frozenset[str]()),
        ("reader", Level.POINTERS, FEATURES),
        ("writer", Level.POINTERS, FEATURES),
    ):
        asked = [
            case
            for case in applicable(cases, role)
            if (role != "reader" or "predict" in case.expect)
            and (role != "validator" or case.id in validated)
        ]
        results = run(asked, make, Options(role, level, timeout=120), features)
        found[role] = {result.case: result.outcome for result in results}
    return found


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def counted(areas: dict[str, list[str]], found: list[Found]) -> str:
    """A table with, for each area, how many of its cases each release is right about."""
    rows = [
        [f"{area} ({len(ids)})", *(str(sum(one[id_] is Outcome.PASS for id_ in ids)) for one in found)]
        for area, ids in areas.items()
    ]
    return table(["", *RELEASES], rows)


def _saved_by(ids: list[str]) -> dict[str, list[str]]:
    areas: dict[str, list[str]] = {}
    for id_ in sorted(ids, key=lambda id_: [*map(int, id_.split("/")[1].split("-")[0].split("."))]):
        areas.setdefault(f"saved by {id_.split('/')[1].split('-')[0]}", []).append(id_)
    for id_ in ids:
        areas.setdefault(id_.partition("-")[2], []).append(id_)
    return areas


def _signs(bad: str, twin: str, found: list[Found]) -> list[str]:
    """Whether each release refuses the bad case, and not because it refuses the near miss, too."""
    return [SIGNS[one[bad]] if one[twin] is Outcome.PASS else "-" for one in found]


def page() -> str:
    """The whole page."""
    cases = suite.cases()
    by_release = [answers(release, cases) for release in RELEASES]
    validated, predicted, written = (
        [found[role] for found in by_release] for role in ("validator", "reader", "writer")
    )
    text = HEAD.rstrip("\n") + "\n" + READS + counted(validated_areas(cases), validated)
    text += PREDICTS + counted(_saved_by(list(predicted[0])), predicted)
    rows = [
        [f"{case.title} (`{case.id}`)", *(SIGNS[found[case.id]] for found in written)]
        for case in cases
        if "write" in case.expect
    ]
    text += WRITES + table(["", *RELEASES], rows)
    rows = []
    for id_, (bad, twin) in refused(cases).items():
        rule = rules.catalogue()[id_]
        rows.append([f"[{rule.id}](../{rule.page}) {rule.name}", *_signs(bad, twin, validated)])
    return text + REFUSES + table(["rule", *RELEASES], rows)


def main() -> None:
    """Write or compare."""
    text = page()
    if "--check" in sys.argv[1:]:
        if TARGET.read_text(encoding="utf-8") != text:
            raise SystemExit("conformance/RESULTS.md is not what the releases say: run tools/results.py")
        return
    TARGET.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
