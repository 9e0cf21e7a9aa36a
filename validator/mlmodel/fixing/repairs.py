"""One function a rule: from a finding to the edits that make it go away, or None where the answer is open."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from mlmodel import paths, releases
from mlmodel.checks.named_files import FILES
from mlmodel.checks.pins import saved_versions
from mlmodel.directory import Kind
from mlmodel.documents import parse_yaml
from mlmodel.environment import pythons, versions
from mlmodel.environment.conda import ItemOrigin
from mlmodel.environment.recorded import REQUIREMENTS
from mlmodel.environment.requirements import Form, TextOrigin
from mlmodel.fixing.edits import Edit, Repair, text_of
from mlmodel.model import MAX_TEXT
from mlmodel.schemas import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlmodel.documents import Document
    from mlmodel.environment.conda import Package
    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding
    from mlmodel.model import Model

    Steps = tuple[str | int, ...]

_PYFUNC: Steps = ("flavors", "python_function")


def _repair(finding: Finding, summary: str, *edits: Edit) -> Repair:
    place = finding.location
    where = ":".join(str(part) for part in (place.file or ".", place.line) if part is not None)
    return Repair(finding.rule, where, summary, edits)


# -- quotes ----------------------------------------------------------------------------------------


def quoted(_: Model, finding: Finding, document: Document, steps: Steps) -> Repair | None:
    """MLM111: quote a scalar that was meant as a string."""
    written = _plain(document, steps)
    return _requoted(finding, document, steps, written) if written else None


def quoted_python(model: Model, finding: Finding, document: Document, steps: Steps) -> Repair | None:
    """MLM211, MLM411: quote a version of Python.

    ``3.1`` is what a program left of 3.10 that read it as a number: MLflow never ran on Python 3.1.
    """
    written = _plain(document, steps)
    if written is None or not re.fullmatch(r"\d\.\d+", written):
        return None
    if written == "3.1":
        others = {python.text for python in model.environment.pythons if python.numbers}
        if len(others) > 1:
            return None
        written = others.pop() if others else "3.10"
    return _requoted(finding, document, steps, written)


def _requoted(finding: Finding, document: Document, steps: Steps, text: str) -> Repair | None:
    scalar = document.places.scalar(steps) if document.places else None
    if scalar is None:
        return None
    written = document.text[scalar.start : scalar.end]
    summary = f"quote {written}" if written == text else f"write '{text}' for {written}"
    return _repair(finding, summary, Edit(document.path, scalar.start, scalar.end, f"'{text}'"))


def _plain(document: Document, steps: Steps) -> str | None:
    """A scalar without quotes as it is written, None for others."""
    scalar = document.places.scalar(steps) if document.places else None
    if scalar is None or scalar.style:
        return None
    written = document.text[scalar.start : scalar.end]
    return written if re.fullmatch(r"[^\s'](?:[^\n\r']*[^\s'])?", written) else None


def _at_value(
    repair: Callable[[Model, Finding, Document, Steps], Repair | None],
) -> Callable[[Model, Finding], Repair | None]:
    """Give a repair the value that the finding is about, in a YAML file."""

    def found(model: Model, finding: Finding) -> Repair | None:
        place = finding.location
        if place.file is None or place.pointer is None or place.file.endswith(".json"):
            return None
        document = model.yaml(place.file)
        steps = _steps(document.data, place.pointer) if document is not None else None
        return None if document is None or steps is None else repair(model, finding, document, steps)

    return found


def _steps(data: Any, pointer: str) -> Steps | None:
    """The keys and indexes of a JSON Pointer, None where it leads into a JSON text or nowhere."""
    steps: list[str | int] = []
    for part in pointer.split("/")[1:]:
        step: str | int = part.replace("~1", "/").replace("~0", "~")
        if isinstance(data, list) and part.isdecimal() and int(part) < len(data):
            step = int(part)
        elif not isinstance(data, dict) or step not in data:
            return None
        data = data[step]
        steps.append(step)
    return tuple(steps)


# -- paths -----------------------------------------------------------------------------------------


def slashed(model: Model, finding: Finding, document: Document, steps: Steps) -> Repair | None:
    """MLM006: slashes for backslashes, where that path is there."""
    use = next((use for use in paths.uses(model) if use.pointer == steps and use.document is document), None)
    scalar = document.places.scalar(steps) if document.places else None
    if use is None or scalar is None or scalar.style in ("|", ">"):
        return None
    path = re.sub(r"[\\/]+", "/", use.value)
    if use.kind == "basename":
        path = path.rsplit("/", 1)[-1]
    if not path or paths.fault(path) is not None or not _is_there(model, path, use.kind):
        return None
    text = f"{scalar.style}{path}{scalar.style}"
    read = parse_yaml(text, document.path)
    if read.problems or read.data != path:
        return None
    return _repair(finding, f"write {shown(path)}", Edit(document.path, scalar.start, scalar.end, text))


def _is_there(model: Model, path: str, kind: str) -> bool:
    there = model.directory.look(path).kind
    if kind == "prefix" and there is Kind.MISSING:
        return any(name.startswith(path) for name in model.directory.entries)
    wanted = {"file": (Kind.FILE,), "basename": (Kind.FILE,), "directory": (Kind.DIRECTORY,)}
    return there in wanted.get(kind, (Kind.FILE, Kind.DIRECTORY))


# -- env -------------------------------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*\.ya?ml")


def env_map(model: Model, finding: Finding) -> Repair | None:
    """MLM210, MLM460, MLM479: name the environment files as MLflow 2 does, where both are there."""
    document = model.mlmodel
    conf = model.flavors.get("python_function")
    if document is None or document.places is None or not conf:
        return None
    env = conf.get("env")
    if not isinstance(env, dict) and not releases.at_least(model.release, "2.0"):
        return None  # the readers of its time want a string
    names = dict(FILES)
    if isinstance(env, str):
        names["conda"] = env
    elif isinstance(env, dict):
        names = {key: env.get(key) or name for key, name in FILES.items()}
    if not isinstance(names["conda"], str) or not _NAME.fullmatch(names["conda"]):
        return None
    if model.directory.look(names["conda"]).kind is not Kind.FILE:
        return None
    written = _written(model, names["virtualenv"])
    if written is None:
        return None
    if env is None:
        edit = _insert_env(document, conf, names)
    elif isinstance(env, dict):
        edit = _complete_env(document, env, names)
    else:
        edit = _replace_env(document, names)
    return _repair(finding, f"name {' and '.join(names.values())} in env", *written, edit) if edit else None


def _written(model: Model, name: Any) -> tuple[Edit, ...] | None:
    """What to write so that python_env.yaml is there: nothing where it is, None where its content is not known."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    there = model.directory.look(name).kind
    text = _python_env(model) if there is Kind.MISSING else None
    if there is Kind.FILE:
        return ()
    return None if text is None else (Edit(name, 0, 0, text),)


