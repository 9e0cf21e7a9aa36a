"""Classes that are called, items that are put into objects, stand-ins for modules, and states that name files: found by reading the
libraries' sources, and in the releases that the catalogue was made from."""

from __future__ import annotations

from collections.abc import Iterator

from tests.pickles.attacks.assembler import EVIL, Attack, call, given, name, stream, text
from tests.pickles.attacks.behavior import HELD, NAMESPACE, new, restored, state

FILE = text("file")
CALLED = {
    "xgboost.Booster": (b"}", b")", FILE),
    "sympy.core.function.Lambda": (FILE, text("__import__('os')")),
    "jinja2.Template": (text("{{ 1 }}"),),
    "jinja2.environment.Template": (text("{{ 1 }}"),),
    "patsy.eval.EvalFactor": (text("__import__('os')"),),
    "numpy.lib._npyio_impl.NpzFile": (FILE,),
    "pandas.io.pytables.HDFStore": (FILE,),
    "pandas.io.excel._base.ExcelFile": (FILE,),
    "fsspec.core.OpenFile": (FILE, FILE),
    "joblib.memory.Memory": (FILE,),
    "joblib.executor.MemmappingExecutor": (b"K\1",),
    "mlflow.utils.lazy_load.LazyLoader": (FILE, b"}", text("os")),
    "gensim.similarities.docsim.Similarity": (FILE, b"]", b"K\1"),
    "optuna.storages._rdb.storage.RDBStorage": (text("sqlite:///file"),),
    "pyarrow.lib.OSFile": (FILE, text("w")),
    "pyarrow._hdfs.HadoopFileSystem": (text("host"),),
    "pyarrow._s3fs.S3FileSystem": (text("host"),),
    "pyarrow._parquet.ParquetReader": (FILE,),
    "numba.core.caching.FunctionCache": (FILE,),
    "networkx.readwrite.graphml.GraphMLWriter": (FILE,),
}
"""Classes that no pickler calls, and whose ``__init__`` evaluates, opens, writes or connects."""


def of_calls() -> Iterator[Attack]:
    """Class 35: a class is called, with plain data alone."""
    for full, arguments in CALLED.items():
        module, _, attribute = full.rpartition(".")
        yield Attack(f"35-calls/{full}", stream(call(module, attribute, *arguments)), attribute)


def of_items() -> Iterator[Attack]:
    """Class 36: opcodes that put items into an object call its methods."""
    local = new("fsspec.implementations.local", "LocalFileSystem")
    mapper = restored("fsspec.mapping", "FSMap", fs=local, root=text("/srv"))
    store = restored("pandas.io.pytables", "HDFStore", _path=FILE)
    for way, body, named in (
        ("file-map", mapper + b"(" + FILE + b"C\1xu", "FSMap"),
        ("one-item", mapper + FILE + b"C\1xs", "FSMap"),
        ("store", store + b"(" + FILE + b"K\1u", "HDFStore"),
        ("append", store + b"K\1a", "HDFStore"),
        ("extend", store + b"(K\1e", "HDFStore"),
        ("update", store + b"(K\1\x90", "HDFStore"),
        ("estimator", new("sklearn.linear_model._ridge", "Ridge") + b"(" + FILE + b"K\1u", "Ridge"),
    ):
        yield Attack(f"36-items/{way}", stream(body), named)


def of_named_files() -> Iterator[Attack]:
    """Class 37: states that name what is imported, opened, deleted, connected to or unpickled."""
    for module, attribute in (
        ("imblearn", "LazyLoader"),
        ("optuna._imports", "_LazyImport"),
        ("polars._dependencies", "_LazyModule"),
        ("mlflow.utils.lazy_load", "LazyLoader"),
        ("transformers.utils.import_utils", "_LazyModule"),
        ("tensorflow.python.util.lazy_loader", "LazyLoader"),
    ):
        yield Attack(f"37-names/{module}", stream(restored(module, attribute, name=FILE)), attribute)
    resource = ("sklearn_crfsuite._fileresource", "FileResource")
    yield Attack("37-names/resource", stream(restored(*resource, name=FILE, fd=b"K\1")), "deletes")
    yield Attack(
        "37-names/resource-prefix", stream(restored(*resource, name=b"N", prefix=text("/srv/x"))), "prefix"
    )
    yield Attack(
        "37-names/database",
        stream(restored("optuna.storages._rdb.storage", "RDBStorage", url=text("sqlite:///file"))),
        "RDBStorage",
    )
    for module, attribute in (("polars.lazyframe.frame", "LazyFrame"), ("polars.expr.expr", "Expr")):
        yield Attack(f"37-names/{attribute}", stream(new(module, attribute) + b"C\1xb"), attribute)
    inner = b"C" + bytes([len(EVIL)]) + EVIL
    for module, attribute in (("skorch.net", "NeuralNet"), ("skorch.classifier", "NeuralNetClassifier")):
        body = restored(module, attribute, __cuda_dependent_attributes__=inner)
        yield Attack(f"37-names/{attribute}", stream(body))
    computed = call("builtins", "bytes", b"K\1")
    body = restored("skorch.net", "NeuralNet", __cuda_dependent_attributes__=computed)
    yield Attack("37-names/bytes-computed", stream(body), "NeuralNet")
    for key, value in (
        ("_patch_step_function", HELD),
        ("profile_hook_step", HELD),
        ("param_groups", NAMESPACE),
        ("defaults", NAMESPACE + state(setdefault=HELD) + b"b"),
    ):
        body = restored("torch.optim.adam", "Adam", **{key: value})
        yield Attack(f"37-names/optimizer-{key}", stream(body), key)
    for module, attribute, key in (
        ("aifc", "Aifc_write", "_file"),
        ("sunau", "Au_write", "_file"),
        ("fileinput", "FileInput", "_backupfilename"),
        ("tempfile", "_TemporaryFileCloser", "name"),
    ):
        yield Attack(f"37-names/{module}", stream(restored(module, attribute, **{key: FILE})), module)


