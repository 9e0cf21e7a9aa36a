"""Pickles of real models: the names are those that a second reading finds.  See ``tests/test_corpus.py``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlmodel.pickles import Pickled, scan
from mlmodel.sources.directory import Kind, ModelDirectory
from tests.pickles import oracle

CORPUS = Path(os.environ.get("MLMODEL_CORPUS", "no-corpus"))

pytestmark = pytest.mark.skipif(
    not (CORPUS / "index.jsonl").is_file(), reason="MLMODEL_CORPUS names no corpus"
)


def test_names_are_those_of_pickletools() -> None:
    pickles = 0
    for model in CORPUS.glob("*/*"):
        directory = ModelDirectory(str(model))
        for entry in directory.entries.values():
            if entry.kind is not Kind.FILE:
                continue
            for item in scan(directory, entry.path):
                if not isinstance(item, Pickled):
                    continue
                stream = item.stream
                assert stream.complete, item
                assert not stream.problems, item
                assert not stream.alternatives, item
                if "!" not in item.path:
                    data = (model / entry.path).read_bytes()[stream.start : stream.end]
                    assert {(name.module, name.name) for name in stream.globals} == oracle.names(data)
                    pickles += 1
    assert pickles > 100
