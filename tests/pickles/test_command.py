"""``python -m mlmodel.pickles``: single files, and little else imported."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.command import environment
from tests.pickles.attacks import every


def judge(*files: Path | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlmodel.pickles", *map(str, files)]
    return subprocess.run(command, check=False, capture_output=True, encoding="utf-8", env=environment())


def test_an_honest_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(pickle.dumps({"a": [1, complex(1, 2)]}))
    result = judge(tmp_path / "a")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "wanted", ["07-opcodes/inst", "14-zip/nested", "22-document/keras-lambda", "22-document/skops-os.system"]
)
def test_hostile_files(wanted: str, tmp_path: Path) -> None:
    (attack,) = [attack for attack in every() if attack.id == wanted]
    (tmp_path / "a").write_bytes(attack.content)
    result = judge(tmp_path / "a")
    assert result.returncode == 1
    assert str(attack.named or "Lambda") in result.stdout


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(30))
    assert judge(tmp_path / "a.7z").returncode == 3
    assert judge(tmp_path / "absent").returncode == 3
    assert judge(tmp_path).returncode == 3
    assert judge().returncode == 2
    assert judge("--help").returncode == 0
    assert judge("--unknown").returncode == 2


def test_what_is_beside_a_file_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(pickle.dumps(1))
    (tmp_path / "evil").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert judge(tmp_path / "a").returncode == 0


def test_a_bomb_ends(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(str(number), b"\x80\x04" + bytes(200_000_000))
    result = judge(tmp_path / "bomb.zip")
    assert result.returncode in (1, 3)
    assert len(result.stdout) < 10_000


def test_it_imports_little() -> None:
    code = "import sys, mlmodel.pickles.judgement, mlmodel.sources.directory; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment()
    )
    unwanted = {"click", "yaml", "jsonschema_rs", "dataclasses", "inspect", "numpy", "json"}
    assert unwanted.isdisjoint(result.stdout.split())
