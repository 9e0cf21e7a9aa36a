"""Many models through executors that are not ours, some of whose workers are lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mlmodel import Options, Verdict, validate
from mlmodel.bulk import validate_all
from tests.overlay import make_model


class Lossy(Executor):
    """Runs work at once, and loses some of it."""

    def __init__(self, is_lost: Callable[[list[str]], bool], error: Exception) -> None:
        self._is_lost = is_lost
        self._error = error
        self.submitted: list[list[str]] = []

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **more: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.submitted.append(arguments[0])
        if self._is_lost(arguments[0]):
            future.set_exception(self._error)
        else:
            future.set_result(fn(*arguments, **more))
        return future


class KilledWorkerError(Exception):
    """As clusters raise one."""


@pytest.fixture
def models(tmp_path: Path) -> list[str]:
    made = make_model(tmp_path / "model")
    paths = [str(tmp_path / f"model-{index:02}") for index in range(30)]
    for path in paths:
        Path(path).symlink_to(made)
    return paths


@pytest.mark.parametrize("make", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor(models: list[str], make: Callable[[int], Executor]) -> None:
    with make(2) as executor:
        reports = list(validate_all(iter(models), Options(), executor=executor))
    assert reports == [validate(path) for path in models]


def test_options_may_be_left_out(models: list[str]) -> None:
    with ThreadPoolExecutor(1) as executor:
        assert [report.path for report in validate_all(models, executor=executor)] == models
    assert [report.path for report in validate_all(models[:2])] == models[:2]


def test_a_lost_chunk_is_judged_again_one_by_one(models: list[str]) -> None:
    executor = Lossy(lambda paths: len(paths) > 1 and models[5] in paths, KilledWorkerError("gone"))
    reports = list(validate_all(models, executor=executor))
    assert reports == [validate(path) for path in models]
    assert [models[5]] in executor.submitted


def test_a_model_that_ends_every_worker(models: list[str]) -> None:
    executor = Lossy(lambda paths: models[5] in paths, KilledWorkerError("gone"))
    reports = list(validate_all(models, executor=executor))
    assert [report.path for report in reports] == models
    lost = reports.pop(5)
    assert lost.verdict is Verdict.UNJUDGED
    assert "lost, twice: KilledWorkerError: gone" in lost.findings[0].message
    assert all(report.verdict is Verdict.VALID for report in reports)


@pytest.mark.parametrize("error", [BrokenExecutor("no more"), ModuleNotFoundError("mlmodel")])
def test_an_executor_that_cannot_work_is_no_fault_of_the_models(models: list[str], error: Exception) -> None:
    with pytest.raises(type(error)):
        list(validate_all(models, executor=Lossy(lambda _: True, error)))


def test_chunks_are_as_long_as_they_take(models: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlmodel.bulk._UNKNOWN_WORKERS", 0.25)  # one chunk after the other
    monkeypatch.setattr("mlmodel.bulk._CHUNK_SECONDS", 1e9)
    executor = Lossy(lambda _: False, KilledWorkerError())
    assert len(list(validate_all(models, executor=executor))) == 30
    assert [len(paths) for paths in executor.submitted] == [4, 26]
    monkeypatch.setattr("mlmodel.bulk._CHUNK_SECONDS", 1e-9)
    executor = Lossy(lambda _: False, KilledWorkerError())
    list(validate_all(models, executor=executor))
    assert [len(paths) for paths in executor.submitted] == [4] + [1] * 26


def test_it_takes_no_more_than_it_needs(models: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlmodel.bulk._UNKNOWN_WORKERS", 1)
    monkeypatch.setattr("mlmodel.bulk._MAX_CHUNK", 8)
    taken: list[str] = []

    def endless() -> Any:
        while True:
            taken.append(models[0])
            yield models[0]

    reports = validate_all(endless(), executor=Lossy(lambda _: False, KilledWorkerError()))
    for _ in range(10):
        next(reports)
    assert len(taken) <= 48
    reports.close()  # type: ignore[attr-defined]
