"""Names of distributions that everybody knows, and what is one letter from them."""

from __future__ import annotations

from functools import cache

from mlmodel.common.caching import bounded_cache
from mlmodel.standard.data import table


@cache
def _names() -> tuple[frozenset[str], frozenset[str]]:
    known = table("well-known.json")
    others = frozenset(known["others"]) | frozenset(table("modules.json")["distributions"])
    return frozenset(known["names"]), others


@cache
def _by_gap() -> dict[str, str]:
    """For each well-known name with one of its letters left out: the name."""
    return {gapped: name for name in sorted(_names()[0]) for gapped in _gaps(name)}


def _gaps(name: str) -> set[str]:
    return {name[:index] + name[index + 1 :] for index in range(len(name))}


@bounded_cache(4096)
def one_edit_away(name: str) -> str | None:
    """The well-known name that a normalized one differs from by a letter too many, too few, another, or two swapped; None
    for those names themselves, and for real ones that are as near."""
    known, others = _names()
    if name in known or name in others or len(name) < 5:
        return None
    near = _by_gap()
    if name in near:  # one too few
        return near[name]
    for gapped in _gaps(name):
        if gapped in known:  # one too many
            return gapped
        meant = near.get(gapped)
        if meant is not None and len(meant) == len(name) and _is_one_edit(name, meant):
            return meant
    return None


def _is_one_edit(name: str, meant: str) -> bool:
    """Whether two names of the same length differ in one letter, or by two neighbors that are swapped."""
    places = [index for index, (mine, other) in enumerate(zip(name, meant, strict=True)) if mine != other]
    if len(places) == 1:
        return True
    return (
        len(places) == 2
        and places[1] == places[0] + 1
        and name[places[0]] == meant[places[1]]
        and name[places[1]] == meant[places[0]]
    )
