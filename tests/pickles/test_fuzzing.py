"""Minutes of random programs and of damaged files: nothing is missed, nothing fails, nothing grows."""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from mlmodel.pickles.containers import DeclaredClasses, Opener, Pickled
from mlmodel.pickles.judgement import is_watched, judge, judge_document
from mlmodel.pickles.machine import _METHODS
from mlmodel.pickles.reading import read
from mlmodel.pickles.scan_options import ScanOptions
from tests.pickles.asking import Witness
from tests.pickles.attacks import every
from tests.pickles.benign import OBJECTS
from tests.pickles.programs import _strings, framed, programs
from tests.pickles.test_readers import covered, unfollowed

SEED = 7
MUTANTS = 60_000
MOST = 20_000
"""Bytes of a file that is damaged; longer ones are those of the bombs, which have tests of their own."""


@pytest.mark.parametrize("name", [*_METHODS, "_missing_"])
def test_names_of_methods_are_seen_however_they_are_written(name: str) -> None:
    for way in _strings(name):
        for padding in (b"", b"N0" * 2030, b"N0" * 3000):  # at the ends of windows, too
            data = padding + way + b"."
            stream = read(data, 0, len(data))
            assert stream.complete
            assert name in stream.methods or stream.escapes, way


def damaged(source: random.Random, seeds: list[bytes]) -> bytes:
    """A file with some bytes changed, taken out, doubled, or exchanged with another's."""
    data = bytearray(source.choice(seeds))
    for _ in range(source.choice((1, 1, 2, 4, 16))):
        at = source.randrange(len(data) + 1)
        size = source.choice((1, 1, 2, 8, 40))
        way = source.randrange(5)
        if way == 0:
            data[at : at + size] = source.randbytes(size)
        elif way == 1:
            del data[at : at + size]
        elif way == 2:
            data[at:at] = data[at : at + size]
        elif way == 3:
            other = source.choice(seeds)
            start = source.randrange(len(other) + 1)
            data[at : at + size] = other[start : start + size]
        else:
            data[at : at + 1] = source.choice(
                (b"\x95", b"(", b"R", b"\x81", b"b", b"c", b"\x93", b".", b"\xff", b"\0")
            )
    return bytes(data)


@pytest.mark.slow
def test_damaged_files_are_read_and_judged() -> None:
    resource = pytest.importorskip("resource")
    seeds = [attack.content for attack in every() if len(attack.content) < MOST]
    seeds += [pickle.dumps(value, protocol) for value in OBJECTS.values() for protocol in (2, 4, 5)]
    seeds = [seed for seed in seeds if len(seed) < MOST]
    source = random.Random(SEED)
    target = ScanOptions(is_watched, calls=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(MUTANTS):
        data = damaged(source, seeds)
        for item in Opener(len(data), target).open(data, 0, len(data), "f"):
            if isinstance(item, Pickled):
                assert item.stream.complete or item.stream.problems
                list(judge(item.stream, marked=item.marked))
            elif isinstance(item, DeclaredClasses):
                list(judge_document(item))
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert growth < (400_000 if sys.platform == "linux" else 400_000_000)


@pytest.fixture(scope="module")
def witness() -> Iterator[Witness]:
    with Witness() as process:
        yield process


@pytest.mark.slow
@settings(max_examples=12_000, deadline=None)
@given(data=programs() | framed())
def test_nothing_is_missed_for_long(witness: Witness, data: bytes) -> None:
    stream = read(data, 0, len(data))
    for reader in "CP38":
        for module, name in witness.ask(reader, data):
            assert covered(stream, module, name) or unfollowed(stream), (reader, module, name)
