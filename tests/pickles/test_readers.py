"""No global is missed that an unpickler of CPython would ask for, whatever the program."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings

from mlmodel.pickles.reading import read
from mlmodel.pickles.symbols import ProblemKind, Stream
from tests.pickles.asking import READERS, Witness
from tests.pickles.programs import framed, programs


@pytest.fixture(scope="module")
def witness() -> Iterator[Witness]:
    with Witness() as process:
        yield process


def covered(stream: Stream, module: str, name: str) -> bool:
    for one in (stream, *stream.alternatives):
        for item in one.globals:
            if item.extension is not None:
                if (module, name) == ("extension", f"number_{item.extension}"):
                    return True
            elif item.module in (None, module) and item.name in (None, name):
                return True
    return False


def unfollowed(stream: Stream) -> bool:
    """Whether frames are crossed so often that the reader says that it did not follow all readings."""
    return any(problem.trouble is ProblemKind.LIMIT for problem in stream.problems)


@settings(max_examples=1000, deadline=None)
@given(data=programs() | framed())
@example(data=b"cos\nsystem")  # Python's own reader takes all but the last character of a line without end
@example(data=b"ios\nsystem\n.")
@example(data=b"X\x02\0\0\0osp9\n0X\x01\0\0\0aq\x050g9\nh\x05\x93.")
@example(data=b"\x95\x02\0\0\0\0\0\0\0B\x07\x01\0\0\0\0cm.n\na\n.")  # the rest of the frame is dropped
@example(data=b"\x80\x04\x95\x08\0\0\0\0\0\0\0N\x95\x04\0\0\0\0\0\0\0KKcos\na\n.")
def test_nothing_is_missed(witness: Witness, data: bytes) -> None:
    stream = read(data, 0, len(data))
    for reader in READERS:
        for module, name in witness.ask(reader, data):
            assert covered(stream, module, name) or unfollowed(stream), (reader, module, name)


def test_a_dropped_rest_of_a_frame_is_told(witness: Witness) -> None:
    # What pickletools shows as one string is, for the C unpickler of a file, a string and a global.
    data = b"\x80\x04\x95\x02\0\0\0\0\0\0\0B\x07\x01\0\0\0\0cm.n\na\n.".ljust(300, b".")
    stream = read(data, 0, len(data))
    assert any(problem.trouble is ProblemKind.FRAME for problem in stream.problems)
    assert ("m.n", "a") not in {(item.module, item.name) for item in stream.globals}
    assert ("m.n", "a") in {
        (item.module, item.name) for other in stream.alternatives for item in other.globals
    }
    assert [item.offset for item in stream.alternatives[0].globals] == [18]
