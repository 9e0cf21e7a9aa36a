"""The address of the repository stands in one place, ``standard/rules.py``; whatever else names it says the same."""

from __future__ import annotations

import re
import subprocess

from mlmodel.standard.rules import REPOSITORY
from tests.command import ROOT

OWNER_AND_NAME = REPOSITORY.removeprefix("https://github.com/")


def _files() -> list[str]:
    """The texts of the repository that name a GitHub address of it; cases and answers that were stored apart."""
    listed = subprocess.run(
        ["git", "ls-files", "*.md", "*.toml", "*.yml", "*.yaml", "*.py", "*.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        name
        for name in listed.stdout.splitlines()
        if not name.startswith(("conformance/cases/", "spec/annex/"))
    ]


def test_everything_names_the_same_repository() -> None:
    name = OWNER_AND_NAME.partition("/")[2]
    address = re.compile(rf"github\.com/([\w.-]+/{name})(?![\w-])|uses: ([\w.-]+/{name})@")
    found: dict[str, str] = {}
    for file in _files():
        text = (ROOT / file).read_text(encoding="utf-8", errors="replace")
        found |= {match[1] or match[2]: file for match in address.finditer(text)}
    assert set(found) == {OWNER_AND_NAME}, found


def test_the_code_writes_it_once() -> None:
    code = [
        path
        for folder in ("validator", "tools", "conformance/adapters")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".mjs") and OWNER_AND_NAME in path.read_text(encoding="utf-8")
    ]
    assert code == [ROOT / "validator" / "mlmodel" / "standard" / "rules.py"]
