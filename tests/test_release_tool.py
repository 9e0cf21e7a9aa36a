"""`tools/release.py`: what a new release of MLflow changes."""

from __future__ import annotations

import importlib.util
import json
import re
from types import ModuleType

import pytest

from mlmodel.standard import rules
from tests.command import ROOT


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release_tool", ROOT / "tools" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table_names_what_is_there(tool: ModuleType) -> None:
    table = json.loads(tool.WATCHED.read_text(encoding="utf-8"))["functions"]
    for rests in (each for entries in table.values() for each in entries.values()):
        for name in rests:
            if re.fullmatch(r"MLM\d{3}", name):
                assert name in rules.catalogue()
            else:
                assert (ROOT / name).exists(), name


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ('def _read_example(a: int) -> int:\n    """Other words."""\n    return a  # same\n', None),
        ("def _read_example(a):\n    return a + 1\n", "`_read_example` changed"),
        ("", "`_read_example` is gone"),
    ],
)
def test_changes(tool: ModuleType, after: str, said: str | None) -> None:
    file = "mlflow/models/utils.py"
    before = 'def _read_example(a):\n    """Words."""\n    return a\n'
    lines = [line for line in tool.changes({file: before}, {file: after}) if "`_read_example`" in line]
    assert [line.partition(": ")[0].removeprefix(f"- `{file}` ") for line in lines] == (
        [said] if said else []
    )


def test_new_flavor(tool: ModuleType) -> None:
    new = {"mlflow/jax/__init__.py": 'import os\nFLAVOR_NAME = "jax"\n'}
    assert [line for line in tool.changes({}, new) if line.startswith("- flavor")] == [
        "- flavor `jax` is new: see CONTRIBUTING, Add a flavor"
    ]
