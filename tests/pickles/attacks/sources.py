"""More members of the kinds before: dill, extension codes, nodes of skops and Keras, TorchScript, tar headers and formulas; found by reading
the sources of what reads them (dill 0.4, CPython 3.11, skops 0.16, Keras 3.15, PyTorch 2.13, patsy 1.0, formulaic 1.2)."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

from tests.pickles.attacks.assembler import COMMAND, EVIL, HONEST, Attack, call, given, name, stream, text
from tests.pickles.attacks.behavior import NAMESPACE, restored, state
from tests.pickles.attacks.packing import archive, tape

DILL = "dill._dill"
EXPRESSION = text("__import__('os').system('true')")


def of_dill() -> Iterator[Attack]:
    """Class 40: what dill's unpickler calls."""
    os_module = call(DILL, "_import_module", text("os"))
    for way, body, named in (
        ("eval", call(DILL, "_eval_repr", EXPRESSION), "_eval_repr"),
        ("attribute", call(DILL, "_get_attr", os_module, text("system")) + given(text(COMMAND)) + b"R", "_get_attr"),
        ("path", call(DILL, "_import_module", text("os.system")) + given(text(COMMAND)) + b"R", "os.system"),
        ("path-quietly", call(DILL, "_import_module", text("subprocess.check_call"), b"\x88"), "subprocess.check_call"),
        ("file", call(DILL, "_create_filehandle", text("/srv/x"), text("w"), b"K\0", b"\x89", name("builtins", "open"), b"\x89", b"K\0", b"N"), "open"),
        ("array", call(DILL, "_create_array", name("os", "system"), given(text(COMMAND)), b"N", b"N"), "os.system"),
        ("named-tuple", call(DILL, "_create_namedtuple", text("system"), given(text("x")), text("os")), "_create_namedtuple"),
        ("metaclass", call(DILL, "_create_type", name("os", "system"), text(COMMAND), b")", b"}"), "os.system"),
        ("class-body", call(DILL, "_create_type", name("builtins", "type"), text("X"), b")", state(__init_subclass__=name("os", "system"))), "system"),
        ("type", call(DILL, "_load_type", text("Popen")), "Popen"),
        ("weak", call(DILL, "_create_weakref", name("os", "system")), "os.system"),
        ("items", call(DILL, "_setitems", call(DILL, "_import_module", text("os.environ")), state(LD_PRELOAD=text("x.so"))), "_setitems"),
        ("session", call("dill.session", "load_module", text("/srv/x.pkl")), "load_module"),
        ("temporary", call("dill.temp", "loadIO", EXPRESSION), "loadIO"),
        ("source", call("dill.source", "_import", EXPRESSION), "_import"),
        ("settings", call(DILL, "_import_module", text("dill.settings")) + state(recurse=b"\x88") + b"b", "_import_module"),
        ("setattr", call("builtins", "setattr", name("os", "PathLike"), text("__fspath__"), name("os", "getcwd")), "setattr"),
    ):  # fmt: skip
        yield Attack(f"40-dill/{way}", stream(body), named)


def of_extensions() -> Iterator[Attack]:
    """Class 41: names by their number in the registry of the reading process (``copyreg.add_extension``)."""
    argument = given(text(COMMAND))
    for way, code in (
        ("1", b"\x82\1"),
        ("2", b"\x83\0\1"),
        ("4", b"\x84\0\0\1\0"),
        ("largest", b"\x84\xff\xff\xff\x7f"),
    ):
        yield Attack(f"41-extensions/call-{way}", stream(code + argument + b"R"), "extension")
        yield Attack(
            f"41-extensions/new-{way}", stream(code + b")\x81" + state(x=b"K\1") + b"b"), "extension"
        )
        yield Attack(f"41-extensions/held-{way}", stream(b"](" + code + b"e"), "extension")
    one = b"\x82\1"
    for way, body in (
        ("partial", call("functools", "partial", one, text(COMMAND))),
        ("attribute", call("builtins", "getattr", one, text("system"))),
        ("state", restored("sklearn.linear_model._ridge", "Ridge", alpha=one)),
        ("base", call("copyreg", "_reconstructor", one, name("builtins", "object"), b"N")),
        ("memo", one + b"\x940h\0" + argument + b"R"),
        ("object", b"(" + one + text(COMMAND) + b"o"),
        ("keyword", one + b")" + state(x=b"K\1") + b"\x92"),
        ("key", b"}" + one + b"Ns"),
        ("registers", call("copyreg", "add_extension", text("os"), text("system"), b"K\1") + b"0" + one + argument + b"R"),
        ("cache", name("copyreg", "_extension_cache") + b"K\1" + name("os", "system") + b"s" + one + argument + b"R"),
    ):  # fmt: skip
        yield Attack(
            f"41-extensions/{way}", stream(body), None if way in ("registers", "cache") else "extension"
        )


