"""What the machine reads out of a pickle: names, roles, arguments, code, and where it breaks."""

from __future__ import annotations

import copyreg
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from mlmodel.pickles.machine import Machine
from mlmodel.pickles.reading import MAX_STREAMS, read, row
from mlmodel.pickles.scan_options import ScanOptions
from mlmodel.pickles.symbols import Call, CallResult, Global, ProblemKind, Stream
from tests.pickles import oracle
from tests.pickles.asking import Witness
from tests.pickles.benign import OBJECTS, refused


def names(stream: Stream) -> set[tuple[str | None, str | None]]:
    return {(item.module, item.name) for item in stream.globals}


def whole(data: bytes, **target: Any) -> Stream:
    return read(data, 0, len(data), ScanOptions(**target))


@pytest.fixture(scope="module")
def real() -> Iterator[Witness]:
    with Witness("real") as process:
        yield process


# -- honest pickles -------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", OBJECTS)
def test_the_names_are_those_that_find_class_sees(name: str, protocol: int, real: Witness) -> None:
    if refused(name, protocol):
        pytest.skip("objects with slots need protocol 2")
    data = pickle.dumps(OBJECTS[name], protocol)
    stream = whole(data)
    assert stream.complete
    assert not stream.problems
    assert not stream.alternatives
    assert stream.end == len(data)
    assert stream.protocol == (protocol if protocol >= 2 else 0)
    assert names(stream) == real.ask("R", data) == oracle.names(data)


def test_the_python_pickler_too(real: Witness) -> None:
    for protocol in range(6):
        data = pickle._dumps(OBJECTS["collections"], protocol)  # type: ignore[attr-defined]
        assert names(whole(data)) == real.ask("R", data)


def test_cloudpickle_and_numpy(real: Witness) -> None:
    cloudpickle = pytest.importorskip("cloudpickle")
    np = pytest.importorskip("numpy")
    factor = np.arange(6).reshape(2, 3)
    objects = [
        factor,
        factor.T,
        np.array([None, {}]),
        np.float64(1),
        np.random.default_rng(0),
        np.dtype("i4,O"),
        np.ma.array([1]),
    ]
    objects += [lambda x: x * factor, np.sin, np.zeros(100_000)]
    for one in objects:
        data = cloudpickle.dumps(one)
        assert names(whole(data)) == real.ask("R", data) == oracle.names(data)


def test_every_prefix_breaks_and_says_so() -> None:
    for protocol in range(6):
        data = pickle.dumps([OBJECTS["collections"], OBJECTS["plain"]], protocol)
        known = names(whole(data))
        for size in range(len(data)):
            stream = whole(data[:size])
            assert not stream.complete
            assert stream.problems
            if protocol >= 4:
                assert names(stream) <= known


def test_windows_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pickle.dumps([OBJECTS["big"], OBJECTS["numbers"], OBJECTS["long text"], OBJECTS["collections"]], 4)
    data += pickle.dumps([OBJECTS["big"], OBJECTS["values"]], 2)
    first = row(data, 0, len(data))
    for window in (601, 640, 1000, 5000):
        monkeypatch.setattr("mlmodel.pickles.machine._FIRST_WINDOW", window)
        monkeypatch.setattr("mlmodel.pickles.machine._WINDOW", window)
        assert row(data, 0, len(data)) == first


# -- roles ------------------------------------------------------------------------------------------


def calls(data: bytes, **target: Any) -> list[Call]:
    return list(whole(data, **target).calls)


def root(call: Call) -> str | None:
    thing = call.callee.root if isinstance(call.callee, CallResult) else call.callee
    return f"{thing.module}.{thing.name}" if thing is not None else None


