"""What documents in archives have their readers run: skops, Keras in both formats, TorchScript, LZMA as joblib reads it."""

from __future__ import annotations

import base64
import json
import lzma
from typing import Any

import pytest

from mlmodel.pickles import DeclaredClasses, Pickled, Unreadable
from mlmodel.pickles.containers import Found, Opener
from mlmodel.pickles.document_judgement import judge_document
from tests.pickles.test_containers import archive

HDF5 = b"\x89HDF\r\n\x1a\n"
EVIL = b"\x80\x04cos\nsystem\n\x8c\x02id\x85R."


def found(data: bytes) -> list[Found]:
    return list(Opener(len(data)).open(data, 0, len(data), "f"))


def remarks(data: bytes) -> list[str]:
    """Kinds of what is said of the documents in a file."""
    return [
        remark.kind.name
        for item in found(data)
        if isinstance(item, DeclaredClasses)
        for remark in judge_document(item)
    ]


# -- skops ---------------------------------------------------------------------------------------


def text(value: object) -> dict[str, Any]:
    return node("JsonNode", "builtins", "str", content=json.dumps(value))


def node(loader: str, module: str, name: str, **more: Any) -> dict[str, Any]:
    return {"__loader__": loader, "__module__": module, "__class__": name, **more}


def mapping(**items: Any) -> dict[str, Any]:
    kinds = node("ListNode", "builtins", "list", content=[node("TypeNode", "builtins", "str")] * len(items))
    return node("DictNode", "builtins", "dict", content=items, key_types=kinds)


def listed(
    *items: Any, loader: str = "ListNode", module: str = "builtins", name: str = "list"
) -> dict[str, Any]:
    return node(loader, module, name, content=list(items))


def estimator(**state: Any) -> dict[str, Any]:
    return node(
        "ObjectNode",
        "sklearn.preprocessing._function_transformer",
        "FunctionTransformer",
        content=mapping(**state),
    )


def partial(function: dict[str, Any], *arguments: Any) -> dict[str, Any]:
    content = {
        "func": function,
        "args": listed(*arguments, loader="TupleNode", name="tuple"),
        "kwds": mapping(),
        "namespace": text(None),
    }
    return node("PartialNode", "functools", "partial", content=content)


