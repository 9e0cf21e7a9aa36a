"""Chapter 5, the environment files: what conda.yaml and python_env.yaml install, and what they leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.environment import distributions, recorded
from mlmodel.environment.recorded import REQUIREMENTS
from mlmodel.environment.requirements import Form
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.model import Model


def detached(model: Model) -> Iterator[Finding]:
    """MLM447: python_env.yaml installs requirements.txt."""
    environment = recorded.of(model)
    listing, file = environment.virtualenv, environment.python_env
    if (
        listing is None
        or file is None
        or environment.requirements is None
        or REQUIREMENTS in listing.includes
    ):
        return
    if listing.faults:
        return
    message = (
        f"the dependencies do not include {REQUIREMENTS}: what it lists ({REQUIREMENTS}:1:1) is not installed"
    )
    yield new_finding("MLM447", message, listing.start, f"add -r {REQUIREMENTS} to the dependencies")


def channels(model: Model) -> Iterator[Finding]:
    """MLM448: the channel of Anaconda, which not everybody may use."""
    conda = recorded.of(model).conda
    for channel, origin in conda.channels if conda is not None else ():
        if channel in ("defaults", "anaconda") or "repo.anaconda.com" in channel:
            message = f"channel {quoted(channel)} is subject to Anaconda's terms of service, and blocked in many companies"
            yield new_finding("MLM448", message, origin.place(1, 1), "conda-forge has the same packages")


def builds(model: Model) -> Iterator[Finding]:
    """MLM456: a build of a Conda package exists for one system only."""
    conda = recorded.of(model).conda
    for package in conda.packages if conda is not None else ():
        if package.build is not None:
            message = f"{quoted(package.text)}: build {package.build} exists for the author's system only"
            yield new_finding("MLM456", message, package.place, f"write {package.name}{package.version}")


def only_in_conda(model: Model) -> Iterator[Finding]:
    """MLM459: what only Conda installs, readers with virtualenv, uv or a container do without."""
    environment = recorded.of(model)
    conda = environment.conda
    if conda is None:
        return
    listed = {
        entry.name
        for listing in environment.listings
        for entry in listing.entries
        if entry.form is not Form.INVALID and entry.name
    }
    found = [
        package
        for package in conda.packages
        if package.name != "python"
        and package.name not in distributions.tools()
        and package.distribution not in listed
    ]
    if found:
        first = found[0]
        message = f"{quoted(first.text)} is in no list of pip requirements: only Conda installs it"
        if len(found) > 1:
            names = ", ".join(quoted(package.text) for package in found[:_NAMED])
            more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            message = f"{len(found)} packages are in no list of pip requirements: only Conda installs them: {names}{more}"
        yield new_finding("MLM459", message, first.place, _PIP_NAMES)


_NAMED = 20
"""Packages that one message names."""
_PIP_NAMES = "list them by their names on PyPI in requirements.txt and in the pip list"


def env_keys(model: Model) -> Iterator[Finding]:
    """MLM460: the mapping has an entry for every environment manager."""
    document = model.mlmodel
    env = model.flavors.get("python_function", {}).get("env")
    if document is None or not isinstance(env, dict):
        return
    lacking = [key for key in ("conda", "virtualenv") if key not in env]
    if lacking:
        message = (
            f"'env' lacks {' and '.join(lacking)}, which readers look up when they build the environment"
        )
        place = ("flavors", "python_function", "env")
        yield model.finding("MLM460", message, document, place, key=True, hint=_BOTH)


_BOTH = "env: {conda: conda.yaml, virtualenv: python_env.yaml}"


CHECKS = (env_keys, detached, channels, builds, only_in_conda)