@pytest.mark.parametrize(
    ("data", "opcode", "arguments"),
    [
        (b"cos\nsystem\n(S'id'\ntR.", "REDUCE", ("id",)),
        (b"cos\nsystem\n\x8c\x02id\x85R.", "REDUCE", ("id",)),
        (b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.", "REDUCE", ("id",)),
        (b"\x80\x02cos\nsystem\nq\x00X\x02\0\0\0idq\x01\x85q\x02R.", "REDUCE", ("id",)),
        (b"(S'id'\nios\nsystem\n.", "INST", ("id",)),
        (b"(cos\nsystem\nS'id'\no.", "OBJ", ("id",)),
        (b"cos\nsystem\n\x8c\x02id\x85\x81.", "NEWOBJ", ("id",)),
        (b"cos\nsystem\n\x8c\x02id\x85}\x92.", "NEWOBJ_EX", None),
        (b"cos\nsystem\n)R.", "REDUCE", ()),
        (b"cos\nsystem\nK\x01K\x02\x86b.", "BUILD", (1, 2)),
        (b"cos\nsystem\nNa.", "APPEND", None),
        (b"cos\nsystem\n(Ne.", "APPENDS", None),
        (b"cos\nsystem\nNNs.", "SETITEM", None),
        (b"cos\nsystem\n(NNu.", "SETITEMS", None),
        (b"\x80\x04cos\nsystem\n(N\x90.", "ADDITEMS", None),
    ],
)
def test_what_an_opcode_does_with_a_global(
    data: bytes, opcode: str, arguments: tuple[object, ...] | None
) -> None:
    stream = whole(data)
    assert stream.complete
    (call,) = stream.calls
    assert (root(call), call.opcode) == ("os.system", opcode)
    assert data[call.offset : call.offset + 1] in b"Rio\x81\x92baesu\x90"
    given = None if call.arguments is None else tuple(value.value for value in call.arguments)
    assert given == arguments
    assert [(use.opcode, use.times, use.offset) for use in stream.uses] == [(opcode, 1, call.offset)]


def test_a_reference_alone_is_no_use() -> None:
    stream = whole(b"\x80\x04]cos\nsystem\na.")
    assert names(stream) == {("os", "system")}
    assert not stream.uses


def test_calls_on_what_a_call_gave() -> None:
    stream = whole(b"cm\na\n)R)R)R)R)R.")
    assert [use.times for use in stream.uses] == [1, 1, 1, 2]
    depths = [use.callee.depth if isinstance(use.callee, CallResult) else 0 for use in stream.uses]
    assert depths == [0, 1, 2, 3]
    assert {root(call) for call in stream.calls} == {"m.a"}


def test_uses_are_counted_and_the_first_call_is_told() -> None:
    data = b"\x80\x04cm\na\n\x940" + b"h\0K\1\x85R0h\0)\x810" * 50 + b"N."
    stream = whole(data)
    assert [(use.opcode, use.times) for use in stream.uses] == [("REDUCE", 50), ("NEWOBJ", 50)]
    assert len(stream.calls) == 2
    watched = whole(data, watch=lambda item: item.name == "a")
    assert len(watched.calls) == 100
    assert watched.uses == stream.uses


def test_arguments_through_the_memo_when_watched() -> None:
    data = b"\x80\x04K\x01\x8c\x01x\x86\x940cm\na\nh\0R0(K\x02h\0t\x940cm\na\nh\x01R."
    assert [call.arguments for call in calls(data)] == [None]
    told = calls(data, watch=lambda _: True, detail=True)
    first, second = (call.arguments for call in told)
    assert first is not None
    assert [value.value for value in first] == [1, "x"]
    assert second is not None
    assert second[0].value == 2
    assert second[1].kind == "tuple"


def test_kinds_of_arguments() -> None:
    data = (
        b"\x80\x05cm\na\n(N\x88\x89K\x01M\1\1J\xff\xff\xff\xff\x8a\x01\xffI5\nL6L\nG?\xf8\0\0\0\0\0\0F1.5\n]}\x8f)C\2ab"
        b"\x8c\1sVt\nS'u'\ncm\nb\ncm\nb\n)RP1\n\x97N\x85(Ntt"
    )
    (call,) = [call for call in calls(data + b"R.") if call.opcode == "REDUCE" and call.arguments]
    assert call.arguments is not None
    kinds = [value.kind for value in call.arguments]
    assert (
        kinds
        == (
            "None bool bool int int int int int int float float list dict set tuple bytes str str str global result"
            " persistent buffer tuple tuple"
        ).split()
    )
    assert [value.value for value in call.arguments[3:9]] == [1, 257, -1, -1, 5, 6]
    place = call.arguments[15]
    assert data[place.start : place.start + place.size] == b"ab"


def test_persistent_ids() -> None:
    stream = whole(b"\x80\x02X\x07\0\0\0storagecm\nF\n\x86Q0Pabc\n.")
    assert [call.opcode for call in stream.calls] == ["BINPERSID", "PERSID"]
    given = stream.calls[0].arguments
    assert given is not None
    assert [value.kind for value in given] == ["str", "global"]


# -- names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04\x8c\x01m\x8c\x01n\x93.",
        b"\x80\x04X\x01\0\0\0m\x8d\x01\0\0\0\0\0\0\0n\x93.",
        b"\x80\x04U\x01mT\x01\0\0\0n\x93.",
        b"\x80\x04V\\u006d\nS'\\x6e'\n\x93.",
        b"\x80\x04S'\\156'\n0S'm'\nS\"\\n\\x6e\"\n0S'n'\n\x93.",
        b"\x80\x04\x8c\x01n\x94\x8c\x01m\x940h\x01h\0\x93.",
        b"\x80\x04\x8c\x01mp77\n0\x8c\x01nr\xff\xff\xff\xff0g77\nj\xff\xff\xff\xff\x93.",
        b"\x80\x04\x8c\x01mp99999999999999999999999\n0g99999999999999999999999\n\x8c\x01n\x93.",
        b"\x80\x04\x8c\x01xq\0\x8c\x01mq\0h\0\x8c\x01n\x93.",
        b"\x80\x04\x8c\x01m\x8c\x01xq\x010\x940h\x01\x8c\x01n\x93.",
        b"\x80\x04\x8c\x01m(\x8c\x01x1\x8c\x01y0\x8c\x01n\x93.",
        b"\x80\x04\x8c\x01m2(00\x8c\x01n\x93.",
        b"\x80\x04\x95\x07\0\0\0\0\0\0\0\x8c\x01m\x8c\x01n\x93.",
        b"\x80\x04\x8c\x01m\x94\x8c\x01n\x942\x85\x94(K\1t\x86000h\0h\1\x93.",
        b"cm\nn\n.",
        b"(im\nn\n.",
    ],
)
def test_names_by_every_route(data: bytes) -> None:
    assert ("m", "n") in names(whole(data))


