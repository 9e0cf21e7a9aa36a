"""What runs without a call in the stream: states that are executed, classes that run code as they are made, values that are called by
what is given them, functions that run at predict, texts that are evaluated.  Found by reading the libraries' sources."""

from __future__ import annotations

from collections.abc import Iterator

from tests.pickles.attacks.assembler import Attack, call, given, name, stream, text

HELD = name("calendar", "main")
NAMESPACE = name("types", "SimpleNamespace") + b")R"


NEEDED = {
    "isotonic": {"X_thresholds_": b"]", "y_thresholds_": b"]"},
    "booster": {"network": b"\x88", "handle": b"N"},
}
"""What a state must have beside the method that it replaces, so that this is called."""


def new(module: str, attribute: str, *arguments: bytes) -> bytes:
    return name(module, attribute) + given(*arguments) + b"\x81"


def state(**values: bytes) -> bytes:
    return b"}(" + b"".join(text(key) + value for key, value in values.items()) + b"u"


def restored(module: str, attribute: str, **values: bytes) -> bytes:
    return new(module, attribute) + state(**values) + b"b"


def partial(function: bytes, *arguments: bytes) -> bytes:
    return call("functools", "partial", function, *arguments)


def transformer(function: bytes, **more: bytes) -> bytes:
    """A transformer of scikit-learn that calls a function when the model predicts."""
    more = {"kw_args": b"N", **more}
    more.update(validate=b"\x89", accept_sparse=b"\x89", check_inverse=b"\x89", inverse_func=b"N", feature_names_out=b"N")  # fmt: skip
    return restored(
        "sklearn.preprocessing._function_transformer", "FunctionTransformer", func=function, **more
    )


def of_states() -> Iterator[Attack]:
    """Class 30: a state that is executed, or whose methods are called."""
    ridge = ("sklearn.linear_model._ridge", "Ridge")
    shadowed = {
        "isotonic": ("sklearn.isotonic", "IsotonicRegression", "_build_f"),
        "negative-binomial": ("statsmodels.discrete.discrete_model", "NegativeBinomial", "_initialize"),
        "arima": ("pmdarima.arima.arima", "ARIMA", "_warn_for_older_version"),
        "distribution": ("scipy.stats._continuous_distns", "beta_gen", "_attach_methods"),
        "distribution-argparser": ("scipy.stats._discrete_distns", "binom_gen", "_attach_argparser_methods"),
        "hull": ("scipy.spatial._qhull", "ConvexHull", "close"),
        "delaunay": ("scipy.spatial._qhull", "Delaunay", "close"),
        "voronoi": ("scipy.spatial._qhull", "Voronoi", "close"),
        "booster": ("lightgbm.basic", "Booster", "free_network"),
        "dataset": ("lightgbm.basic", "Dataset", "_free_handle"),
        "cache": ("jinja2.utils", "LRUCache", "_postinit"),
    }
    for way, (module, attribute, method) in shadowed.items():
        for kind, value in (
            ("held", HELD),
            ("partial", partial(HELD)),
            ("class", name("sklearn.svm._classes", "SVC")),
        ):
            needed = NEEDED.get(way, {})
            body = restored(module, attribute, **{method: value}, **needed)
            yield Attack(f"30-state/{way}-{kind}", stream(body), attribute)
    template = text("import os\ndef _parse_args(self, loc=0, scale=1):\n    return (), loc, scale\n")
    for way, module, attribute in (
        ("norm", "scipy.stats._continuous_distns", "norm_gen"),
        ("poisson", "scipy.stats._discrete_distns", "poisson_gen"),
        ("histogram", "scipy.stats._continuous_distns", "rv_histogram"),
        ("statsmodels", "statsmodels.distributions.discrete", "zipoisson_gen"),
    ):
        yield Attack(
            f"30-state/template-{way}",
            stream(restored(module, attribute, _parse_arg_template=template)),
            "_parse_arg_template",
        )
    yield Attack(
        "30-state/template-computed",
        stream(
            restored(
                "scipy.stats._continuous_distns",
                "norm_gen",
                _parse_arg_template=call("builtins", "str", b"K\1"),
            )
        ),
        "_parse_arg_template",
    )
    held = NAMESPACE + state(pop=HELD) + b"b"
    for way, (module, attribute) in {
        "estimator": ridge,
        "offset": ("pandas._libs.tslibs.offsets", "YearEnd"),
        "results": ("statsmodels.base.wrapper", "ResultsWrapper"),
        "dtype": ("pandas", "CategoricalDtype"),
        "samplers": ("imblearn.over_sampling._smote.base", "SMOTE"),
        "encoder": ("category_encoders.ordinal", "OrdinalEncoder"),
        "tree": ("sklearn.tree._tree", "Tree"),
        "sparse": ("scipy.sparse._coo", "coo_matrix"),
        "arima": ("pmdarima.arima.arima", "ARIMA"),
        "polynomial": ("numpy.polynomial.polynomial", "Polynomial"),
    }.items():
        yield Attack(f"30-state/object-{way}", stream(new(module, attribute) + held + b"b"), attribute)
    for way, slots in {
        "class": state(__class__=name("statsmodels.discrete.discrete_model", "NegativeBinomial")),
        "dictionary": state(__dict__=b"}"),
        "property": state(coef_=b"K\1"),
        "computed": b"}" + call("builtins", "str", b"K\1") + b"K\1s",
        "in-two-parts": b"}" + text("__class__") + b"Ns(" + text("x") + b"K\1u",
    }.items():
        body = new("sklearn.model_selection._split", "KFold") + b"N" + slots + b"\x86b"
        yield Attack(f"30-state/slots-{way}", stream(body), "KFold")
    yield Attack(
        "30-state/map-cache",
        stream(
            restored(
                "fsspec.caching",
                "MMapCache",
                location=text("z"),
                size=b"K\1",
                blocks=b"N",
                blocksize=b"K\1",
                fetcher=b"N",
            )
        ),
        "overwrites",
    )
    yield Attack(
        "30-state/data-source",
        stream(restored("numpy.lib.npyio", "DataSource", _destpath=text("x"), _istmpdest=b"\x88")),
        "deletes",
    )
    yield Attack(
        "30-state/data-source-alias",
        stream(restored("numpy.lib._datasource", "DataSource", _destpath=text("x"), _istmpdest=b"\x88")),
        "DataSource",
    )
    yield Attack(
        "30-state/monitor",
        stream(restored("sklearn.callback._scoring_monitor", "ScoringMonitor", _log=b"]")),
        "connects",
    )
    yield Attack(
        "30-state/reconstructor",
        stream(
            call(
                "copyreg",
                "_reconstructor",
                name("sklearn.isotonic", "IsotonicRegression"),
                name("builtins", "object"),
                b"N",
            )
            + state(_build_f=HELD, **NEEDED["isotonic"])
            + b"b"
        ),
        "_build_f",
    )
    yield Attack(
        "30-state/newobj-function",
        stream(
            call("copyreg", "__newobj__", name("sklearn.isotonic", "IsotonicRegression"))
            + state(_build_f=HELD, **NEEDED["isotonic"])
            + b"b"
        ),
        "_build_f",
    )


