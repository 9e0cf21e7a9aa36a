"""The reference reader: the canonical description of a model directory, as plain JSON values.

Two readers that agree on a directory give the same description; ``schemas/description.schema.json`` and the chapter on
conformance define it.  Nothing of the model is run.
"""

from __future__ import annotations

import hashlib
import math
import os
from typing import TYPE_CHECKING, Any, TypedDict

from mlmodel.environment import recorded
from mlmodel.environment.recorded import REQUIREMENTS
from mlmodel.model import signatures
from mlmodel.model.model import Model
from mlmodel.model.signatures import is_required, is_tensor
from mlmodel.sources.base import Kind, Source, UnreadableError
from mlmodel.sources.opening import open_source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmodel.environment.requirements import Entry

VERSION = 1
_IDENTITY = ("mlflow_version", "model_uuid", "model_id", "run_id", "artifact_path", "utc_time_created")
_ENVIRONMENT = ("python", "requirements", "build", "conda")
_CHUNK = 1 << 20


class _Asked(TypedDict, total=False):
    """What a description has where it was asked for."""

    compatibility: dict[str, Any]


class Description(_Asked):
    """What :func:`describe` returns; ``schemas/description.schema.json`` defines it in full."""

    description_version: int
    identity: dict[str, str | None]
    flavors: dict[str, dict[str, Any]]
    signature: dict[str, Any] | None
    environment: dict[str, Any]
    example: Any
    metadata: Any
    files: list[dict[str, Any]]
    unread: list[dict[str, str]]