def _complete_env(document: Document, env: dict[str, Any], names: Mapping[str, str]) -> Edit | None:
    """Add the key that a mapping lacks, on a line of its own or in the braces."""
    assert document.places is not None
    missing = {key: name for key, name in names.items() if key not in env}
    start = document.places.offset((*_PYFUNC, "env"))
    if len(missing) != 1 or start is None:
        return None
    line = _flow(missing)[1:-1]
    if document.text[start] == "{":
        return Edit(document.path, start + 1, start + 1, f"{line}, ") if env else None
    last = next(reversed(env))
    key = document.places.offset((*_PYFUNC, "env", last), key=True)
    scalar = document.places.scalar((*_PYFUNC, "env", last))
    indent = _indent(document, key) if key is not None else None
    if scalar is None or scalar.style in ("|", ">") or indent is None:
        return None
    end = re.compile(r"[^\r\n]*").match(document.text, scalar.end)
    assert end is not None
    return Edit(document.path, end.end(), end.end(), f"{_newline(document)}{indent}{line}")


def _replace_env(document: Document, names: Mapping[str, str]) -> Edit | None:
    assert document.places is not None
    scalar = document.places.scalar((*_PYFUNC, "env"))
    key = document.places.offset((*_PYFUNC, "env"), key=True)
    if scalar is None or scalar.style in ("|", ">") or key is None:
        return None
    gap = re.compile(r"env:[ \t]*").fullmatch(document.text, key, scalar.start)
    indent = _indent(document, key)
    if gap is None or indent is None:
        return Edit(document.path, scalar.start, scalar.end, _flow(names))
    return Edit(document.path, key, scalar.end, _block(document, names, indent))


