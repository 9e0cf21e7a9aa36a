"""What honest objects need and hostile ones would use, beside each other; and classes that the user trusts."""

from __future__ import annotations

import functools
import operator
import pickle
from pathlib import Path

import pytest

from mlmodel import Finding, Options, Severity, validate
from mlmodel.pickles import behavior, formulas, references
from mlmodel.pickles.symbols import Value
from tests.command import mlmodel_validate
from tests.overlay import make_model
from tests.pickles.attacks.assembler import call, given, name, stream, text

OWN = stream(name("shop.features", "Ranker") + b")\x81}" + text("size") + b"K\1sb")


def found(model: Path, content: bytes, options: Options | None = None) -> list[Finding]:
    (model / "model.pkl").write_bytes(content)
    return [finding for finding in validate(model, options).findings if finding.rule.startswith("MLM6")]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "model")


HONEST = {
    "attrgetter": operator.attrgetter("values"),
    "several attributes": operator.attrgetter("a.b", "c"),
    "itemgetter": operator.itemgetter("a", 1),
    "methodcaller": operator.methodcaller("fillna", 0),
    "partial": functools.partial(max, 0),
    "functions": [len, sorted, str.lower][:1],
}


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("value", HONEST.values(), ids=HONEST)
def test_what_the_standard_library_calls_later(value: object, protocol: int, model: Path) -> None:
    assert found(model, pickle.dumps(value, protocol)) == []


@pytest.mark.parametrize(
    "body",
    [
        # joblib's cache, as a pipeline has it; without a call of its constructor it makes no folder.
        name("joblib.memory", "Memory") + b")\x81}" + text("location") + text("cache") + b"sb",
        # A distribution with the text that SciPy writes.
        name("scipy.stats._continuous_distns", "norm_gen")
        + b")\x81}"
        + text("_parse_arg_template")
        + text(
            "\ndef _parse_args(self,  loc=0, scale=1):\n    return (), loc, scale\n\n"
            "def _parse_args_rvs(self,  loc=0, scale=1, size=None):\n    return self._argcheck_rvs( loc, scale, size=size)\n\n"
            "def _parse_args_stats(self,  loc=0, scale=1, moments='mv'):\n    return (), loc, scale, moments\n"
        )
        + b"sb",
        name("sklearn.isotonic", "IsotonicRegression") + b")\x81}" + text("y_min") + b"Nsb",
        # As scikit-learn 0.20 named it.
        name("sklearn.ensemble.forest", "RandomForestClassifier")
        + b")\x81}"
        + text("n_estimators")
        + b"K\1sb",
        name("sklearn.preprocessing._function_transformer", "FunctionTransformer")
        + b")\x81}"
        + text("func")
        + name("numpy._core._multiarray_umath", "log1p")
        + b"sb",
    ],
)
def test_what_libraries_write(body: bytes, model: Path) -> None:
    assert found(model, stream(body)) == []


@pytest.mark.parametrize(
    "body",
    [
        name("lifelines_like.utils", "CensoringType") + given(text("right")) + b"R",
        name("a_library.module", "Outer.Inner") + b")\x81",
        # Texts that are words, numbers, dates, time zones; and what an exception says.
        call("a_library.module", "Zone", text("America/New_York")),
        call("a_library.module", "Unit", text("m/s"), text("10.5 % of it: yes!")),
        call("a_library.module", "Day", text("2024-01-31 10:00:00+02:00")),
        call("a_library.module", "Answer", text("N/A")),
        call("a_library.module", "Area", text("Square feet (sq ft/m2) & more")),
        call("a_library.module", "Access", text("read / write access, 20 °C")),
        call("a_library.module", "SomeError", text("f(x) failed at /a/b; see https://example.org")),
        name("a_library.module", "Text") + given(text("plain words")) + b"\x81",
        call("builtins", "getattr", name("a_library.module", "Outer"), text("Inner")),
        call("builtins", "getattr", name("a_library.module", "Outer"), text("static")),
        call(
            "copyreg", "_reconstructor", name("a_library.module", "Outer"), name("builtins", "object"), b"N"
        ),
        b"](" + name("a_library.module", "One") + b")\x81" + name("a_library.module", "Two") + b")\x81e",
    ],
)
def test_a_library_that_nobody_has_read_is_one_warning(body: bytes, model: Path) -> None:
    (finding,) = found(model, stream(body))
    assert (finding.rule, finding.severity) == ("MLM606", Severity.WARNING)


