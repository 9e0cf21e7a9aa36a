"""Chapter 5, the environment files: models inside of a model, which are loaded in the outer environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.environment import distributions, recorded, versions
from mlmodel.findings import Location
from mlmodel.model import paths
from mlmodel.sources.directory import Kind
from mlmodel.standard import schemas
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents import Document
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

MAX_NESTED = 100
"""Models inside of one model that are looked at."""


def _documents(model: Model) -> Iterator[Document]:
    """The MLmodel files below the paths that the outer one names."""
    files = [path for path in model.directory.entries if path.endswith("/MLmodel")]
    if not files:
        return
    named = {paths.normal(use.value) for use in paths.of(model) if paths.fault(use.value) is None} - {""}
    for path in sorted(files)[:MAX_NESTED]:
        folder = path.removesuffix("/MLmodel")
        below = any(folder[:end] in named for end, letter in enumerate(f"{folder}/") if letter == "/")
        if below and model.directory.look(path).kind is Kind.FILE:
            document = model.yaml(path)
            if document is not None and isinstance(document.data, dict):
                yield document


def nested(model: Model) -> Iterator[Finding]:
    """MLM490, MLM491: the outer environment installs what inner models need, in the versions that saved them."""
    environment = recorded.of(model)
    if not environment.listings and environment.conda is None:
        return  # MLM401
    for document in _documents(model):
        flavors = document.data.get("flavors")
        flavors = flavors if isinstance(flavors, dict) else {}
        for flavor, conf in flavors.items():
            schema = (
                schemas.flavor_schema(flavor) if isinstance(flavor, str) and isinstance(conf, dict) else None
            )
            if schema is None:
                continue
            for name in schema.get("x-flavor", {}).get("distributions", ()):
                if not _is_installed(model, name):
                    message = f"flavor {flavor} of the model in {quoted(_folder(document))} needs {name}, and nothing in the outer environment files installs it"
                    version = _version(flavor, conf, name)
                    line = f"{name}=={version}" if version else name
                    yield model.finding(
                        "MLM490",
                        message,
                        document,
                        ("flavors", flavor),
                        key=True,
                        hint=f"add {line} to the outer requirements.txt",
                    )
            yield from _versions(model, document, flavor, conf)
        python = flavors.get("python_function")
        if isinstance(python, dict):
            yield from _python(model, document, python.get("python_version"))


def _folder(document: Document) -> str:
    return document.path.removesuffix("/MLmodel")


def _is_installed(model: Model, name: str) -> bool:
    environment = recorded.of(model)
    if name in environment.names:
        return True
    others = {
        other for module in distributions.main_module(name) for other in distributions.providers(module)
    }
    installed = distributions.reach(environment)
    return (
        bool(others & environment.names)
        or name in installed.names
        or bool(others & installed.names)
        or installed.open
    )


def _version(flavor: str, conf: dict[str, object], name: str) -> str | None:
    for found in schemas.annotated(f"flavors/{flavor}.schema.json", "x-version-of", conf):
        if found.subschema["x-version-of"] == name and isinstance(found.value, str):
            return versions.public(found.value)
    return None


def _versions(model: Model, document: Document, flavor: str, conf: dict[str, object]) -> Iterator[Finding]:
    for found in schemas.annotated(f"flavors/{flavor}.schema.json", "x-version-of", conf):
        name, saved = found.subschema["x-version-of"], found.value
        if not isinstance(saved, str) or flavor == "python_function":
            continue
        for listing in recorded.of(model).listings:
            pin = next(
                (entry for entry in listing.named(name) if entry.pin is not None and entry.marker is None),
                None,
            )
            if pin is not None and _series(pin.pin or "") != _series(saved):
                message = f"{found.pointer[-1]} of the model in {quoted(_folder(document))} is {saved}, but {pin.place.label} installs {name} {pin.pin}"
                yield model.finding("MLM491", message, document, ("flavors", flavor, *found.pointer))
                break


def _series(version: str) -> tuple[int, ...]:
    return (versions.release(versions.public(version)) or ())[:2]


def _python(model: Model, document: Document, saved: object) -> Iterator[Finding]:
    outer = recorded.of(model).python
    inner = versions.release(saved) if isinstance(saved, str) else None
    if (
        outer is not None
        and inner is not None
        and len(inner) > 1
        and len(outer) > 1
        and inner[:2] != outer[:2]
    ):
        text = ".".join(map(str, outer))
        message = f"Python {saved} saved the model in {quoted(_folder(document))}, and the outer environment files record {text}"
        yield new_finding("MLM491", message, Location(document.path))


CHECKS = (nested,)