ATTACKS: dict[str, dict[str, Any]] = {
    "a function": estimator(func=node("FunctionNode", "os", "system")),
    "a function of before": estimator(func=node("FunctionNode", "builtins", "str", content={"module_path": "os", "function": "system"})),
    "a builtin": estimator(func=node("TypeNode", "builtins", "eval")),
    "a re-export": estimator(func=node("FunctionNode", "shutil", "os")),
    "a function that writes": estimator(func=node("FunctionNode", "numpy", "savetxt")),
    "a partial": estimator(func=partial(node("FunctionNode", "subprocess", "check_call"), text("id"))),
    "a method": estimator(
        func=node("MethodNode", "pandas.core.frame", "DataFrame", content={"func": "to_pickle", "obj": node("ObjectNode", "pandas.core.frame", "DataFrame")})
    ),
    "a method that evaluates": estimator(
        func=node("MethodNode", "pandas.core.frame", "DataFrame", content={"func": "eval", "obj": node("ObjectNode", "pandas.core.frame", "DataFrame")})
    ),
    "methodcaller": estimator(func=node("OperatorFuncNode", "operator", "methodcaller", attrs=listed(text("to_csv"), text("/x"), loader="TupleNode", name="tuple"))),
    "attrgetter of a class": estimator(func=node("OperatorFuncNode", "operator", "attrgetter", attrs=listed(text("__globals__"), loader="TupleNode", name="tuple"))),
    "operator.call": node("OperatorFuncNode", "operator", "call", attrs=listed(node("FunctionNode", "os", "system"), text("id"), loader="TupleNode", name="tuple")),
    "a constructor": node("ConstructorFromReduceNode", "os", "system", content=listed(text("id"), loader="TupleNode", name="tuple")),
    "a list that is a function": listed(text("id"), module="subprocess", name="check_call"),
    "a set that is a function": listed(text("id"), loader="SetNode", module="os", name="popen"),
    "a type of keys": node(
        "DictNode", "builtins", "dict", content={"id": text(1)}, key_types=listed(node("TypeNode", "os", "system"))
    ),
    "a default": node("DefaultDictNode", "collections", "defaultdict", content={"main": mapping(), "default_factory": node("FunctionNode", "builtins", "breakpoint")}),
    "an array that is a function": node("NdArrayNode", "runpy", "run_path", type="numpy", file="x.npy"),
    "a random state that is a function": node("RandomStateNode", "pdb", "set_trace", content=mapping()),
    "a loss that is a function": node("LossNode", "os", "execv", content=mapping(), __reduce__={"args": listed(text("id"))}),
    "a state that is executed": node(
        "ObjectNode", "scipy.stats._continuous_distns", "norm_gen", content=mapping(_parse_arg_template=text("import os"))
    ),
    "a class that runs something": node("ObjectNode", "subprocess", "Popen", content=mapping()),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("compression", [0, 8])
def test_skops_attacks(name: str, compression: int) -> None:
    data = archive(("schema.json", json.dumps(ATTACKS[name]).encode()), compression=compression)
    said = remarks(data)
    assert {"EXECUTES", "REFERS"} & set(said), said


HONEST = {
    "an estimator": estimator(func=text(None), check_inverse=text(True)),
    "ufuncs": estimator(
        func=node("FunctionNode", "numpy", "log1p"), inverse_func=node("FunctionNode", "numpy", "expm1")
    ),
    "itemgetter": node(
        "OperatorFuncNode", "operator", "itemgetter", attrs=listed(text(1), loader="TupleNode", name="tuple")
    ),
    "types": estimator(dtype=node("TypeNode", "numpy", "float64"), kind=node("TypeNode", "builtins", "int")),
    "an array": estimator(a=node("NdArrayNode", "numpy", "ndarray", type="numpy", file="x.npy")),
    "a random state": estimator(
        a=node("RandomStateNode", "numpy.random.mtrand", "RandomState", content=mapping())
    ),
    "an ordered dictionary": node("DictNode", "collections", "OrderedDict", content={}, key_types=listed()),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_skops(name: str) -> None:
    assert remarks(archive(("schema.json", json.dumps(HONEST[name]).encode()))) == []


def test_a_document_is_read_whatever_its_compressed_bytes_begin_like() -> None:
    """The raw bytes of the member begin like a pickle of protocol 2."""
    schema = json.dumps(ATTACKS["a function"])
    for blanks in range(3000):
        data = archive(("schema.json", (" " * blanks + schema).encode()), compression=8)
        if data[30 + len("schema.json")] == 0x80:
            break
    assert {"EXECUTES", "REFERS"} & set(remarks(data))


# -- Keras ---------------------------------------------------------------------------------------


def layer(module: str, name: str, config: object = None, **more: object) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": name,
        "config": {} if config is None else config,
        "registered_name": None,
        **more,
    }


def dense(**config: object) -> dict[str, Any]:
    return layer("keras.layers", "Dense", {"units": 1, **config})


KERAS: dict[str, dict[str, Any]] = {
    "a Lambda": layer("keras.layers", "Lambda", {"function": ["4wEA", None, None]}),
    "a function of the standard library": dense(activation=layer("os", "function", "system")),
    "one that only imports": dense(activation=layer("antigravity", "function", "fly_to_x")),
    "a builtin": dense(activation=layer("builtins", "function", "eval")),
    "a class of the standard library": layer("subprocess", "Popen", {"args": "id"}),
    "a function of a library": dense(activation=layer("numpy", "function", "savetxt")),
    "a downloader": layer("keras.utils", "get_file", {"origin": "https://example.org"}),
    "an old spelling of it": layer("keras.src.utils.file_utils", "function", "get_file"),
    "the switch of the checks": layer("keras.config", "enable_unsafe_deserialization"),
    "a loader": layer("keras.models", "function", "load_model"),
    "a saved model": layer("keras.saving", "load_model", {"filepath": "x"}),
    "a vocabulary from a file": layer("keras.layers", "StringLookup", {"vocabulary": "/etc/passwd"}),
    "a call of TensorFlow": layer("", "TFOpLambda", {"function": "io.write_file"}),
    "a raw operator": layer("", "TFOpLambda", {"function": "raw_ops.WriteFile"}),
    "Python in TensorFlow": layer("", "TFOpLambda", {"function": "py_function"}),
    "a module of PyTorch": layer("keras.layers", "TorchModuleWrapper", {"module": "PK"}),
    "a program": layer("keras.src.export.tfsm_layer", "TFSMLayer", {"filepath": "/srv/x"}),
    "files of TensorFlow": dense(activation=layer("tensorflow.io.gfile", "function", "remove")),
    "files of TensorFlow within": dense(
        activation=layer("tensorflow.python.platform.gfile", "function", "Remove")
    ),
    "a raw operator by name": dense(activation=layer("tensorflow.raw_ops", "function", "WriteFile")),
    "a saved model of TensorFlow": dense(activation=layer("tensorflow.saved_model", "function", "load")),
    "the old deserializer": dense(
        activation=layer("keras.src.legacy.saving.serialization", "function", "deserialize_keras_object")
    ),
    "a setting": dense(activation=layer("keras.src.backend.config", "function", "set_floatx")),
    "the name of a command": dense(activation=layer("company.os", "function", "system")),
}


def sequential(inner: dict[str, Any]) -> dict[str, Any]:
    return layer("keras", "Sequential", {"name": "s", "layers": [dense(), inner]})


@pytest.mark.parametrize("name", KERAS)
def test_keras_attacks(name: str) -> None:
    config = json.dumps(sequential(KERAS[name]))
    assert {"EXECUTES", "RUNS_CODE"} & set(remarks(archive(("config.json", config.encode()))))
    escaped = config.replace("class_name", "class\\u005fname").replace('": ', '"\t :\n ')
    assert {"EXECUTES", "RUNS_CODE"} & set(remarks(HDF5 + bytes(64) + escaped.encode() + bytes(64)))


@pytest.mark.parametrize("spelling", ["\\u004cambda", "L\\u0061mbda", "Lambd\\u0061"])
@pytest.mark.parametrize("before", [" : ", ":", "\t:\n\n"])
def test_spellings_of_lambda(spelling: str, before: str) -> None:
    config = f'{{"class_name"{before}"Sequential", "config": {{"layers": [{{"class_name"{before}"{spelling}"}}]}}}}'
    assert remarks(HDF5 + b"\0" * 100 + config.encode() + b"\0" * 100) == ["RUNS_CODE"]


HONEST_KERAS = [
    sequential(dense(activation="relu")),
    sequential(dense(activation=layer("builtins", "function", "my_activation"))),
    sequential(layer("keras.layers", "StringLookup", {"vocabulary": ["a", "b"]})),
    sequential(layer("keras.src.models.functional", "Functional")),
    *(
        sequential(layer("", "TFOpLambda", {"function": name}))
        for name in (
            "math.add",
            "debugging.assert_equal",
            "io.decode_jpeg",
            "raw_ops.Softmax",
            "__operators__.add",
            "nn.relu",
        )
    ),
]


@pytest.mark.parametrize("config", HONEST_KERAS, ids=range(len(HONEST_KERAS)))
def test_honest_keras(config: dict[str, Any]) -> None:
    assert remarks(archive(("config.json", json.dumps(config).encode()))) == []
    assert remarks(HDF5 + json.dumps(config).encode() + b"\0\0") == []


@pytest.mark.parametrize("size", [512, 1024, 4096])
def test_hdf5_behind_a_user_block(size: int) -> None:
    """h5py looks for the first bytes at 0, 512, 1024 and so on (HDF5 File Format Specification, II.A)."""
    content = json.dumps(sequential(layer("keras.layers", "Lambda"))).encode()
    assert remarks(bytes(size) + HDF5 + content + bytes(64)) == ["RUNS_CODE"]
    assert remarks(bytes(size - 8) + HDF5 + content + bytes(64)) == []


def test_compiled_code_in_an_exported_program() -> None:
    content = archive(("m/archive_format", b"pt2"), ("m/data/aotinductor/model/x.so", b"\x7fELF"))
    assert remarks(content) == ["EXECUTES"]
    assert remarks(archive(("m/data/aotinductor/model/x.json", b"{}"))) == []


def test_a_layer_of_the_author_is_unexplained() -> None:
    assert remarks(
        archive(("config.json", json.dumps(sequential(layer("mine.layers", "Attention"))).encode()))
    ) == ["UNEXPLAINED"]


def test_a_configuration_that_is_cut_is_said() -> None:
    config = json.dumps(sequential(dense())).encode()
    assert any(isinstance(item, Unreadable) for item in found(HDF5 + config[:-20] + bytes(100)))
    assert not any(isinstance(item, Unreadable) for item in found(HDF5 + config + bytes(100)))


def test_a_long_configuration_is_read_to_its_end() -> None:
    config = sequential(layer("keras.layers", "Lambda"))
    config["config"]["layers"][:0] = [dense(name=f"dense_{number}") for number in range(3000)]
    assert remarks(HDF5 + json.dumps(config).encode() + bytes(9)) == ["RUNS_CODE"]


def test_braces_without_end_cost_little() -> None:
    data = HDF5 + b'{"' + b"a" * (1 << 20) + b'{"b' * 20_000
    assert any(isinstance(item, Unreadable) for item in found(data)) or found(data) == []


# -- TorchScript ---------------------------------------------------------------------------------

SOURCE = """class M(Module):
  training : bool
  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
    {line}
    return x
"""
WRITES = [
    'torch.save("text", "/tmp/x")',
    'torch . save ( "text", "/tmp/x" )',
    "_0 = torch.from_file('/tmp/x', True, 10)",
    'ops.aten.save(x, "/tmp/x")',
    '_0 = ops.torchvision.write_file("/tmp/x", x)',
    '_0 = ops.image.read_file("/etc/passwd")',
    'ops.torchaudio.sox_io_save_audio_file("/tmp/x", x, 8000)',
    '_0 = torch.classes.torchaudio.ffmpeg_StreamWriter("/tmp/x")',
    '_0 = torch.load("/tmp/x")',
    '_0 = ops.torchvision.read_video_from_file("/x")',
    '_0 = ops.prim.rpc_sync("worker", x)',
]


def script(line: str, name: str = "archive/code/__torch__.py") -> bytes:
    return archive((name, SOURCE.format(line=line).encode()), ("archive/data.pkl", b"\x80\x02."))


@pytest.mark.parametrize("line", WRITES)
def test_torchscript_that_opens_files(line: str) -> None:
    assert remarks(script(line)) == ["EXECUTES"]
    assert remarks(script(f"{line}\n    print(x:)")) == [
        "EXECUTES"
    ]  # no Python, and TorchScript's own parser decides


@pytest.mark.parametrize(
    "line",
    [
        "x = torch.mul(x, x)",
        'print("torch.save")',
        "x = ops.torchvision.nms(x, x, 0.5)",
        "x = ops.prim.data(x)",
        "packed : __torch__.torch.classes.quantized.LinearPackedParamsBase",
        "x = ops.quantized.linear(x, packed, 1., 0)",
    ],
)
def test_honest_torchscript(line: str) -> None:
    assert remarks(script(line)) == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("x = torch.distributed.rpc.rpc_sync(x)", "EXECUTES"),
        ("x = ops.c10d.broadcast_(x)", "EXECUTES"),
        ('x = __torch__.torch.classes.torchvision.Video("x", "video", 1)', "EXECUTES"),
        ('x = __torch__.torch.classes.c10d.FileStore("x", 1)', "EXECUTES"),
        ('x = __torch__.torch.classes.dist_c10d.TCPStore("x", 1)', "EXECUTES"),
        ("x = ops.company.enhance(x)", "UNEXPLAINED"),
        ("x = __torch__.torch.classes.company.Engine(x)", "UNEXPLAINED"),
    ],
)
def test_torchscript_that_calls_other_libraries(line: str, kind: str) -> None:
    assert set(remarks(script(line))) == {kind}