@pytest.mark.parametrize(
    "body",
    [
        call("a_library.module", "function", text("x")),
        name("a_library.module", "os.system") + given(text("x")) + b"R",
        b"](" + name("a_library.module", "os") + b"e",
        b"](" + name("a_library.compat", "check_call") + b"e",
        call("a_library.module", "Outer", name("types", "SimpleNamespace") + b")R"),
    ],
)
def test_what_nobody_can_explain_is_an_error(body: bytes, model: Path) -> None:
    assert Severity.ERROR in {finding.severity for finding in found(model, stream(body))}


@pytest.mark.parametrize("name_", ["shop", "shop.features", "shop.features.Ranker"])
def test_what_the_user_trusts_is_data(name_: str, model: Path) -> None:
    assert [finding.rule for finding in found(model, OWN)] == ["MLM606"]
    (finding,) = found(model, OWN, Options(trust=frozenset({name_})))
    assert finding.rule == "MLM620"
    assert "shop.features.Ranker" in finding.message


def test_functions_of_what_is_trusted_are_not(model: Path) -> None:
    options = Options(trust=frozenset({"shop"}))
    rules = {
        finding.rule for finding in found(model, stream(call("shop.features", "build", text("x"))), options)
    }
    assert "MLM606" in rules
    assert "MLM601" in {
        f.rule
        for f in found(model, stream(call("os", "system", text("x"))), Options(trust=frozenset({"os"})))
    }


def test_the_option_and_the_configuration(model: Path, tmp_path: Path) -> None:
    (model / "model.pkl").write_bytes(OWN)
    assert mlmodel_validate("--fail-on", "warning", "--select", "MLM6", model).returncode == 1
    result = mlmodel_validate(
        "--fail-on", "warning", "--select", "MLM6", "--trust-module", "shop.features", model
    )
    assert result.returncode == 0, result.stdout
    assert mlmodel_validate("--trust-module", "not a name", model).returncode == 2
    settings = '[trust]\nclasses = ["shop.features.Ranker"]\n'
    (tmp_path / "mlmodel.toml").write_text(settings, encoding="utf-8")
    strict = ("--fail-on", "warning", "--select", "MLM6", ".")
    (model / "mlmodel.toml").write_text(settings, encoding="utf-8")
    assert mlmodel_validate(*strict, cwd=model).returncode == 1  # the model's own word
    (model / "mlmodel.toml").unlink()
    assert mlmodel_validate(*strict, cwd=model).returncode == 0


def test_code_of_the_directory_is_told(model: Path) -> None:
    from tests.overlay import apply

    assert not [f for f in validate(model).findings if f.rule == "MLM621"]
    apply(model, "set MLmodel /flavors/python_function/code code")
    apply(model, "write code/helper.py text:X = 1")
    (finding,) = [f for f in validate(model).findings if f.rule == "MLM621"]
    assert finding.severity is Severity.INFO
    assert "code: code" in finding.message


def test_documents_are_judged_by_the_same() -> None:
    assert not list(references.judge_reference("numpy", "log1p"))
    assert list(references.judge_reference("pandas.core.frame", "DataFrame.to_csv"))
    assert not list(
        references.judge_object(
            "sklearn.isotonic", "IsotonicRegression", state=(Value("str", "y_min"), Value("None"))
        )
    )
    assert list(
        references.judge_object(
            "sklearn.isotonic", "IsotonicRegression", state=(Value("str", "_build_f"), Value("None"))
        )
    )
    assert list(references.judge_object("sympy.core.function", "Derivative", (Value("str", "x"),)))


def test_a_class_is_known_by_other_names_too() -> None:
    exact = behavior.of("sklearn.isotonic", "IsotonicRegression")
    other = behavior.of("sklearn.elsewhere", "IsotonicRegression")
    assert exact is not None
    assert exact.exact
    assert other is not None
    assert not other.exact
    assert set(other.hooks) >= set(exact.hooks)
    assert behavior.of("sklearn.isotonic", "NoSuchClass") is None
    assert behavior.of("no_such_library", "Class") is None


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ a + b", "y ~ a*b + a:c + (a:b):c", "y ~ C(a, Treatment(reference='x')):b + np.log(x) + I(x**2) - 1", "~ 0 + a", "y ~ .",
        "y ~ Q('a name: with ~ and (') + bs(x, df=4)", "np.log(y) ~ a", "y ~ `a name` + z", "a",
    ],
)  # fmt: skip
def test_formulas_of_columns(formula: str) -> None:
    assert formulas.formula_fault(formula) is None


