"""Files made to cost: every one is judged in seconds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mlmodel import Verdict, validate
from tests.overlay import make_model

SIZE = 900_000


def filled(line: str) -> str:
    return (line * (SIZE // len(line) + 1))[:SIZE]


@pytest.mark.parametrize(
    "text",
    [
        filled("a==1\n"),
        filled("a\n"),
        filled("".join(f"name{number}==1\n" for number in range(60_000))),
        filled("a" + " " * 4_000 + "#\n"),
        filled(" " * 4_990 + "x\n"),
        filled("a @ https://" + "a" * 4_000 + "\n"),
        filled("https://" + "<" * 2_000 + ":" + "<" * 2_000 + "@e\n"),
        filled("https://a:${" * 300 + "\n"),
        filled("http" * 1_000 + "\n"),
        filled("-r x" * 1_000 + "\n"),
        filled("--hash=" + "'" * 4_000 + "\n"),
        filled("\\\n"),
        filled("; " * 2_400 + "\n"),
        filled("x" + "|  " * 1_500 + "\n"),
        filled("six; python_version > '3' " + "and extra == 'x' " * 200 + "\n"),
        filled("six " + ",".join(["==1.*"] * 800) + "\n"),
    ],
    ids=range(16),
)
def test_requirements(text: str, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "requirements.txt").write_text(text, encoding="utf-8")
    start = time.process_time()
    validate(model)
    assert time.process_time() - start < 20


def test_includes_without_end(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    for number in range(300):
        more = "".join(f"-r r{other}.txt\n" for other in range(number + 1, number + 20))
        (model / f"r{number}.txt").write_text(more, encoding="utf-8")
    (model / "requirements.txt").write_text("-r r0.txt\n", encoding="utf-8")
    start = time.process_time()
    assert validate(model).verdict is not Verdict.UNJUDGED
    assert time.process_time() - start < 20


def test_conda_specs(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    spec = "a" + ",>" * 140
    items = f"- '{spec}'\n" * 3_000
    (model / "conda.yaml").write_text(f"dependencies:\n{items}", encoding="utf-8")
    start = time.process_time()
    validate(model)
    assert time.process_time() - start < 40