def _insert_env(document: Document, conf: Mapping[str, Any], names: Mapping[str, str]) -> Edit | None:
    assert document.places is not None
    if "env" in conf:  # null
        scalar = document.places.scalar((*_PYFUNC, "env"))
        return _replace_env(document, names) if scalar is not None and scalar.end > scalar.start else None
    start = document.places.offset(_PYFUNC)
    if start is not None and document.text[start : start + 1] == "{":
        return Edit(document.path, start + 1, start + 1, f"env: {_flow(names)}, ")
    first = next(iter(conf))
    # Before the first key that sorts after it, as MLflow writes them, but not between a key and its comment.
    for key in (*(key for key in conf if key > "env"), first):
        place = document.places.offset((*_PYFUNC, key), key=True)
        indent = _indent(document, place) if place is not None else None
        if place is None or indent is None:
            continue
        above = document.text[: place - len(indent)].rstrip("\r\n").rpartition("\n")[2]
        if key == first or not above.lstrip().startswith("#"):
            text = _block(document, names, indent) + _newline(document) + indent
            return Edit(document.path, place, place, text)
    return None


def _indent(document: Document, place: int) -> str | None:
    """The blanks before a key that begins its line, None for a key that stands elsewhere."""
    before = document.text[document.text.rfind("\n", 0, place) + 1 : place]
    return before if not before.strip(" ") else None


def _newline(document: Document) -> str:
    return "\r\n" if "\r\n" in document.text else "\n"


def _block(document: Document, names: Mapping[str, str], indent: str) -> str:
    assert document.places is not None
    outer = document.places.offset(_PYFUNC, key=True)
    above = _indent(document, outer) if outer is not None else None
    step = indent[len(above) :] if above is not None else ""
    below = indent + (step or "  ")
    return _newline(document).join(["env:", *(f"{below}{key}: {name}" for key, name in names.items())])


def _flow(names: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {name}" for key, name in names.items()) + "}"


# -- missing files ---------------------------------------------------------------------------------


def python_env(model: Model, finding: Finding, _: Document, steps: Steps) -> Repair | None:
    """MLM007: write python_env.yaml from what the other files record."""
    if steps != (*_PYFUNC, "env", "virtualenv"):
        return None
    name = model.flavors["python_function"]["env"]["virtualenv"]
    written = _written(model, name)
    return _repair(finding, f"write {name} from the other files", *written) if written else None


def _python_env(model: Model) -> str | None:
    """The text of python_env.yaml as MLflow writes it; None where the Python or the requirements are not known."""
    environment = model.environment
    recorded = [python for python in environment.pythons if python.numbers]
    if not recorded:
        return None
    python = max(recorded, key=lambda python: len(python.numbers or ()))
    if not all(pythons.agree(python.numbers or (), other.numbers or ()) for other in recorded):
        return None
    if model.directory.look(REQUIREMENTS).kind is not Kind.FILE and _conda_lines(model) is None:
        return None
    packages = {package.name: package for package in environment.conda.packages} if environment.conda else {}
    lines = [f"python: {_yaml_string(python.text)}", "build_dependencies:"]
    for tool in ("pip", "setuptools", "wheel"):
        pin = re.fullmatch(r"(?:<=|={1,2})(\d[\w.]*)", packages[tool].version) if tool in packages else None
        lines.append(f"- {tool}=={pin[1]}" if pin else f"- {tool}")
    return "\n".join([*lines, "dependencies:", f"- -r {REQUIREMENTS}", ""])