# -- skops ---------------------------------------------------------------------------------------


def node(loader: str, module: str, attribute: str, **more: Any) -> dict[str, Any]:
    return {"__loader__": loader, "__module__": module, "__class__": attribute, **more}


def value(item: object) -> dict[str, Any]:
    return node("JsonNode", "builtins", "str", content=json.dumps(item))


def pieces(
    *items: Any, loader: str = "TupleNode", module: str = "builtins", attribute: str = "tuple"
) -> dict[str, Any]:
    return node(loader, module, attribute, content=list(items))


def mapping(**items: Any) -> dict[str, Any]:
    kinds = pieces(*[node("TypeNode", "builtins", "str")] * len(items), loader="ListNode", attribute="list")
    return node("DictNode", "builtins", "dict", content=items, key_types=kinds)


def transformer(function: dict[str, Any], **more: Any) -> dict[str, Any]:
    state_ = mapping(func=function, **more)
    return node(
        "ObjectNode", "sklearn.preprocessing._function_transformer", "FunctionTransformer", content=state_
    )


def applied(function: dict[str, Any], *arguments: Any) -> dict[str, Any]:
    content = {"func": function, "args": pieces(*arguments), "kwds": mapping(), "namespace": value(None)}
    return node("PartialNode", "functools", "partial", content=content)


def of_skops() -> Iterator[Attack]:
    """Class 42: nodes of skops, whose trust list is the model's own word."""
    frame = node("ObjectNode", "pandas.core.frame", "DataFrame")
    nodes = {
        "function-of-library": transformer(node("FunctionNode", "joblib.numpy_pickle", "load")),
        "function-that-dumps": transformer(node("FunctionNode", "joblib", "dump"), kw_args=mapping(filename=value("/srv/x"))),
        "partial-of-load": transformer(applied(node("FunctionNode", "numpy", "load"), value("/srv/x"), value(None), value(True))),
        "partial-of-partial": transformer(applied(node("TypeNode", "functools", "partial"), node("FunctionNode", "os", "system"))),
        "method-to-sql": transformer(node("MethodNode", "pandas.core.frame", "DataFrame", content={"func": "to_sql", "obj": frame})),
        "method-pipe": transformer(node("MethodNode", "pandas.core.frame", "DataFrame", content={"func": "pipe", "obj": frame})),
        "method-of-memory": transformer(node("MethodNode", "joblib.memory", "MemorizedFunc", content={"func": "__call__", "obj": frame})),
        "type-active": transformer(node("TypeNode", "fsspec.implementations.ftp", "FTPFileSystem")),
        "type-held": transformer(node("TypeNode", "subprocess", "Popen")),
        "object-deletes": node("ObjectNode", "numpy.lib.npyio", "DataSource", content=mapping(_destpath=value("/srv/x"))),
        "object-monitor": node("ObjectNode", "sklearn.callback._scoring_monitor", "ScoringMonitor", content=mapping(_log=pieces())),
        "object-shadows": node("ObjectNode", "sklearn.isotonic", "IsotonicRegression", content=mapping(_build_f=node("FunctionNode", "builtins", "print"))),
        "object-formula": node("ObjectNode", "statsmodels.base.data", "PandasData", content=mapping(formula=value("y ~ np.load(x)"))),
        "object-map": node("ObjectNode", "fsspec.caching", "MMapCache", content=mapping(location=value("/srv/x"))),
        "called-list": node("ListNode", "posix", "system", content=[value(COMMAND)]),
        "called-tuple": node("TupleNode", "subprocess", "getoutput", content=[value(COMMAND)]),
        "called-dictionary": node("DictNode", "shutil", "rmtree", content={"x": value(1)}, key_types=pieces(node("TypeNode", "builtins", "str"))),
        "called-reduce": node("ConstructorFromReduceNode", "sklearn.datasets._base", "load_files", content=pieces(value("/srv/x"))),
        "called-operator": node("OperatorFuncNode", "operator", "methodcaller", attrs=pieces(value("to_pickle"), value("/srv/x"))),
        "ordered": node("OrderedDictNode", "code", "interact", content={}, key_types=pieces()),
    }  # fmt: skip
    for way, schema in nodes.items():
        yield Attack(f"42-skops/{way}", archive(("schema.json", json.dumps(schema).encode())), None, ".skops")


# -- Keras ---------------------------------------------------------------------------------------


