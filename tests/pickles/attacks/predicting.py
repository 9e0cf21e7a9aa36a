"""What happens when a model predicts, or when what makes a value calls what it is given: methods of objects, classes that act by their
state, texts behind what is looked at, functions of libraries that read what they are given.  Found by attacking the judgement."""

from __future__ import annotations

from collections.abc import Iterator

from tests.pickles.attacks.assembler import Attack, call, given, name, stream, text
from tests.pickles.attacks.behavior import HELD, NAMESPACE, new, partial, ran, restored, state, transformer

FILE = text("x")
PATH = call("pathlib", "PosixPath", FILE)
DISK = new("fsspec.implementations.local", "LocalFileSystem")


def method(owner: bytes, attribute: str) -> bytes:
    return call("builtins", "getattr", owner, text(attribute))


def called(function: bytes, argument: bytes) -> bytes:
    """NumPy makes a random generator by calling its second argument with the first."""
    return call("numpy.random._pickle", "__generator_ctor", argument, function)


def of_methods() -> Iterator[Attack]:
    """Class 48: methods of objects that a reviewed name made."""
    number = b"M\xff\x01"
    for attribute, argument in {
        "unlink": b"\x88", "touch": number, "mkdir": number, "chmod": number, "rename": text("y"), "replace": text("y"),
        "symlink_to": text("y"), "hardlink_to": FILE, "link_to": text("y"), "write_bytes": b"C\1y",
    }.items():  # fmt: skip
        owner = (
            PATH
            if attribute not in ("mkdir", "symlink_to", "hardlink_to")
            else call("pathlib", "PosixPath", text("z"))
        )
        yield Attack(f"48-methods/{attribute}", stream(called(method(owner, attribute), argument)), attribute)
    made = name("pathlib", "PosixPath") + given(FILE) + b"\x81"
    yield Attack("48-methods/newobj", stream(called(method(made, "unlink"), b"\x88")), "unlink")
    yield Attack("48-methods/predict", stream(transformer(method(PATH, "unlink"))), "unlink")
    yield Attack("48-methods/partial", stream(transformer(partial(method(PATH, "chmod"), b"K\0"))), "chmod")
    mover = call("operator", "methodcaller", text("rename"), text("y"))
    yield Attack("48-methods/methodcaller", stream(called(mover, PATH)), None)
    yield Attack("48-methods/methodcaller-partial", stream(partial(mover, PATH)), "partial")
    for attribute in ("rm", "rm_file", "mv", "makedirs", "touch", "cat_file", "put", "symlink"):
        yield Attack(f"48-methods/disk-{attribute}", stream(called(method(DISK, attribute), FILE)), attribute)
    logger = call("logging", "getLogger")
    yield Attack("48-methods/logger", stream(transformer(method(logger, "addHandler"))), "addHandler")
    for attribute in ("format", "format_map"):
        yield Attack(f"48-methods/{attribute}", stream(transformer(method(text("{0.__class__}"), attribute))), attribute)  # fmt: skip


def of_uses() -> Iterator[Attack]:
    """Class 49: objects that evaluate, run, open or connect when they are used, by what their state says."""
    address = text("http://127.0.0.1:9")
    client = restored("mlflow.pyfunc.scoring_server.client", "ScoringServerClient", url_prefix=address)
    served = restored("mlflow.pyfunc", "_ServedPyFuncModel", _client=client, _server_pid=b"K\1")
    code = text("__import__('os')")
    sources = {
        "LineSentence": "gensim.models.word2vec", "Text8Corpus": "gensim.models.word2vec",
        "TaggedLineDocument": "gensim.models.doc2vec",
    }  # fmt: skip
    for kind, module in sources.items():
        body = restored(module, kind, source=FILE, fname=FILE, limit=b"N", max_sentence_length=b"K\1")
        yield Attack(f"49-uses/{kind}", stream(body), kind)
    relations = restored("gensim.models.poincare", "PoincareRelations", file_path=FILE, encoding=text("utf8"), delimiter=text(","))  # fmt: skip
    timer = restored("joblib.logger", "PrintTime", logfile=FILE, last_time=b"K\0", start_time=b"K\0")
    meka = restored(
        "skmultilearn.ext.meka", "Meka", meka_classpath=FILE, java_command=text("/bin/true"), classifier_dump=b"C\1x",
        meka_classifier=FILE, weka_classifier=FILE, verbosity=b"K\0", _label_count=b"K\1", _labelset_count=b"K\1", label_count=b"K\1",
    )  # fmt: skip
    for way, body, named in (
        ("served", served, "_ServedPyFuncModel"),
        ("client", client, "ScoringServerClient"),
        ("relations", relations, "PoincareRelations"),
        ("timer", timer, "PrintTime"),
        ("timer-as-function", transformer(timer), "PrintTime"),
        ("meka", meka, "Meka"),
        ("factor", restored("patsy.eval", "EvalFactor", code=code, origin=b"N"), "EvalFactor"),
        ("factor-renamed", restored("patsy", "EvalFactor", code=code, origin=b"N"), "EvalFactor"),
        ("environment", restored("patsy.eval", "EvalEnvironment", _namespaces=b"]", flags=b"K\0"), "EvalEnvironment"),
        ("tests", restored("numpy._pytesttester", "PytestTester", module_name=FILE), "PytestTester"),
        ("tests-of-scipy", restored("scipy._lib._testutils", "PytestTester", module_name=FILE), "PytestTester"),
        ("cache", restored("river.stream.cache", "Cache", directory=FILE), "Cache"),
        ("called-by-horizon", restored("sktime.forecasting.compose._fhplex", "FhPlexForecaster", fh_params=code), "fh_params"),
        ("equation", restored("dowhy.gcm.equation_parser", "CustomEquationModel", custom_func=code), "custom_func"),
        ("rule", restored("imodels.util.rule", "Rule", rule=text("a > 1 and a.to_csv('x')")), "rule"),
        ("rule-variable", restored("imodels.util.rule", "Rule", rule=text("a > @x")), "rule"),
        ("design", restored("statsmodels.base.data", "PandasData", design_info=text("open('x')")), "design_info"),
    ):  # fmt: skip
        yield Attack(f"49-uses/{way}", stream(body), named)
    for way, slots in {
        "pair": b"N" + state(expr=code) + b"\x86",
        "dictionary": state(expr=code),
        "both": state(expr=code) + state(token=b"N") + b"\x86",
        "computed": state(expr=call("builtins", "str", b"K\1")),
    }.items():
        body = new("formulaic.parser.types.factor", "Factor") + slots + b"b"
        yield Attack(f"49-uses/formulaic-{way}", stream(body), "expr")


