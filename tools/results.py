"""Writes ``conformance/RESULTS.md``: what releases of MLflow read of the suite's cases, rule by rule.

``python tools/results.py`` installs each release once (``MLMODEL_TEST_VENVS``) and asks it through its adapter;
``--check`` only compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "validator")]

from mlmodel import rules  # noqa: E402
from mlmodel.conformance import suite  # noqa: E402
from mlmodel.conformance.asking import Adapter  # noqa: E402
from mlmodel.conformance.results import Level, Outcome  # noqa: E402
from mlmodel.conformance.running import Options, run  # noqa: E402
from tests import environments  # noqa: E402

RELEASES = ("1.30.1", "2.0.1", "2.6.0", "2.12.2", "2.15.0", "2.20.4", "2.22.5", "3.4.0", "3.17.2")
TARGET = ROOT / "conformance" / "RESULTS.md"
ADAPTER = ROOT / "conformance" / "adapters" / "mlflow" / "adapter.py"
SIGNS = {Outcome.PASS: "yes", Outcome.FAIL: "no", Outcome.ERROR: "error", Outcome.SKIP: "-"}
HEAD = """# What MLflow reads

Written by `tools/results.py`: real releases of MLflow, asked through [their adapter](adapters/mlflow/) about the cases of this suite.
A release reads a directory when `Model.load`, the signature and the schemas of inputs and outputs raise nothing; the model itself is not loaded.

MLflow is a reader and no validator, so that most rows of the second table say "no": it reads the directory, and what is wrong with it shows later, when the model is loaded, served or given an environment.
Each rule's page tells why a reader should not be content with that.

"""


def answers(release: str, cases: list[suite.Case]) -> dict[str, Outcome]:
    """For each case, whether the release is right about it: reads what is valid, refuses what is not."""
    command = [environments.interpreter(release), "-W", "ignore", str(ADAPTER)]

    def make(variables: dict[str, str]) -> Adapter:
        return Adapter(command, 60, {**variables, "PYTHONPATH": ""})

    options = Options("validator", Level.VERDICTS, timeout=60)
    return {result.case: result.outcome for result in run(cases, make, options, frozenset())}


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def page() -> str:
    """The whole page."""
    cases = suite.cases()
    by_release = {release: answers(release, cases) for release in RELEASES}
    areas = {
        "saved by MLflow 1": [case.id for case in cases if case.id.startswith("mlflow/1")],
        "saved by MLflow 2": [case.id for case in cases if case.id.startswith("mlflow/2")],
        "saved by MLflow 3": [case.id for case in cases if case.id.startswith("mlflow/3")],
        "valid near misses": [case.id for case in cases if case.id.endswith("-near-miss")],
        "YAML": [case.id for case in cases if case.id.startswith("yaml/")],
    }
    text = HEAD + "## How many cases each release is right about\n\n"
    text += table(
        ["", *RELEASES],
        [
            [
                f"{area} ({len(ids)})",
                *(str(sum(found[id_] is Outcome.PASS for id_ in ids)) for found in by_release.values()),
            ]
            for area, ids in areas.items()
        ],
    )
    text += "\n## Whether each release refuses what is invalid, by rule\n\n"
    rows = []
    for rule in rules.catalogue().values():
        id_ = f"rules/{rule.id}-{rule.name}-bad"
        bad = next((case for case in cases if case.id == id_), None)
        if bad is None or bad.expect["validate"]["verdict"] != "invalid":
            continue
        link = f"[{rule.id}](../{rule.page}) {rule.name}"
        rows.append([link, *(SIGNS[found[id_]] for found in by_release.values())])
    return text + table(["rule", *RELEASES], rows)


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
