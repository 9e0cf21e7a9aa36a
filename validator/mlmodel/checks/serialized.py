"""Chapter 7, serialized objects: what reading them would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted, shortened
from mlmodel.findings import Location
from mlmodel.model import paths, serialized
from mlmodel.sources.directory import Kind
from mlmodel.standard.rules import MAX_MESSAGE, new_finding
from mlmodel.standard.standard_library import is_standard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.model import Model
    from mlmodel.pickles import DeclaredClasses, Found, Pickled
    from mlmodel.pickles.observations import Remark

_MOST = 20
"""Findings of one rule in one file."""
_HINT = (
    "do not load it from a source that you do not trust; if it is yours, `mlmodel inspect` shows what does this: save the model"
    " without it"
)
_HINTS = {
    "MLM601": _HINT,
    "MLM602": _HINT,
    "MLM603": _HINT,
    "MLM605": _HINT,
    "MLM613": _HINT,
    "MLM606": "look at it with `mlmodel inspect`; load it only from a source that you trust",
}


def judged(model: Model) -> Iterator[Finding]:
    """MLM601-MLM613, MLM616: what the objects name, call and carry, in every file of the directory."""
    local = _local(model)
    for file, found in (*serialized.of(model).named(), *serialized.of(model).others()):
        counts: dict[str, int] = {}
        alike: dict[str, list[Finding]] = {}
        chosen = serialized.of(model).is_chosen(file)
        for finding in dict.fromkeys(_of_file(file, found, local, model.trusted, chosen=chosen)):
            counts[finding.rule] = counts.get(finding.rule, 0) + 1
            if finding.rule in _TOGETHER:
                alike.setdefault(finding.rule, []).append(finding)
            elif counts[finding.rule] <= _MOST:
                yield finding
        yield from map(_together, alike.values())


_TOGETHER = frozenset({"MLM601", "MLM606"})
"""Rules of which one object may break many times, for one cause: one finding for the file, with all that it names."""


def _together(found: list[Finding]) -> Finding:
    """One finding in place of several of a rule in a file: the first, the count, and what the others say."""
    first, *others = found
    if not others:
        return first
    listed = "; ".join(finding.message for finding in others[: _MOST - 1])
    more = f"; and {len(found) - _MOST:,} more" if len(found) > _MOST else ""
    return first._replace(
        message=shortened(f"{first.message}; {len(others):,} more like it: {listed}{more}", MAX_MESSAGE)
    )


def _local(model: Model) -> frozenset[str]:
    """The top-level modules that the model brings along."""
    folder = model.flavors.get("python_function", {}).get("code")
    if not isinstance(folder, str) or not folder.strip("/"):
        return frozenset()
    inside = folder.strip("/") + "/"
    names = (path[len(inside) :].split("/")[0] for path in model.directory.entries if path.startswith(inside))
    return frozenset(name.removesuffix(".py") for name in names)


def _of_file(
    file: str, found: tuple[Found, ...], local: frozenset[str], trusted: frozenset[str], *, chosen: bool
) -> Iterator[Finding]:
    from mlmodel.pickles import ContainerAnomaly, DeclaredClasses, Pickled, Unreadable
    from mlmodel.pickles.judgement import judge
    from mlmodel.pickles.torch_devices import devices_of

    of_torch = {item.path for item in found if isinstance(item, Pickled) and _is_torch(item)}
    for item in found:
        if isinstance(item, Pickled):
            for remark in judge(item.stream, marked=item.marked, local=local, trusted=trusted):
                yield _finding(file, item.path, remark, chosen=chosen)
            devices = devices_of(item.stream)
            if devices:
                message = f"{quoted(item.path)} has tensors on {', '.join(devices)}: loading fails where that is not"
                yield new_finding("MLM616", message, Location(file), "save the model from the CPU")
            if item.trailing and item.marked and item.path not in of_torch:
                message = f"{quoted(item.path)}: {item.trailing:,} bytes follow the pickle, from byte {item.stream.end:,} on"
                yield new_finding("MLM610", message, Location(file))
        elif isinstance(item, DeclaredClasses):
            yield from _of_document(file, item)
        elif isinstance(item, Unreadable):
            rule = "MLM608" if chosen else "MLM609"
            yield new_finding(rule, f"{quoted(item.path)} cannot be judged: {item.reason}", Location(file))
        elif isinstance(item, ContainerAnomaly):
            rule = "MLM611" if item.escapes else "MLM612"
            yield new_finding(rule, f"{quoted(item.path)}: {item.message}", Location(file))


def _finding(file: str, path: str, remark: Remark, *, chosen: bool) -> Finding:
    rule = _RULES[remark.kind.name]
    if chosen and rule == "MLM609":
        rule = "MLM608"
    inside = f"{quoted(path)}, " if path != file else ""
    place = Location(file) if inside else Location(file, offset=remark.offset)
    return new_finding(rule, f"{inside}byte {remark.offset:,}: {remark.message}", place, _HINTS.get(rule))


_RULES = {
    "EXECUTES": "MLM601",
    "REFERS": "MLM602",
    "ODD": "MLM603",
    "BROKEN": "MLM604",
    "RUNS_CODE": "MLM605",
    "UNEXPLAINED": "MLM606",
    "CODE": "MLM607",
    "UNREAD": "MLM609",
    "TRUSTED": "MLM620",
}


def _is_torch(item: Pickled) -> bool:
    """The old format of torch.save has the numbers behind its pickles."""
    return any((symbol.module or "").startswith("torch") for symbol in item.stream.globals)


def _of_document(file: str, item: DeclaredClasses) -> Iterator[Finding]:
    """MLM606, MLM613: classes that a document in an archive names, and that its reader imports."""
    from mlmodel.pickles.judgement import judge_document

    for remark in judge_document(item):
        rule = "MLM606" if remark.kind.name == "UNEXPLAINED" else "MLM613"
        hint = (
            "write the layer as a class, and register it"
            if remark.kind.name == "RUNS_CODE"
            else _HINTS.get(rule)
        )
        yield new_finding(rule, f"{quoted(item.path)} {remark.message}", Location(file), hint)


def trusted_types(model: Model) -> Iterator[Finding]:
    """MLM614: types that the MLmodel file calls trusted, and that no reader should trust."""
    from mlmodel.pickles.allowlist import effect_of

    for flavor, conf in model.flavors.items():
        types = conf.get("skops_trusted_types")
        for index, name in enumerate(types if isinstance(types, list) else ()):
            effect = effect_of(name) if isinstance(name, str) and len(name) <= 500 else None
            if effect is not None:
                message = f"{quoted(name)} is called a trusted type, and {effect}"
                pointer = ("flavors", flavor, "skops_trusted_types", index)
                yield model.finding("MLM614", message, model.mlmodel, pointer, hint=_HINT)


_PICKLE_MODULES = frozenset({"pickle", "cloudpickle", "dill", "mlflow.pytorch.pickle_module"})
_PICKLE_MODULE_FILE = "pickle_module_info.txt"
_MAX_MODULE = 500


def named_modules(model: Model) -> Iterator[Finding]:
    """MLM617: modules that the directory has its reader import, before it reads anything."""
    loader = model.flavors.get("python_function", {}).get("loader_module")
    if isinstance(loader, str) and _is_none_to_load_by(loader):
        message = f"{quoted(loader)} is no loader of models: it is part of Python, or runs commands"
        place = ("flavors", "python_function", "loader_module")
        yield model.finding("MLM617", message, model.mlmodel, place, hint=_HINT)
    for path, entry in model.directory.entries.items():
        if path.endswith(_PICKLE_MODULE_FILE) and entry.kind is Kind.FILE:
            name = model.directory.head(path, _MAX_MODULE).decode("utf-8", "replace").strip()
            of_mlflow = name.partition(".")[0] == "mlflow"
            if name not in _PICKLE_MODULES and (of_mlflow or _is_none_to_load_by(name)):
                why = "MLflow has one other" if of_mlflow else "it is part of Python, or runs commands"
                message = f"{quoted(name)} is no module to unpickle with: {why}"
                yield new_finding("MLM617", message, Location(path), _HINT)


def _is_none_to_load_by(module: str) -> bool:
    from mlmodel.pickles.allowlist import effect_of

    top = module.partition(".")[0]
    return top != "mlflow" and (is_standard(top, None) or effect_of(module[:_MAX_MODULE]) is not None)


_VARIABLE = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION (since 3.18 also MLFLOW_ALLOW_MODEL_CODE_EXECUTION)"


def unpickled(model: Model) -> Iterator[Finding]:
    """MLM619: files that MLflow refuses to load where it is told not to unpickle."""
    from mlmodel.model.paths import fault

    for use in paths.of(model):
        if not use.unpickled or fault(use.value) is not None:
            continue
        for file in sorted(serialized.of(model).behind(use)):
            release = use.unpickled.get(_form(model, file))
            if release is not None:
                message = (
                    f"{quoted(file)} is refused by MLflow {release} and later where {_VARIABLE} is false"
                )
                yield model.finding("MLM619", message, model.mlmodel, use.pointer)
                break


def _form(model: Model, file: str) -> str:
    """``pickle``, ``skops``, or nothing for what is loaded without unpickling."""
    from mlmodel.pickles import DeclaredClasses, Pickled

    if file.endswith(_WITHOUT_PICKLE):
        return ""
    for found in serialized.of(model).scan(file):
        if isinstance(found, Pickled) and (found.marked or found.stream.complete):
            return "pickle"
        if isinstance(found, DeclaredClasses) and found.form == "skops":
            return "skops"
    return ""


_WITHOUT_PICKLE = ".pt2"
"""What ``mlflow.pytorch`` loads with ``torch.export`` by its name, after it has looked for pickles in it."""


_MOST_LOCATIONS = 1000


def external_data(model: Model) -> Iterator[Finding]:
    """MLM609, MLM615: where ONNX files say that their tensors are."""
    conf = model.flavors.get("onnx", {})
    named = conf.get("data") if isinstance(conf.get("data"), str) else None
    for path, entry in model.directory.entries.items():
        if not (path.endswith(".onnx") or path == named) or entry.kind is not Kind.FILE:
            continue
        from mlmodel.model import onnx_tensors

        folder = path.rpartition("/")[0]
        with model.directory.open_mapped(path) as data:
            for count, item in enumerate(onnx_tensors.locations(data)):
                if count == _MOST_LOCATIONS:
                    break
                if isinstance(item, onnx_tensors.Undecoded):
                    message = f"{quoted(path)} cannot be judged: {item.reason}"
                    yield new_finding("MLM609", message, Location(path))
                elif _leads_out(folder, item.name):
                    message = f"external data at {quoted(item.name)}, outside the model directory"
                    yield new_finding("MLM615", message, Location(path), _HINT)


def _leads_out(folder: str, name: str) -> bool:
    """Whether a location, which counts from the folder of its file, leads out of the model directory."""
    if paths.fault(name) is paths.Fault.ABSOLUTE:
        return True
    return paths.fault(f"{folder}/{name}" if folder else name) is paths.Fault.ESCAPES


CHECKS = (judged, trusted_types, external_data, named_modules, unpickled)