def _yaml_string(text: str) -> str:
    return text if parse_yaml(text, "").data == text else f"'{text}'"


def requirements(model: Model, finding: Finding) -> Repair | None:
    """MLM445: write the requirements.txt that python_env.yaml includes, from the pip list of conda.yaml."""
    listing = model.environment.virtualenv
    faults = listing.faults if listing is not None else ()
    wanted = [fault.entry for fault in faults if not fault.cycle and fault.entry.place == finding.location]
    if not any(posixpath.normpath(entry.target or "") == REQUIREMENTS for entry in wanted):
        return None
    lines = _conda_lines(model)
    if lines is None or model.directory.look(REQUIREMENTS).kind is not Kind.MISSING:
        return None
    assert model.environment.conda is not None
    summary = f"write {REQUIREMENTS} from the pip list of {model.environment.conda.file}"
    return _repair(finding, summary, Edit(REQUIREMENTS, 0, 0, "\n".join(lines)))


def _conda_lines(model: Model) -> list[str] | None:
    """The pip requirements of conda.yaml as lines; None where they are no list that can be copied."""
    conda = model.environment.conda
    entries = conda.pip if conda is not None else None
    if not entries or any(entry.form in (Form.INVALID, Form.INCLUDE) for entry in entries):
        return None
    lines = []
    for entry in entries:
        item = _item(entry)
        if item is None or "\n" in item or "\r" in item:
            return None
        lines.append(item)
    return lines


def _item(entry: Entry) -> str | None:
    """The item of a YAML list that an entry comes from."""
    if not isinstance(entry.origin, ItemOrigin):
        return None
    value: Any = entry.origin.document.data
    for step in entry.origin.pointer:
        value = value[step]
    return value if isinstance(value, str) else None


# -- pins ------------------------------------------------------------------------------------------

_VERSION = re.compile(r"\d+(?:\.\d+)+(?:(?:a|b|rc|\.post)\d+)?")
_HEAD = re.compile(
    r"(?P<head>[A-Za-z0-9][A-Za-z0-9._-]*(?:\s*\[[^\]]*\])?)(?P<versions>[^;()@]*?)(?=\s*(?:;|\s-|$))"
)


def pinned(model: Model, finding: Finding) -> Repair | None:
    """MLM430: pin a requirement to the version that the model records, wherever it is listed."""
    lines = [
        entry for entry in model.environment.own_lines if entry.form is Form.REQUIREMENT and not entry.target
    ]
    name = next((entry.name for entry in lines if entry.place == finding.location), None)
    version = _recorded_version(model, name, lines) if name is not None else None
    if version is None:
        return None
    edits = []
    for entry in lines:
        if entry.name == name and not versions.bounded(entry.clauses):
            edit = _pin(model, entry, version)
            if edit is None:
                return None
            edits.append(edit)
    return _repair(finding, f"pin {name} to {version}, the version that the model records", *edits)


def _recorded_version(model: Model, name: str, lines: Sequence[Entry]) -> str | None:
    """The one version of a distribution that the MLmodel file records; or else, that another list pins."""
    saved = {versions.public(version) for known, version, _ in saved_versions(model) if known == name}
    mlflow = model.config.get("mlflow_version")
    if name in ("mlflow", "mlflow-skinny") and isinstance(mlflow, str):
        saved.add(mlflow)
    saved = saved or {entry.pin for entry in lines if entry.name == name and entry.pin and not entry.marker}
    version = saved.pop() if len(saved) == 1 else ""
    return version if _VERSION.fullmatch(version) else None