def ran(method: str, made: bytes) -> bytes:
    """What has a class run a method of its own."""
    if method == "__init_subclass__":
        return call("builtins", "type", text("Y"), made + b"\x85", b"}")
    if method == "__set_name__":
        return call("builtins", "type", text("Y"), b")", state(a=made + b")\x81"))
    if method == "__del__":
        return made + b")\x81"
    return call("operator", "getitem", made, b"K\1") if method == "__class_getitem__" else made


def of_making() -> Iterator[Attack]:
    """Class 31: classes that run code as they, or their objects, are made."""
    derivative = name("sympy.core.function", "Derivative")
    evaluated = text("__import__('os')")
    yield Attack("31-making/newobj", stream(derivative + given(evaluated) + b"\x81"), "Derivative")
    yield Attack(
        "31-making/newobj-keywords", stream(derivative + b")" + state(expr=evaluated) + b"\x92"), "Derivative"
    )
    yield Attack(
        "31-making/function", stream(call("copyreg", "__newobj__", derivative, evaluated)), "Derivative"
    )
    yield Attack(
        "31-making/function-keywords",
        stream(call("copyreg", "__newobj_ex__", derivative, given(evaluated), b"}")),
        "Derivative",
    )
    yield Attack(
        "31-making/integral", stream(new("sympy.integrals.integrals", "Integral", evaluated)), "Integral"
    )
    for module, function in (
        ("base", "_new_Index"),
        ("datetimes", "_new_DatetimeIndex"),
        ("interval", "_new_IntervalIndex"),
        ("period", "_new_PeriodIndex"),
    ):
        yield Attack(
            f"31-making/{function}",
            stream(call(f"pandas.core.indexes.{module}", function, derivative, state(expr=evaluated))),
            function,
        )
    yield Attack(
        "31-making/template", stream(new("jinja2.environment", "Template", text("{{ 1 }}"))), "Template"
    )
    run = partial(HELD)
    for method in ("__init_subclass__", "__set_name__", "__del__", "__class_getitem__", "__prepare__"):
        body = b"}" + text(method) + run + b"s"
        skeleton = call(
            "cloudpickle.cloudpickle",
            "_make_skeleton_class",
            name("builtins", "type"),
            text("X"),
            b")",
            body,
            text("id"),
            b"N",
        )
        for way, made, named in (
            ("meta", call("abc", "ABCMeta", text("X"), b")", body), "ABCMeta"),
            ("type", call("builtins", "type", text("X"), b")", body), "type"),
            ("new-type", name("builtins", "type") + given(text("X"), b")", body) + b"\x81", "type"),
            ("skeleton", skeleton, "_make_skeleton_class"),
        ):
            if method != "__prepare__" or way == "skeleton":
                yield Attack(f"31-making/{way}-{method}", stream(ran(method, made)), named)
    annotated = b"}" + text("__annotations__") + state(a=evaluated) + b"s"
    metaclass = name("pydantic._internal._model_construction", "ModelMetaclass")
    base = name("pydantic.main", "BaseModel") + b"\x85"
    yield Attack(
        "31-making/annotations",
        stream(
            call(
                "cloudpickle.cloudpickle",
                "_make_skeleton_class",
                metaclass,
                text("X"),
                base,
                annotated,
                text("id"),
                b"N",
            )
        ),
        "__annotations__",
    )
    members = state(A=HELD)
    yield Attack(
        "31-making/enumeration",
        stream(call("cloudpickle.cloudpickle", "_make_skeleton_enum", name("enum", "Enum") + b"\x85", text("E"), text("E"), members, text("m"), text("id"), b"N")),
        "_make_skeleton_enum",
    )  # fmt: skip