def of_derived() -> Iterator[Attack]:
    """Class 38: the states of 30, and the arguments of 31, for a class that the stream derives from a library's."""
    cloudpickle = "cloudpickle.cloudpickle"

    def derived(module: str, attribute: str) -> bytes:
        body = b"}" + text("__module__") + text("__main__") + b"s"
        return call(
            cloudpickle,
            "_make_skeleton_class",
            name("builtins", "type"),
            text("X"),
            name(module, attribute) + b"\x85",
            body,
            text("id"),
            b"N",
        )

    for module, attribute, key, value in (
        ("scipy.stats._continuous_distns", "norm_gen", "_parse_arg_template", text("import os")),
        ("sklearn.isotonic", "IsotonicRegression", "_build_f", HELD),
        ("statsmodels.base.data", "PandasData", "formula", text("y ~ open(x)")),
        ("fsspec.caching", "MMapCache", "location", FILE),
        ("numpy.lib.npyio", "DataSource", "_destpath", FILE),
        ("statsmodels.discrete.discrete_model", "NegativeBinomial", "_initialize", HELD),
        ("lightgbm.basic", "Booster", "handle", b"K\1"),
    ):
        body = derived(module, attribute) + b")\x81" + state(**{key: value}) + b"b"
        yield Attack(f"38-derived/{attribute}", stream(body), attribute)
    for module, attribute in (
        ("sympy.core.function", "Derivative"),
        ("sympy.core.add", "Add"),
        ("jinja2.environment", "Template"),
    ):
        made = derived(module, attribute) + given(text("__import__('os')"))
        yield Attack(f"38-derived/new-{attribute}", stream(made + b"\x81"), attribute)


ACTING = """mako.template.Template pyspark.context.SparkContext py4j.java_gateway.JavaGateway h5py._hl.files.File netCDF4.Dataset lmdb.Environment
    cv2.FileStorage tensorboardX.SummaryWriter redis.client.Redis pymongo.mongo_client.MongoClient distributed.client.Client docker.DockerClient
    git.repo.base.Repo pexpect.pty_spawn.spawn rpy2.robjects.R multiprocess.context.Process ultralytics.models.yolo.model.YOLO
    sentence_transformers.SentenceTransformer.SentenceTransformer tensorflow_hub.keras_layer.KerasLayer easyocr.easyocr.Reader vllm.entrypoints.llm.LLM""".split()
"""Classes of libraries that are no part of the catalogue; called with one word, they start, open, connect to or load something."""
ACTIVE_TEXTS = {
    "template": "<% import os; os.system('true') %>",
    "call": "__import__('os').system('true')",
    "path": "/etc/passwd",
    "parent": "../../file",
    "address": "https://example.org/x",
    "command": "true; true",
    "lines": "import os\nos.getcwd()",
    "variable": "$HOME",
    "pipe": "true | true",
    "redirection": "true > file",
    "brackets": "{{ config }}",
    "spaced call": "__import__ ('os').system ('true')",
    "nested call": "exec (chr (112))",
    "relative path": "folder/file.pkl",
    "home": "~/file",
    "drive": "C:\\\\file",
}
"""Texts of which nobody can say that they are data."""


def of_libraries_that_nobody_read() -> Iterator[Attack]:
    """Class 48: a class of an unknown library is called, or made an object of, with a text that may be more than data."""
    for full in ACTING:
        module, _, attribute = full.rpartition(".")
        yield Attack(f"48-unread/{full}", stream(call(module, attribute, text("file"))), attribute)
    for way, active in ACTIVE_TEXTS.items():
        yield Attack(f"48-unread/call-{way}", stream(call("some.library", "Report", text(active))), "Report")
        made = name("some.library", "Report") + given(text(active)) + b"\x81"
        yield Attack(f"48-unread/new-{way}", stream(made), "Report")
    inside = given(b"K\1", given(text("f(x)")))
    yield Attack("48-unread/in-a-tuple", stream(call("some.library", "Report", inside)), "Report")


def of_calling() -> Iterator[Attack]:
    """All of them."""
    yield from of_calls()
    yield from of_items()
    yield from of_named_files()
    yield from of_derived()
    yield from of_libraries_that_nobody_read()
