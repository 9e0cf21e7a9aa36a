"""Chapter 5, the environment files: where the packages come from, and what installing them runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.documents import location_of
from mlmodel.environment import recorded
from mlmodel.environment.credentials import masked
from mlmodel.environment.requirements import Form
from mlmodel.sources.directory import Kind
from mlmodel.standard.data import table
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.environment.conda import Package
    from mlmodel.environment.recorded import Environment
    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding, Location
    from mlmodel.model.model import Model

_HINT = "delete it; find out who wrote it"

# -- Conda ---------------------------------------------------------------------------------------

_URL = r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):/{1,3}(?:[^/@\s]*@)?(?P<host>[^/:\s]*)"
_LOCAL_PATH = r"[/~.]|[A-Za-z]:[\\/]|\\\\"


def conda_sources(model: Model) -> Iterator[Finding]:
    """MLM480, MLM481: channels, and packages by URL."""
    conda = recorded.of(model).conda
    if conda is None:
        return
    for channel, origin in conda.channels:
        yield from _of_source("the channel", channel, origin.place(1, 1))
    items = conda.document.data.get("dependencies")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if not isinstance(item, str):
            continue
        place = location_of(conda.document, ("dependencies", index))
        if "::" in item:
            yield from _of_source("the channel", item.partition("::")[0].strip(), place)
        elif re.match(_URL, item) or re.search(r"\.(?:conda|tar\.bz2)(?:#|$)", item):
            yield from _of_source("the package", item, place)
        if "[" in item:
            for value in re.findall(r"(?:channel|url)\s*=\s*['\"]?([^'\",\]]+)", item[:1000]):
                yield from _of_source("the channel", value.strip(), place)


def _of_source(what: str, text: str, place: Location) -> Iterator[Finding]:
    name = quoted(masked(text))
    match = re.match(_URL, text)
    if match is None:
        if re.match(_LOCAL_PATH, text):
            message = f"{what} {name} is a path of the author's machine: what lies there is installed, and its scripts run"
            yield new_finding("MLM480", message, place, "name a channel that others can reach by https")
        return
    scheme, host = match["scheme"].lower(), match["host"].lower()
    if scheme != "https":
        message = f"{what} {name} comes by {scheme}, without proof of who sent it, and its scripts run on installation"
        yield new_finding("MLM480", message, place, "name it by https")
    elif host not in table("package-sources.json")["hosts"] and not host.endswith(
        tuple(table("package-sources.json")["host-suffixes"])
    ):
        message = f"{what} {name} is no public one: whoever holds {host} decides what is installed"
        yield new_finding(
            "MLM481",
            message,
            place,
            "take the package from a public channel, or make sure that the host is yours",
        )


def variables(model: Model) -> Iterator[Finding]:
    """MLM482, MLM487: environment variables that conda.yaml sets."""
    conda = recorded.of(model).conda
    given = conda.document.data.get("variables") if conda is not None else None
    if conda is None or not isinstance(given, dict):
        return
    known = table("package-sources.json")
    for name, value in given.items():
        upper = name.upper().strip()
        why = known["runs"].get(upper)
        if (
            why is None
            and re.fullmatch(known["installer-settings"], upper)
            and not re.fullmatch(known["harmless-settings"], upper)
        ):
            why = "changes where packages come from, or how they are installed"
        rule, hint = "MLM482", _HINT
        if why is None and upper in known["redirects"]:
            rule, hint, why = (
                "MLM487",
                "take it out, or make sure that it holds wherever the model is served",
                known["redirects"][upper],
            )
        if why is not None:
            shown = quoted(masked(f"{name}={value}"))
            message = f"{shown}: the variable {why}, in every process of the environment"
            yield new_finding(rule, message, location_of(conda.document, ("variables", name), key=True), hint)


# -- requirements --------------------------------------------------------------------------------

_SDIST = (".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz", ".tar")
_PROJECT_FILES = ("setup.py", "pyproject.toml", "setup.cfg")


def requirement_sources(model: Model) -> Iterator[Finding]:
    """MLM483, MLM484, MLM485: lists that are fetched, options that change what is installed, projects that are built."""
    for entry in recorded.of(model).special_lines:
        text = quoted(entry.safe)
        if entry.form in (Form.INCLUDE, Form.CONSTRAINTS) and re.match(
            r"(?i)[a-z][a-z0-9+.-]*://", entry.target or ""
        ):
            message = f"{text}: pip fetches the list when it installs, and takes what stands in it then"
            yield new_finding("MLM483", message, entry.place, "put the list into the model directory")
        for name, value in entry.options:
            yield from _of_option(entry, name, value)
        project = _project(model, entry)
        if project is not None:
            message = f"{text} is {project}: installing it runs its build"
            yield new_finding("MLM485", message, entry.place, "build a wheel of it, and name that")


def _of_option(entry: Entry, name: str, value: str | None) -> Iterator[Finding]:
    text = f"--{name} {value}" if value else f"--{name}"
    if name == "no-binary" and value and value.strip() not in (":none:", ""):
        whose = "every package" if ":all:" in value else masked(value)
        message = (
            f"{quoted(text)}: {whose} is built from source, which runs code of its author and needs compilers"
        )
        yield new_finding(
            "MLM484", message, entry.place, "take the line out: wheels run nothing when they are installed"
        )
    elif name in ("global-option", "install-option", "build-option", "config-settings", "config-setting"):
        message = (
            f"{quoted(text)}: pip builds the package from source, which runs code of its author with this"
        )
        yield new_finding("MLM484", message, entry.place, "take it out: wheels need no options")
    elif name == "pre":
        message = f"{quoted(text)}: pip takes pre-releases of every package that is not pinned"
        yield new_finding("MLM484", message, entry.place, "pin the pre-release that is wanted")


def _project(model: Model, entry: Entry) -> str | None:
    """What a local path of a requirement is, where installing it builds something."""
    target = entry.target
    if target is None or entry.form in (Form.INCLUDE, Form.CONSTRAINTS):
        return None
    path = target.split("#", 1)[0].split("[", 1)[0].strip()
    if path.lower().startswith("file:"):
        path = path[5:].removeprefix("//")
    if "://" in path or path.startswith(("/", "~", "git+", "hg+")) or re.match(r"[A-Za-z]:[\\/]", path):
        return None
    path = path.replace("\\", "/").removeprefix("./").rstrip("/")
    found = model.directory.look(path) if path and ".." not in path.split("/") else None
    if found is not None and found.kind is Kind.FILE and path.lower().endswith(_SDIST):
        return "an archive of sources"
    inside = [f"{path}/{name}" for name in _PROJECT_FILES]
    if found is not None and any(model.directory.look(file).kind is Kind.FILE for file in inside):
        return "a project in the model directory"
    return None


# -- names ---------------------------------------------------------------------------------------


def near_names(model: Model) -> Iterator[Finding]:
    """MLM486: names that differ by one letter from one that everybody knows."""
    from mlmodel.environment.well_known import one_edit_away

    environment = recorded.of(model)
    packages = environment.conda.packages if environment.conda is not None else ()
    names = {
        *(entry.name for entry in environment.own_lines),
        *(package.distribution for package in packages),
    }
    meant = {name: one_edit_away(name) for name in names if name is not None and len(name) <= _MAX_NAME}
    if not any(meant.values()):
        return
    for name, shown, place in (*_listed(environment), *_of_conda(packages)):
        known = meant.pop(name, None)
        if known is not None:
            message = f"{quoted(shown)} is one letter from {known}: packages with such names have been used to run code on installation"
            yield new_finding("MLM486", message, place, f"if {known} is meant, write that")


_MAX_NAME = 100
"""Characters of a name that is compared."""


def _listed(environment: Environment) -> Iterator[tuple[str, str, Location]]:
    for entry in environment.own_lines:
        if entry.name is not None and entry.form is Form.REQUIREMENT:
            yield entry.name, entry.name, entry.place


def _of_conda(packages: Iterable[Package]) -> Iterator[tuple[str, str, Location]]:
    for package in packages:
        yield package.distribution, package.name, package.place


CHECKS = (conda_sources, variables, requirement_sources, near_names)