def test_computed_and_unknown_names() -> None:
    stream = whole(b"\x80\x04\x8c\x02oscbuiltins\nstr\n\x8c\x06system\x85R\x93.")
    assert ("os", None) in names(stream)
    assert [problem.trouble for problem in stream.problems] == [ProblemKind.OPERAND]
    assert whole(b"\x80\x04K\x01\x8c\x01n\x93.").problems[0].trouble is ProblemKind.STACK
    (item,) = whole(b"\x80\x02\x83\x05\x01.").globals
    assert (item.module, item.extension, item.opcode) == (None, 261, "EXT2")
    assert item.target is None


def test_names_of_python_2() -> None:
    def target(data: bytes) -> list[tuple[str, str] | None]:
        return [item.target for item in whole(data).globals]

    assert target(b"\x80\x02c__builtin__\nunicode\n0ccopy_reg\n_reconstructor\n.") == [
        ("builtins", "str"),
        ("copyreg", "_reconstructor"),
    ]
    assert target(b"\x80\x03c__builtin__\nset\n.") == [("__builtin__", "set")]
    # The protocol in force decides, and PROTO may come again.
    stream = whole(b"\x80\x04N\x80\x02ccPickle\nloads\n.")
    assert [item.target for item in stream.globals] == [("pickle", "loads")]
    assert [problem.trouble for problem in stream.problems] == [ProblemKind.PROTOCOL]
    assert stream.modules == {"pickle"}


def test_a_name_is_cut_and_told() -> None:
    stream = whole(b"c" + b"m" * 5000 + b"\nn\n.")
    assert stream.complete
    assert [problem.trouble for problem in stream.problems] == [ProblemKind.OPERAND]


# -- code by value ----------------------------------------------------------------------------------


def test_code_by_value_is_named() -> None:
    cloudpickle = pytest.importorskip("cloudpickle")
    namespace: dict[str, Any] = {"pickle": pickle, "__name__": "__main__"}
    exec(  # noqa: S102 - functions that cloudpickle takes for those of a notebook
        "def predict(x):\n return pickle.dumps(x, 'secret').hex() or helper(x)\n"
        "def helper(x):\n return copyreg.pickle\n"
        "class Thing:\n def run(self): return self.value\n",
        namespace,
    )
    namespace["copyreg"] = copyreg
    stream = whole(cloudpickle.dumps([namespace["predict"], namespace["Thing"]()]))
    found = {code.name: code for code in stream.code}
    assert {"predict", "helper", "run", "Thing"} <= set(found)
    assert found["Thing"].kind == "class"
    assert {"pickle", "dumps", "hex", "helper"} <= set(found["predict"].names)
    assert "secret" in found["predict"].constants
    # Since cloudpickle 3.1.3 a file name that is no file's is replaced.
    assert found["predict"].filename in ("<string>", "<dynamic-code>")
    assert set(stream.imports) == {"pickle", "copyreg"}
    assert {"pickle", "copyreg"} <= stream.modules


