"""Chapter 5, the environment files: every requirement line by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.texts import quoted
from mlmodel.environment import distributions, misnamed, recorded, versions
from mlmodel.environment.credentials import credential, masked
from mlmodel.environment.requirements import Form
from mlmodel.model.paths import fault
from mlmodel.sources.directory import Kind
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

_SHELL = r"\$\(|`|\|\s*\w|&&|;\s*[\w./~-]+\s+(?![<>=!~]|in\b|not\b)\S|[<>]\s*[/~]|\n"
_MARKER = r";\s*\(*\s*(?:python_|os_name|sys_platform|platform_|implementation_|extra\b|['\"])"
_INDEX_OPTIONS = ("index-url", "pypi-url", "extra-index-url", "find-links", "no-index", "trusted-host")
_DRIVE = r"[A-Za-z]:[\\/]|\\\\"
_INSTALLED = r"(?i)(?:git|hg|bzr|svn)\+"


def invalid(model: Model) -> Iterator[Finding]:
    """MLM450, MLM455: lines that pip refuses, and those among them that a shell would run."""
    for entry in recorded.of(model).special_lines:
        if entry.form is not Form.INVALID and not entry.target:
            continue
        if _runs(entry):
            message = f"{quoted(entry.safe)} holds what a shell runs, not what pip installs"
            yield new_finding(
                "MLM450",
                message,
                entry.place,
                "delete the line; whoever may write this file runs commands wherever the environment is built",
            )
        elif entry.form is Form.INVALID:
            yield new_finding(
                "MLM455", f"pip cannot read {quoted(entry.safe)}: {masked(entry.problem or '')}", entry.place
            )


def _runs(entry: Entry) -> bool:
    text = entry.text
    if entry.form is not Form.INVALID:
        return "$(" in text or "`" in text
    match = re.search(_SHELL, text)
    return match is not None and not re.match(_MARKER, text[match.start() :])


def includes(model: Model) -> Iterator[Finding]:
    """MLM445, MLM446: ``-r`` and ``-c`` lead to files of the directory, and not in a circle."""
    for listing in recorded.of(model).listings:
        for lost in listing.faults:
            if lost.cycle:
                yield new_finding("MLM446", f"the files include each other: {lost.reason}", lost.entry.place)
            else:
                message = (
                    f"{quoted(lost.entry.safe)}: {quoted(masked(lost.entry.target or ''))} {lost.reason}"
                )
                yield new_finding("MLM445", message, lost.entry.place)


def paths(model: Model) -> Iterator[Finding]:
    """MLM444, MLM463: a path leads to a file of the directory."""
    for entry in recorded.of(model).special_lines:
        path = _local(entry)
        if path is None:
            continue
        hint = "put a wheel into the model directory and name it, or a release on an index"
        if re.match(_DRIVE, path) or path.startswith(("/", "~")):
            yield new_finding(
                "MLM444", f"{quoted(path)} is a path of the author's machine", entry.place, hint
            )
        elif fault(_inside(path)) is not None or model.directory.look(_inside(path)).kind not in _THERE:
            yield new_finding("MLM463", f"{quoted(path)} is not in the model directory", entry.place, hint)
        elif path.strip("./") == "":
            message = "the model directory itself is no project that pip can install"
            yield new_finding("MLM463", message, entry.place, hint)


_THERE = (Kind.FILE, Kind.DIRECTORY)


def _local(entry: Entry) -> str | None:
    """The path that an entry installs from, None where it installs from elsewhere."""
    target = entry.target
    if target is None or entry.form in (Form.INCLUDE, Form.CONSTRAINTS):
        return None
    target = re.sub(r"^(?:git|hg|bzr|svn)\+(?=file:)", "", target, flags=re.IGNORECASE)
    if target.lower().startswith("file:"):
        path = target[5:].split("#", 1)[0]
        path = path.removeprefix("//").removeprefix("localhost")
        return path[1:] if re.match(_DRIVE, path[1:]) else path
    if "://" in target or target.startswith("git@") or "${" in target or re.match(_INSTALLED, target):
        return None
    return target.split("[", 1)[0].strip()


def _inside(path: str) -> str:
    return path.replace("\\", "/").split("#", 1)[0]


def remote(model: Model) -> Iterator[Finding]:
    """MLM452, MLM453, MLM458: what is fetched from a URL, and the passwords in it."""
    for entry in recorded.of(model).own_lines:
        if "://" not in entry.text:
            continue
        secret = credential(entry.text)
        if secret is not None:
            message = f"the line holds {secret} in a URL: everybody who reads the model can use it"
            place = entry.place
            yield new_finding("MLM453", message, place, "revoke it; write ${NAME}, which pip fills in")
        if entry.form not in (Form.REQUIREMENT, Form.URL, Form.EDITABLE) or not _is_remote(entry.target):
            continue
        if re.match(_UNPROTECTED, entry.target or "") and not _has_hash(entry):
            message = f"{quoted(entry.safe)}: it comes without proof of who sent it, and runs on installation"
            yield new_finding("MLM452", message, entry.place, "name it by https")
        else:
            tool = "git and " if (entry.target or "").lower().startswith("git") else ""
            message = f"{quoted(entry.safe)}: serving images need {tool}access to that place, which indexes and mirrors do not give"
            yield new_finding("MLM458", message, entry.place)


_UNPROTECTED = r"(?i)(?:\w+\+)?(?:http|ftp|git|svn|bzr)://"


def _is_remote(target: str | None) -> bool:
    return target is not None and "://" in target and not re.match(r"(?:\w+\+)?file:", target)


def options(model: Model) -> Iterator[Finding]:
    """MLM451, MLM452: other sources of packages."""
    for entry in recorded.of(model).special_lines:
        for name, value in entry.options:
            if name not in _INDEX_OPTIONS:
                continue
            text = f"--{name} {masked(value)}" if value else f"--{name}"
            place = entry.place
            if name == "trusted-host" or (value or "").lower().startswith("http://"):
                message = (
                    f"{quoted(text)}: packages come without proof of who sent them, and run on installation"
                )
                yield new_finding("MLM452", message, place)
            elif entry.form in (Form.REQUIREMENT, Form.URL, Form.PATH):
                continue  # MLM469: pip does not look there
            elif name == "extra-index-url":
                message = f"{quoted(text)}: pip takes the highest version from any index, whoever registered the name there"
                yield new_finding("MLM451", message, place)
            else:
                message = f"{quoted(text)}: the environment installs only where that place is in reach"
                yield new_finding("MLM451", message, place)


def hashes(model: Model) -> Iterator[Finding]:
    """MLM457: with one hash, pip wants a hash and a pin on every line."""
    if not recorded.of(model).special_lines:
        return
    for listing in recorded.of(model).listings:
        hashed = any(_has_hash(entry) for entry in listing.entries)
        required = any(name == "require-hashes" for entry in listing.entries for name, _ in entry.options)
        if not hashed and not required:
            continue
        for entry in listing.entries:
            if entry.form in (Form.REQUIREMENT, Form.URL, Form.PATH, Form.EDITABLE) and not _has_hash(entry):
                message = (
                    f"{quoted(entry.safe)} has no --hash, but other lines have: pip refuses the whole list"
                )
                yield new_finding("MLM457", message, entry.place)


def _has_hash(entry: Entry) -> bool:
    return any(name == "hash" for name, _ in entry.options) or "#sha256=" in (entry.target or "")


def readers_differ(model: Model) -> Iterator[Finding]:
    """MLM469: a line that pip and uv read alike."""
    for entry in recorded.of(model).special_lines:
        if entry.form not in (Form.REQUIREMENT, Form.URL, Form.PATH):
            continue
        line = quoted(entry.safe)
        if entry.only_pip:
            message = f"{line} ends in a semicolon with no marker behind it: pip passes over that, uv refuses the file"
            yield new_finding("MLM469", message, entry.place, "delete the semicolon")
        strange = [name for name, _ in entry.options if name in _INDEX_OPTIONS]
        if strange:
            message = (
                f"{line}: --{strange[0]} has to stand on a line of its own; behind a requirement pip passes over it, and"
                " uv refuses the file"
            )
            yield new_finding("MLM469", message, entry.place, "write the option on a line of its own")


def names(model: Model) -> Iterator[Finding]:
    """MLM465-MLM467: names of modules that stand where names of distributions should."""
    environment = recorded.of(model)
    wrong = {found.name: found for found in misnamed.any_of(environment.names, environment.python)}
    if not wrong:
        return
    elsewhere = any(name in _SOURCES for entry in environment.special_lines for name, _ in entry.options)
    for name, entry in _first_places(model, wrong).items():
        found = wrong[name]
        if found.absent and not elsewhere:
            rule = "MLM465" if found.standard else "MLM466"
            yield new_finding(
                rule, f"{quoted(entry.safe)}: no index has it; {found.reason}", entry.place, found.hint
            )
        else:
            message = (
                f"{quoted(entry.safe)}: {found.reason}, and what an index has by this name is something else"
            )
            yield new_finding("MLM467", message, entry.place, found.hint)


_SOURCES = frozenset({"index-url", "pypi-url", "extra-index-url", "find-links"})


def _first_places(model: Model, names: Container[str]) -> dict[str, Entry]:
    """The first line of the files for each of these names."""
    found: dict[str, Entry] = {}
    for listing in recorded.of(model).listings:
        for entry in listing.entries:
            if entry.name in names and entry.form is Form.REQUIREMENT and not entry.target:
                found.setdefault(entry.name or "", entry)
    return found


_DEVELOPMENT = lazy_pattern(r"(\d+)\.(\d+)\.(\d+)\.?dev\d*", re.IGNORECASE)


def development_releases(model: Model) -> Iterator[Finding]:
    """MLM468: what a developer's own build calls itself is on no index."""
    seen: set[str] = set()
    for listing in recorded.of(model).listings:
        for entry in listing.entries:
            pin, name = entry.pin, entry.name or ""
            if pin is None or "dev" not in pin or name in seen or name.endswith(("-nightly", "-dev")):
                continue
            seen.add(name)
            match = _DEVELOPMENT.match(pin)
            before = match is not None and int(match[3]) > 0 and name in distributions.of_mlflow()
            hint = "pin the release that is nearest to it, or name the index that has this build"
            if match is not None and before:
                hint = f"write {name}=={match[1]}.{match[2]}.{int(match[3]) - 1}"
            message = f"{quoted(entry.safe)} is a build of its developers: indexes have releases only"
            yield new_finding("MLM468", message, entry.place, hint)