def exception_of(kind: bytes, arguments: bytes = given(text("x"))) -> bytes:
    frame = name("tblib", "Frame") + b")\x81}" + text("f_lineno") + b"K\1sb"
    trace = call("tblib.pickling_support", "unpickle_traceback", frame, b"K\1", b"N")
    return call("tblib.pickling_support", "unpickle_exception", kind, arguments, b"N", trace)


def type_of_numba(maker: bytes, *inner: bytes) -> bytes:
    return call("numba.core.types.abstract", "_type_reconstructor", maker, given(*inner), b"}")


MADE = name("copyreg", "_reconstructor")


@pytest.mark.parametrize(
    "body",
    [
        exception_of(name("builtins", "ValueError")),
        exception_of(name("builtins", "KeyError"), b")"),
        type_of_numba(MADE, name("numba.core.types.scalars", "Integer"), name("builtins", "object"), b"N"),
    ],
)
def test_exceptions_and_types_as_other_picklers_write_them(body: bytes, model: Path) -> None:
    assert found(model, stream(body)) == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (exception_of(name("os", "system")), "unpickle_exception"),
        (exception_of(name("subprocess", "CalledProcessError")), "unpickle_exception"),
        (exception_of(name("builtins", "ValueError"), given(name("os", "system"))), "no plain data"),
        (call("tblib.pickling_support", "unpickle_traceback", name("types", "SimpleNamespace") + b")R", b"K\1", b"N"), "no frame"),
        (type_of_numba(name("os", "system"), text("true")), "calls its argument"),
        (type_of_numba(MADE, name("sympy.core.function", "Derivative"), name("builtins", "object"), b"N"), "numba"),
    ],
)  # fmt: skip
def test_what_calls_its_first_argument(body: bytes, named: str, model: Path) -> None:
    errors = [finding for finding in found(model, stream(body)) if finding.severity is Severity.ERROR]
    assert any(named in finding.message for finding in errors), errors


def restored(module: str, attribute: str, **values: bytes) -> bytes:
    items = b"".join(text(key) + value for key, value in values.items())
    return name(module, attribute) + b")\x81}(" + items + b"ub"


def method(owner: bytes, attribute: str) -> bytes:
    return call("builtins", "getattr", owner, text(attribute))


RIDGE = restored("sklearn.linear_model._ridge", "Ridge", alpha=b"K\1")
PATTERN = call("re", "_compile", text("a+"), b"K\0")
FACTOR = name("formulaic.parser.types.factor", "Factor") + b")\x81"


@pytest.mark.parametrize(
    "body",
    [
        method(PATTERN, "finditer"),
        method(RIDGE, "predict"),
        method(restored("sklearn.preprocessing._data", "StandardScaler", with_mean=b"\x88"), "inverse_transform"),
        method(text("a"), "upper"),
        call("functools", "partial", method(RIDGE, "predict_proba")),
        call("operator", "methodcaller", text("rename"), text("a")),
        call("numpy.random._pickle", "__generator_ctor", call("numpy.random._pickle", "__bit_generator_ctor", text("PCG64"))),
        call("pandas.core.dtypes.dtypes", "DatetimeTZDtype", text("ns"), restored("dateutil.tz.tz", "tzutc", x=b"N")),
        call("collections", "defaultdict", call("functools", "partial", name("builtins", "list"))),
        # Texts that are evaluated.
        restored("statsmodels.base.data", "PandasData", formula=text("y ~ " + " + ".join(f"column_{n}" for n in range(900)))),
        restored("statsmodels.base.data", "PandasData", formula=text("y ~ x"), design_info=b"N"),
        FACTOR + b"N}" + text("expr") + text("np.log(x)") + b"s\x86b",
        FACTOR + b"}" + text("expr") + text("x") + b"sb",
        restored("imodels.util.rule", "Rule", rule=text("a > 1.5 and b <= 2"), args=b"N"),
        restored("imodels.util.rule", "Rule", rule=text("petal length (cm) > 2")),
        restored("dowhy.gcm.equation_parser", "CustomEquationModel", custom_func=text("2*X + log(Y)")),
        restored("sktime.forecasting.compose._fhplex", "FhPlexForecaster", fh_params=b"}"),
        # A type by its name, as dill has it.
        call("dill._dill", "_load_type", text("type")) + given(text("X"), b")", b"}" + text("a") + b"K\1s") + b"R",
    ],
)  # fmt: skip
def test_what_only_computes_when_it_is_used(body: bytes, model: Path) -> None:
    assert [item for item in found(model, stream(body)) if item.severity is not Severity.INFO] == []
