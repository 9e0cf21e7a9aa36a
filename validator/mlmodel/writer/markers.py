"""On which systems a requirement exists, by what the installed distributions say of each other."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mlmodel.common.patterns import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLATFORM = lazy_pattern(r"\b(?:sys_platform|platform_system|platform_machine|os_name)\b")
_OTHER = lazy_pattern(
    r"\b(?:extra|python_version|python_full_version|implementation_name|platform_release)\b"
)


def marker(name: str) -> str | None:
    """The environment marker (PEP 508) under which a distribution is wanted; None where that is everywhere.

    ``triton`` has wheels for Linux only, and nothing in its metadata says so; torch, which requires it, does.  A
    distribution gets a marker when all that require it name the system, and nothing else, as their condition.
    """
    found = _conditions().get(canonicalize_name(name), frozenset[str]())
    if not found or "" in found:
        return None
    ordered = sorted(found)
    return ordered[0] if len(ordered) == 1 else " or ".join(f"({one})" for one in ordered)


@cache
def _conditions() -> Mapping[str, frozenset[str]]:
    """Markers about the system, by the distribution they stand behind; an empty one where it is wanted anyway."""
    found: dict[str, set[str]] = {}
    for distribution in metadata.distributions():
        for line in distribution.requires or ():
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue
            condition = str(requirement.marker or "")
            if "extra" in condition:
                continue  # what is asked for only by choice says nothing
            if not _PLATFORM.search(condition) or _OTHER.search(condition):
                condition = ""
            found.setdefault(canonicalize_name(requirement.name), set()).add(condition)
    return {name: frozenset(conditions) for name, conditions in found.items()}
