"""Plain scalars of YAML 1.1: of which type they are, and whether readers of YAML 1.2 agree."""

from __future__ import annotations

import re
from typing import Any

import yaml

from mlmodel.common.texts import shortened
from mlmodel.documents.base import Limits

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TAG = "tag:yaml.org,2002:"
_IMPLICIT: dict[str, list[tuple[str, re.Pattern[str]]]] = LOADER.yaml_implicit_resolvers
SCALAR_TAGS = frozenset(TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "binary"))
PYTHON_TAGS = {TAG + "binary": str, TAG + "set": dict}
"""Tags of types that ``yaml.safe_dump`` writes and JSON does not have, and what they stand before."""

# The YAML 1.2.2 core schema (section 10.3.2), where it may differ from YAML 1.1.
_CORE_12 = r"""(?x)(?P<bool>true|True|TRUE|false|False|FALSE)
      | (?P<null>null|Null|NULL|~|)
      | (?P<int>[-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+)
      | (?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?
                 | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN))"""
_SAME = frozenset(("null", "true", "false", "Null", "True", "False", "~", ""))
MAY_DIFFER = frozenset("0123456789+-.")
NO_TEXT = MAY_DIFFER.union(_IMPLICIT)
"""First characters of plain scalars that may be something else than a text."""
CONSTANTS = {"null": None, "~": None, "": None, "true": True, "false": False}
LETTERS = frozenset(filter(str.isalpha, _IMPLICIT))
WORDS = frozenset(
    word
    for name in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
    for word in (name, name.title(), name.upper())
)
"""All that begin with one of these letters and may be something else than a text."""
_LONG_NUMBER = r"[-+]?(?:0[bx][0-9a-fA-F_]+|[0-9_:.]+(?:[eE][-+]?[0-9]+)?)"


def implicit_tag(value: str) -> str | None:
    """The tag of a plain scalar, None for a string (``yaml.resolver.BaseResolver.resolve``)."""
    for tag, pattern in _IMPLICIT.get(value[:1], ()):
        if pattern.match(value):
            return tag
    return None


def is_long_number(value: str) -> bool:
    """Whether a long scalar is a number, which would take long to read."""
    return len(value) > Limits.DIGITS and re.fullmatch(_LONG_NUMBER, value) is not None


def construct(tag: str, value: str) -> Any:
    """The value of a scalar with a tag, as ``yaml.safe_load`` makes it.

    Raises:
        ValueError: the text is none of that type.
    """
    try:
        return yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(tag, value))
    except (ValueError, KeyError, AttributeError, IndexError, OverflowError, yaml.YAMLError) as error:
        raise ValueError(
            f"{value[:40]!r} is not a valid YAML {tag.removeprefix(TAG)}: {error}"[:200]
        ) from None


def difference(value: str, tag: str | None) -> str | None:
    """How readers of YAML 1.1, for whom a plain scalar has this tag, and of YAML 1.2 differ; None where they do not."""
    if value in _SAME or (tag is None and value.count(".") > 1 and value[:1] != "."):
        return None  # null, true; 3.11.7 is a text to both
    match = re.fullmatch(_CORE_12, value)
    other = match.lastgroup if match else "str"
    mine = (tag or TAG + "str").removeprefix(TAG)
    if mine in ("merge", "value", "timestamp") or mine == other == "str":
        return None
    same = mine == other
    if same and mine == "int":  # 010 is 8 in YAML 1.1 and 10 in 1.2
        same = not re.match(r"[-+]?0[0-9]", value) and "_" not in value
    if same:
        return None
    names = {"str": "string", "int": "integer", "bool": "boolean"}
    mine, other = names.get(mine, mine), names.get(str(other), other)
    detail = f"a {mine} and a {other}" if mine != other else f"two different {mine}s"
    return f"YAML 1.1 and YAML 1.2 readers take the unquoted {shortened(value)} for {detail}"
