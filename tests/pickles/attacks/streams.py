"""Pickles in pickles, in a row and broken; code by value; names of Python 2; changes of what is there already."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from struct import pack

from tests.pickles.attacks.assembler import (
    COMMAND,
    EVIL,
    HONEST,
    LINES,
    SYSTEM,
    Attack,
    call,
    given,
    name,
    stream,
    text,
)
from tests.pickles.attacks.packing import archive


def of_streams() -> Iterator[Attack]:
    """Classes 10, 11, 12, 13, 21, 23, 26: nested, in a row, broken, code by value, names of Python 2, changes."""
    inner = b"C" + bytes([len(EVIL)]) + EVIL
    for module, attribute in (
        ("pickle", "loads"), ("_pickle", "loads"), ("dill", "loads"), ("cloudpickle", "loads"), ("cloudpickle.cloudpickle", "loads"), ("marshal", "loads"),
        ("multiprocessing.reduction", "ForkingPickler.loads"), ("pandas", "read_pickle"), ("joblib", "load"), ("numpy", "load"), ("zlib", "decompress"), ("torch", "load"),
    ):  # fmt: skip
        yield Attack(
            f"10-nested/{module}.{attribute}", stream(call(module, attribute, inner)), f"{module}.{attribute}"
        )
    for label, content in {
        "pickle": EVIL,
        "lines": LINES,
        "gzip": gzip.compress(EVIL),
        "zip": archive(("a/data.pkl", EVIL)),
    }.items():
        body = b"B" + pack("<I", len(content)) + content
        yield Attack(
            f"10-nested/load-from-bytes-{label}", stream(call("torch.storage", "_load_from_bytes", body))
        )
    yield Attack(
        "10-nested/load-from-computed",
        stream(call("torch.storage", "_load_from_bytes", call("builtins", "bytes", b"K\1"))),
        "torch.storage._load_from_bytes",
    )
    yield Attack("11-row/second", HONEST + EVIL)
    yield Attack("11-row/second-lines", HONEST + LINES)
    yield Attack("11-row/fifth", HONEST * 4 + EVIL)
    yield Attack("11-row/hundredth", HONEST * 99 + EVIL)
    yield Attack("11-row/thousandth", HONEST * 999 + EVIL)
    ends = {
        "truncated": SYSTEM, "bad-opcode": SYSTEM + b"\xff.", "bad-utf8": SYSTEM + b"\x8c\2\xff\xfe.", "underflow": SYSTEM + b"\x85\x85\x86\x87R.", "no-memo": SYSTEM + b"h\x63.",
        "huge": SYSTEM + b"B\xff\xff\xff\x7f.", "huge-8": SYSTEM + b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "no-mark": SYSTEM + b"t.", "bad-int": SYSTEM + b"Iabc\n.", "bad-long": SYSTEM + b"Labc\n.",
        "bad-protocol": SYSTEM + b"\x80\x63.", "stack-global-int": SYSTEM + b"K\1K\2\x93.", "empty-stop": SYSTEM + b"0.", "frame": SYSTEM + b"\x95\xff\0\0\0\0\0\0\0.",
        "bytearray": SYSTEM + b"\x96\xff\0\0\0\0\0\0\0.", "next-buffer": SYSTEM + b"\x97.", "build-none": SYSTEM + b"K\1b.",
    }  # fmt: skip
    for label, rest in ends.items():
        yield Attack(f"12-broken/{label}", b"\x80\x04" + rest)
        yield Attack(f"12-broken/{label}-gzip", gzip.compress(b"\x80\x04" + rest))
    short = b"\x80\x04\x95\x03\0\0\0\0\0\0\0\x8c" + bytes([len(SYSTEM) + 1]) + SYSTEM + b"."
    yield Attack("13-differential/frame-short", short + b"." * 20, None)
    yield Attack(
        "13-differential/frame-in-frame",
        b"\x80\x04\x95\x20\0\0\0\0\0\0\0\x95\x08\0\0\0\0\0\0\0" + SYSTEM + b".",
        None,
    )
    yield Attack("13-differential/frame-long", b"\x80\x04\x95\xff\xff\0\0\0\0\0\0" + SYSTEM + b".")
    yield Attack("13-differential/proto-again", b"\x80\x04\x80\x02" + SYSTEM + b".")
    yield Attack("13-differential/proto-late", b"N0\x80\x04" + SYSTEM + b".")
    yield Attack("13-differential/name-with-blank", stream(call("os ", "system")), None)
    yield Attack(
        "13-differential/memoize-index",
        stream(
            text("x")
            + b"q\x05"
            + text("os")
            + b"\x94"
            + text("system")
            + b"\x94000h\1h\2\x93"
            + given(text(COMMAND))
            + b"R"
        ),
        None,
    )
    function = call(
        "types",
        "FunctionType",
        call(
            "types",
            "CodeType",
            *[b"K\0"] * 6,
            b"C\0",
            b")",
            b")",
            text("f"),
            text("f"),
            text("f"),
            b"K\1",
            b"C\0",
            b"C\0",
            b")",
            b")",
        ),
        b"}",
    )
    yield Attack("21-code/called", stream(function + b")R"), None)
    yield Attack("21-code/lambda-called", stream(call("types", "LambdaType", b"N", b"}") + b")R"), None)
    made = call("cloudpickle.cloudpickle", "_make_function", b"N", b"}", b"N", b"N", b"N")
    yield Attack("21-code/cloudpickle-called", stream(made + b")R"), None)
    yield Attack(
        "21-code/marshal",
        stream(call("types", "FunctionType", call("marshal", "loads", b"C\1x"), b"}") + b")R"),
        "marshal.loads",
    )
    yield Attack(
        "21-code/compile",
        stream(call("builtins", "eval", call("builtins", "compile", text("1"), text("f"), text("eval")))),
        "builtins.compile",
    )
    yield Attack(
        "21-code/code-swap",
        stream(name("collections", "namedtuple") + b"N}" + text("__code__") + b"Ns\x86b"),
        "collections.namedtuple",
    )
    for module, attribute, found in (
        ("commands", "getoutput", "subprocess.getoutput"), ("__builtin__", "eval", "builtins.eval"), ("__builtin__", "execfile", "execfile"), ("cPickle", "loads", "pickle.loads"), ("urllib2", "urlopen", "urllib.request.urlopen"),
        ("urllib", "urlopen", "urllib.request.urlopen"), ("dumbdbm", "open", "dbm.dumb.open"), ("__builtin__", "apply", "apply"), ("exceptions", "os.system", None), ("popen2", "popen2", "popen2.popen2"), ("__builtin__", "reduce", "functools.reduce"),
        ("__builtin__", "file", "file"), ("anydbm", "open", "dbm.open"), ("SocketServer", "TCPServer", "socketserver.TCPServer"), ("StringIO", "os.system", None), ("os", "popen2", "os.popen2"), ("__builtin__", "__import__", "builtins.__import__"), ("Tkinter", "Tcl", "tkinter.Tcl"),
    ):  # fmt: skip
        yield Attack(
            f"23-python2/{module}.{attribute}", f"c{module}\n{attribute}\n(S'{COMMAND}'\ntR.".encode(), found
        )
        yield Attack(
            f"23-python2/{module}.{attribute}-2",
            b"\x80\x02" + f"c{module}\n{attribute}\n(S'{COMMAND}'\ntR.".encode(),
            found,
        )
    for module, attribute in (
        ("collections", "OrderedDict"), ("sklearn.svm._classes", "SVC"), ("builtins", "getattr"), ("json", "loads"), ("numpy", "ndarray"), ("typing", "Union"), ("logging", "getLogger"),
    ):  # fmt: skip
        yield Attack(
            f"26-change/{module}.{attribute}",
            stream(name(module, attribute) + b"N}" + text("x") + b"K\1s\x86b"),
            f"{module}.{attribute}",
        )
    os_module = call("cloudpickle.cloudpickle", "subimport", text("os"))
    yield Attack("26-change/module", stream(os_module + b"}" + text("system") + b"K\1sb"), None)
    yield Attack(
        "26-change/module-attribute",
        stream(call("builtins", "getattr", os_module, text("system")) + given(text(COMMAND)) + b"R"),
        None,
    )
    yield Attack(
        "26-change/module-held", stream(call("builtins", "getattr", os_module, text("system"))), None
    )
    yield Attack(
        "26-change/typename",
        stream(call("cloudpickle.cloudpickle", "_builtin_type", text("__loader__")) + b")R"),
        None,
    )
    yield Attack(
        "26-change/item", stream(call("operator", "getitem", os_module, text("system")) + b")R"), None
    )
    yield Attack(
        "26-change/subimport", stream(call("cloudpickle.cloudpickle", "subimport", text("this"))), None
    )
    yield Attack(
        "26-change/reconstructor", b"ccopy_reg\n_reconstructor\n(cos\nsystem\nc__builtin__\nobject\nNtR."
    )
    yield Attack(
        "26-change/encode", stream(call("_codecs", "encode", text("x"), text("evil"))), "_codecs.encode"
    )
