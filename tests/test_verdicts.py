"""Verdicts that are kept: found again where nothing changed, and never wrong."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from mlmodel import Options, Report, Severity, Verdict, validate
from mlmodel.bulk import validate_all
from mlmodel.sources.directory import ModelDirectory
from mlmodel.verdicts import cache as verdicts
from mlmodel.verdicts.cache import VerdictCache
from tests.cli.in_process import here, mlmodel
from tests.overlay import apply, make_model

__all__ = ["here"]

RESTED = 0.06
"""Seconds after which a file that was written is one that does not change within a tick of the clock."""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLMODEL_CACHE", str(tmp_path / "cache"))
    made = make_model(tmp_path / "model")
    (made / "MLmodel").write_text((made / "MLmodel").read_text().replace("model.pkl", "model.pkX"))
    time.sleep(RESTED)
    return made


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of models that are opened."""
    opened: list[str] = []
    real: Callable[..., tuple[int, int]] = ModelDirectory._open

    def counting(self: ModelDirectory, path: str) -> tuple[int, int]:
        opened.append(path)
        return real(self, path)

    monkeypatch.setattr(ModelDirectory, "_open", counting)
    return opened


def judged(model: Path, options: Options | None = None, complain: Callable[[str], None] = print) -> Report:
    chosen = options or Options()
    with VerdictCache(chosen, complain=complain) as cache:
        (report,) = validate_all([str(model)], chosen, cache=cache)
    return report


def test_a_second_run_reads_no_file(model: Path, reads: list[str]) -> None:
    first = judged(model)
    assert "MLmodel" in reads
    reads.clear()
    assert judged(model) == first == validate(str(model))
    assert "MLmodel" in reads  # by validate alone
    reads.clear()
    assert judged(model) == first
    assert reads == []
    assert first.verdict is Verdict.INVALID


def test_facts_come_along(model: Path, reads: list[str]) -> None:
    options = Options(facts=True)
    first = judged(model, options)
    assert first.facts is not None
    assert first.facts.python == "3.11.7"
    reads.clear()
    assert judged(model, options) == first
    assert reads == []
    assert judged(model).facts is None


