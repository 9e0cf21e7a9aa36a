"""Chapter 3, flavors: what each loader needs of its own entry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlmodel.common.spelling import MANY, nearest
from mlmodel.common.texts import describe, quoted
from mlmodel.model.outline import misplaced_keys
from mlmodel.sources.directory import Kind
from mlmodel.standard import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents import Document
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

_PYFUNC = ("flavors", "python_function")


def entries(model: Model) -> Iterator[Finding]:
    """MLM202, MLM204-MLM206, MLM208, MLM211-MLM213, MLM218: every known flavor against its own schema."""
    document = model.mlmodel
    if document is None:
        return
    for flavor, conf in model.flavors.items():
        base = ("flavors", flavor)
        if flavor in schemas.flavor_names():
            found = schemas.violations(f"flavors/{flavor}.schema.json", conf)
            yield from model.violations(found, document, base)
            yield from _unknown_keys(model, document, flavor, conf)
        elif base not in misplaced_keys.pointers(model) and all(
            base != group.stands for group in misplaced_keys.of(model)
        ):
            yield _unknown_flavor(model, document, flavor)
    if (
        model.flavors
        and "python_function" not in model.flavors
        and _PYFUNC not in misplaced_keys.excused(model)
    ):
        yield model.finding(
            "MLM203",
            "no python_function flavor: mlflow.pyfunc, serving and spark_udf cannot use the model",
            document,
            ("flavors",),
            key=True,
        )


def _unknown_flavor(model: Model, document: Document, flavor: str) -> Finding:
    place = ("flavors", flavor)
    near = (
        nearest(flavor, schemas.flavor_names() - model.flavors.keys()) if len(model.flavors) <= MANY else None
    )
    maker = schemas.third_party_flavors().get(flavor)
    if maker is not None:
        message = f"flavor {quoted(flavor)} is {maker}'s; only its own reader can judge it"
        return model.finding("MLM207", message, document, place, key=True)
    if near and _loads_with(model, near):
        message = f"unknown flavor {quoted(flavor)}; did you mean {near!r}?"
        return model.finding("MLM208", message, document, place, key=True)
    message = f"flavor {quoted(flavor)} is not one of MLflow's; only its own reader can judge it"
    return model.finding("MLM207", message, document, place, key=True)


def _loads_with(model: Model, flavor: str) -> bool:
    """Whether the loader module, if there is one, may be that of a flavor: a product with a loader of its own wrote no slip."""
    loader = model.flavors.get("python_function", {}).get("loader_module")
    known = (schemas.flavor_schema(flavor) or {}).get("x-flavor", {}).get("loader-modules", ())
    return not isinstance(loader, str) or loader in known or loader.startswith("mlflow.")


def not_mappings(model: Model) -> Iterator[Finding]:
    """MLM201: what stands under ``flavors`` and is no flavor."""
    document = model.mlmodel
    flavors = model.config.get("flavors")
    if document is None or not isinstance(flavors, dict):
        return
    for key, value in flavors.items():
        if not isinstance(value, dict) and ("flavors", key) not in misplaced_keys.pointers(model):
            message = f"flavor {quoted(key)} is {describe(value)}, not a mapping of its keys"
            yield model.finding("MLM201", message, document, ("flavors", key))


def _unknown_keys(model: Model, document: Document, flavor: str, conf: dict[str, Any]) -> Iterator[Finding]:
    schema = schemas.flavor_schema(flavor) or {}
    known = schema.get("properties", {}).keys()
    patterns = schema.get("patternProperties", {})
    for key in conf.keys() - known:
        if any(re.search(pattern, key) for pattern in patterns):
            continue
        place = ("flavors", flavor, key)
        if place in misplaced_keys.pointers(model):
            continue
        near = nearest(key, known - conf.keys(), 0.85) if len(conf) <= MANY else None
        if near:
            message = f"unknown key {key!r} in flavor {flavor}; did you mean {near!r}?"
            yield model.finding("MLM113", message, document, place, key=True)


def python_function(model: Model) -> Iterator[Finding]:
    """MLM209, MLM210, MLM215, MLM216, MLM219, MLM224: the entry that generic readers use."""
    document = model.mlmodel
    conf = model.flavors.get("python_function")
    if document is None or conf is None:
        return
    if isinstance(conf.get("env"), str):
        yield model.finding(
            "MLM210",
            "'env' is a string, the form of MLflow 1.x; containers of MLflow 2 and later want a mapping",
            document,
            (*_PYFUNC, "env"),
            hint="env: {conda: conda.yaml, virtualenv: python_env.yaml}",
        )
    loader = conf.get("loader_module")
    if isinstance(loader, str):
        yield from _loader(model, document, loader)


def _loader(model: Model, document: Document, loader: str) -> Iterator[Finding]:
    place = (*_PYFUNC, "loader_module")
    schema = schemas.flavor_schema("python_function") or {}
    known = {entry["module"]: entry for entry in schema["x-loader-modules"]}
    entry = known.get(loader)
    refused = next((one for one in schema["x-refused-modules"] if one["module"] == loader), None)
    if refused is not None:
        yield model.finding("MLM224", f"{quoted(loader)}: {refused['why']}", document, place)
    elif entry is not None:
        is_there = entry["flavor"] in model.flavors or ("flavors", entry["flavor"]) in misplaced_keys.excused(
            model
        )
        if entry.get("reads-flavor") and not is_there:
            yield model.finding(
                "MLM219",
                f"{loader} reads the entry of flavor {entry['flavor']!r}, which is missing",
                document,
                place,
            )
        if entry.get("until"):
            yield model.finding("MLM209", f"MLflow has {loader} until {entry['until']} only", document, place)
    elif loader.split(".", maxsplit=1)[0] == "mlflow":
        near = nearest(loader, known, 0.7)
        hint = f"did you mean {near}?" if near else None
        message = f"no release of MLflow has a loader module {quoted(loader)}"
        yield model.finding("MLM215", message, document, place, hint=hint)
    elif not _ships(model, loader) and schemas.conforms(
        "flavors/python_function.schema.json", {"loader_module": loader}
    ):
        message = f"{quoted(loader)} is not part of MLflow: the environment must bring it"
        yield model.finding("MLM216", message, document, place)


def _ships(model: Model, module: str) -> bool:
    """Whether the model brings a module under ``code`` itself."""
    top = module.split(".", maxsplit=1)[0]
    code = model.flavors["python_function"].get("code")
    if not top or not isinstance(code, str):
        return False
    folder = f"{code.strip('/')}/"
    look = model.directory.look
    return any(look(folder + name).kind is not Kind.MISSING for name in (top, f"{top}.py"))


def retired(model: Model) -> Iterator[Finding]:
    """MLM209: flavors that the current MLflow no longer has."""
    document = model.mlmodel
    if document is None:
        return
    for flavor in model.flavors:
        about = (schemas.flavor_schema(flavor) or {}).get("x-flavor", {})
        if about.get("removed-in"):
            message = f"MLflow has flavor {flavor!r} until {about['until']} only"
            yield model.finding("MLM209", message, document, ("flavors", flavor), key=True)


def same_values(model: Model) -> Iterator[Finding]:
    """MLM214: two readers must find the same model."""
    document = model.mlmodel
    if document is None:
        return
    for flavor, conf in model.flavors.items():
        loaders = (schemas.flavor_schema(flavor) or {}).get("x-flavor", {}).get("loader-modules", ())
        if model.flavors.get("python_function", {}).get("loader_module") not in loaders:
            continue  # another loader may well load something else
        for found in schemas.annotated(f"flavors/{flavor}.schema.json", "x-same-as", conf):
            other = found.subschema["x-same-as"]
            twin: Any = model.config
            for step in other.split("/")[1:]:
                twin = twin.get(step) if isinstance(twin, dict) else None
            if (
                isinstance(twin, str)
                and isinstance(found.value, str)
                and _normal(twin) != _normal(found.value)
            ):
                yield model.finding(
                    "MLM214",
                    f"flavor {flavor} loads {quoted(found.value)}, but {other[1:].replace('/', '.')} is"
                    f" {quoted(twin)}: two readers load two models",
                    document,
                    ("flavors", flavor, *found.pointer),
                )


def _normal(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def weights_elsewhere(model: Model) -> Iterator[Finding]:
    """MLM217: models whose weights the directory does not hold."""
    document = model.mlmodel
    if document is None:
        return
    for flavor, conf in model.flavors.items():
        if flavor not in schemas.flavor_names():
            continue
        for found in schemas.annotated(f"flavors/{flavor}.schema.json", "x-elsewhere", conf):
            if found.value is not None or found.subschema["x-elsewhere"] == "present":
                yield model.finding(
                    "MLM217",
                    "the weights are not in the directory: loading needs the hub, or the author's disk",
                    document,
                    ("flavors", flavor, *found.pointer),
                    key=True,
                )


_LOCAL = r"file:|[A-Za-z]:[\\/]|\\\\|/(?:home|Users|root|tmp|mnt|private|var)/"


def artifact_uris(model: Model) -> Iterator[Finding]:
    """MLM019: the author's own paths, which ``artifacts.*.uri`` keeps."""
    document = model.mlmodel
    artifacts = model.flavors.get("python_function", {}).get("artifacts")
    if document is None or not isinstance(artifacts, dict):
        return
    for name, artifact in artifacts.items():
        uri = artifact.get("uri") if isinstance(artifact, dict) else None
        if isinstance(uri, str) and re.match(_LOCAL, uri):
            place = (*_PYFUNC, "artifacts", name, "uri")
            yield model.finding("MLM019", f"{quoted(uri)} is a path of the author's machine", document, place)


CHECKS = (
    entries,
    not_mappings,
    python_function,
    retired,
    same_values,
    weights_elsewhere,
    artifact_uris,
)
