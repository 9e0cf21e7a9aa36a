"""Arrays between the opcodes, as joblib writes them."""

from __future__ import annotations

import io
from typing import Any

import pytest

from mlmodel.pickles import Pickled, Stream
from mlmodel.pickles.containers import Opener
from mlmodel.pickles.reading import read
from mlmodel.pickles.symbols import ProblemKind

joblib = pytest.importorskip("joblib")
np = pytest.importorskip("numpy")

ARRAYS: dict[str, Any] = {
    "bytes that are opcodes": np.frombuffer(b"cos\nsystem\n(S'id'\ntR." * 9, "u1"),
    "dots": np.full(50, 0x2E, "u1"),
    "empty": np.zeros((0, 4)),
    "scalar": np.array(3.0),
    "matrix": np.arange(24).reshape(2, 3, 4).T,
    "texts": np.array(["a", "bcd"]),
    "raw": np.array([b"ab", b"c"]),
    "big endian": np.arange(5, dtype=">i4"),
    "times": np.array(["2020-01-01"], "M8[D]"),
    "structure": np.zeros(5, dtype=[("a", "f8"), ("b", "U3")]),
    "structure with objects": np.array([(1, "x"), (2, None)], dtype=[("a", "i4"), ("o", "O")]),
    "objects": np.array([{"a": 1}, None, np.arange(3)], dtype=object),
    "complex": np.ones(3, "c16"),
    "long double": np.ones(3, np.longdouble),
    "void": np.array([b"abc"], "V3"),
    "bool": np.array([True]),
    "masked": np.ma.array([1, 2], mask=[0, 1]),
    "large": np.arange(300_000),
}


def dumped(value: object, **options: Any) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file, **options)
    return file.getvalue()


def whole(data: bytes) -> Stream:
    return read(data, 0, len(data))


class Later:
    """Stands behind the arrays."""


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("name", ARRAYS)
def test_reading_goes_on_behind_the_array(name: str, protocol: int) -> None:
    data = dumped(
        [ARRAYS[name], {"again": ARRAYS[name]}, ARRAYS[name][..., None], Later()], protocol=protocol
    )
    stream = whole(data)
    assert stream.complete
    assert stream.end == len(data)
    assert not stream.problems
    assert any(item.name == "Later" for item in stream.globals)
    assert "os" not in stream.modules
    if "objects" in name:
        assert stream.nested
    elif name != "masked":
        assert not stream.alternatives


@pytest.mark.parametrize("form", ["zlib", "gzip", "bz2", "xz", "lzma"])
def test_compressed(form: str) -> None:
    data = dumped([*ARRAYS.values(), Later()], compress=(form, 3))
    (item,) = Opener(len(data)).open(data, 0, len(data), "f")
    assert isinstance(item, Pickled)
    assert item.stream.complete
    assert item.stream.end == len(dumped([*ARRAYS.values(), Later()]))


def test_what_is_in_an_object_array_is_read() -> None:
    stream = whole(dumped(np.array([Later()], dtype=object)))
    assert any(name.endswith("test_arrays") for name in stream.modules)
    assert not any(item.name == "Later" for item in stream.globals)


def test_an_array_that_a_plain_reader_would_run() -> None:
    # joblib takes these bytes for an array; pickle.load runs them.
    data = dumped([np.frombuffer(b"cos\nsystem\n(S'id'\ntR.", "u1")])
    at = data.index(b"cos\nsystem")
    padding = next(size for size in range(17) if data[at - 1 - size] == size)
    unpadded = data.replace(b"numpy_array_alignment_bytes", b"numpy_array_alignment_bytez")
    stream = whole(unpadded[: at - 1 - padding] + unpadded[at:])
    assert "os" not in stream.modules
    assert [max(other.modules) for other in stream.alternatives] == ["os"]
    assert stream.alternatives[0].view == "plain"


