"""The names of the code are the field's: those that were given up do not come back."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "validator" / "mlmodel"
MODULES = set(
    "lazily guess telling rare remarks stating observed strays wish recipe outcome job answers carried bycode declared form"
    " storages bare platforms advice asking showing judging reader suggestions pickled".split()
)
CLASSES = set(
    "Wish Guess Recipe Unproven Warned Odd Named Trouble Made Effort Said Used Carried Part Judged RubbishError OneShot".split()
)


def test_retired_names_of_modules() -> None:
    assert {path.stem for path in PACKAGE.rglob("*.py")} & MODULES == set()


def test_retired_names_of_classes() -> None:
    found = {
        node.name: str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.name in CLASSES
    }
    assert found == {}


def test_the_root_is_small() -> None:
    assert len([path for path in PACKAGE.iterdir() if path.is_file()]) <= 8


def test_every_room_says_what_lives_there() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
