"""Requirements whose name is that of a module or a package of Conda, and of no distribution that they mean: ``json``,
``cv2``, ``sklearn``, ``cudatoolkit``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.standard import standard_library
from mlmodel.standard.data import table

if TYPE_CHECKING:
    from collections.abc import Iterable


class Misnamed(Record):
    """What a requirement's name is instead of a distribution's."""

    name: str
    """Normalized."""
    standard: bool
    """Whether it is a module of Python's standard library."""
    absent: bool
    """Whether no index has a distribution of this name."""
    distributions: tuple[str, ...]
    """What holds the module that the name imports; empty for modules of Python."""
    of_conda: bool = False
    """Whether it is a package of Conda, or Python itself."""

    @property
    def reason(self) -> str:
        """What the name is, for a message."""
        if self.standard:
            return f"{self.name.replace('-', '.')} is a module of Python itself"
        if self.of_conda:
            return (
                "python is the interpreter" if self.name == "python" else f"{self.name} is a package of Conda"
            )
        if not self.distributions:
            return f"{self.name} is a part of setuptools"
        return f"{self.name} is what a program imports; the distribution is {' or '.join(self.distributions)}"

    @property
    def hint(self) -> str:
        """What to do about it."""
        if self.of_conda:
            where = (
                "conda.yaml and python_env.yaml"
                if self.name == "python"
                else "the dependencies of conda.yaml"
            )
            return f"delete the line: its place is in {where}"
        if not self.distributions:
            return "part of Python: delete the line" if self.standard else "delete the line"
        return f"write {self.distributions[0]}, with its own version"


def misnamed(name: str, python: tuple[int, ...] | None) -> Misnamed | None:
    """What is known of a normalized name that stands where a distribution should; None for all others.

    Args:
        name: as :func:`mlmodel.environment.versions.normal` gives it.
        python: the recorded Python: ``dataclasses`` is part of it since 3.7.
    """
    return _known(name, (python or (3, 12))[:2]) if len(name) <= _LONGEST else None


_LONGEST = 40
"""Characters; no module of the table has a longer name."""


def _known(name: str, python: tuple[int, ...]) -> Misnamed | None:
    names = table("distributions.json")
    absent = name in names["no-distribution"]
    meant = names["import-names"].get(name)
    if meant is not None:
        return Misnamed(name, False, absent, tuple(meant))
    if name in names["packages-of-conda"]:
        return Misnamed(name, standard=False, absent=True, distributions=(), of_conda=True)
    if name in names["submodules-of-python"]:
        return Misnamed(name, standard=True, absent=True, distributions=())
    if (
        name in _modules_of_python()
        and name not in names["carried-on"]
        and standard_library.is_standard(name, python)
    ):
        return Misnamed(name, True, absent, ())
    return None


@cache
def _modules_of_python() -> frozenset[str]:
    """The modules of Python 3 by name, without those that only Python 2 had."""
    of_python_2 = table("distributions.json")["modules-of-python-2"]
    return frozenset(name for name in standard_library.modules() if name.islower()).difference(of_python_2)


def any_of(names: Iterable[str], python: tuple[int, ...] | None) -> tuple[Misnamed, ...]:
    """The misnamed ones of several names."""
    suspects = _suspects().intersection(names)
    return tuple(found for name in sorted(suspects) if (found := misnamed(name, python)) is not None)


@cache
def _suspects() -> frozenset[str]:
    """All names that :func:`misnamed` may know."""
    names = table("distributions.json")
    return _modules_of_python().union(
        names["import-names"], names["packages-of-conda"], names["submodules-of-python"]
    )
