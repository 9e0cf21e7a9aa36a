"""Names, versions and requirements as PEP 440, PEP 503 and PEP 508 read them.

``packaging`` decides, but is imported only for what a plain ``name==1.2.3`` is not: most models hold nothing
else, and importing it takes as long as judging them.
"""

from __future__ import annotations

import re

from mlmodel.common.caching import bounded_cache
from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record

_LONGEST = 100
"""Characters of a version that is compared; reading longer ones costs too much."""

Clause = tuple[str, str]
"""An operator and a version, ``("==", "1.2.3")``."""


class Parsed(Record):
    """What a requirement says (PEP 508)."""

    name: str
    """As written."""
    extras: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    url: str | None = None
    marker: str | None = None


class InvalidError(ValueError):
    """A text is no requirement."""


_VERSION = r"\d+(?:\.\d+)*(?:(?:a|b|rc|\.post|\.dev)\d+)*"
_CLAUSE = rf"(?:==\s*{_VERSION}(?:\.\*)?|(?:<=|>=|<|>|!=)\s*{_VERSION}|~=\s*\d+\.\d+(?:\.\d+)*)"
# Only the first of these is compiled at every start; it reads nearly every line that MLflow writes.
_PIN = lazy_pattern(r"([A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*)(?:(==|<=)(\d+(?:\.\d+)*))?")
_SIMPLE = (
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    rf"(?:\s*(?P<clauses>{_CLAUSE}(?:\s*,\s*{_CLAUSE})*))?"
)
_OPERATOR = r"(===|==|~=|!=|<=|>=|<|>)\s*(.+)"
_RELEASE = r"\d+(?:\.\d+)*"


def normal(name: str) -> str:
    """The name of a distribution as indexes compare it (PEP 503)."""
    name = name.lower().replace("_", "-").replace(".", "-")
    while "--" in name:
        name = name.replace("--", "-")
    return name


def parse(text: str) -> Parsed:
    """Read a requirement.

    Raises:
        InvalidError: it is none.
    """
    found = simple(text)
    if found is not None:
        return found
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        full = Requirement(text)
    except InvalidRequirement as error:
        raise InvalidError(str(error).split("\n", 1)[0]) from None
    return Parsed(
        full.name,
        tuple(sorted(normal(extra) for extra in full.extras)),
        _clauses(str(full.specifier)),
        full.url,
        str(full.marker) if full.marker else None,
    )


def pinned(text: str) -> Parsed | None:
    """Read a name, alone or with one plain version, None for anything else."""
    match = _PIN.fullmatch(text)
    return Parsed(match[1], (), ((match[2], match[3]),) if match[2] else ()) if match is not None else None


def simple(text: str) -> Parsed | None:
    """Read a name with plain versions, None for anything else."""
    found = pinned(text)
    if found is not None:
        return found
    match = re.fullmatch(_SIMPLE, text)
    if match is None or ("*" in text and re.search(r"(?:a|b|rc|post|dev)\d+\.\*", text)):
        return None
    return Parsed(match["name"], (), _clauses(match["clauses"]))


def _clauses(text: str | None) -> tuple[Clause, ...]:
    found = []
    for clause in (text or "").split(","):
        match = re.fullmatch(_OPERATOR, clause.strip())
        if match is not None:
            found.append((match[1], match[2].strip()))
    return tuple(sorted(found))


def pin(clauses: tuple[Clause, ...]) -> str | None:
    """The one version that the clauses allow by ``==`` or ``===``, None where they allow several."""
    for operator, version in clauses:
        if operator in ("==", "===") and "*" not in version:
            return version
    return None


def bounded(clauses: tuple[Clause, ...]) -> bool:
    """Whether the clauses keep out versions that do not exist yet."""
    return any(operator in ("==", "===", "~=", "<", "<=") for operator, _ in clauses)


def public(version: str) -> str:
    """A version without its local label, ``2.1.0+cpu`` -> ``2.1.0``."""
    return version.partition("+")[0]


def release(version: str) -> tuple[int, ...] | None:
    """The numbers of a version that has only numbers, without the zeros at the end; None for others."""
    parts = version.split(".")
    if len(version) > _LONGEST or not version.isascii() or not all(map(str.isdecimal, parts)):
        return None
    numbers = [int(part) for part in parts]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def same(one: str, other: str) -> bool:
    """Whether two texts name one version, local labels aside; texts that are no versions compare as texts."""
    if max(len(one), len(other)) > _LONGEST:
        return one == other
    return _same(one, other)


@bounded_cache(4096)
def _same(one: str, other: str) -> bool:
    one, other = public(one.strip()), public(other.strip())
    if one == other:
        return True
    first, second = release(one), release(other)
    if first is not None and second is not None:
        return first == second
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return False


def begins(version: str, prefix: str) -> bool:
    """Whether a version is the one that ``prefix`` gives, at the precision of ``prefix``: ``2.4.2``, ``2.4``."""
    if same(version, prefix):
        return True
    start = public(prefix).rstrip(".*") + "."
    rest = public(version)[len(start) :]
    return (
        public(version).startswith(start) and rest[:1].isdigit() and bool(re.fullmatch(_RELEASE, start[:-1]))
    )


def allows(clauses: tuple[Clause, ...], version: str) -> bool:
    """Whether the clauses allow a version; where either cannot be read, they do."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        wanted = SpecifierSet(",".join(operator + value for operator, value in clauses))
        return wanted.contains(Version(public(version)), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True
