"""How a call is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import pack

from tests.pickles.attacks.assembler import (
    COMMAND,
    LINES,
    SYSTEM,
    Attack,
    call,
    framed,
    given,
    name,
    stream,
    text,
)


def of_opcodes() -> Iterator[Attack]:
    """Classes 02, 06, 07, 08: how it is written."""
    for protocol in range(6):
        yield Attack(
            f"02-protocol/{protocol}", (b"\x80" + bytes([protocol]) if protocol > 1 else b"") + LINES
        )
        yield Attack(
            f"02-protocol/stack-global-{protocol}", b"\x80" + bytes([max(protocol, 2)]) + SYSTEM + b"."
        )
    strings: dict[str, Callable[[bytes], bytes]] = {
        "short-binunicode": lambda raw: b"\x8c" + bytes([len(raw)]) + raw,
        "binunicode": lambda raw: b"X" + pack("<I", len(raw)) + raw,
        "binunicode8": lambda raw: b"\x8d" + pack("<Q", len(raw)) + raw,
        "unicode": lambda raw: b"V" + raw + b"\n",
        "unicode-escaped": lambda raw: b"V" + b"".join(b"\\u%04x" % byte for byte in raw) + b"\n",
        "string": lambda raw: b"S'" + raw + b"'\n",
        "string-escaped": lambda raw: b'S"' + b"".join(b"\\x%02x" % byte for byte in raw) + b'"\n',
        "string-octal": lambda raw: b'S"' + b"".join(b"\\%03o" % byte for byte in raw) + b'"\n',
        "binstring": lambda raw: b"T" + pack("<I", len(raw)) + raw,
        "short-binstring": lambda raw: b"U" + bytes([len(raw)]) + raw,
    }
    for way, push in strings.items():
        body = push(b"os") + push(b"system") + b"\x93" + given(text(COMMAND)) + b"R"
        yield Attack(f"06-operands/{way}", stream(body))
        memo = (
            push(b"os") + b"\x940" + push(b"system") + b"\x940" + b"h\0h\1\x93" + given(text(COMMAND)) + b"R"
        )
        yield Attack(f"06-operands/{way}-memo", stream(memo))
    operands = {
        "put-get": text("os") + b"p0\n0" + text("system") + b"p1\n0g0\ng1\n\x93",
        "binput": text("os") + b"q\x050" + text("system") + b"q\x070h\x05h\x07\x93",
        "long-binput": text("os") + b"r\0\1\0\0000" + text("system") + b"r\1\1\0\0000j\0\1\0\0j\1\1\0\0\x93",
        "redefined": text("json") + b"q\0000" + text("os") + b"q\0000" + text("system") + b"q\0010h\0h\1\x93",
        "dup": text("system") + b"q\0000" + text("os") + b"2" + b"0h\0\x93",
        "decoys": text("json") + b"0" + text("os") + text("dumps") + b"0" + text("system") + b"\x93",
        "mark-decoy": b"(" + text("a") + text("b") + b"1" + text("os") + text("system") + b"\x93",
        "far": text("os") + b"\x94" + text("x") * 300 + b"0" * 300 + text("system") + b"\x93",
    }  # fmt: skip
    for way, body in operands.items():
        yield Attack(f"06-operands/{way}", stream(body + given(text(COMMAND)) + b"R"))
    joined = name("builtins", "str") + b")R" + text("system") + b"\x93" + given(text(COMMAND)) + b"R"
    yield Attack("06-operands/computed", stream(joined), None)
    yield Attack("07-opcodes/inst", b"(S'true # inert'\nios\nsystem\n.")
    yield Attack("07-opcodes/obj", b"(cos\nsystem\nS'true # inert'\no.")
    yield Attack(
        "07-opcodes/newobj",
        stream(name("subprocess", "Popen") + given(text(COMMAND)) + b"\x81"),
        "subprocess.Popen",
    )
    yield Attack(
        "07-opcodes/newobj-ex",
        stream(name("subprocess", "Popen") + given(text(COMMAND)) + b"}\x92"),
        "subprocess.Popen",
    )
    planted = (
        name("sklearn.svm._classes", "SVC")
        + b")\x81}"
        + text("__setstate__")
        + name("os", "system")
        + b"sb"
        + text(COMMAND)
        + b"b"
    )
    yield Attack("07-opcodes/planted-setstate", stream(planted))
    for method, opcode in (("append", b"a"), ("extend", b"e"), ("add", b"\x90")):
        many = b"(" if opcode != b"a" else b""
        body = (
            name("sklearn.svm._classes", "SVC")
            + b")\x81}"
            + text(method)
            + name("os", "system")
            + b"sb"
            + many
            + text(COMMAND)
            + opcode
        )
        yield Attack(f"07-opcodes/planted-{method}", stream(body))
    yield Attack(
        "07-opcodes/setitem-environ",
        stream(name("os", "environ") + text("LD_PRELOAD") + text("x") + b"s"),
        "os.environ",
    )
    yield Attack(
        "07-opcodes/setitem-modules",
        stream(name("sys", "modules") + text("json") + text("x") + b"s"),
        "sys.modules",
    )
    yield Attack(
        "07-opcodes/setitems",
        stream(name("os", "environ") + b"(" + text("PATH") + text("x") + b"u"),
        "os.environ",
    )
    yield Attack("07-opcodes/append-path", stream(name("sys", "path") + text("/x") + b"a"), "sys.path")
    yield Attack(
        "07-opcodes/result-call",
        stream(
            call("builtins", "getattr", call("builtins", "__import__", text("os")), text("system"))
            + given(text(COMMAND))
            + b"R"
        ),
        None,
    )
    yield Attack(
        "07-opcodes/partial-call",
        stream(call("functools", "partial", name("os", "system")) + given(text(COMMAND)) + b"R"),
    )
    yield Attack(
        "07-opcodes/partial-held", stream(call("functools", "partial", name("os", "system"), text(COMMAND)))
    )
    yield Attack(
        "07-opcodes/map-tuple",
        stream(
            call(
                "builtins",
                "tuple",
                call("builtins", "map", name("os", "system"), b"(" + text(COMMAND) + b"l"),
            )
        ),
    )
    yield Attack(
        "07-opcodes/defaultdict",
        stream(call("collections", "defaultdict", name("os", "getcwd")) + text("x") + b"N" + b"s"),
        "os.getcwd",
    )
    yield Attack("07-opcodes/reduce-in-tuple", stream(b"(" + text("x") + b"(" + SYSTEM + b"K\1t" + b"t"))
    yield Attack("07-opcodes/popped", stream(SYSTEM + b"0" + name("collections", "OrderedDict") + b")R"))
    yield Attack("07-opcodes/buried", framed(b"](" + b"K\1" * 5000 + SYSTEM + b"K\2" * 5000 + b"e"))
    for code, width in ((b"\x82\x05", 1), (b"\x83\x05\0", 2), (b"\x84\x05\0\0\0", 4)):
        body = (
            call("copyreg", "add_extension", text("os"), text("system"), b"K\5")
            + b"0"
            + code
            + given(text(COMMAND))
            + b"R"
        )
        yield Attack(f"08-extension/{width}", stream(body), "copyreg.add_extension")
        yield Attack(f"08-extension/known-{width}", stream(code + given(text(COMMAND)) + b"R"), None)
    registry = (
        name("copyreg", "_inverted_registry")
        + b"K\5"
        + text("os")
        + text("system")
        + b"\x86s0\x82\x05"
        + given(text(COMMAND))
        + b"R"
    )
    yield Attack("08-extension/registry", stream(registry), "copyreg._inverted_registry")
    yield Attack("09-persistent/then-call", b"Pmodule\n0" + LINES)
    yield Attack(
        "09-persistent/binary", stream(given(text("module"), name("os", "system"), text("x")) + b"Q")
    )
