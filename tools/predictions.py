"""Writes the cases of ``conformance/cases/predict/``: models that MLflow saved, and what it predicts with them.

``python tools/predictions.py`` installs each release once (``MLMODEL_TEST_VENVS``), has it save small models with
``tools/predicted_models.py``, and asks it through its adapter about the inputs that stand there.
What is there already is kept: a new run of MLflow gives other ids and times, and a case never changes.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "validator")]

from mlmodel import validate  # noqa: E402
from mlmodel.conformance.adapters import Adapter  # noqa: E402
from mlmodel.standard.releases import covered  # noqa: E402
from tests import environments  # noqa: E402
from tools.predicted_models import MODELS, Wanted  # noqa: E402

RELEASES = covered().predictions
TARGET = ROOT / "conformance" / "cases" / "predict"
ADAPTER = ROOT / "conformance" / "adapters" / "mlflow" / "adapter.py"


def number(release: str) -> tuple[int, ...]:
    """A release as numbers."""
    return tuple(map(int, release.split(".")))


def answers(adapter: Adapter, model: Path, wanted: Wanted) -> list[dict[str, Any]]:
    """The predictions of the release, in the form of the case; it refuses exactly what it should."""
    found = []
    for given in wanted.inputs:
        reply = adapter.ask("predict", model=str(model), input=given)
        if (reply["outcome"] == "reject") is not (given in wanted.refused):
            raise SystemExit(f"{model}: {given}: {reply}")
        output = {"output": reply["output"]} if reply["outcome"] == "ok" else {}
        found.append({"input": given, **output, **({"tolerance": 1e-6} if output else {})})
    return found


def write(release: str, adapter: Adapter, folder: Path, name: str, wanted: Wanted) -> None:
    """One case."""
    target = TARGET / f"{release}-{name}"
    if target.exists():
        return
    predicted = answers(adapter, folder, wanted)
    report = validate(folder)
    is_skops = "serialization_format: skops" in (folder / "MLmodel").read_text(encoding="utf-8")
    case = {
        "id": f"predict/{target.name}",
        "title": f"{wanted.title}, saved by MLflow {release}",
        "why": wanted.why,
        "section": "75-load-and-predict.md",
        "rules": [],
        "since": "0.1",
        "origin": f"mlflow {release}",
        "features": ["predict", wanted.feature, *(["skops"] if is_skops else [])],
        "expect": {"validate": {"verdict": report.verdict.label, "findings": []}, "predict": predicted},
    }
    shutil.copytree(folder, target / "model", ignore=shutil.ignore_patterns("__pycache__"))
    body = json.dumps(case, indent=2, ensure_ascii=False) + "\n"
    (target / "case.json").write_text(body, encoding="utf-8", newline="\n")


def main() -> None:
    """Save, ask and write."""
    for release in RELEASES:
        python = environments.interpreter(release)
        wanted = {name: model for name, model in MODELS.items() if number(release) >= model.since}
        if all((TARGET / f"{release}-{name}").exists() for name in wanted):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            script = Path(__file__).with_name("predicted_models.py")
            environments.run(python, script, scratch, *wanted)
            adapter = Adapter([python, "-W", "ignore", str(ADAPTER)], 120, {"PYTHONPATH": ""})
            for name, model in wanted.items():
                write(release, adapter, Path(scratch, name), name, model)
            adapter.close()


if __name__ == "__main__":
    main()
