"""Rules: their pages, the catalogue that the pages generate, and what enforces them."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlmodel.standard import rules, targets
from tests.command import ROOT

PACKAGE = ROOT / "validator" / "mlmodel"
SCHEMAS = sorted((ROOT / "schemas").rglob("*.schema.json"))
_ID = re.compile(r"MLM\d{3}")


def test_catalogue_is_what_the_pages_generate() -> None:
    command = [sys.executable, str(ROOT / "tools" / "catalogue.py"), "--check"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_catalogue_follows_its_schema() -> None:
    import jsonschema

    schema = json.loads((ROOT / "schemas" / "rules.schema.json").read_text(encoding="utf-8"))
    catalogue = json.loads((ROOT / "schemas" / "rules.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(catalogue)


def strings(tree: ast.Module) -> Iterator[str]:
    """The strings of a module that are no docstrings: bare expressions say something to readers only."""
    spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
            yield node.value


def in_code() -> dict[str, Path]:
    """The rules that the code names, each with a module that does."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        for text in strings(ast.parse(path.read_text(encoding="utf-8"))):
            if _ID.fullmatch(text):
                found[text] = path
    return found


def in_schemas() -> dict[str, Path]:
    """The rules that keywords of schemas enforce, or that they name for releases, each with a schema that has one."""
    found: dict[str, Path] = {}

    def collect(node: Any, path: Path) -> None:
        if isinstance(node, dict):
            for key, below in node.items():
                if key == "x-rules":
                    found.update(dict.fromkeys(below.values(), path))
                elif key == "x-unread":
                    found[below["rule"]] = path
                else:
                    collect(below, path)
        elif isinstance(node, list):
            for below in node:
                collect(below, path)

    for path in SCHEMAS:
        collect(json.loads(path.read_text(encoding="utf-8")), path)
    return found


def in_profiles() -> set[str]:
    """The rules that requirements of targets are reported by."""
    return {requirement.rule for name in targets.names() for requirement in targets.profile(name).own}


def test_every_rule_is_enforced() -> None:
    assert set(rules.catalogue()) <= {*in_code(), *in_schemas(), *in_profiles()}


def test_whatever_is_enforced_is_a_rule() -> None:
    unknown = {
        rule: path for rule, path in {**in_code(), **in_schemas()}.items() if rule not in rules.catalogue()
    }
    assert unknown == {}
    assert in_profiles() <= set(rules.catalogue())


def test_ids_belong_to_their_chapters() -> None:
    chapters = {
        "0": "directory",
        "1": "mlmodel-file",
        "2": "flavors",
        "3": "signature",
        "4": "environment",
        "5": "input-example",
        "6": "serialized-objects",
        "7": "load",
        "8": "targets",
        "9": "tool",
    }
    for rule in rules.catalogue().values():
        assert rule.chapter == chapters[rule.id[3]], rule.id


def test_names_are_unique() -> None:
    names = [rule.name for rule in rules.catalogue().values()]
    assert len(set(names)) == len(names)


def test_a_documented_check_names_its_rules() -> None:
    """The docstring of each check says which rules it is for, and the catalogue knows them."""
    from mlmodel import checks

    for check in checks.ALL:
        assert check.__doc__, check.__name__
        named = _ID.findall(check.__doc__)
        assert named, check.__name__
        assert set(named) <= set(rules.catalogue()), check.__name__