# -- torch's storages ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "numbers",
    [b"\x80\x02", b"\x80\x05" + bytes(100), b"\x1f\x8b\x08" + bytes(30), b"I1\n.", b"PK\3\4" + bytes(40)],
)
def test_numbers_are_no_pickles(numbers: bytes) -> None:
    assert found(archive(("archive/data/0", numbers))) == []


def test_a_whole_pickle_among_the_numbers_is_one() -> None:
    assert any(isinstance(item, Pickled) for item in found(archive(("archive/data/0", EVIL))))


# -- LZMA ----------------------------------------------------------------------------------------


def alone(dictionary: int, content: bytes = EVIL) -> bytes:
    data = bytearray(lzma.compress(content, lzma.FORMAT_ALONE))
    data[1:5] = dictionary.to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    "dictionary",
    [0x10000, 0x10100, 0x12300, 0xFFFF00, 0x100, 0x801000, 0x7F0000, 0x123400, 0x654300, 0xABCD00],
)
def test_lzma_as_joblib_reads_it(dictionary: int) -> None:
    data = alone(dictionary)
    assert data.startswith(b"\x5d\0")
    assert [item.path for item in found(data) if isinstance(item, Pickled)] == ["f!lzma"]


def test_lzma_that_asks_for_too_much_is_said() -> None:
    assert any(isinstance(item, Unreadable) for item in found(alone(0xFFFFFF00)))


def test_streams_in_a_row_are_one() -> None:
    data = alone(0x10100, EVIL[:10]) + lzma.compress(EVIL[10:])
    assert [
        item.stream.complete for item in found(data) if isinstance(item, Pickled) and item.path == "f!lzma"
    ] == [True]


def test_base64_is_no_container() -> None:
    assert found(base64.b64encode(EVIL)) == []
