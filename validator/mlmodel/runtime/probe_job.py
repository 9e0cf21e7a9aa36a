"""From a model to the job of the probe: everything it needs to know, so that it need not read YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.environment import distributions, recorded
from mlmodel.model import examples, paths
from mlmodel.sources.directory import Kind, UnreadableError

if TYPE_CHECKING:
    from mlmodel.model.model import Model

MAX_GLOBALS = 300
"""Names of serialized objects that the probe looks up."""
MAX_IMPORTS = 60
"""Declared libraries that the probe imports."""
FORMATS = ("pickle", "cloudpickle", "joblib", "skops")
"""Formats of serialized objects that the probe reads without MLflow."""
SKOPS = "skops.io"
"""The module of skops that reads; it imports every estimator of scikit-learn."""


class Native(Record):
    """The object of a flavor that the library of its format reads."""

    flavor: str
    path: str
    format: str
    trusted: list[str]


def job(model: Model) -> dict[str, Any]:
    """What the probe is to do with a model; the place of the model and of the report are added where it runs."""
    conf = model.flavors.get("python_function", {})
    found = native(model)
    names = sorted(recorded.of(model).names - {"python"})
    stored = examples.stored(model)
    info = model.config.get("saved_input_example_info")
    serving = info.get("serving_input_path") if isinstance(info, dict) else None
    predict = conf.get("predict_fn")
    return {
        "distributions": names,
        "imports": _imports(names),
        "files": [use.value for use in paths.of(model) if use.kind == "file" and _is_file(model, use.value)],
        "code": _code(model),
        "globals": _globals(model),
        "native": found._asdict() if found is not None else None,
        "pyfunc": bool(conf) and (found is None or not distributions.of_mlflow().isdisjoint(names)),
        "served": ["mlflow.pyfunc", _loader(conf.get("loader_module")), "mlflow.pyfunc.scoring_server"],
        "classes": _classes(model, found),
        "bytecode": None,
        "predict": predict if isinstance(predict, str) and predict.isidentifier() else "predict",
        "example": None
        if stored is None
        else {"path": stored.document.path, "type": stored.type, "has_params": stored.has_params},
        "serving": serving if isinstance(serving, str) and _is_file(model, serving) else None,
    }


def _loader(named: object) -> str:
    """The module of MLflow that loads the model."""
    return named if isinstance(named, str) and named.startswith("mlflow.") else "mlflow.pyfunc.model"


def native(model: Model) -> Native | None:
    """The object that can be read without MLflow: of the flavor that says in which format its file is."""
    for flavor, conf in model.flavors.items():
        format_ = conf.get("serialization_format")
        if flavor == "python_function" or format_ not in FORMATS:
            continue
        for use in paths.of(model):
            if use.pointer[:2] == ("flavors", flavor) and use.kind == "file" and _is_file(model, use.value):
                if not _is_serialized(model, conf, format_, use.value):
                    break
                trusted = conf.get("skops_trusted_types")
                names = trusted if isinstance(trusted, list) else []
                return Native(flavor, use.value, format_, [name for name in names if isinstance(name, str)])
    return None


_BOOSTER = "lightgbm.basic.Booster"
_ZIP = b"PK"


def _is_serialized(model: Model, conf: dict[str, Any], format_: str, path: str) -> bool:
    """Whether a file is in the format that its flavor names.

    ``mlflow.lightgbm`` (3.17.0 and later) writes ``serialization_format`` for every model, and saves a booster in the
    text form of its library all the same; its loader looks at ``model_class``.
    """
    if conf.get("model_class") == _BOOSTER:
        return False
    try:
        return format_ != "skops" or model.directory.head(path, len(_ZIP)) == _ZIP
    except UnreadableError:
        return True  # the probe says why


def _is_file(model: Model, path: str) -> bool:
    return paths.fault(path) is None and model.directory.look(path).kind is Kind.FILE


def _imports(names: list[str]) -> list[tuple[str, str]]:
    """The modules to import, each with its distribution."""
    found: list[tuple[str, str]] = []
    for name in names:
        if name not in (distributions.of_mlflow() | distributions.tools()):
            found.extend((module, name) for module in distributions.main_module(name)[:1])
    return found[:MAX_IMPORTS]


def _code(model: Model) -> str | None:
    """The folder with the model's own modules."""
    for conf in (model.flavors.get("python_function", {}), *model.flavors.values()):
        code = conf.get("code")
        if isinstance(code, str) and code and paths.fault(code) is None:
            return code
    return None


def _classes(model: Model, native: Native | None) -> list[str]:
    """The modules of these classes and functions, and the one that reads what skops wrote, which imports as much."""
    modules = {module for module, _ in _globals(model)}
    if native is not None and native.format == "skops":
        modules.add(SKOPS)
    return sorted(modules)


def _globals(model: Model) -> list[tuple[str, str]]:
    """The classes and functions that serialized objects name, each once."""
    found = dict.fromkeys(
        (module, name) for stream in recorded.of(model).pickles for module, name, _ in stream.globals
    )
    return list(found)[:MAX_GLOBALS]