LONG = {
    "blanks": "y ~ x" + " " * 1100 + "+ open('file')",
    "columns": "y ~ " + "x + " * 400 + "open('file')",
    "text": "y ~ Q('" + "x" * 1100 + "') + open('file')",
    "end": "y ~ x" + " " * 40_000 + "+ open('file')",
}


def of_long_texts() -> Iterator[Attack]:
    """Class 50: what is evaluated stands behind more than is commonly read of a text."""
    for way, formula in LONG.items():
        body = restored("statsmodels.base.data", "PandasData", formula=text(formula))
        yield Attack(f"50-long/{way}", stream(body), "formula")
    for way, path in {"attributes": "T." * 600 + "__class__", "words": "T." * 600 + "os.system"}.items():
        yield Attack(f"50-long/{way}", stream(call("operator", "attrgetter", text(path))), "attrgetter")


def of_handed() -> Iterator[Attack]:
    """Class 51: what makes values, and is handed an object whose attributes the stream sets."""
    shadow = NAMESPACE + state(upper=HELD, setdefault=HELD, astype=HELD, items=HELD, dtype=HELD) + b"b"
    for full in (
        "pytz.timezone pandas.Timestamp pandas.CategoricalDtype enum.EnumMeta inspect.Signature typing.NewType"
        " pandas._libs.internals._unpickle_block statsmodels.tools.tools.Bunch zoneinfo.ZoneInfo"
    ).split():
        module, _, attribute = full.rpartition(".")
        given_ = (text("X"), b")", shadow) if attribute == "EnumMeta" else (shadow,)
        yield Attack(f"51-handed/{attribute}", stream(call(module, attribute, *given_)), attribute)
    for full in (
        "builtins.tuple",
        "fractions.Fraction",
        "decimal.Decimal",
        "pathlib.PosixPath",
        "random.Random",
    ):
        module, _, attribute = full.rpartition(".")
        made = name(module, attribute) + given(new("sklearn.linear_model._ridge", "Ridge")) + b"\x81"
        yield Attack(f"51-handed/new-{attribute}", stream(made), attribute)
    yield Attack("51-handed/calls", stream(called(HELD, FILE)), "calendar.main")


def of_types() -> Iterator[Attack]:
    """Class 52: classes by the name of their type, with a body that is run; and classes of libraries that run what they are given."""
    for key in ("__del__", "__set_name__", "__init_subclass__", "__class_getitem__"):
        body = given(text("X"), b")", state(**{key: partial(HELD)})) + b"R"
        made = ran(key, call("dill._dill", "_load_type", text("type")) + body)
        yield Attack(f"52-types/{key}", stream(made), "calls type by its name")
    for module, attribute in (
        ("pexpect.popen_spawn", "PopenSpawn"),
        ("gevent.subprocess", "SubprocessRunner"),
        ("psutil", "Popen"),
    ):
        yield Attack(f"52-types/{attribute}", stream(call(module, attribute, text("true"))), attribute)


READERS = (
    "gensim.utils.unpickle gensim.models.keyedvectors.KeyedVectors.load gensim.corpora.mmcorpus.MmCorpus.load polars.read_csv polars.read_database_uri"
    " pyarrow.parquet.core.read_table keras.src.saving.saving_api.load_model sktime.base._base.load networkx.readwrite.edgelist.read_edgelist"
    " networkx.readwrite.gml.read_gml networkx.readwrite.gml.write_gml formulaic.sugar.model_matrix"
    " formulaic.utils.stateful_transforms.stateful_eval dask.dataframe.io.csv.read_csv networkx.readwrite.adjlist.write_adjlist"
    " networkx.readwrite.graphml.read_graphml cloudpickle.cloudpickle.subimport numba.core.serialize._unpickle__CustomPickled"
).split()
"""Functions of libraries that were not reviewed one by one."""


def of_readers_held() -> Iterator[Attack]:
    """Class 53: they are called with what the stream says when the model predicts."""
    for full in READERS:
        module, _, attribute = full.rpartition(".")
        if module.rpartition(".")[2][:1].isupper():
            module, _, owner = module.rpartition(".")
            attribute = f"{owner}.{attribute}"
        yield Attack(
            f"53-readers/{full}", stream(transformer(partial(name(module, attribute), FILE))), attribute
        )


def of_predicting() -> Iterator[Attack]:
    """All of them."""
    yield from of_methods()
    yield from of_uses()
    yield from of_long_texts()
    yield from of_handed()
    yield from of_types()
    yield from of_readers_held()
