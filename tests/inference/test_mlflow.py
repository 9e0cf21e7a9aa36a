"""Our signatures beside those of real releases of MLflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.environments import NEWEST, interpreter, run
from tests.inference import cases, generated

VALIDATOR = Path(__file__).parents[2] / "validator"
COMPARING = Path(__file__).with_name("comparing.py")


def compared(release: str, folder: Path, **asked: list[str]) -> list[dict[str, Any]]:
    """What MLflow and we say of each expression; params parsed, since their keys had another order before 2.20."""
    (folder / "asked.json").write_text(json.dumps(asked))
    told = run(interpreter(release), COMPARING, str(VALIDATOR), str(folder / "asked.json")).splitlines()
    assert told[0] == release
    answers: list[dict[str, Any]] = json.loads(told[-1])
    for answer in answers:
        for said in (answer["mlflow"], answer["ours"]):
            if release != NEWEST and isinstance(said.get("text"), str):
                said["text"] = json.loads(said["text"])
    return answers


def unlike(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where MLflow says something, and we say something else."""
    return [
        answer
        for answer in answers
        if "text" in answer["mlflow"] and answer["mlflow"]["text"] != answer["ours"].get("text")
    ]


@pytest.mark.mlflow
def test_newest(tmp_path: Path) -> None:
    answers = compared(
        NEWEST,
        tmp_path,
        schema=[*cases.VALUES, *cases.MISSING, *cases.DATACLASSES],
        params=[*cases.PARAMS, *cases.OBJECT_PARAMS],
        hints=cases.HINTS,
    )
    assert all("text" in answer["mlflow"] for answer in answers)
    assert unlike(answers) == []


@pytest.mark.mlflow
def test_older(tmp_path: Path) -> None:
    answers = compared("2.15.0", tmp_path, schema=cases.VALUES, params=cases.PARAMS)
    assert all("text" in answer["mlflow"] for answer in answers)
    assert unlike(answers) == []


@pytest.mark.mlflow
@pytest.mark.parametrize("release", ["2.22.5", NEWEST])
def test_every_difference_has_a_reason(release: str, tmp_path: Path) -> None:
    values = [*cases.VALUES, *cases.MISSING, *cases.DATACLASSES, *cases.UNTYPED, *cases.SPARSE]
    answers = compared(
        release,
        tmp_path,
        schema=list(dict.fromkeys([*values, *cases.REFUSED])),
        params=[*cases.PARAMS, *cases.OBJECT_PARAMS, *cases.UNTYPED_PARAMS],
    )
    different = {
        answer["expression"]
        for answer in answers
        if answer["mlflow"].get("text") != answer["ours"].get("text")
    }
    stated = {
        value
        for values in cases.DIFFERENT.values()
        for value, releases in values.items()
        if release in releases.split()
    }
    assert different == stated
    for answer in answers:
        if answer["expression"] in cases.SPARSE:
            assert "make them dense (.sparse.to_dense())" in answer["ours"]["error"]


@pytest.mark.mlflow
def test_untyped(tmp_path: Path) -> None:
    answers = compared(
        NEWEST, tmp_path, schema=cases.UNTYPED, params=cases.UNTYPED_PARAMS, hints=cases.UNTYPED_HINTS
    )
    answers += compared(NEWEST, tmp_path, schema=list(cases.REFUSED))
    for answer in answers:
        assert answer["expression"] in cases.REFUSED or "error" in answer["mlflow"], answer
        assert answer["ours"]["error"].startswith("UntypedError: "), answer
        assert "\n" not in answer["ours"]["error"]


@pytest.mark.mlflow
@pytest.mark.parametrize("release", ["2.15.0", NEWEST])
def test_random(release: str, tmp_path: Path) -> None:
    newest = release == NEWEST
    # NaN counts as missing, and a missing value in nested data has a type since 2.19.
    schemas = generated.drawn(generated.schemas(missing=newest))
    answers = compared(
        release,
        tmp_path,
        schema=[each for each in schemas if newest or "math.nan" not in each],
        params=generated.drawn(generated.params()) if newest else [],
    )
    assert unlike(answers) == []
    said = [answer for answer in answers if "text" in answer["mlflow"]]
    assert len(said) > len(answers) / 3
    assert all(
        "text" in answer["ours"] or answer["ours"]["error"].startswith("UntypedError: ") for answer in answers
    )


@pytest.mark.mlflow
@pytest.mark.parametrize("release", ["2.15.0", NEWEST])
def test_warnings_are_true(release: str) -> None:
    script = Path(__file__).with_name("refusing.py")
    assert run(interpreter(release), script, str(VALIDATOR)).splitlines()[-1] == "done"
