"""From the environment files of a model to what is installed for it: lines that our own parser accepted."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.common.texts import quoted
from mlmodel.environment import recorded
from mlmodel.environment.requirements import Form
from mlmodel.resolution.index import left_out, line
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.environment.recorded import Environment, RequirementList
    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding, Location
    from mlmodel.model.model import Model

_TOOLS = ("pip", "setuptools", "wheel")


class InstallPlan(Record):
    """What to install, for which Python, as of when."""

    python: tuple[int, ...] | None
    """The recorded Python; None where none is recorded."""
    build: tuple[str, ...]
    """PEP 508 requirements that MLflow installs before the others: pip, setuptools, wheel."""
    lines: tuple[str, ...]
    """The requirements."""
    constraints: tuple[str, ...]
    as_of: str | None
    """Releases after this moment (RFC 3339) do not count; None when all count."""
    source: str
    """The file that the requirements are from."""
    place: Location
    """Where the list of requirements begins."""

    def pinned(self, name: str) -> str | None:
        """The line for a distribution, None where there is none."""
        return next(
            (text for text in (*self.build, *self.lines) if re.match(rf"{re.escape(name)}(?![\w.-])", text)),
            None,
        )


def plan(model: Model, as_of: str | None = None) -> InstallPlan | None:
    """What MLflow would install for a model, None where no file says it.

    As ``mlflow.utils.virtualenv`` does: python_env.yaml, without it conda.yaml.  A requirements.txt alone, which
    MLflow installs nothing from, is the last resort.
    """
    environment = recorded.of(model)
    listing = environment.virtualenv or environment.conda_pip or environment.requirements
    if listing is None:
        return None
    asked = [entry for entry in listing.entries if _is_askable(entry)]
    named = {entry.name for entry in asked}
    build = [entry for entry in _build(environment, listing) if entry.name not in named]
    constraints = [entry for entry in listing.constraints if _is_askable(entry)]
    return InstallPlan(
        environment.python,
        tuple(dict.fromkeys(map(line, build))),
        tuple(dict.fromkeys(map(line, asked))),
        tuple(dict.fromkeys(map(line, constraints))),
        _moment(model, as_of),
        listing.file,
        listing.start,
    )


def notes(model: Model) -> Iterator[Finding]:
    """MLM476: what is recorded and not installed."""
    environment = recorded.of(model)
    listing = environment.virtualenv or environment.conda_pip or environment.requirements
    if listing is None:
        return
    yield from left_out(listing, environment.python)
    conda = environment.conda
    if environment.python_env is None and conda is not None:  # MLflow, too, installs pip packages only
        for package in conda.packages:
            if package.name not in ("python", *_TOOLS):
                message = (
                    f"{quoted(package.text)} is not installed: only Python and pip packages are, as by MLflow"
                )
                yield new_finding("MLM476", message, package.place)


def _is_askable(entry: Entry) -> bool:
    return entry.form is Form.REQUIREMENT and entry.target is None


def _build(environment: Environment, listing: RequirementList) -> Iterator[Entry]:
    """What is installed before the rest: the build dependencies, or the tools that conda.yaml lists."""
    if environment.python_env is not None:
        yield from filter(_is_askable, environment.build)
    elif environment.conda is not None and listing is environment.conda_pip:
        from mlmodel.environment.requirements import parse

        for package in environment.conda.packages:
            if package.name in _TOOLS:
                spec = re.sub(r"^=(?=\d)", "==", package.version)
                yield from filter(_is_askable, parse(package.name + spec, package.origin))


def _moment(model: Model, as_of: str | None) -> str | None:
    """The moment to build as of, as uv reads it."""
    if as_of == "today":
        return None
    if as_of is not None:
        return f"{as_of}T23:59:59Z"
    created = model.config.get("utc_time_created")
    try:
        when = created if isinstance(created, datetime) else datetime.fromisoformat(str(created))
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
