"""Functions of trusted distributions that nobody has reviewed, called without being called: by what takes a function, by a
planted method, by what iterates over an object.  The function itself (:data:`HELD`) may be named."""

from __future__ import annotations

import lzma
from collections.abc import Iterator

from tests.pickles.attacks.assembler import LINES, SYSTEM, Attack, call, given, name, stream, text
from tests.pickles.attacks.packing import archive

HELD = name("numpy.lib._utils_impl", "_makenamedict")
STANDARD = name("calendar", "main")
OBJECT = name("sklearn.svm._classes", "SVC") + b")\x81"
BASE = name("sklearn.base", "BaseEstimator")
CLOUDPICKLE = "cloudpickle.cloudpickle"


def state(key: str, value: bytes) -> bytes:
    return b"}" + text(key) + value + b"s"


def of_callers() -> Iterator[Attack]:
    """Class 27."""
    planted = {
        "setstate": OBJECT + state("__setstate__", HELD) + b"b" + text("x") + b"b",
        "setstate-standard": OBJECT + state("__setstate__", STANDARD) + b"b" + text("x") + b"b",
        "setstate-class": OBJECT + state("__setstate__", BASE) + b"b" + text("x") + b"b",
        "setstate-slots": OBJECT + b"N" + state("__setstate__", HELD) + b"\x86b" + text("x") + b"b",
        "setstate-escaped": OBJECT + b"}V\\u005f_setstate__\n" + HELD + b"sb" + text("x") + b"b",
        "append": OBJECT + state("append", HELD) + b"b" + text("x") + b"a",
        "extend": OBJECT + state("extend", HELD) + b"b(" + text("x") + b"e",
        "add": OBJECT + state("add", HELD) + b"b(" + text("x") + b"\x90",
    }
    for way, body in planted.items():
        yield Attack(f"27-callers/planted-{way}", stream(body), None)
    yield Attack(
        "27-callers/planted-setstate-protocol-0",
        b"(csklearn.svm._classes\nSVC\no}(V\\u005f_setstate__\ncnumpy.lib._utils_impl\n_makenamedict\nubVx\nb.",
        None,
    )
    empty = b"}"
    takers: dict[str, tuple[str, str, bytes]] = {
        "default": ("_operator", "getitem", call("collections", "defaultdict", HELD) + text("k")),
        "tensor": ("torch._tensor", "_rebuild_from_type_v2", HELD + BASE + given(text("x")) + empty),
        "tensor-old": ("torch._tensor", "_rebuild_from_type", HELD + BASE + given(text("x")) + empty),
        "dill-type": ("dill._dill", "_create_type", HELD + text("x")),
        "dill-array": ("dill._dill", "_create_array", HELD + given(text("x")) + b"N" + empty),
        "metaclass": (CLOUDPICKLE, "_make_skeleton_class", HELD + text("n") + b")" + empty + b"NN"),
        "reduce": ("functools", "reduce", HELD + b"(" + text("a") + text("b") + b"l"),
        "base": ("copyreg", "_reconstructor", name("sklearn.svm._classes", "SVC") + HELD + text("x")),
        "type": (
            "builtins",
            "type",
            text("X") + given(name("builtins", "object")) + state("__new__", HELD),
        ),
    }
    for way, (module, attribute, arguments) in takers.items():
        yield Attack(f"27-callers/{way}", stream(call(module, attribute, arguments)), attribute)
    reach: dict[str, tuple[str, str, bytes]] = {
        "ufunc": ("numpy._core", "_ufunc_reconstruct", text("os") + text("system")),
        "ufunc-old": ("numpy.core", "_ufunc_reconstruct", text("some_module") + text("x")),
        "modules": (CLOUDPICKLE, "_modules_to_main", b"]" + text("some_module") + b"a"),
        "patch-class": (CLOUDPICKLE, "_class_setstate", BASE + given(state("fit", HELD), empty)),
        "patch-class-old": (CLOUDPICKLE, "_rehydrate_skeleton_class", BASE + state("fit", HELD)),
        "patch-function": (CLOUDPICKLE, "_function_setstate", HELD + given(empty, state("__code__", b"N"))),
        "patch-function-old": (CLOUDPICKLE, "_fill_function", HELD + empty),
        "setattr": ("builtins", "setattr", BASE + text("fit") + HELD),
        "dill-attribute": (
            "dill._dill",
            "_get_attr",
            call("dill._dill", "_import_module", text("os")) + text("system"),
        ),
        "dill-named-tuple": (
            "dill._dill",
            "_create_namedtuple",
            text("system") + given(text("a")) + text("os"),
        ),
        "lru-cache": ("functools", "lru_cache", call("cloudpickle.cloudpickle", "subimport", text("os"))),
        "tzfile": ("dateutil.tz.tz", "tzfile", text("/dev/null")),
        "lightgbm-file": ("lightgbm.basic", "Booster", b"NN" + text("/dev/null")),
        "xgboost-file": ("xgboost.core", "Booster", b"N)" + text("/dev/null")),
        "xgboost-data": ("xgboost.core", "DMatrix", text("/dev/null")),
        "catboost-data": ("catboost.core", "Pool", text("/dev/null")),
        "script": ("torch._C", "CompilationUnit", text("pass")),
        "file-system": ("fsspec.implementations.local", "LocalFileSystem", text("/dev/null")),
        "list": ("builtins", "list", OBJECT + state("fn", HELD) + b"b"),
        "tuple-chain": ("builtins", "tuple", call("itertools", "chain", OBJECT)),
        "counter": ("collections", "Counter", OBJECT),
        "str": ("builtins", "str", OBJECT),
        "default-items": ("collections", "defaultdict", b"N" + OBJECT),
        "vectorize": (
            "builtins",
            "list",
            name("numpy", "vectorize") + b")\x81" + state("pyfunc", HELD) + b"b",
        ),
    }
    for way, (module, attribute, arguments) in reach.items():
        yield Attack(f"27-callers/{way}", stream(call(module, attribute, arguments)), None)
    yield Attack(
        "27-callers/root-logger",
        stream(call("logging", "getLogger", b"") + state("handlers", b"]") + b"b"),
        "logging.getLogger",
    )
    yield Attack("27-callers/new-of-type", stream(call(*takers["type"]) + b")\x81"), None)
    for opcode, body in (
        ("persid", b"Pabc\n"),
        ("string", b"S'abc'\n"),
        ("dup", b"]2\x86"),
        ("next-buffer", b"\x97"),
    ):
        yield Attack(f"27-callers/opcode-{opcode}", stream(body), None)


