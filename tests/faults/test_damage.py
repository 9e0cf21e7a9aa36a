"""Kept environments that were damaged, and disks that are full, read-only or let nothing run: no fault of the model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.command import mlmodel_validate
from tests.faults.test_interruptions import UV_CACHE, small

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing is confined elsewhere"),
]


def loaded(model: Path, **variables: str) -> tuple[int, list[str], str, str]:
    """Exit code, rules, what came of it, and everything that was said."""
    result = mlmodel_validate("--load", model, "--format", "json", cwd=None, stdin=None, **variables)
    assert "Traceback" not in result.stderr
    (found,) = json.loads(result.stdout)["models"]
    rules = [finding["rule"] for finding in found["findings"]]
    return result.returncode, rules, found["load"]["outcome"], result.stdout


def garble(paths: Iterable[Path], content: bytes, keep: int = 0) -> None:
    for path in paths:
        path.write_bytes(path.read_bytes()[:keep] + content)


def the(folder: Path, pattern: str) -> Path:
    return next(folder.glob(f"environments/*/{pattern}"))


def swap(path: Path, content: bytes) -> None:
    """Write a file over without changing the one that uv's cache has under another name."""
    path.unlink()
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a library is removed": lambda cache: shutil.rmtree(the(cache, "lib/*/site-packages/sklearn")),
    "a file is cut": lambda cache: swap(the(cache, "lib/*/site-packages/numpy/__init__.py"), b"import"),
    "a file is emptied": lambda cache: swap(the(cache, "lib/*/site-packages/numpy/__init__.py"), b""),
    "a library is cut": lambda cache: swap(
        next(the(cache, "lib/*/site-packages/numpy/_core").glob("*.so")), b"\x7fELF"
    ),
    "metadata are removed": lambda cache: shutil.rmtree(the(cache, "lib/*/site-packages/numpy-*.dist-info")),
    "bytecode is garbled": lambda cache: garble(
        the(cache, "bytecode").rglob("*.pyc"), b"\xff" * 100, keep=16
    ),
    "the interpreter is gone": lambda cache: the(cache, "bin/python").unlink(),
    "what was resolved is empty": lambda cache: garble((cache / "resolved").iterdir(), b""),
    "what was resolved is garbled": lambda cache: garble((cache / "resolved").iterdir(), b"numpy==\xff\xfe"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_environment_is_made_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    variables = {
        "MLMODEL_CACHE": str(tmp_path / "cache"),
        "UV_CACHE_DIR": UV_CACHE,
    }
    model = small(tmp_path / "model")
    before = loaded(model, **variables)
    assert (before[0], before[2]) == (0, "predicted")
    damage(tmp_path / "cache")
    assert loaded(model, **variables)[:3] == before[:3]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a small disk with options, where that is allowed."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("disks cannot be mounted here")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("options", ["size=4k", "size=8m", "size=64m,ro", "size=64m,noexec"])
@pytest.mark.parametrize("variable", ["MLMODEL_CACHE", "UV_CACHE_DIR", "TMPDIR", "HOME"])
def test_a_disk_that_cannot_be_used(
    tmp_path: Path, disk: Callable[[str], Path], variable: str, options: str
) -> None:
    """It is named, or it does not matter; and nothing is said about the model."""
    folder = disk(options)
    variables = {
        "MLMODEL_CACHE": str(tmp_path / "cache"),
        "UV_CACHE_DIR": UV_CACHE,
    }
    variables["PYENV_ROOT"] = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    status, rules, outcome, text = loaded(small(tmp_path / "model"), **{**variables, variable: str(folder)})
    assert "MLM904" not in rules
    if outcome == "predicted":
        assert status == 0
        return
    assert (status, outcome) == (3, "unproven")
    assert "MLM905" in rules
    assert not {"MLM720", "MLM722", "MLM730", "MLM740"} & set(rules)
    assert str(folder) in text
