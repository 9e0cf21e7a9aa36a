"""The chapter on flavors has every key of every flavor's schema, and calls required what the schema requires."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mlmodel.standard import schemas
from tests.command import ROOT

_CHAPTER = re.sub(
    r"^```.*?^```$",
    "",
    (ROOT / "spec" / "30-flavors.md").read_text(encoding="utf-8"),
    flags=re.MULTILINE | re.DOTALL,
)
_R = "crate and the other flavors of R"
_CALLED = dict.fromkeys(("crate", "r_crate", "r_function"), _R)
"""Headings of flavors that have no section under their own name."""
_BY_R = ("keras", "xgboost", "h2o")
"""Flavors that the R client writes in a form of its own."""


def _sections() -> dict[str, str]:
    parts = re.split(r"^(#{2,3}) (.+)\n", _CHAPTER, flags=re.MULTILINE)
    found: dict[str, str] = {}
    outer = ""
    for level, heading, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        outer = heading if level == "##" else outer
        found[heading] = found.get(heading, "") + body
        if level == "###":
            found[outer] += body
    return found


SECTIONS = _sections()


def _keys(node: Any) -> set[str]:
    """The keys that a schema of a flavor describes, also in its branches."""
    if not isinstance(node, dict):
        return set()
    found = set(node.get("properties", {}))
    for group in ("allOf", "anyOf", "oneOf"):
        for below in node.get(group, ()):
            found |= _keys(below)
    return found | _keys(node.get("then")) | _keys(node.get("else"))


def _words(node: Any) -> set[str]:
    """The keys and the values that a schema names, wherever they stand."""
    if isinstance(node, list):
        return set().union(*map(_words, node))
    if isinstance(node, dict):
        return set(node).union(*map(_words, node.values()))
    return {node} if isinstance(node, str) else set()


def _section(flavor: str) -> str:
    text = SECTIONS[_CALLED.get(flavor, flavor)]
    if flavor in _BY_R:
        text += SECTIONS[_R]
    return text + (SECTIONS["Serialization"] if flavor == "python_function" else "")


def _rows(text: str) -> dict[str, str]:
    """By the keys in its first cells, the lines of the tables."""
    rows: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("|"):
            for key in re.findall(r"`([^`]+)`", line.split("|")[1]):
                rows[key] = rows.get(key, "") + line
    return rows


@pytest.mark.parametrize("flavor", sorted(schemas.flavor_names()))
def test_every_key_of_a_flavor_is_in_its_section(flavor: str) -> None:
    text = _section(flavor)
    named = set(re.findall(r"`([^`]+)`", text))
    patterns = [re.escape(name).replace("<component>", r"\w+") for name in named if "<component>" in name]
    known = named | {
        key for key in _keys(schemas.flavor_schema(flavor)) for p in patterns if re.fullmatch(p, key)
    }
    if flavor not in ("python_function", "mleap", "promptflow", *_CALLED):
        known |= set(_rows(SECTIONS["Keys of every native flavor"]))
    assert _keys(schemas.flavor_schema(flavor)) - known == set()


@pytest.mark.parametrize("flavor", sorted(schemas.flavor_names()))
def test_what_a_schema_requires_is_called_required(flavor: str) -> None:
    document = schemas.flavor_schema(flavor)
    assert document is not None
    rows = _rows(_section(flavor))
    assert [key for key in document.get("required", ()) if "required" not in rows.get(key, "")] == []


@pytest.mark.parametrize("flavor", sorted(schemas.flavor_names() - set(_CALLED)))
def test_every_key_of_a_section_is_in_the_schema(flavor: str) -> None:
    words = _words(schemas.flavor_schema(flavor))
    assert [key for key in _rows(SECTIONS[flavor]) if "<" not in key and key not in words] == []