DATA = name("statsmodels.base.data", "PandasData") + b")\x81"


def fields(**values: bytes) -> bytes:
    return b"}(" + b"".join(text(key) + value for key, value in values.items()) + b"u"


def of_readers() -> Iterator[Attack]:
    """Class 28: what classes and functions of trusted distributions evaluate or load themselves."""
    formulas = {
        "builtin": "a ~ eval('1')",
        "blank": "a ~ eval ('1')",
        "numpy": "a ~ np.load('x')",
        "pandas": "a ~ pd.read_pickle('x')",
        "import": "a ~ __import__('os').x",
        "classes": "a ~ ().__class__",
    }
    for way, formula in formulas.items():
        state_ = fields(restore_design_info=b"\x88", frame=b"N", formula=text(formula))
        yield Attack(f"28-readers/formula-{way}", stream(DATA + state_ + b"b"), "PandasData")
    single = DATA + b"}" + text("formula") + text("a ~ eval('1')") + b"sb"
    yield Attack("28-readers/formula-alone", stream(single), "PandasData")
    made = call(
        "copyreg",
        "_reconstructor",
        name("statsmodels.base.data", "PandasData") + name("builtins", "object") + b"N",
    )
    state_ = fields(formula=text("a ~ eval('1')"), frame=b"N")
    yield Attack("28-readers/formula-reconstructed", stream(made + state_ + b"b"), None)
    for way, content in (("marked", stream(SYSTEM)), ("lines", LINES)):
        inner = b"C" + bytes([len(content)]) + content
        yield Attack(
            f"28-readers/spacy-vocabulary-{way}",
            stream(call("spacy.vocab", "unpickle_vocab", b"NNNN" + inner + b"NN")),
        )
        yield Attack(
            f"28-readers/spacy-document-{way}",
            stream(call("spacy.tokens.doc", "unpickle_doc", b"N" + inner + b"N")),
        )
    again = call(
        "copyreg", "_reconstructor", name("sklearn.svm._classes", "SVC") + name("builtins", "object") + b"N"
    )
    yield Attack("28-readers/list-of-reconstructed", stream(call("builtins", "list", again)), "builtins.list")


def of_limits() -> Iterator[Attack]:
    """Class 29: what comes behind more than is read, and documents and headers that hide what they are."""
    body = b"".join(b"ccollections\nx%d\n0" % number for number in range(20_100))
    yield Attack("29-limits/globals", stream(body + SYSTEM), None)
    yield Attack("29-limits/pickles", stream(b"N") * 1100 + stream(SYSTEM), None)
    for way, header in {
        "quotes": '{"descr": "|O", "fortran_order": False, "shape": (1,)}',
        "escape": "{'descr': '|\\x4f', 'fortran_order': False, 'shape': (1,)}",
        "word": "{'descr': 'object', 'fortran_order': False, 'shape': (1,)}",
    }.items():
        raw = header.encode() + b" " * (117 - len(header)) + b"\n"
        content = b"\x93NUMPY\1\0" + len(raw).to_bytes(2, "little") + raw + LINES
        yield Attack(f"29-limits/npy-{way}", content, suffix=".npy")
    small: list[dict[str, int]] = [{"id": lzma.FILTER_LZMA1, "dict_size": 4096}]
    for way, content in (("marked", stream(SYSTEM)), ("lines", LINES)):
        packed = lzma.compress(content, lzma.FORMAT_ALONE, filters=small)
        yield Attack(f"29-limits/lzma-{way}", packed, suffix=".xz")
        yield Attack(f"29-limits/named-config-{way}", archive(("config.json", content)), None, ".zip")
    yield Attack(
        "29-limits/hdf5-module",
        b"\x89HDF\r\n\x1a\n" + bytes(90) + b'{"module": "os", "class_name": "system"}',
        suffix=".h5",
    )