def of_values() -> Iterator[Attack]:
    """Class 32: constructors that call what they are given."""
    shadow = NAMESPACE + state(replace=HELD, support=HELD, _updated_ctor_param=HELD, astype=HELD) + b"b"
    yield Attack("32-values/uuid", stream(call("uuid", "UUID", shadow)), "uuid.UUID")
    for kind in ("rv_frozen", "rv_continuous_frozen", "rv_discrete_frozen"):
        yield Attack(
            f"32-values/{kind}", stream(call("scipy.stats._distn_infrastructure", kind, shadow)), kind
        )
    yield Attack(
        "32-values/numba", stream(call("numba.core.serialize", "custom_rebuild", shadow)), "custom_rebuild"
    )
    for kind in (
        "DiscreteAliasUrn",
        "NumericalInverseHermite",
        "TransformedDensityRejection",
        "SimpleRatioUniforms",
    ):
        yield Attack(
            f"32-values/{kind}", stream(new("scipy.stats._unuran.unuran_wrapper", kind, shadow)), kind
        )
    yield Attack(
        "32-values/nodes",
        stream(restored("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor", nodes=shadow)),
        "nodes",
    )
    yield Attack("32-values/handle", stream(restored("lightgbm.basic", "Booster", handle=b"K\1")), "handle")
    yield Attack(
        "32-values/handle-xgboost", stream(restored("xgboost.core", "Booster", handle=b"K\1")), "handle"
    )
    for way, module, attribute in (
        ("pipeline", "sklearn.pipeline", "Pipeline"),
        ("series", "pandas.core.series", "Series"),
    ):
        yield Attack(f"32-values/{way}", stream(call(module, attribute, shadow)), None)


REFERENCES = (
    "dataclasses._create_fn bz2._builtin_open dateutil.zoneinfo.rebuild.check_call inspect.os inspect.linecache.os.system"
    " calendar.main numpy.lib._npyio_impl.os sklearn.utils.fixes.os pandas.io.common.urlopen statsmodels.compat.python.urlopen"
    " joblib._memmapping_reducer.loads timeit.default_timer tokenize._builtin_open zipimport._bootstrap sklearn.externals._packaging.version.re"
    " scipy.spatial.distance.os cmdstanpy.model.ThreadPoolExecutor"
).split()
"""What libraries re-export or have beside their purpose."""
PREDICTING = (
    "pandas.core.frame.DataFrame.to_csv pandas.core.generic.NDFrame.to_pickle pandas.core.frame.DataFrame.eval pandas.core.frame.DataFrame.map"
    " pandas.core.frame.DataFrame.query pandas.core.frame.DataFrame.apply pandas.core.generic.NDFrame.pipe pandas.core.frame.DataFrame.agg"
    " pandas.core.generic.NDFrame.to_hdf pandas.core.frame.DataFrame.to_excel numpy.savetxt numpy.save numpy.lib._npyio_impl.savetxt"
    " numpy.apply_along_axis numpy.piecewise numpy.fromfunction builtins.map builtins.filter builtins.eval"
    " joblib.numpy_pickle.dump pandas.core.series.Series.map numpy.ndarray.tofile builtins.str.format"
    " sklearn.metrics._scorer.make_scorer pandas.ExcelWriter pandas.HDFStore"
).split()