def layer(module: str, kind: str, **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def function(module: str, attribute: str) -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": attribute, "registered_name": "function"}


def of_keras() -> Iterator[Attack]:
    """Class 43: what a configuration of Keras has its reader import, call or read."""
    dense = "keras.layers", "Dense"
    layers = {
        "activation-of-standard-library": layer(*dense, activation=function("shutil", "rmtree")),
        "activation-of-os": layer(*dense, activation=function("posix", "system")),
        "activation-by-class": layer(*dense, activation=layer("keras.src.utils.file_utils", "get_file")),
        "activation-saves": layer(*dense, activation=function("keras.src.saving.saving_api", "save_model")),
        "activation-loads": layer(*dense, activation=layer("keras.src.legacy.saving.legacy_h5_format", "load_model_from_hdf5")),
        "initializer": layer(*dense, kernel_initializer=function("pickle", "loads")),
        "constraint": layer(*dense, kernel_constraint=layer("subprocess", "Popen", args="true")),
        "typespec": {"module": "os", "class_name": "__typespec__", "spec_name": "system", "config": [COMMAND], "registered_name": None},
        "lambda-by-name": {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}},
        "lambda-in-wrapper": layer("keras.layers", "TimeDistributed", layer=layer("keras.layers", "Lambda", function="x")),
        "operation-reads": {"class_name": "TFOpLambda", "config": {"function": "io.read_file"}},
        "operation-writes": {"class_name": "TFOpLambda", "config": {"function": "io.write_file"}},
        "operation-runs": {"class_name": "TFOpLambda", "config": {"function": "numpy_function"}},
        "program": layer("keras.layers", "TFSMLayer", filepath="/srv/x", call_endpoint="serve"),
        "vocabulary": layer("keras.layers", "TextVectorization", vocabulary="/etc/passwd"),
        "hashes": layer("keras.layers", "StringLookup", vocabulary="/etc/passwd"),
        "torch": {"module": "keras.src.utils.torch_utils", "class_name": "TorchModuleWrapper", "config": {"module": "gAQu"}},
        "loss": {"module": "keras", "class_name": "Sequential", "config": {}, "compile_config": {"loss": function("builtins", "eval")}},
        "metric": {"module": "keras", "class_name": "Sequential", "config": {}, "compile_config": {"metrics": [layer("keras.src.callbacks.model_checkpoint", "backup_and_restore")]}},
    }  # fmt: skip
    for way, config in layers.items():
        packed = archive(("config.json", json.dumps(config).encode()), ("metadata.json", b"{}"))
        yield Attack(f"43-keras/{way}", packed, None, ".keras")


# -- TorchScript ---------------------------------------------------------------------------------

SCRIPTS = (
    "ops.aten.save(x, '/srv/x')", "torch.save(x, '/srv/x')", "torch.from_file('/etc/passwd', False, 9)", "ops.aten.from_file('/etc/passwd')",
    "ops.image.write_file('/srv/x', x)", "ops.image.read_file('/etc/passwd')", "ops.torchaudio.sox_io_save_audio_file('/srv/x', x)",
    "ops.torchaudio_sox.load_audio_file('/etc/passwd')", "ops.rpc.rpc_sync(x)", "ops.c10d.send(x)", "ops._c10d_functional.all_reduce(x)",
    "torch.classes.dist_c10d.ProcessGroup(1, 2)", "torch.classes.torchaudio.ffmpeg_StreamReader('rtsp://host')", "torch.distributed.rpc.remote(x)",
    "ops.aten._pickle_load_obj('/srv/x')", "ops.torchvision.read_video_from_file('/etc/passwd')", "torch.classes.torchvision.Video('/etc/passwd')",
    "torch.classes.aoti.AOTIModelContainer('/srv/x.so')", "ops.mine.load_file('/srv/x.so')", "torch.load('/srv/x')",
)  # fmt: skip


def of_torchscript() -> Iterator[Attack]:
    """Class 44: operators in the source of a TorchScript archive that open files or connect."""
    for number, line in enumerate(SCRIPTS):
        for method in ("__setstate__", "forward"):
            source = f"class M(Module):\n  def {method}(self: __torch__.M, x: Tensor) -> Tensor:\n    _0 = {line}\n    return x\n"
            packed = archive(
                ("m/data.pkl", HONEST), ("m/code/__torch__.py", source.encode()), ("m/version", b"3")
            )
            yield Attack(f"44-torchscript/{number}-{method}", packed, None, ".pt")


# -- tar -----------------------------------------------------------------------------------------


