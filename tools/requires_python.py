"""Writes which Python the releases of a few distributions want: ``spec/annex/requires-python.json``.

``python tools/requires_python.py`` asks pip, once for each distribution, what the index says of every file.  Only
releases whose files all say the same are kept, and no pre-releases.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

TARGET = Path(__file__).resolve().parent.parent / "spec/annex/requires-python.json"
DISTRIBUTIONS = (
    "cloudpickle", "keras", "lightgbm", "matplotlib", "mlflow", "mlflow-skinny", "numpy", "onnx",
    "onnxruntime", "pandas", "prophet", "pyarrow", "pyspark", "scikit-learn", "scipy", "sentence-transformers",
    "shap", "spacy", "statsmodels", "tensorflow", "torch", "transformers", "xgboost",
)  # fmt: skip
"""What models pin most, and what most often does not fit the recorded Python."""

_LINK = re.compile(r"(https?://\S+?/([^/\s#]+\.(?:whl|tar\.gz|zip)))\S*.*\(requires-python:([^)]*)\)")


def releases(name: str) -> dict[str, str]:
    """The Requires-Python of every release, oldest first."""
    command = [sys.executable, "-m", "pip", "-vvv", "index", "versions", name]
    output = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[Version, set[str]] = {}
    for line in (output.stdout + output.stderr).splitlines():
        match = _LINK.search(line)
        if match is None:
            continue
        version = _version(match[2])
        if version is not None and not version.is_prerelease and version.local is None:
            found.setdefault(version, set()).add(_plain(match[3]))
    return {str(version): next(iter(wanted)) for version, wanted in sorted(found.items()) if len(wanted) == 1}


def _version(file: str) -> Version | None:
    try:
        return parse_wheel_filename(file)[1] if file.endswith(".whl") else parse_sdist_filename(file)[1]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


def _plain(wanted: str) -> str:
    """The clauses that concern Python 3, without blanks."""
    clauses = sorted((str(clause) for clause in SpecifierSet(wanted)), reverse=True)
    return ",".join(
        clause for clause in clauses if not clause.startswith("!=3.0") and not clause.startswith("!=3.1.*")
    )


def main() -> int:
    """Ask, and write the table: one distribution a line."""
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(releases(name))}" for name in DISTRIBUTIONS)
    about = "Requires-Python of releases on PyPI, as the index says it. Written by tools/requires_python.py."
    TARGET.write_text(
        f'{{\n  "about": "{about}",\n  "distributions": {{\n{lines}\n  }}\n}}\n', encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
