"""The wheel holds what the checkout holds: code, schemas, rule pages and conformance cases."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.command import ROOT, environment

TREES = {
    "mlmodel": ROOT / "validator" / "mlmodel",
    "mlmodel/_data/schemas": ROOT / "schemas",
    "mlmodel/_data/annex": ROOT / "spec" / "annex",
    "mlmodel/_data/rules": ROOT / "spec" / "rules",
    "mlmodel/_data/targets": ROOT / "spec" / "targets",
    "mlmodel/_data/conformance": ROOT / "conformance",  # as an archive
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the wheel's content, as an installation has it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def files(folder: Path, prefix: str) -> dict[str, bytes]:
    return {
        f"{prefix}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ("__pycache__" not in path.parts or "cases" in path.parts)
    }


def test_content(installed: Path) -> None:
    expected: dict[str, bytes] = {}
    for prefix, folder in TREES.items():
        expected |= files(folder, prefix)
    expected = {name: data for name, data in expected.items() if "/_data/schemas/schemastore/" not in name}
    found = files(installed / "mlmodel", "mlmodel")
    with zipfile.ZipFile(io.BytesIO(found.pop("mlmodel/_data/conformance.zip"))) as archive:
        found |= {f"mlmodel/_data/conformance/{name}": archive.read(name) for name in archive.namelist()}
    assert sorted(found) == sorted(expected)
    assert found == expected


def test_metadata(installed: Path) -> None:
    (folder,) = installed.glob("*.dist-info")
    assert (folder / "licenses" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    scripts = (folder / "entry_points.txt").read_text(encoding="utf-8")
    assert "mlmodel-validate = mlmodel.cli.entry:validate" in scripts


def test_it_runs_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    model = ROOT / "examples" / "sklearn-logistic-regression"
    for arguments, words in (
        ([str(model)], "1 model, valid"),
        (["--explain", "MLM202"], "# loader-module-missing"),
        (
            ["conformance", "list", "--run", "rules/MLM202-loader-module-missing-bad"],
            "rules/MLM202-loader-module-missing-bad",
        ),
    ):
        program = "main import main as" if arguments[0] == "conformance" else "validate import command as"
        result = subprocess.run(
            [sys.executable, "-c", f"from mlmodel.cli.{program} run; run()", *arguments],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment(PYTHONPATH=str(installed)),
        )
        assert result.stdout.startswith(words)


MOST_FILES = 1100
"""Files of the wheel: the cases are one archive of them."""


@pytest.mark.slow
def test_what_pip_installs_is_right_about_its_own_cases(tmp_path: Path) -> None:
    """pip compiles what it installs; of the cases, whose models have Python files, nothing may change by it."""
    venv = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run([python, "-m", "pip", "install", "-q", "."], check=True, capture_output=True, cwd=ROOT)
    site = Path(next(venv.rglob("mlmodel/_data")))
    assert list(site.parent.rglob("*.pyc"))
    assert not list(site.rglob("*.pyc"))
    ours = [path for path in site.parent.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert len(ours) < MOST_FILES

    def mlmodel(*arguments: str | Path) -> str:
        command = [python, "-m", "mlmodel", *arguments]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=tmp_path, env=environment()
        )
        return done.stdout

    adapter = (python, "-m", "mlmodel.conformance.adapter")
    assert "holds" in mlmodel("conformance", "run", "--role", "reader", "--", *adapter).splitlines()[-1]
    mlmodel("conformance", "export", "cases")
    compiled = {path.relative_to(tmp_path / "cases").parts[0] for path in tmp_path.glob("cases/**/*.pyc")}
    assert compiled <= {"rules", "forms"}, "byte code that is no fault of a case"
