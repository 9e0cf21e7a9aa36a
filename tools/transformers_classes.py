"""Writes which classes releases of transformers have at their top level: ``spec/annex/transformers-classes.json``.

``python tools/transformers_classes.py WHEEL...``, in the order of the releases.  Nothing is imported: names are read from
the lists of the package's ``__init__.py``, and from the ``__all__`` of the modules of its models.
MLflow asks ``hasattr(transformers, name)``, and runs code of the model's own where the answer is no.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import zipfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "spec/annex/transformers-classes.json"
CLASS = re.compile(r"[A-Z]\w*[a-z]\w*")


def strings(tree: ast.AST) -> set[str]:
    """The texts in a tree that are names of classes."""
    values = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in values if isinstance(value, str) and CLASS.fullmatch(value)}


def exported(tree: ast.Module) -> set[str]:
    """The names of classes in ``__all__``."""
    found: set[str] = set()
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(getattr(target, "id", None) == "__all__" for target in targets):
            found |= strings(node)
    return found


def classes(wheel: Path) -> set[str]:
    """The classes that a release has."""
    found: set[str] = set()
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name == "transformers/__init__.py":
                found |= strings(ast.parse(archive.read(name)))
            elif (
                name.startswith("transformers/models/")
                and name.endswith(".py")
                and b"__all__" in archive.read(name)
            ):
                found |= exported(ast.parse(archive.read(name)))
    return found


def main() -> int:
    """Read the wheels, and write the table: per release what is new and what is gone."""
    known: set[str] = set()
    releases = []
    for path in map(Path, sys.argv[1:]):
        now = classes(path)
        version = path.name.split("-")[1]
        releases.append(
            {"version": version, "new": " ".join(sorted(now - known)), "gone": " ".join(sorted(known - now))}
        )
        known = now
    table = {
        "about": "Names at the top level of releases of transformers: by release what is new, and what is gone since the one before."
        " Written by tools/transformers_classes.py, from the wheels of these releases.",
        "releases": releases,
    }
    TARGET.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