def _pin(model: Model, entry: Entry, version: str) -> Edit | None:
    match = _HEAD.match(entry.text)
    start = _offset(model, entry)
    if match is None or start is None or (entry.clauses and not versions.allows(entry.clauses, version)):
        return None
    return Edit(entry.origin.file, start + match.end("head"), start + match.end("versions"), f"=={version}")


def _offset(model: Model, entry: Entry) -> int | None:
    """Where the text of an entry stands in its file; None where it is not written in one piece."""
    text, start = "", 0
    if isinstance(entry.origin, TextOrigin):
        text = text_of(model.directory.read(entry.origin.file, MAX_TEXT)) or ""
        lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)", text)[: entry.line - 1]
        start = sum(map(len, lines)) + entry.column - 1
    elif isinstance(entry.origin, ItemOrigin):
        document = entry.origin.document
        scalar = document.places.scalar(entry.origin.pointer) if document.places else None
        if scalar is None or scalar.style in ("|", ">"):
            return None
        text = document.text[: scalar.end]
        start = text.find(entry.text, scalar.start)
    return start if start >= 0 and text.startswith(entry.text, start) else None


# -- Conda packages --------------------------------------------------------------------------------


def conda_python(model: Model, finding: Finding) -> Repair | None:
    """MLM437, MLM438: write the Python of conda.yaml as MLflow does, where the MLmodel file knows it."""
    package = _package(model, finding)
    recorded = model.environment.pythons
    if package is None or package.channel or not recorded or recorded[0].file != "MLmodel":
        return None
    python, numbers = recorded[0].text, recorded[0].numbers or ()
    known = [other.numbers for other in recorded[1:] if other.place != package.place and other.numbers]
    if len(numbers) < 3 or not all(pythons.agree(numbers, other) for other in known):
        return None
    if package.pin is not None:
        fits = versions.begins(python, package.pin)
    else:
        try:
            fits = versions.allows(versions.parse(f"python{package.version}").clauses, python)
        except versions.InvalidError:
            return None
    return _rewritten(finding, package, f"python={python}") if fits else None


def build_dropped(model: Model, finding: Finding) -> Repair | None:
    """MLM456: a Conda package without its build."""
    package = _package(model, finding)
    match = (
        re.fullmatch(r"(?P<kept>[^=\[\]\s]+={1,2}[^=\[\]\s]+)=[^=\[\]\s]+", package.text) if package else None
    )
    return _rewritten(finding, package, match["kept"]) if package is not None and match is not None else None


def _package(model: Model, finding: Finding) -> Package | None:
    conda = model.environment.conda
    packages = conda.packages if conda is not None else ()
    return next((package for package in packages if package.place == finding.location), None)


def _rewritten(finding: Finding, package: Package, text: str) -> Repair | None:
    document = package.origin.document
    scalar = document.places.scalar(package.origin.pointer) if document.places else None
    quote = scalar.style if scalar is not None else ""
    if scalar is None or document.text[scalar.start : scalar.end] != f"{quote}{package.text}{quote}":
        return None
    edit = Edit(document.path, scalar.start, scalar.end, f"{quote}{text}{quote}")
    return _repair(finding, f"write {text}", edit)


REPAIRS: Mapping[str, Callable[[Model, Finding], Repair | None]] = {
    "MLM006": _at_value(slashed),
    "MLM007": _at_value(python_env),
    "MLM111": _at_value(quoted),
    "MLM210": env_map,
    "MLM211": _at_value(quoted_python),
    "MLM411": _at_value(quoted_python),
    "MLM430": pinned,
    "MLM437": conda_python,
    "MLM438": conda_python,
    "MLM445": requirements,
    "MLM456": build_dropped,
    "MLM460": env_map,
    "MLM479": env_map,
}
"""The repair for each rule that has one."""