def describe(path: str | os.PathLike[str], *, compatibility: bool = False) -> Description:
    """Describe the model directory ``path``.

    Args:
        path: the model directory.
        compatibility: whether to add what readers and serving products make of it, under ``compatibility``; this is
            no part of the canonical description.

    Returns:
        The description: JSON values only, keys in the order of the schema.  What cannot be read is named under
        ``unread``, and null where its value would stand.

    Raises:
        NotADirectoryError: ``path`` is neither a directory nor an archive.
        mlmodel.sources.base.UnopenedError: the archive cannot be read, or holds no model, or several.
    """
    given = os.fspath(path)
    model = Model(open_source(given))
    unread: list[dict[str, str]] = []
    try:
        config = model.config
    except UnreadableError as error:
        unread.append({"file": "MLmodel", "reason": error.reason})
        return {
            "description_version": VERSION,
            "identity": dict.fromkeys(_IDENTITY),
            "flavors": {},
            "signature": None,
            "environment": dict.fromkeys(_ENVIRONMENT),
            "example": None,
            "metadata": None,
            "files": _files(model, unread),
            "unread": unread,
        }
    document = model.mlmodel
    if document is None or not config:
        reason = "there is none" if document is None else "it is no mapping that can be read"
        unread.append({"file": "MLmodel", "reason": reason})
    _misshapen_flavors(config.get("flavors"), unread)
    found: Description = {
        "description_version": VERSION,
        "identity": {key: _text(config.get(key)) for key in _IDENTITY},
        "flavors": {name: _sorted(conf) for name, conf in sorted(model.flavors.items())},
        "signature": signature(model, unread),
        "environment": environment(model, unread),
        "example": _sorted(config.get("saved_input_example_info")),
        "metadata": _sorted(config.get("metadata")),
        "files": _files(model, unread),
        "unread": unread,
    }
    if compatibility and config:
        from mlmodel.targets import compatibility as readers

        found["compatibility"] = readers.as_json(readers.compatibility(model))
    return found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _sorted(value: Any) -> Any:
    """A JSON value with the keys of its objects in order; numbers that JSON does not have are their names."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _misshapen_flavors(flavors: object, unread: list[dict[str, str]]) -> None:
    """Name the flavors that :attr:`Model.flavors` leaves out."""
    if isinstance(flavors, dict):
        for name, conf in sorted(flavors.items()):
            if not isinstance(conf, dict):
                unread.append({"file": "MLmodel", "reason": f"flavors.{name} is no mapping"})
    elif flavors is not None:
        unread.append({"file": "MLmodel", "reason": "flavors is no mapping"})


# -- signature -------------------------------------------------------------------------------------------


def signature(model: Model, unread: list[dict[str, str]]) -> dict[str, Any] | None:
    """The parsed signature, as :func:`describe` has it; ``unread`` gets what cannot be read of it."""
    written = model.config.get("signature")
    if not isinstance(written, dict):
        if written is not None:
            unread.append({"file": "MLmodel", "reason": "signature is no mapping"})
        return None
    found: dict[str, Any] = {}
    for name in ("inputs", "outputs", "params"):
        section = signatures.of(model).get(name)
        if written.get(name) is not None and not isinstance(written[name], str):
            unread.append({"file": "MLmodel", "reason": f"signature.{name} is no string"})
        if section is not None and not isinstance(section.document.data, list):
            unread.append({"file": "MLmodel", "reason": f"signature.{name} is no JSON array"})
        if section is None or not isinstance(section.document.data, list):
            found[name] = None
        else:
            if len(section.items) < len(section.document.data):
                unread.append(
                    {"file": "MLmodel", "reason": f"signature.{name} has items that are no objects"}
                )
            if any(_is_misshapen(value) for value in section.items):
                unread.append({"file": "MLmodel", "reason": f"signature.{name} has parts of the wrong shape"})
            item = _param if name == "params" else _spec
            found[name] = [item(value) for value in section.items]
    return found


def _spec(item: dict[str, Any]) -> dict[str, Any]:
    """A column or a tensor: what every release means by it, whichever way its release writes it."""
    name = item.get("name")
    if is_tensor(item):
        spec = item.get("tensor-spec")
        spec = spec if isinstance(spec, dict) else {}
        return {"name": name, "type": "tensor", "dtype": spec.get("dtype"), "shape": spec.get("shape")}
    return {"name": name, **_typed(item), "required": is_required(item)}


def _typed(item: dict[str, Any]) -> dict[str, Any]:
    """The type of a value, with those inside it."""
    found: dict[str, Any] = {"type": item.get("type")}
    for key in ("items", "values"):
        if isinstance(item.get(key), dict):
            found[key] = _typed(item[key])
    properties = item.get("properties")
    if isinstance(properties, dict):
        found["properties"] = {
            name: {**_typed(value), "required": is_required(value)}
            for name, value in sorted(properties.items())
            if isinstance(value, dict)
        }
    return found


def _is_misshapen(item: dict[str, Any]) -> bool:
    """Whether a part of a type is left out of the description, as it is no object."""
    below = [
        item[key] for key in ("items", "values", "properties", "tensor-spec") if item.get(key) is not None
    ]
    if not all(isinstance(part, dict) for part in below):
        return True
    properties = item.get("properties") or {}
    parts = [*properties.values(), *(item[key] for key in ("items", "values") if item.get(key) is not None)]
    return any(not isinstance(part, dict) or _is_misshapen(part) for part in parts)


def _param(item: dict[str, Any]) -> dict[str, Any]:
    kind = item.get("type", item.get("dtype"))
    found = {
        "name": item.get("name"),
        "type": kind,
        "default": _sorted(item.get("default")),
        "shape": item.get("shape"),
    }
    if isinstance(item.get("properties"), dict):
        found["properties"] = _typed(item)["properties"]
    return found


# -- environment -----------------------------------------------------------------------------------------


def environment(model: Model, unread: list[dict[str, str]]) -> dict[str, Any]:
    """The environment, as :func:`describe` has it; ``unread`` gets what cannot be read of it."""
    found = recorded.of(model)
    try:
        listing = found.requirements
        conda = found.conda
        python_env = found.python_env
        python = found.python
    except UnreadableError as error:
        unread.append({"file": error.path, "reason": error.reason})
        return dict.fromkeys(_ENVIRONMENT)
    files = model.directory.entries
    for name, read, reason in (
        (found.conda_file, conda, "it is no mapping that can be read"),
        (found.python_env_file, python_env, "it is no mapping that can be read"),
        (REQUIREMENTS, listing, "a merge conflict was left in it"),
    ):
        if read is None and name in files and files[name].kind is Kind.FILE:
            unread.append({"file": name, "reason": reason})
    faults = listing.faults if listing is not None else ()
    unread.extend({"file": REQUIREMENTS, "reason": f"{fault.entry.safe}: {fault.reason}"} for fault in faults)
    return {
        "python": ".".join(map(str, python)) if python else None,
        "requirements": _requirements(listing.entries) if listing is not None else None,
        "build": _requirements(python_env.build) if python_env is not None else None,
        "conda": None
        if conda is None
        else {
            "channels": [channel for channel, _ in conda.channels],
            "packages": sorted(package.name + package.version for package in conda.packages),
            "pip": _requirements(conda.pip) if conda.pip is not None else None,
        },
    }


def _requirements(entries: Iterable[Entry]) -> list[str]:
    """Requirements in one form: the normalized name, extras, versions and marker, in order; other lines as they are,
    without the secrets in them."""
    found = set()
    for entry in entries:
        if entry.name is None or entry.target is not None:
            if not entry.text.startswith(("-r", "--requirement", "-c", "--constraint")):
                found.add(entry.safe)
            continue
        extras = f"[{','.join(sorted(entry.extras))}]" if entry.extras else ""
        versions = ",".join(sorted(operator + version for operator, version in entry.clauses))
        marker = f"; {_marker(entry.marker)}" if entry.marker else ""
        found.add(f"{entry.name}{extras}{versions}{marker}")
    return sorted(found)


def _marker(text: str) -> str:
    """A marker in the one form that :mod:`packaging` gives it; as it is where it is none."""
    from packaging.markers import InvalidMarker, Marker

    try:
        return str(Marker(text))
    except InvalidMarker:
        return text


# -- files -----------------------------------------------------------------------------------------------


def _files(model: Model, unread: list[dict[str, str]]) -> list[dict[str, Any]]:
    found = []
    for path, entry in sorted(model.directory.entries.items()):
        if entry.kind is Kind.FILE:
            try:
                digest = _digest(model.directory, path)
            except UnreadableError as error:
                unread.append({"file": _unicode(path), "reason": error.reason})
            else:
                found.append({"path": _unicode(path), "size": entry.size, "sha256": digest})
        elif entry.kind is not Kind.DIRECTORY:
            unread.append({"file": _unicode(path), "reason": entry.kind.value})
    return found


def _digest(directory: Source, path: str) -> str:
    digest = hashlib.sha256()
    with directory.open_mapped(path) as data:
        for start in range(0, len(data), _CHUNK):
            digest.update(data[start : start + _CHUNK])
    return digest.hexdigest()


def _unicode(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