def wheels(model: Model) -> Iterator[Finding]:
    """MLM495: a wheel of the directory that pip refuses, or that refuses the recorded Python."""
    seen: set[str] = set()
    for entry in recorded.of(model).special_lines:
        path = _local(entry)
        if path is None or not path.lower().endswith(".whl") or fault(_inside(path)) is not None:
            continue
        there = model.directory.look(_inside(path))
        if there.kind is Kind.FILE and there.path not in seen:
            seen.add(there.path)
            message = _refused(model, there.path)
            if message is not None:
                yield new_finding("MLM495", f"{quoted(there.path)}: {message}", entry.place, _REBUILD)


_REBUILD = "put a wheel into the directory that was built for the recorded Python, with the name that its builder gave it"


def _refused(model: Model, path: str) -> str | None:
    """Why pip does not install a wheel, None where nothing speaks against it."""
    from mlmodel.environment import wheels as reading

    python = recorded.of(model).python
    version = ".".join(map(str, python or ()))
    named = reading.parse_name(path.rsplit("/", 1)[-1])
    if named is None:
        return "no wheel has such a name: pip wants NAME-VERSION-PYTHON-ABI-PLATFORM.whl"
    if python is not None and len(python) > 1 and not named.allows(python):
        return f"its name says that it is for {', '.join(named.python)}, and Python {version} is recorded"
    inside = reading.metadata(model.directory, path)
    if inside is None:
        return None
    if inside.name is not None and versions.normal(inside.name) != versions.normal(named.name):
        return f"it holds {quoted(inside.name)}, as its metadata say, and pip refuses another name"
    wanted = inside.requires_python
    if wanted and python is not None and not distributions.python_fits(wanted.replace(" ", ""), python):
        return f"it wants Python {quoted(wanted)}, and Python {version} is recorded"
    return None


CHECKS = (
    invalid,
    includes,
    paths,
    remote,
    options,
    hashes,
    readers_differ,
    names,
    development_releases,
    wheels,
)