def test_code_objects_betray_their_python() -> None:
    for count, python in ((18, ">=3.11"), (16, ">=3.8,<3.11"), (15, "<3.8")):
        first = 7 if count == 15 else 8
        values = [b"K\0"] * count
        values[first - 1 : first + 4] = [b"\x8c\1c\x85", b"\x8c\1n\x85", b")", b"\x8c\1f", b"\x8c\1g"]
        stream = whole(b"\x80\x04ctypes\nCodeType\n(" + b"".join(values) + b"tR.")
        (code,) = stream.code
        assert (code.python, code.names, code.constants, code.filename, code.name) == (
            python,
            ("n",),
            ("c",),
            "f",
            "g",
        )


# -- several, and broken -----------------------------------------------------------------------------


def test_pickles_in_a_row_and_what_follows() -> None:
    data = pickle.dumps([1], 4) + pickle.dumps(len, 0) + pickle.dumps(OBJECTS["values"], 2)
    streams, rest, more = row(data + b"raw bytes", 0, len(data) + 9)
    assert [stream.protocol for stream in streams] == [4, 0, 2]
    assert (rest, more) == (len(data), False)
    many = b"\x80\x04N." * (MAX_STREAMS + 1)
    assert row(many, 0, len(many)).more


def test_texts_are_no_pickles() -> None:
    for text in (
        b"cloudpickle==3\nnumpy\n",
        b"import os\n",
        b"(a, b)\n",
        b"",
        b".",
        b"N.",
        b"\n",
        b"Python\n",
        b"\0" * 99,
    ):
        assert not row(text, 0, len(text)).streams
    for text in (b"cos\nsystem\n(S'id'\ntR", b"(S'id'\nios\nsystem\n"):
        (stream,) = row(text, 0, len(text)).streams
        assert names(stream) == {("os", "system")}


def test_a_break_after_a_call_keeps_the_call() -> None:
    for rest in (
        b"",
        b"\xff",
        b"\x8c\xff",
        b"q",
        b"h\x07",
        b"0000000",
        b"\x80\x09.",
        b"cx",
        b"u",
        b"\x95\xff",
    ):
        stream = whole(b"\x80\x04cos\nsystem\n)R" + rest)
        assert not stream.complete
        assert [root(call) for call in stream.calls] == ["os.system"]
        assert stream.problems[-1].trouble in (ProblemKind.TRUNCATED, ProblemKind.OPCODE, ProblemKind.STACK)


@pytest.mark.parametrize(
    ("data", "trouble", "offset"),
    [
        (b"\x80\x04N", ProblemKind.TRUNCATED, 3),
        (b"\x80\x04J\0\0", ProblemKind.TRUNCATED, 7),
        (b"\x80\x04\xfe", ProblemKind.OPCODE, 2),
        (b"\x80\x06N.", ProblemKind.OPCODE, 0),
        (b"\x80\x04Nt.", ProblemKind.STACK, 3),
        (b"\x80\x04h\0.", ProblemKind.STACK, 2),
        (b"\x80\x04.", ProblemKind.STACK, 2),
        (b"\x80\x04g-1\n.", ProblemKind.STACK, 2),
        (b"\x80\x04Npx\n.", ProblemKind.STACK, 3),
        (b"\x80\x04\x82\0.", ProblemKind.STACK, 2),
        (b"\x80\x04\x95\x09\0\0\0\0\0\0\0N.", ProblemKind.FRAME, 11),
        (b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x95\x02\0\0\0\0\0\0\0N.", ProblemKind.FRAME, 20),
    ],
)
def test_what_is_wrong_and_where(data: bytes, trouble: ProblemKind, offset: int) -> None:
    problem = whole(data).problems[0]
    assert (problem.trouble, problem.offset) == (trouble, offset)


def test_a_piece_of_a_larger_buffer() -> None:
    data = b"cx\ny\n" + pickle.dumps(OBJECTS["values"], 4) + b"cx\ny\n."
    stream = read(data, 5, len(data) - 6)
    assert stream.complete
    assert ("x", "y") not in names(stream)
    assert stream.globals[0].offset > 5
    assert not read(data, 5, len(data) - 20).complete


def test_the_machine_keeps_nothing_of_what_it_reads() -> None:
    data = b"\x80\x04" + b"B\xff\xff\xff\x00" + bytes(0xFFFFFF) + b"cos\nsystem\n."
    machine = Machine(data, 0, len(data), ScanOptions())
    assert machine.run().globals == (Global("os", "system", 4, "GLOBAL", 2 + 5 + 0xFFFFFF),)
    assert len(machine.stack) == 1