KEYWORDS = {
    "to_csv": {"path_or_buf": "x"}, "to_pickle": {"path": "x"}, "eval": {"expr": "a = @__import__('os')"}, "query": {"expr": "@eval('1')"},
    "to_excel": {"excel_writer": "x"}, "to_hdf": {"path_or_buf": "x", "key": "x"}, "dump": {"filename": "x"}, "tofile": {"fid": "x"},
}  # fmt: skip
"""What makes them act on the table that a model is given."""
CALLING = {"map": "func", "apply": "func", "agg": "func", "pipe": "func"}
"""Methods that call what they are given, and by which keyword."""
WRITERS = frozenset({"savetxt", "save", "ExcelWriter", "HDFStore"})
FIRST = WRITERS | {"map", "filter", "apply_along_axis", "fromfunction"}
"""Functions whose first argument the stream gives."""


def of_references() -> Iterator[Attack]:
    """Class 33: functions that are put into something, and run later."""
    for full in REFERENCES:
        module, _, attribute = full.rpartition(".")
        for way, body in (
            ("partial", partial(name(module, attribute), text("x"))),
            ("state", restored("sklearn.linear_model._ridge", "Ridge", alpha=name(module, attribute))),
            ("list", b"](" + name(module, attribute) + b"e"),
            ("memo", name(module, attribute) + b"\x940](h\x00K\1e"),
        ):
            yield Attack(f"33-references/{full}-{way}", stream(body), attribute)
    for full in PREDICTING:
        module, _, attribute = full.rpartition(".")
        if module.rpartition(".")[2][:1].isupper() or module.endswith((".ndarray", "builtins.str")):
            module, _, owner = module.rpartition(".")
            attribute = f"{owner}.{attribute}"
        last = attribute.rpartition(".")[2]
        keywords = (
            state(**{key: text(value) for key, value in KEYWORDS[last].items()}) if last in KEYWORDS else b"N"
        )
        function = name(module, attribute)
        if "." in attribute and last in CALLING:
            keywords = state(**{CALLING[last]: HELD})
        elif last in FIRST:
            function = partial(function, text("x") if last in WRITERS else HELD)
        body = transformer(function, kw_args=keywords)
        yield Attack(f"33-predict/{full}", stream(body), attribute)
        if "." in attribute and module != "builtins":
            owner, _, method = attribute.rpartition(".")
            fetched = call("builtins", "getattr", name(module, owner), text(method))
            yield Attack(f"33-predict/{full}-fetched", stream(fetched), "getattr")
    for method in ("to_csv", "eval", "tofile", "apply", "__reduce__", "__class__"):
        yield Attack(
            f"33-predict/methodcaller-{method}",
            stream(call("operator", "methodcaller", text(method), text("x"))),
            "methodcaller",
        )
    for path in ("__class__", "a.__globals__", "_mgr", "os.system"):
        yield Attack(
            f"33-predict/attrgetter-{path}", stream(call("operator", "attrgetter", text(path))), "attrgetter"
        )


FORMULAS = (
    "y ~ [np.lib.os.system][0](1)", "y ~ sorted([x], key=np.lib.os.system)", "y ~ (np.load)(x)", "y ~ np.load(x)", "y ~ f(x)",
    "y ~ I(open)", "y ~ x.__class__", "y ~ eval(x)", "y ~ {np.lib.os}", "y ~ np.log(np.lib.os.system)", "y ~ max(x, key=eval)",
    "y ~ (lambda: 1)()", "y ~ [a for a in b]", "y ~ np.vectorize(eval)(x)", "y ~ C(x, Treatment(reference=open))", "y ~ f'{x}'", "y ~ (",
    "y ~ Q(__import__('os'))", "open(x) ~ y",
)  # fmt: skip


def of_texts() -> Iterator[Attack]:
    """Class 34: formulas, which reading evaluates."""
    for number, formula in enumerate(FORMULAS):
        for kind in ("PandasData", "ModelData"):
            body = restored("statsmodels.base.data", kind, formula=text(formula))
            yield Attack(f"34-texts/{kind}-{number}", stream(body), "formula")


def of_behavior() -> Iterator[Attack]:
    yield from of_states()
    yield from of_making()
    yield from of_values()
    yield from of_references()
    yield from of_texts()
