"""What each kind of need of a profile asks of a model: one function a kind, by the key below ``needs``."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.common.texts import describe, quoted
from mlmodel.environment import recorded
from mlmodel.model import signatures
from mlmodel.model.signatures import is_named, is_tensor
from mlmodel.sources.directory import Kind, UnreadableError
from mlmodel.standard import releases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmodel.documents import Document
    from mlmodel.model.model import Model
    from mlmodel.model.signatures import Section

    Json = dict[str, Any]
    Pointer = tuple[str | int, ...]

_PYFUNC = ("flavors", "python_function")
_REQUIREMENTS = "requirements.txt"
_OF_NAMES = f"{string.ascii_letters}{string.digits}._-"
"""The characters of names of packages."""


class Gap(Record):
    """A place where a model is not what a need asks for."""

    text: str
    """What is there, and what is asked for."""
    pointer: Pointer | None = None
    """In the MLmodel file, or in :attr:`document`."""
    key: bool = False
    """Whether it is about the key, not its value."""
    document: Document | None = None
    """Another document than the MLmodel file."""
    file: str | None = None
    """The file it is about, where it is about a whole file."""
    line: int | None = None
    column: int | None = None


def gaps(need: str, wants: Any, model: Model) -> Iterator[Gap]:
    """Where a model lacks what a need of this kind wants."""
    return _KINDS[need](wants, model)


def is_asked(when: Json, model: Model) -> bool:
    """Whether a requirement with these conditions is asked of a model."""
    return all(_CONDITIONS[key](wants, model) for key, wants in when.items())


# -- conditions --------------------------------------------------------------------------------------


def first_flavor(model: Model) -> str:
    """The first flavor of the file that is not python_function; python_function where there is no other."""
    return next((flavor for flavor in model.flavors if flavor != "python_function"), "python_function")


def _example_type(model: Model) -> object:
    """The recorded type of the input example, None where there is none."""
    info = model.config.get("saved_input_example_info")
    return info.get("type") if isinstance(info, dict) else None


def _has_usable_example(model: Model) -> bool:
    """Whether there is an input example that is not a bare array, the form of MLflow 2.16 and later."""
    info = model.config.get("saved_input_example_info")
    if not isinstance(info, dict) or not isinstance(info.get("artifact_path"), str):
        return False
    if info.get("type") != "ndarray":
        return True
    try:
        document = model.json(info["artifact_path"])
    except UnreadableError:
        return False
    return document is not None and isinstance(document.data, dict) and "inputs" in document.data


_CONDITIONS: dict[str, Callable[[Any, Model], bool]] = {
    "flavors": lambda wants, model: any(flavor in model.flavors for flavor in wants),
    "all-flavors": lambda wants, model: all(flavor in model.flavors for flavor in wants),
    "first-flavor": lambda wants, model: first_flavor(model) in wants,
    "first-flavor-not": lambda wants, model: first_flavor(model) not in wants,
    "no-run": lambda _, model: model.config.get("run_id") is None,
    "example-types": lambda wants, model: _example_type(model) in wants,
    "no-usable-example": lambda _, model: not _has_usable_example(model),
}


# -- flavors -----------------------------------------------------------------------------------------


def _flavors(wants: Json, model: Model) -> Iterator[Gap]:
    there = list(model.flavors)
    place = ("flavors",)
    any_of = wants.get("any-of", ())
    if any_of and not any(flavor in model.flavors for flavor in any_of):
        yield Gap(f"flavors are {_listed(there)}, and not {_listed(any_of, 'or')}", place, key=True)
    missing = [flavor for flavor in wants.get("all-of", ()) if flavor not in model.flavors]
    if missing:
        yield Gap(f"flavor {_listed(missing)} is missing", place, key=True)
    for flavor in wants.get("none-of", ()):
        if flavor in model.flavors and (not wants.get("first") or flavor == first_flavor(model)):
            yield Gap(f"flavor {flavor!r} is there", (*place, flavor), key=True)


def _loader(wants: Json, model: Model) -> Iterator[Gap]:
    loader = model.flavors.get("python_function", {}).get("loader_module")
    if not isinstance(loader, str):
        return
    pattern = wants.get("pattern")
    if loader in wants.get("none-of", ()) or (pattern is not None and not re.search(pattern, loader)):
        yield Gap(f"loader_module is {quoted(loader)}", (*_PYFUNC, "loader_module"))


# -- signature ---------------------------------------------------------------------------------------


def _signature(wants: Json, model: Model) -> Iterator[Gap]:
    signature = model.config.get("signature")
    if signature is None:
        if not wants.get("or-no-signature"):
            yield Gap("there is no signature", ())
        return
    if not isinstance(signature, dict):
        return  # MLM301
    for section in wants["sections"]:
        if signature.get(section) in (None, ""):
            place = ("signature", section) if section in signature else ("signature",)
            yield Gap(f"the signature has no {section}", place)


def _sections(wants: Json, model: Model) -> Iterator[Section]:
    for name in wants["sections"]:
        if name in signatures.of(model):
            yield signatures.of(model)[name]


def _columns(wants: Json, model: Model) -> Iterator[Gap]:
    for section in _sections(wants, model):
        columns = [(index, item) for index, item in section.numbered() if not is_tensor(item)]
        for index, item in columns[: 1 if wants.get("only-first") else None]:
            if wants.get("only-named") and not is_named(item):
                continue
            found = [item.get("type"), *(_inside(item) if wants.get("inside") else ())]
            type_ = next(
                (each for each in found if isinstance(each, str) and each not in wants["types"]), None
            )
            if type_ is not None:
                has = "has" if type_ == item.get("type") else "has inside it"
                text = f"a column of signature.{section.name} {has} the type {quoted(type_)}"
                yield Gap(text, (index, "type"), document=section.document)
                break


def _inside(item: Json) -> Iterator[object]:
    """The types of what an array, a map or an object holds, all the way down."""
    held = [item.get("items"), item.get("values")]
    properties = item.get("properties")
    if isinstance(properties, dict):
        held += properties.values()
    for each in held:
        if isinstance(each, dict):
            yield each.get("type")
            yield from _inside(each)


def _tensors(wants: Json, model: Model) -> Iterator[Gap]:
    dtypes, smallest = wants.get("dtypes"), wants.get("smallest-dimension")
    for section in _sections(wants, model):
        for index, item in section.numbered():
            spec = item.get("tensor-spec")
            if not is_tensor(item) or not isinstance(spec, dict):
                continue
            place = (index, "tensor-spec")
            dtype, shape = spec.get("dtype"), spec.get("shape")
            if dtypes is not None and isinstance(dtype, str) and dtype not in dtypes:
                text = f"a tensor of signature.{section.name} has the type {quoted(dtype)}"
                yield Gap(text, (*place, "dtype"), document=section.document)
                break
            if smallest is not None and isinstance(shape, list):
                small = [step for step in shape[1:] if isinstance(step, int) and step < smallest]
                if small:
                    text = f"a tensor of signature.{section.name} has the shape {shape}"
                    yield Gap(text, (*place, "shape"), document=section.document)
                    break


def _names(wants: Json, model: Model) -> Iterator[Gap]:
    for section in _sections(wants, model):
        document = section.document
        if wants.get("texts"):
            for index, item in section.numbered():
                counts = item.get("name") or (item.get("name") is not None and wants.get("zero"))
                if counts and not isinstance(item["name"], str):
                    text = f"a name in signature.{section.name} is {describe(item['name'])}"
                    yield Gap(text, (index, "name"), document=document)
                    break
        columns = [item for item in section.items if not is_tensor(item)]
        if "named" not in wants or len(columns) < max(wants.get("from", 1), len(section.items)):
            continue
        if wants["named"] and not all(map(is_named, columns)):
            yield Gap(f"columns of signature.{section.name} have no names", (), document=document)
        elif not wants["named"] and any(map(is_named, columns)):
            yield Gap(f"columns of signature.{section.name} have names", (), document=document)


def _params(_: Json, model: Model) -> Iterator[Gap]:
    section = signatures.of(model).get("params")
    if section is not None and section.items:
        names = [quoted(item.get("name")) for item in section.items]
        yield Gap(f"the signature has params: {_listed(names[:5])}", (), document=section.document)


# -- environment -------------------------------------------------------------------------------------


def _env(wants: Json, model: Model) -> Iterator[Gap]:
    conf = model.flavors.get("python_function")
    if conf is None:
        return
    if "forms" in wants:
        env = conf.get("env")
        form = "mapping" if isinstance(env, dict) else "string" if isinstance(env, str) else "absent"
        place = (*_PYFUNC, "env") if "env" in conf else _PYFUNC
        if form not in wants["forms"]:
            what = "is missing" if form == "absent" else f"is a {form}"
            yield Gap(f"python_function.env {what}, and not {_listed(wants['forms'], 'or')}", place)
        elif isinstance(env, dict):
            for key in wants.get("keys", ()):
                if env.get(key) is None:
                    yield Gap(f"python_function.env has no {key!r}", place, key=True)
    if wants.get("conda-pip") is False:
        conda = recorded.of(model).conda
        if conda is not None and conda.pip:
            yield Gap(f"{conda.file} has pip requirements", file=conda.file)


def _python(wants: str, model: Model) -> Iterator[Gap]:
    recorded = model.flavors.get("python_function", {}).get("python_version")
    release = releases.parse(recorded) if isinstance(recorded, str) else None
    if release is not None and len(release) > 1 and not releases.contains(wants, release[:2]):
        yield Gap(f"python_version is {quoted(recorded)}, and not {wants}", (*_PYFUNC, "python_version"))


def _requirement_line(wants: Json, model: Model) -> Iterator[Gap]:
    package = wants["packages"].get(first_flavor(model))
    if package is None or model.directory.look(_REQUIREMENTS).kind is not Kind.FILE:
        return
    text = model.directory.read(_REQUIREMENTS, 1 << 20).decode("utf-8", "replace")
    lines = ((number, line) for number, line in enumerate(text.splitlines(), 1) if line.startswith(package))
    number, line = next(lines, (None, ""))
    if wants.get("of-package"):
        name = line[: len(line) - len(line.lstrip(_OF_NAMES))]
        if number is not None and name.lower() != package:
            said = f"the first line that begins with {package!r} is of {quoted(name)}"
            yield Gap(said, file=_REQUIREMENTS, line=number, column=1)
    elif number is None:
        yield Gap(f"no line begins with {package!r}", file=_REQUIREMENTS)
    elif not any(operator in line for operator in wants["operators"]):
        said = f"the line of {package!r} has none of {_listed(wants['operators'])}"
        yield Gap(said, file=_REQUIREMENTS, line=number, column=1)


def _requirement(wants: Json, model: Model) -> Iterator[Gap]:
    for listing in recorded.of(model).listings:
        if not listing.named(wants["with"]):
            continue
        for entry in listing.named(wants["name"]):
            if entry.pin is None:
                continue
            release = releases.parse(entry.pin)
            if release and not releases.contains(wants["range"], release):
                place = entry.place
                text = f"{wants['name']} is pinned to {entry.pin} beside {wants['with']}, which needs {wants['range']}"
                yield Gap(text, file=place.file, line=place.line, column=place.column)
                return


def _environment(_: Json, model: Model) -> Iterator[Gap]:
    listing = recorded.of(model).requirements
    if listing is not None and listing.entries:
        yield Gap("the environment that the directory records is not installed", file=_REQUIREMENTS)


# -- files -------------------------------------------------------------------------------------------


def _files(wants: Json, model: Model) -> Iterator[Gap]:
    if "or-key" in wants and _at(wants["or-key"], model.config) is not None:
        return

    def real(name: str) -> str:
        if wants.get("named-by-env"):
            own = {"conda.yaml": "conda_file", "python_env.yaml": "python_env_file"}.get(name)
            return str(getattr(recorded.of(model), own)) if own else name
        return name

    any_of = [real(name) for name in wants.get("any-of", ())]
    if any_of and not any(_is_there(name, wants, model) for name in any_of):
        yield Gap(f"there is no {_listed(any_of, 'or')}")
    for name in wants.get("all-of", ()):
        if not _is_there(real(name), wants, model):
            yield Gap(f"there is no {real(name)!r}{' in any folder' if wants.get('anywhere') else ''}")


def _is_there(name: str, wants: Json, model: Model) -> bool:
    if "*" not in name and not wants.get("anywhere"):
        return model.directory.look(name).kind is Kind.FILE
    from fnmatch import fnmatchcase

    found = (path for path, entry in model.directory.entries.items() if entry.kind is Kind.FILE)
    if wants.get("anywhere"):
        return any(fnmatchcase(path.rpartition("/")[2], name) for path in found)
    return any("/" not in path and fnmatchcase(path, name) for path in found)


def _top_level(wants: Json, model: Model) -> Iterator[Gap]:
    there = sorted(path for path in model.directory.entries if "/" not in path)
    if "most" in wants:
        others = [name for name in there if name not in wants.get("besides", ())]
        if len(others) > wants["most"]:
            yield Gap(f"beside the model there are {_listed(list(map(quoted, others))[:6])}")
    if "none-of" in wants:
        from fnmatch import fnmatchcase

        for name in there:
            if name not in wants.get("except", ()) and any(fnmatchcase(name, g) for g in wants["none-of"]):
                yield Gap(f"there is {quoted(name)}", file=name)


# -- keys --------------------------------------------------------------------------------------------


def _keys(wants: Json, model: Model) -> Iterator[Gap]:
    expected = wants.get("expected", "a value")
    any_of = wants.get("any-of", ())
    if any_of and all(_at(pointer, model.config) is None for pointer in any_of):
        names = [pointer[1:].replace("/", ".") for pointer in any_of]
        yield Gap(
            f"there is neither {' nor '.join(names)}: expected is {expected}", _nearest(any_of[0], model)
        )
    for pointer in wants.get("all-of", ()):
        value = _at(pointer, model.config)
        name = pointer[1:].replace("/", ".")
        if value is None:
            if not (wants.get("present") and _is_present(pointer, model.config)):
                yield Gap(f"there is no {name}: expected is {expected}", _nearest(pointer, model))
        elif "parts" in wants and not (isinstance(value, str) and value.count(".") + 1 == wants["parts"]):
            yield Gap(f"{name} is {describe(value)}: expected is {expected}", tuple(pointer.split("/")[1:]))


def _at(pointer: str, value: Any) -> Any:
    for step in pointer.split("/")[1:]:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _is_present(pointer: str, value: Any) -> bool:
    parent, _, last = pointer.rpartition("/")
    above = _at(parent, value) if parent else value
    return isinstance(above, dict) and last in above


def _nearest(pointer: str, model: Model) -> Pointer:
    """The place of a key, or of the nearest mapping above it that is there."""
    steps = pointer.split("/")[1:]
    while steps and not _is_present("/" + "/".join(steps), model.config):
        steps.pop()
    return tuple(steps)


def _recorded_release(wants: str, model: Model) -> Iterator[Gap]:
    if model.release is not None and not releases.contains(wants, model.release):
        yield Gap(f"mlflow_version is {quoted(model.config['mlflow_version'])}", ("mlflow_version",))


def _listed(names: Any, word: str = "and") -> str:
    given = [str(name) for name in names]
    return " ".join((", ".join(given[:-1]), word, given[-1])) if len(given) > 1 else "".join(given) or "none"


_KINDS: dict[str, Callable[[Any, Model], Iterator[Gap]]] = {
    "flavors": _flavors,
    "signature": _signature,
    "columns": _columns,
    "tensors": _tensors,
    "names": _names,
    "params": _params,
    "env": _env,
    "python": _python,
    "files": _files,
    "top-level": _top_level,
    "keys": _keys,
    "requirement-line": _requirement_line,
    "requirement": _requirement,
    "loader": _loader,
    "environment": _environment,
    "recorded-release": _recorded_release,
}
"""By the key below ``needs``; ``mlflow`` is answered by :mod:`mlmodel.targets.releases`."""
