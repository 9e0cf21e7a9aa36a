"""What a new release of MLflow changes for the standard: ``python tools/release.py X.Y.Z``.

Fetches the wheels of the release and of the newest one covered (``schemas/releases.json``), and says which of the
functions in ``tools/watched.json`` changed, and what rests on them.  Then the release saves the standard set of models
(``tests/save_models.py``), which are validated, described and loaded.  The report is Markdown, and goes to the standard output.

``--sources`` leaves the models out; ``--against V`` compares with another release; ``--tests`` runs the marked tests.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "validator")]

from mlmodel import Severity, describe, validate  # noqa: E402
from mlmodel.standard.releases import covered  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WATCHED = ROOT / "tools" / "watched.json"


def main() -> int:
    """Write the report; 1 where something must be looked at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release")
    parser.add_argument("--against", default=covered().newest)
    parser.add_argument("--sources", action="store_true", help="compare the sources only")
    parser.add_argument("--tests", action="store_true", help="run the marked tests with the release")
    options = parser.parse_args()
    start = time.monotonic()
    print(f"# MLflow {options.release} beside {options.against}\n")
    with tempfile.TemporaryDirectory() as folder:
        old, new = (fetched(release, folder) for release in (options.against, options.release))
    lines = [*changes(old, new)]
    print("## Functions that the standard rests on\n")
    print("\n".join(lines) if lines else "None of them changed.")
    found = bool(lines)
    if not options.sources:
        print("\n## Models that it saves\n")
        told = [*models(options.release)]
        print("\n".join(told) if told else "All conform, and none has a warning.")
        found = found or bool(told)
    if options.tests:
        print("\n## Marked tests\n")
        command = [sys.executable, "-m", "pytest", "-q", "-m", "mlflow", "-k", options.release]
        found = bool(subprocess.run(command, cwd=ROOT, check=False).returncode) or found
    print(f"\n{time.monotonic() - start:.0f} seconds.")
    return int(found)


def fetched(release: str, folder: str) -> dict[str, str]:
    """The Python files of a release's wheel, by path."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    subprocess.run([*command, "--only-binary", ":all:", f"mlflow=={release}"], check=True)
    (wheel,) = Path(folder).glob(f"mlflow-{release}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name).decode()
            for name in archive.namelist()
            if name.startswith("mlflow/") and name.endswith(".py")
        }


def functions(source: str) -> dict[str, str]:
    """What each function and class of a module says, without docstrings, comments and positions; methods as ``A.b``."""
    found: dict[str, str] = {}
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = said(node)
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef):
                    found[f"{node.name}.{inner.name}"] = said(inner)
    return found


def said(node: ast.AST) -> str:
    """A function or class as text that changes only where what it does may change."""
    for inner in ast.walk(node):
        if isinstance(inner, (ast.FunctionDef, ast.ClassDef)):
            if ast.get_docstring(inner, clean=False) is not None:
                inner.body = inner.body[1:] or [ast.Pass()]
            if isinstance(inner, ast.FunctionDef):  # hints of types say nothing of what it does
                inner.returns = None
                for argument in (*inner.args.posonlyargs, *inner.args.args, *inner.args.kwonlyargs):
                    argument.annotation = None
    return ast.dump(node)


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """A line for each watched function that is another one, moved or gone, and for each new flavor."""
    watched = json.loads(WATCHED.read_text(encoding="utf-8"))["functions"]
    for file, entries in watched.items():
        before, after = functions(old.get(file, "")), functions(new.get(file, ""))
        for name, rests in entries.items():
            if name not in before and name not in after:
                yield f"- `{file}` `{name}`: neither release has it, so that the table is wrong"
            elif name not in after:
                yield f"- `{file}` `{name}` is gone: {', '.join(rests)}"
            elif before.get(name) != after[name]:
                yield f"- `{file}` `{name}` changed: {', '.join(rests)}"
    for flavor in sorted(flavors(new) - flavors(old)):
        yield f"- flavor `{flavor}` is new: see CONTRIBUTING, Add a flavor"


def flavors(files: Mapping[str, str]) -> set[str]:
    """The modules that name a flavor."""
    return {path.split("/")[1] for path, source in files.items() if "\nFLAVOR_NAME = " in source}


def models(release: str) -> Iterator[str]:
    """A line for each model of the standard set that does not conform, has a warning, or cannot be described."""
    from tests import environments

    with tempfile.TemporaryDirectory() as folder:
        environments.run(environments.interpreter(release), ROOT / "tests" / "save_models.py", folder)
        for path in sorted(Path(folder).glob("*/MLmodel")):
            report = validate(path.parent)
            for finding in report.findings:
                if finding.severity > Severity.INFO or finding.rule == "MLM336":
                    yield f"- `{path.parent.name}`: {finding}"
            for unread in describe(path.parent)["unread"]:
                yield f"- `{path.parent.name}`: {unread['file']} is not read: {unread['reason']}"
            yield from _load(release, path.parent)


def _load(release: str, model: Path) -> Iterator[str]:
    """A line where the release cannot load its own model."""
    from tests import environments

    code = "import sys, mlflow; mlflow.pyfunc.load_model(sys.argv[1])"
    command = [environments.interpreter(release), "-W", "ignore", "-c", code, str(model)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ""}
    )
    if done.returncode and "python_function" in (model / "MLmodel").read_text(encoding="utf-8"):
        yield f"- `{model.name}`: {release} does not load it: {done.stderr.strip().splitlines()[-1]}"


if __name__ == "__main__":
    sys.exit(main())
