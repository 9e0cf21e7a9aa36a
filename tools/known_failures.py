"""Writes ``conformance/adapters/node/known-failures.txt``: the cases that no schema of the MLmodel file decides.

``python tools/known_failures.py`` installs ajv once (npm, ``.cache/node-adapter``) and asks the Node.js validator about every
case; ``--check`` only compares.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "validator")]

from mlmodel.conformance import suite  # noqa: E402
from mlmodel.conformance.adapters import Adapter  # noqa: E402
from mlmodel.conformance.results import Level, Outcome  # noqa: E402
from mlmodel.conformance.running import Options, applicable, run  # noqa: E402

SOURCE = ROOT / "conformance" / "adapters" / "node"
TARGET = SOURCE / "known-failures.txt"
FOLDER = ROOT / ".cache" / "node-adapter"
HEAD = "# What no schema of the MLmodel file decides: other files, relations between values, serialized objects.\n"


def text() -> str:
    """The file: a line for each case that the adapter is wrong about."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "validator.mjs"):
        shutil.copy(SOURCE / name, FOLDER)
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    subprocess.run(install, check=True, cwd=FOLDER, stdout=subprocess.DEVNULL)
    command = ["node", str(FOLDER / "validator.mjs"), str(ROOT / "schemas")]
    cases = applicable(suite.cases(), "validator")
    options = Options("validator", Level.VERDICTS, timeout=60)
    results = run(cases, lambda variables: Adapter(command, 60, variables), options, frozenset())
    outcomes = {result.case: result.outcome in (Outcome.FAIL, Outcome.ERROR) for result in results}
    return HEAD + "".join(f"{glob}\n" for glob in _globs(outcomes))


def _globs(outcomes: dict[str, bool]) -> list[str]:
    """The cases that failed; one glob for the forms of an example, where all of them do."""
    forms: dict[str, list[str]] = {}
    for case in outcomes:
        parts = re.fullmatch(r"forms/(MLM\d+)-.*(-bad|-near-miss)", case)
        forms.setdefault(f"forms/{parts[1]}-*{parts[2]}" if parts else case, []).append(case)
    found: list[str] = []
    for glob, cases in forms.items():
        failed = [case for case in cases if outcomes[case]]
        found += [glob] if len(failed) == len(cases) else failed
    return sorted(found)


def main(arguments: list[str]) -> int:
    """Write the file, or with ``--check`` compare it."""
    new = text()
    if "--check" in arguments:
        return int(TARGET.read_text(encoding="utf-8") != new)
    TARGET.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