def test_an_array_whose_size_is_not_known() -> None:
    data = dumped([np.arange(5), Later()])
    for old, new in ((b"shape", b"shapf"), (b"\x05dtype", b"\x05dtypf"), (b"\x8c\x02i8", b"\x8c\x02i?")):
        assert old in data
        stream = whole(data.replace(old, new, 1))
        assert not stream.complete
        assert stream.problems[-1].trouble is ProblemKind.ARRAY
    stream = whole(data.replace(b"K\x05\x85", b"J\xff\xff\xff\x7f\x85"))
    assert stream.problems[-1].trouble in (ProblemKind.TRUNCATED, ProblemKind.FRAME)


def test_an_array_inside_a_frame() -> None:
    # joblib reads the array from behind the frame, then what is left of the frame, then on behind the array.
    data = dumped([np.frombuffer(b"\xff" * 8, "u1"), Later()])
    frame = data.index(b"\x95")
    size = int.from_bytes(data[frame + 1 : frame + 9], "little")
    end = frame + 9 + size
    assert data[end - 1 : end] == b"b"
    wider = data[: frame + 1] + (size + 2).to_bytes(8, "little") + data[frame + 9 : end] + b"N0" + data[end:]
    stream = whole(wider)
    assert stream.complete
    assert [problem.trouble for problem in stream.problems] == [ProblemKind.FRAME]


STATE = b"(K\3U\1|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t"


def array(dtype: bytes, size: int, state: bytes = b"") -> bytes:
    """A pickle with one array of a single element between the opcodes, and a name behind it."""
    head = b"\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\nq\0)\x81q\x01}q\x02"
    fields = b"(U\5shapeK\1\x85U\5dtypecnumpy\ndtype\nq\x03" + dtype + b"R" + state + b"ub"
    return head + fields + b"." * size + b"0cbehind\nit\n."


@pytest.mark.parametrize(
    ("dtype", "size", "state"),
    [
        (b"U\2f8\x85", 8, b""),
        (b"U\2f8\x85", 8, STATE + b"b"),
        (b"U\2U5\x85", 20, b""),
        # Of texts and structures the state decides, whatever the description says.
        (b"U\2U5\x85", 7, b"(K\3U\1<NNNK\7K\4K\0tb"),
        (b"U\3V16\x85", 24, b"(K\3U\1|NNNK\x18K\1K\0tb"),
    ],
)
def test_how_large_an_array_is(dtype: bytes, size: int, state: bytes) -> None:
    stream = whole(array(dtype, size, state))
    assert stream.complete
    assert "behind" in stream.modules


@pytest.mark.parametrize(
    "data",
    [
        array(b"U\2f8\x85", 8, STATE + b"b" + STATE + b"b"),  # two states: which counts?
        array(b"U\2f8\x85", 8, b"(K\3U\1|NNNK\7K\1K\0tb"),  # a number of another size
        array(b"U\2f8\x85", 8, b"(K\3U\1|NNNJ\xff\xff\xff\xffK\1K?tb"),  # a number that is an object
        array(b"U\2f8\x85", 8, b"Nb"),
        array(b"U\2V8\x85", 8),  # a structure without fields: objects or not?
        array(b"U\2f8\x85", 8).replace(b")\x81", b")R"),  # made by its own constructor
    ],
)
def test_what_is_not_certain_about_an_array_ends_the_reading(data: bytes) -> None:
    stream = whole(data)
    assert not stream.complete
    assert stream.problems[-1].trouble in (ProblemKind.ARRAY, ProblemKind.STACK)


@pytest.mark.parametrize("begin", [b"}q\x02(U\5shapeK\2\x85u(", b"(U\5shapeK\2\x85d("])
def test_a_state_in_two_parts_counts_as_a_whole(begin: bytes) -> None:
    assert whole(array(b"U\2f8\x85", 8).replace(b"}q\x02(", begin)).complete


def test_a_second_state_for_the_same_object_is_not_trusted() -> None:
    first = array(b"U\2f8\x85", 8).removesuffix(b"0cbehind\nit\n.")
    second = b"0h\1}(U\5shapeK\1\x85U\5dtypeh\3U\2f8\x85Rub" + b"." * 8 + b"0cbehind\nit\n."
    stream = whole(first + second)
    assert stream.problems[-1].trouble is ProblemKind.ARRAY
