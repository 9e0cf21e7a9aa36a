"""Audits of folders: a row for each model, once, whatever ends the run."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mlmodel import Options, Report, validate
from mlmodel.audit.journal import Journal
from tests.cli.in_process import here, mlmodel
from tests.command import ROOT
from tests.overlay import apply, make_model

__all__ = ["here"]

SCHEMA = json.loads((ROOT / "schemas" / "audit-row.schema.json").read_text(encoding="utf-8"))


def rows(path: str | Path = "results.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="ascii").splitlines()]


@pytest.fixture
def models(here: Path) -> Path:
    """Three models, one of them not valid, one of them in a zip."""
    make_model(here / "store" / "a" / "good")
    apply(make_model(here / "store" / "b" / "bad"), "rm model.pkl")
    shutil.make_archive(str(here / "packed"), "zip", here / "store" / "a" / "good")
    return here / "store"


def test_a_row_for_each_model(models: Path) -> None:
    done = mlmodel("audit", "store", "packed.zip", "-o", "results.jsonl")
    assert done.stdout == "3 models: 2 valid, 1 invalid; results.jsonl\n"
    assert done.status == 0
    written = rows()
    for row in written:
        jsonschema.validate(row, SCHEMA)
    assert [row["id"] for row in written] == ["store/a/good", "store/b/bad", "packed.zip"]
    assert [row["verdict"] for row in written] == ["valid", "invalid", "valid"]
    good, bad, packed = written
    assert (good["python"], good["mlflow_version"]) == ("3.11.7", "2.15.0")
    assert good["created"] == "2026-11-23T13:25:10Z"
    assert good["digest"] == packed["digest"] != bad["digest"]
    assert bad["findings"][0]["rule"] == "MLM007"
    assert bad["errors"] == 1
    assert not Path("results.jsonl.partial").exists()


@pytest.mark.skipif(os.name == "nt", reason="files of Windows belong to nobody whom Python knows")
def test_the_owner_is_who_the_file_belongs_to(models: Path) -> None:
    import pwd

    mlmodel("audit", "store", "-o", "results.jsonl")
    assert rows()[0]["owner"] == pwd.getpwuid(models.stat().st_uid).pw_name


def test_without_a_file_the_rows_are_printed(models: Path) -> None:
    done = mlmodel("audit", "store", "store/a")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["store/a/good", "store/b/bad"]
    assert done.stderr == "2 models: 1 valid, 1 invalid\n"


def test_options_and_configuration_count(models: Path) -> None:
    Path("mlmodel.toml").write_text('ignore = ["MLM007"]\n')
    assert "2 valid" in mlmodel("audit", "store", "--no-cache").stderr
    assert "1 invalid" in mlmodel("audit", "store", "--no-config").stderr
    assert mlmodel("audit", "store", "--no-config", "--fail-on", "error").status == 1
    assert mlmodel("audit", "store", "--no-config", "--exclude", "b").stderr == "1 model: 1 valid\n"


def test_what_cannot_be_judged(models: Path) -> None:
    Path("store/a/good/MLmodel").write_bytes(b"x" * (20 << 20))
    done = mlmodel("audit", "store", "-o", "results.jsonl")
    assert done.status == 3
    assert rows()[0]["verdict"] == "unjudged"


def test_since(models: Path) -> None:
    os.utime("store/a/good/MLmodel", (0, 0))
    assert mlmodel("audit", "store", "--since", "2001-01-01").stderr == "1 model: 1 invalid\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "nothing does not exist"),
        (["store", "--tag"], "--tag goes with models:/ only"),
        (["store", "--restart"], "--restart goes with --output"),
        (["store", "-o", "x.jsonl", "-o", "./x.jsonl"], "names a file twice"),
        (["store", "--target", "nobody"], "no target is called 'nobody'"),
        (["store", "--since", "then"], "does not match the formats"),
    ],
)
def test_wrong_use(models: Path, arguments: list[str], said: str) -> None:
    done = mlmodel("audit", *arguments)
    assert done.status == 2
    assert said in done.stderr
    assert not list(models.parent.glob("*.partial"))


def test_a_place_that_cannot_be_written(models: Path) -> None:
    done = mlmodel("audit", "store", "-o", "nowhere/results.jsonl")
    assert (done.status, done.stdout) == (3, "")
    assert done.stderr == "Error: nowhere/results.jsonl.partial: No such file or directory\n"


# -- what a kill leaves ----------------------------------------------------------------------------------


def test_half_a_line_is_cut_and_what_is_done_is_not_done_again(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlmodel("audit", "store", "packed.zip", "-o", "results.jsonl")
    lines = Path("results.jsonl").read_bytes().splitlines(keepends=True)
    Path("results.jsonl").unlink()
    Path("results.jsonl.partial").write_bytes(lines[0] + lines[1][:100])
    judged: list[str] = []

    def counting(path: str, options: Options) -> Report:
        judged.append(path)
        return validate(path, options)

    monkeypatch.setattr("mlmodel.bulk.validate", counting)
    done = mlmodel("audit", "store", "packed.zip", "-o", "results.jsonl")
    assert done.stderr == "results.jsonl.partial: going on after 1 models\n"
    assert done.stdout == "3 models: 2 valid, 1 invalid; results.jsonl\n"
    assert judged == ["store/b/bad", "packed.zip"]
    assert [row["id"] for row in rows()] == ["store/a/good", "store/b/bad", "packed.zip"]


@pytest.mark.parametrize("rest", [b"\0" * 500, b"{}\n", b'{"id": "x"}\n', b"[" * 100_000 + b"\n"])
def test_what_is_no_row_is_cut(models: Path, rest: bytes) -> None:
    mlmodel("audit", "store", "-o", "results.jsonl")
    first = Path("results.jsonl").read_bytes().splitlines(keepends=True)[0]
    Path("results.jsonl").rename("results.jsonl.partial")
    Path("results.jsonl.partial").write_bytes(first + rest)
    mlmodel("audit", "store", "-o", "results.jsonl")
    assert [row["id"] for row in rows()] == ["store/a/good", "store/b/bad"]


def test_rows_of_other_options_are_not_mixed(models: Path) -> None:
    mlmodel("audit", "store", "-o", "results.jsonl")
    os.rename("results.jsonl", "results.jsonl.partial")
    done = mlmodel("audit", "store", "-o", "results.jsonl", "--ignore", "MLM007")
    assert done.status == 2
    assert "--restart drops them" in done.stderr
    assert len(rows("results.jsonl.partial")) == 2
    assert mlmodel("audit", "store", "-o", "results.jsonl", "--ignore", "MLM007", "--restart").status == 0
    assert {row["verdict"] for row in rows()} == {"valid"}


def test_a_complete_audit_is_begun_anew(models: Path) -> None:
    mlmodel("audit", "store", "-o", "results.jsonl")
    shutil.copy("store/a/good/model.pkl", "store/b/bad/model.pkl")
    mlmodel("audit", "store", "-o", "results.jsonl")
    assert {row["verdict"] for row in rows()} == {"valid"}


@pytest.mark.skipif(os.name == "nt", reason="no locks of that kind")
def test_two_audits_do_not_write_one_file(models: Path) -> None:
    with Journal("results.jsonl.partial", "x"):
        done = mlmodel("audit", "store", "-o", "results.jsonl")
    assert done.status == 2
    assert "another audit is writing" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_killed_at_random_moments_every_model_once(here: Path) -> None:
    made = make_model(here / "model")
    for index in range(400):
        shutil.copytree(made, here / "store" / f"{index:03}")
    command = [
        sys.executable,
        "-m",
        "mlmodel",
        "audit",
        "store",
        "-o",
        "results.jsonl",
        "-j",
        "2",
        "--no-config",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "validator")}
    chance = random.Random(5)
    partial = here / "results.jsonl.partial"
    kills = 0
    for _ in range(60):
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as run:
            if kills < 12:
                # By what is done, not by the clock: a fast machine would be ready before the first signal.
                wanted = chance.randrange(kills * 25, (kills + 1) * 25)
                while run.poll() is None and not (
                    partial.exists() and partial.read_bytes().count(b"\n") > wanted
                ):
                    time.sleep(0.002)
                time.sleep(chance.uniform(0, 0.05))
                run.send_signal(
                    chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
                )
                kills += run.wait() != 0
            status = run.wait(120)
        if status == 0:
            break
    assert status == 0
    assert kills >= 6
    counted = Counter(row["id"] for row in rows())
    assert counted == {f"store/{index:03}": 1 for index in range(400)}
