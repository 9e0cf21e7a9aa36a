"""Chapter 5, the environment files: whether the pinned releases read the formats that the model's files have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.common.texts import quoted
from mlmodel.environment import recorded, versions
from mlmodel.model import paths
from mlmodel.sources.directory import Kind
from mlmodel.standard import schemas
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.environment.conda import Package
    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model


def _pins(model: Model, *names: str) -> Iterator[tuple[tuple[int, ...], Entry | Package]]:
    """The releases that the environment files pin some distributions to, each once, and what pins them."""
    environment = recorded.of(model)
    seen = set()
    for listing in environment.listings:
        for entry in (*listing.entries, *listing.constraints):
            if (
                entry.name in names
                and entry.pin is not None
                and entry.marker is None
                and entry.pin not in seen
            ):
                seen.add(entry.pin)
                yield versions.release(versions.public(entry.pin)) or (), entry
    conda = environment.conda
    for package in conda.packages if conda is not None else ():
        if package.distribution in names and package.pin is not None and package.pin not in seen:
            seen.add(package.pin)
            yield versions.release(package.pin) or (), package


def _file(model: Model, flavor: str, key: str) -> str | None:
    """The file of the model that a key of a flavor names, None where there is none."""
    named = model.flavors.get(flavor, {}).get(key)
    if not isinstance(named, str) or paths.fault(named) is not None:
        return None
    entry = model.directory.look(named)
    return entry.path if entry.kind is Kind.FILE and entry.size else None


class _Stamp(Record):
    """The versions that an ONNX file says that it needs."""

    ir: int
    opset: int
    """Of the standard domain; 0 where it names none."""


# onnx.proto: ModelProto.ir_version, ModelProto.opset_import, OperatorSetIdProto.domain and version.
_IR_VERSION, _OPSETS, _DOMAIN, _VERSION = 1, 8, 1, 2


def _stamp(model: Model, path: str) -> _Stamp | None:
    from mlmodel.model.protobuf import BrokenError, fields  # few flavors have any

    ir = opset = 0
    with model.directory.open_mapped(path) as data:
        try:
            for field in fields(data, 0, len(data)):
                if field.number == _IR_VERSION and not field.wire:
                    ir = field.value
                elif field.number == _OPSETS and field.wire:
                    domain, version = b"", 0
                    for one in fields(data, field.start, field.end):
                        if one.number == _DOMAIN:
                            domain = data[one.start : one.end]
                        elif one.number == _VERSION:
                            version = one.value
                    if domain in (b"", b"ai.onnx"):
                        opset = max(opset, version)
        except BrokenError:
            return None  # MLM012
    return _Stamp(ir, opset)


def onnx_runtime(model: Model) -> Iterator[Finding]:
    """MLM493: an ONNX file that is newer than the pinned runtime."""
    path = _file(model, "onnx", "data") if "onnx" in model.flavors else None
    if path is None:
        return
    table = schemas.schema("flavors/onnx.schema.json")["x-runtime"]
    stamp: _Stamp | None = None
    for numbers, pinned in _pins(model, *table["distributions"]):
        text = ".".join(map(str, numbers[:2]))
        known = next((row for row in table["releases"] if row["release"] == text), None)
        stamp = stamp or _stamp(model, path)
        if known is None or stamp is None:
            continue
        for what, asked, limit in (
            ("IR version", stamp.ir, known["ir"]),
            ("opset", stamp.opset, known["opset"]),
        ):
            if asked > limit:
                message = f"{quoted(path)} has {what} {asked}, and {pinned.name} {text} knows {limit} at most"
                yield new_finding(
                    "MLM493",
                    message,
                    pinned.place,
                    "pin the release that the model was tried with, or convert it",
                )
                break


def xgboost_format(model: Model) -> Iterator[Finding]:
    """MLM493: XGBoost's old binary format with a release that no longer reads it."""
    path = _file(model, "xgboost", "data") if "xgboost" in model.flavors else None
    if path is None or not model.directory.head(path, 4).startswith(b"binf"):
        return
    about = schemas.schema("flavors/xgboost.schema.json")["x-old-format"]
    for numbers, pinned in _pins(model, *about["distributions"]):
        if numbers >= tuple(about["unread-since"]):
            text = ".".join(map(str, numbers))
            since = ".".join(map(str, about["unread-since"]))
            message = f"{quoted(path)} is in XGBoost's old binary format, which {pinned.name} {text} does not read (until {since})"
            hint = "load it with the release that saved it, and save it again as .ubj or .json"
            yield new_finding("MLM493", message, pinned.place, hint)


_TENSORFLOW = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos", "tensorflow-gpu")
_FIRST_WITH_KERAS_3 = (2, 16)


def keras_generation(model: Model) -> Iterator[Finding]:
    """MLM431: a network of Keras 2 with Keras 3, or the reverse, where ``tensorflow`` records the version.

    ``keras_version`` is there the one of TensorFlow where ``keras_module`` is ``tensorflow.keras``: 2.16 and later have Keras 3.
    """
    saved = model.flavors.get("tensorflow", {}).get("keras_version")
    numbers = versions.release(saved) if isinstance(saved, str) else None
    if numbers is None or "tf-keras" in recorded.of(model).names:
        return
    is_new = numbers[:2] >= _FIRST_WITH_KERAS_3
    places = {}
    for installed, pinned in (*_pins(model, "keras"), *_pins(model, *_TENSORFLOW)):
        first = (3,) if pinned.name == "keras" else _FIRST_WITH_KERAS_3
        places[installed >= first] = pinned
    if len(places) == 1 and is_new not in places:
        (pinned,) = places.values()
        old, new = ("Keras 3", "Keras 2") if is_new else ("Keras 2", "Keras 3")
        message = f"keras_version {saved} says that {old} saved the network, and {pinned.place.label} installs {new}"
        yield new_finding("MLM431", message, pinned.place, "pin the TensorFlow that saved the model")


def providers(model: Model) -> Iterator[Finding]:
    """MLM223: the GPU build of onnxruntime is told which provider to use."""
    conf = model.flavors.get("onnx")
    if conf is None or conf.get("providers"):
        return
    for numbers, pinned in _pins(model, "onnxruntime-gpu"):
        if numbers >= (1, 9):
            message = f"{pinned.name} {'.'.join(map(str, numbers))} wants the providers named, and the flavor has no 'providers'"
            hint = "providers: [CUDAExecutionProvider, CPUExecutionProvider]"
            yield model.finding("MLM223", message, model.mlmodel, ("flavors", "onnx"), key=True, hint=hint)
            return


CHECKS = (onnx_runtime, xgboost_format, keras_generation, providers)