def member(path: str, content: bytes, **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(path)
    info.size = len(content)
    for key, item in more.items():
        setattr(info, key, item)
    return info, content


def taped(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as packed:
        for info, content in members:
            packed.addfile(info, io.BytesIO(content))
    return file.getvalue()


def of_tars() -> Iterator[Attack]:
    """Class 45: headers of tar archives that hide a member from one reader or another."""
    good = member("storages", HONEST)
    for kind in (b"A", b"D", b"M", b"N", b"V", b"Z", b"8", b"9", b"7", b"\0"):
        hidden = member("pickle", EVIL, type=kind)
        yield Attack(f"45-tar/type-{kind.hex()}", taped(good, hidden), suffix=".tar")
    for way, headers in {
        "size": {"size": str(len(EVIL))}, "size-padded": {"size": f"000{len(EVIL)}"}, "path": {"path": "pickle"}, "unknown": {"x.y": "z"},
        "charset": {"hdrcharset": "BINARY"}, "link": {"linkpath": "storages"}, "long": {"comment": "x" * 5000}, "twice": {"path": "a", "size": str(len(EVIL))},
    }.items():  # fmt: skip
        hidden = member("other", EVIL, pax_headers=headers)
        yield Attack(f"45-tar/pax-{way}", taped(good, hidden), suffix=".tar")
    for way, form in (("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT)):
        yield Attack(
            f"45-tar/long-name-{way}",
            taped(good, member("d/" * 60 + "pickle", EVIL), form=form),
            suffix=".tar",
        )
    plain = tape(("storages", HONEST))
    yield Attack("45-tar/behind-the-end", plain + tape(("pickle", EVIL)), suffix=".tar")
    yield Attack(
        "45-tar/after-one-block", plain[: 512 + 512] + bytes(512) + tape(("pickle", EVIL)), None, ".tar"
    )
    yield Attack("45-tar/inside", tape(("inner.tar", tape(("pickle", EVIL)))), suffix=".tar")
    yield Attack("45-tar/sparse", taped(good, member("pickle", EVIL, type=b"S")), None, ".tar")


FORMULAS = (
    'y ~ Q("`") + np.load("x") + Q("`")', "y ~ Q('`') + open('x') + Q('`')", 'y ~ x # " \n + open("x")', "y ~ x + \\\n open('x')",
    "y ~ \uff45val('1')", "y ~ C(x, levels=open('x'))", "y ~ C(x)(y)", "y ~ I(x)[np.load('x')]", "y ~ np.log.__class__(x)", "y ~ bs(x, df=open('x'))",
    "y ~ Q(x)(z)", "y ~ {open('x')}", "y ~ (x := open('x'))", "y ~ x if eval('1') else z", "y ~ [open]['x']", "y ~ np.random.seed(1)",
    "y ~ np.lib.npyio.DataSource('x')", "y ~ np.core.multiarray.fromfile('x')", "y ~ str(x).format(y)", "y ~ '{0.__class__}'.format(x)", "y ~ x @ eval('z')",
    "`y` ~ exec(`x`)", "y ~ a:open('b')", "y ~ -open('x')", "y ~ poly(x, **vars())", "y ~ bs(*open('x'))",
)  # fmt: skip
"""Each kept from a check by what it does not parse as patsy and formulaic do."""


def of_formulas() -> Iterator[Attack]:
    """Class 46: formulas, again."""
    for number, formula in enumerate(FORMULAS):
        yield Attack(
            f"46-formulas/{number}",
            stream(restored("statsmodels.base.data", "PandasData", formula=text(formula))),
            "formula",
        )


def of_held() -> Iterator[Attack]:
    """Class 47: classes that connect or open through the standard library's, which they are derived from."""
    for full in ("fsspec.implementations.ftp.ImplicitFTPTLS", "fsspec.implementations.sftp.SFTPFileSystem", "fsspec.implementations.ftp.FTPFileSystem",
                 "fsspec.implementations.zip.ZipFileSystem", "fsspec.implementations.tar.TarFileSystem", "fsspec.implementations.local.LocalFileOpener"):  # fmt: skip
        module, _, attribute = full.rpartition(".")
        held = call("functools", "partial", name(module, attribute), text("host"))
        yield Attack(f"47-held/{attribute}", stream(held), attribute)
    shadow = NAMESPACE + state(replace=name("os", "system")) + b"b"
    for module, attribute in (
        ("spacy.matcher.matcher", "unpickle_matcher"),
        ("pandas._libs.internals", "_unpickle_block"),
        ("networkx.classes.reportviews", "OutEdgeDataView"),
    ):
        yield Attack(f"47-held/{attribute}", stream(call(module, attribute, shadow)), "os.system")


def of_sources() -> Iterator[Attack]:
    yield from of_dill()
    yield from of_extensions()
    yield from of_skops()
    yield from of_keras()
    yield from of_torchscript()
    yield from of_tars()
    yield from of_formulas()
    yield from of_held()
