"""Writes which modules and classes of a distribution exist in which of its releases, from their wheels.

``python tools/module_history.py FOLDER`` reads ``FOLDER/<distribution>/*.whl``: one wheel of each series, the last
release of it (``pip download --no-deps --only-binary=:all: DISTRIBUTION==X``), and writes
``spec/annex/module-history/<distribution>.tsv`` anew.  Nothing of a wheel is imported: its names come from the
list of its files and from the syntax of its Python files.

What all of the releases have is left out, and so is what goes and comes back.
"""

from __future__ import annotations

import ast
import sys
import zipfile
from datetime import datetime, timezone
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "spec/annex/module-history"
HEAD = (
    "# Modules of {name}, and classes and functions of its modules (module:name), that not every series of releases has:\n"
    "# the first and the last series that has it, - where that is the first or the last that was looked at.\n"
    "# Written by tools/module_history.py on {day} from the wheels of {releases}.\n"
    "series\t{series}\n"
)
SKIPPED = frozenset(
    {"tests", "test", "testing", "_testing", "conftest", "setup", "_examples", "examples", "benchmarks"}
)
EXTENSIONS = (".so", ".pyd")


def version(wheel: Path) -> tuple[int, ...]:
    """The first two numbers of the release, ``(2, 4)``."""
    numbers = wheel.name.split("-")[1].split(".")
    return int(numbers[0]), int(numbers[1])


def contents(wheel: Path) -> tuple[set[str], dict[str, set[str]], dict[str, set[str]]]:
    """The modules of a wheel; by module, the names that it binds; and those that it defines itself.

    A module whose names cannot be told, because it has a ``__getattr__`` or imports ``*``, binds ``*``.
    """
    modules: set[str] = set()
    bound: dict[str, set[str]] = {}
    defined: dict[str, set[str]] = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            parts = name.split("/")
            if parts[0].endswith((".dist-info", ".data", ".libs")) or SKIPPED & {
                part.split(".")[0] for part in parts
            }:
                continue
            if "externals" in parts[:2] and parts[0] == "joblib":
                continue  # copies of other distributions
            stem = parts[-1].split(".")[0]
            if not name.endswith((".py", *EXTENSIONS)) or not all(
                part.isidentifier() for part in [*parts[:-1], stem]
            ):
                continue
            module = ".".join(parts[:-1] if stem == "__init__" else [*parts[:-1], stem])
            modules.add(module)
            if name.endswith(".py"):
                bound[module], defined[module] = names(archive.read(name))
            else:
                bound[module], defined[module] = {"*"}, set()
    return modules, bound, defined


def names(source: bytes) -> tuple[set[str], set[str]]:
    """The names that the top level of a file binds, and the classes and functions among them that it defines."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return {"*"}, set()
    bound: set[str] = set()
    defined: set[str] = set()
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            bound.add("*" if node.name == "__getattr__" else node.name)
            defined.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                bound.update(part.id for part in ast.walk(target) if isinstance(part, ast.Name))
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While)):
            for field in ("body", "orelse", "finalbody"):
                pending.extend(getattr(node, field, ()))
            for handler in getattr(node, "handlers", ()):
                pending.extend(handler.body)
        elif isinstance(node, ast.Expr):
            bound.add("*" if "globals()" in ast.dump(node) or "setattr" in ast.dump(node) else "")
    return bound, defined


def era(present: list[bool], series: list[str]) -> tuple[str | None, str | None] | None:
    """The first and the last series that has it; None where all have it, or where it comes back."""
    first, last = present.index(True), len(present) - 1 - present[::-1].index(True)
    if all(present) or not all(present[first : last + 1]):
        return None
    return series[first] if first else None, series[last] if last < len(present) - 1 else None


def history(wheels: list[Path]) -> list[str]:
    """The lines of one distribution."""
    read = [contents(wheel) for wheel in wheels]
    series = [".".join(map(str, version(wheel))) for wheel in wheels]
    found: dict[str, tuple[str | None, str | None]] = {}
    every = set().union(*(modules for modules, _, _ in read))
    for module in every:
        eras = era([module in modules for modules, _, _ in read], series)
        if eras is not None:
            found[module] = eras
    for module in set.intersection(*(modules for modules, _, _ in read)):
        if any("*" in bound[module] for _, bound, _ in read):
            continue
        for name in set().union(*(defined.get(module, set()) for _, _, defined in read)):
            if name.startswith("__") or not (name[:1].isupper() or name.startswith("_")):
                continue
            eras = era([name in bound[module] for _, bound, _ in read], series)
            if eras is not None:
                found[f"{module}:{name}"] = eras
    head = HEAD.format(
        name=wheels[0].parent.name,
        day=datetime.now(timezone.utc).date(),
        releases=", ".join(wheel.name.split("-")[1] for wheel in wheels),
        series=" ".join(series),
    )
    return [
        head,
        *(f"{name}\t{since or '-'}\t{until or '-'}\n" for name, (since, until) in sorted(found.items())),
    ]


def main() -> int:
    """Read the wheels of every distribution."""
    TARGET.mkdir(exist_ok=True)
    for folder in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir()):
        wheels = sorted(folder.glob("*.whl"), key=version)
        if len(wheels) > 1:
            (TARGET / f"{folder.name}.tsv").write_text("".join(history(wheels)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
