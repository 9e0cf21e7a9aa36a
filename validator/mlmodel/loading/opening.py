"""A model directory -> :class:`Model`: judged, then loaded by the flavor that its MLmodel file names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.description import signature
from mlmodel.flavors import UnsuitableError, available, flavor_named
from mlmodel.loading.admission import judge
from mlmodel.loading.errors import LoadError
from mlmodel.loading.importing import Code
from mlmodel.loading.model import Model
from mlmodel.model import paths, signatures
from mlmodel.standard import schemas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmodel.flavors import Flavor
    from mlmodel.model.model import Model as Judged

_FUNCTION = "python_function"


def load(path: str | os.PathLike[str], *, trust: bool = False) -> Model:
    """Load a model directory with the library that made the model, without MLflow.

    The directory is validated first.  Without ``trust``, what loads runs no code of whoever wrote it: no pickle that
    calls or carries code, nothing that cannot be judged, no modules of its own.  With it, the model runs what it will,
    with the rights of this process.

    Args:
        path: the directory that holds the MLmodel file.
        trust: load the model although it runs code of its author.

    Returns:
        The model: ``predict(data, params=None)`` enforces its signature, ``native`` is the object itself.

    Raises:
        NotADirectoryError: ``path`` is not a directory.
        LoadError: the directory is not valid or not trusted (its ``report`` says why), no installed flavor reads it,
            or its library cannot.
    """
    if not os.path.isdir(path):
        raise NotADirectoryError(f"{os.fspath(path)} is not a directory")
    folder = os.path.abspath(os.fspath(path))
    judged = judge(os.fspath(path), trust=trust)
    config, flavors = judged.config, judged.flavors
    described = _signature(judged)
    judged.clear()
    choice = _choose(flavors)
    code = Code(_code(folder, flavors, choice.name))
    code.enter()
    try:
        native = choice.flavor.load(folder, flavors[choice.name])
        predictor = None
        if _FUNCTION in flavors:
            predictor = choice.flavor.predictor(native, flavors[_FUNCTION])
    except UnsuitableError as error:
        code.leave()
        raise LoadError(f"{os.fspath(path)} is not loaded: {error}") from error
    # What the flavor, the library and the model's own code raise, nobody can promise.
    except Exception as error:
        code.leave()
        raise LoadError(
            f"{os.fspath(path)} is not loaded: {choice.name}: {type(error).__name__}: {error}"
        ) from error
    except BaseException:
        code.leave()
        raise
    return Model(native, config, described, predictor, code)


def _signature(judged: Judged) -> Mapping[str, Any] | None:
    """The signature, with the defaults of params as they are: a description has no NaN."""
    described = signature(judged, [])
    params = signatures.of(judged).get("params")
    if described is not None and described["params"] is not None and params is not None:
        for spec, item in zip(described["params"], params.items, strict=True):
            spec["default"] = item.get("default")
    return described


# -- which flavor ----------------------------------------------------------------------------------------


class _Choice(Record):
    name: str
    flavor: Flavor


def _choose(flavors: Mapping[str, Mapping[str, Any]]) -> _Choice:
    """The flavor to load a model with.

    Where there is a ``python_function``, the one that its loader module belongs to, so that the model predicts as a
    server has it predict; else the first that is installed.

    Raises:
        LoadError: none is installed that reads the model.
    """
    function = flavors.get(_FUNCTION)
    wanted = list(flavors)
    if function is not None:
        owner = _owners().get(str(function.get("loader_module")), _FUNCTION)
        wanted = [owner if owner in flavors else _FUNCTION]
    for name in wanted:
        flavor = flavor_named(name)
        if flavor is not None:
            return _Choice(name, flavor)
    here = ", ".join(sorted(flavor.name for flavor in available()))
    raise LoadError(f"no installed flavor reads {', '.join(wanted)}; installed are {here}")


def _owners() -> Mapping[str, str]:
    """The loader modules of MLflow, each with the flavor that it loads."""
    schema = schemas.flavor_schema(_FUNCTION) or {}
    return {entry["module"]: entry["flavor"] for entry in schema["x-loader-modules"] if entry["flavor"]}


def _code(folder: str, flavors: Mapping[str, Mapping[str, Any]], name: str) -> str | None:
    """The folder with the model's own modules, if it is there."""
    for conf in (flavors.get(_FUNCTION, {}), flavors[name]):
        code = conf.get("code")
        if isinstance(code, str) and code and paths.fault(code) is None:
            found = os.path.join(folder, code)
            return found if os.path.isdir(found) else None
    return None
