"""The releases covered stand in one file: prose that names them says the same."""

from __future__ import annotations

import re

import pytest

from mlmodel.standard.releases import covered, parse
from tests.command import ROOT

PROSE = {
    "README.md": r"every release of MLflow from (1\.0) to (\d+\.\d+),",
    "spec/README.md": r"It covers what MLflow (\S+) to (\S+) write and read",
    "spec/00-terms.md": r"as its releases (\S+) to (\S+) write and read them",
    "spec/80-versioning.md": r"This version describes MLflow (\S+) to (\S+)\.\n",
}
"""Where it is said which releases are covered: the oldest, and the newest."""


@pytest.mark.parametrize("file", PROSE)
def test_prose(file: str) -> None:
    (said,) = re.findall(PROSE[file], (ROOT / file).read_text(encoding="utf-8"))
    assert covered().oldest.startswith(said[0])
    assert covered().newest.startswith(said[1])


def test_the_newest_is_the_newest() -> None:
    lists = (covered().tested, covered().predictions, covered().results, [covered().writer])
    assert max(parse(each) or () for part in lists for each in part) <= (parse(covered().newest) or ())
    assert covered().newest in covered().tested