def test_a_file_changed_in_place_with_size_and_time_put_back(model: Path) -> None:
    assert judged(model).verdict is Verdict.INVALID
    file = model / "MLmodel"
    status, text = file.stat(), file.read_text()
    file.write_text(text.replace("model.pkX", "model.pkl"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.stat().st_size == status.st_size
    assert judged(model).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "change",
    ["rm requirements.txt", "write extra.pkl cos\nsystem\n(S'true'\ntR.", "chmod"],
    ids=["a file less", "a file more", "another mode"],
)
def test_names_and_modes_count(model: Path, change: str) -> None:
    judged(model)
    if change == "chmod":
        (model / "model.pkl").chmod(0o666)
    elif change.startswith("write"):
        (model / "extra.pkl").write_text(change.partition(" ")[2].partition(" ")[2])
    else:
        apply(model, change)
    time.sleep(RESTED)
    assert judged(model) == validate(str(model))


def test_a_file_that_is_written_again_at_once_is_not_kept(model: Path, reads: list[str]) -> None:
    (model / "MLmodel").write_text(
        (model / "MLmodel").read_text()
    )  # within a tick of the clock of what follows
    judged(model)
    reads.clear()
    judged(model)
    assert reads != []


def test_a_change_while_it_is_judged_is_not_kept(model: Path) -> None:
    with VerdictCache(Options()) as cache:
        _, ticket = cache.look(str(model))
        report = validate(str(model))
        apply(model, "rm requirements.txt")
        cache.keep(ticket, report)
    assert verdicts.size().verdicts == 0


@pytest.mark.parametrize(
    "options",
    [
        Options(ignore=frozenset({"MLM007"})),
        Options(select=frozenset({"MLM001"})),
        Options(severity={"MLM007": Severity.INFO}),
        Options(per_path_ignores=(("*", frozenset({"MLM007"})),)),
        Options(max_findings=1),
        Options(targets=("mlflow==1.30.1",)),
        Options(trust=frozenset({"sklearn"})),
    ],
)
def test_other_options(model: Path, options: Options) -> None:
    assert judged(model) == validate(str(model))
    assert judged(model, options) == validate(str(model), options)
    assert judged(model) == validate(str(model))


def test_the_path_as_given_is_part_of_it(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(model)
    monkeypatch.chdir(model.parent)
    assert judged(Path("model")).path == "model"


def test_a_model_moved_into_another(model: Path) -> None:
    judged(model)
    (model.parent / "MLmodel").write_text("flavors: {}\n")
    assert judged(model) == validate(str(model))


def test_a_python_that_ends(model: Path) -> None:
    before, after = Options(today=date(2027, 10, 31)), Options(today=date(2027, 11, 1))
    assert validate(str(model), before) != validate(str(model), after)
    assert judged(model, before) == validate(str(model), before)
    assert judged(model, after) == validate(str(model), after)


def test_a_day_on_which_nothing_ends(model: Path, reads: list[str]) -> None:
    judged(model, Options(today=date(2027, 1, 1)))
    reads.clear()
    judged(model, Options(today=date(2027, 1, 2)))
    assert reads == []


def test_another_release_of_ours(model: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    judged(model)
    reads.clear()
    monkeypatch.setattr("mlmodel.verdicts.settings.__version__", "9.9")
    judged(model)
    assert reads != []


def test_what_could_not_be_judged_is_not_kept(model: Path) -> None:
    (model / "MLmodel").write_bytes(b"x" * (20 << 20))
    time.sleep(RESTED)
    assert judged(model).verdict is Verdict.UNJUDGED
    assert verdicts.size().verdicts == 0


def test_an_archive(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = shutil.make_archive(str(model.parent / "packed"), "zip", model)
    time.sleep(RESTED)
    first = judged(Path(archive))
    monkeypatch.setattr("mlmodel.bulk.validate", lambda *_: pytest.fail("judged again"))
    assert judged(Path(archive)) == first


@pytest.mark.parametrize("damage", ["text", "number", "garbage", "cut", "another table", "empty"])
def test_a_damaged_cache_is_as_if_it_were_not_there(model: Path, damage: str) -> None:
    honest = judged(model)
    path = Path(os.environ["MLMODEL_CACHE"], verdicts.FILE)
    if damage in ("text", "number", "another table"):
        connection = sqlite3.connect(path)
        with connection:
            if damage == "text":
                connection.execute("UPDATE verdicts SET report = replace(report, 'MLM007', 'MLM001')")
            elif damage == "number":
                connection.execute("UPDATE verdicts SET report = 5")
            else:
                connection.execute("DROP TABLE verdicts")
        connection.close()
    elif damage == "garbage":
        path.write_bytes(b"no database" * 1000)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    else:
        path.write_bytes(b"")
    told: list[str] = []
    assert judged(model, complain=told.append) == honest
    assert judged(model, complain=told.append) == honest
    assert told == []
    assert verdicts.size().verdicts >= 1


def test_a_cache_that_cannot_be_written(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "_BATCH", 2)
    Path(os.environ["MLMODEL_CACHE"]).write_text("a file, and no folder")
    told: list[str] = []
    chosen = Options()
    with VerdictCache(chosen, complain=told.append) as cache:
        reports = list(validate_all([str(model)] * 6, chosen, cache=cache))
    assert reports[0] == reports[-1] == validate(str(model))
    assert len(told) == 1
    assert told[0].startswith("verdicts are not kept: ")


def test_two_at_once(model: Path) -> None:
    chosen = Options()
    with VerdictCache(chosen) as one, VerdictCache(chosen) as other:
        for cache in (one, other):
            (report,) = validate_all([str(model)], chosen, cache=cache)
            assert report.verdict is Verdict.INVALID
    assert verdicts.size().verdicts == 1


@pytest.mark.parametrize("jobs", [1, 2, "threads"])
def test_order_with_what_is_kept_in_between(tmp_path: Path, model: Path, jobs: int | str) -> None:
    paths = [str(tmp_path / f"model-{index:02}") for index in range(40)]
    for path in paths:
        os.symlink(model, path)
    chosen = Options()
    with VerdictCache(chosen) as cache:
        list(validate_all(paths[::3], chosen, cache=cache))
    assert verdicts.size().verdicts == 14
    with VerdictCache(chosen) as cache:
        if jobs == "threads":
            with ThreadPoolExecutor(2) as executor:
                reports = list(validate_all(paths, chosen, executor=executor, cache=cache))
        else:
            reports = list(validate_all(paths, chosen, int(jobs), cache=cache))
    assert [report.path for report in reports] == paths
    assert verdicts.size().verdicts == 40


# -- the command ---------------------------------------------------------------------------------------


def test_on_by_default_with_a_configuration_file(
    here: Path, monkeypatch: pytest.MonkeyPatch, reads: list[str]
) -> None:
    monkeypatch.setenv("MLMODEL_CACHE", str(here / "cache"))
    make_model(here / "model")
    time.sleep(RESTED)
    assert mlmodel("validate", "model").status == 0
    assert not (here / "cache").exists()
    Path("mlmodel.toml").write_text("")
    first = mlmodel("validate", "--no-cache", "-v", "model")
    assert not (here / "cache").exists()
    assert mlmodel("validate", "-v", "model") == first
    reads.clear()
    assert mlmodel("validate", "-v", "model") == first
    assert reads == []
    assert mlmodel("validate", "-v", "--no-config", "--cache", "model") == first
    assert reads == []
    assert "1 verdict," in mlmodel("cache").stdout
    assert mlmodel("cache", "clear", "verdicts").stdout.startswith("freed 0.0 MB")
    assert "verdict" not in mlmodel("cache", "list").stdout
    mlmodel("validate", "model")
    assert reads != []


def test_a_fault_of_the_cache_is_one_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "file").write_text("")
    monkeypatch.setenv("MLMODEL_CACHE", str(here / "file"))
    make_model(here / "model")
    time.sleep(RESTED)
    done = mlmodel("validate", "--cache", "model")
    assert (done.status, done.stdout) == (0, "1 model, valid\n")
    assert done.stderr.startswith("verdicts are not kept: ")
    assert done.stderr.count("\n") == 1
