"""Writes which classes the reviewed distributions define: what a pickle may name without a call of its own.

``python tools/classes.py PYTHON...`` reads the distributions installed for each interpreter and adds to
``pickles/data/classes/<top-level module>.json``; it takes nothing away, so that several releases count together.
Source is parsed and not run; only compiled modules are imported, by the other interpreter, since nothing else tells
their types.

A file maps a module to the names of classes in it, defined there or re-exported from the same distribution.  Behind a
name, ``*`` marks a compiled type or an enumeration (their own ``__reduce__`` calls them), and ``!`` a class with a ``__new__`` of its own,
which NEWOBJ with arguments would run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "validator/mlmodel/pickles/data/classes"
REVIEWED = ROOT / "validator/mlmodel/pickles/data/reviewed.json"

# Runs in the other interpreter, with nothing but the standard library.
ASK = r"""
import ast, importlib, importlib.util, json, os, re, sys, warnings
warnings.simplefilter("ignore")
tops, skipped, only = json.loads(sys.argv[1])
skip = re.compile("|".join(skipped))

def files(top):
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return
    for root in spec.submodule_search_locations:
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name.isidentifier())
            for name in sorted(names):
                stem = name.split(".")[0]
                if name.endswith((".py", ".so", ".pyd")) and stem.isidentifier():
                    parts = [top, *os.path.relpath(folder, root).split(os.sep), stem]
                    parts = [part for part in parts if part != "."]
                    is_package = parts[-1] == "__init__"
                    module = ".".join(parts[:-1] if is_package else parts)
                    if not skip.search(module) and (top not in only or re.match(only[top], module)):
                        yield module, os.path.join(folder, name), is_package

def statements(body):
    for node in body:
        yield node
        for inner in ("body", "orelse", "finalbody"):
            if isinstance(node, (ast.If, ast.Try, ast.With)):
                yield from statements(getattr(node, inner, []))
        for handler in getattr(node, "handlers", []):
            yield from statements(handler.body)

def mark(node):
    if any(isinstance(item, ast.FunctionDef) and item.name == "__new__" for item in node.body):
        return "!"
    bases = [getattr(base, "attr", getattr(base, "id", "")) for base in node.bases]
    return "*" if {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"} & set(bases) else ""

found, aliases, stars = {}, {}, {}
for top in tops:
    for module, path, is_package in files(top):
        own = found.setdefault(module, {})
        if not path.endswith(".py"):
            try:
                loaded = importlib.import_module(module)
            except BaseException:
                continue
            for name, value in list(vars(loaded).items()):
                if isinstance(value, type) and str(value.__module__).split(".")[0] == top and value.__name__ == name:
                    own.setdefault(name, "*")
            continue
        try:
            tree = ast.parse(open(path, encoding="utf-8").read())
        except (SyntaxError, ValueError, UnicodeDecodeError):
            continue
        package = module if is_package else module.rpartition(".")[0]
        for node in statements(tree.body):
            if isinstance(node, ast.ClassDef):
                own[node.name] = mark(node)
            elif isinstance(node, ast.ImportFrom):
                source = node.module or ""
                if node.level:
                    base = package.split(".")
                    base = base[: len(base) - node.level + 1]
                    source = ".".join([*base, source] if source else base)
                for alias in node.names:
                    if alias.name == "*":
                        stars.setdefault(module, []).append(source)
                    else:
                        aliases.setdefault(module, []).append((alias.asname or alias.name, source, alias.name))

for _ in range(6):
    for module, items in aliases.items():
        for name, source, given in items:
            kind = found.get(source, {}).get(given)
            if kind is not None and source.split(".")[0] == module.split(".")[0]:
                found[module].setdefault(name, kind)
    for module, sources in stars.items():
        for source in sources:
            if source.split(".")[0] == module.split(".")[0]:
                for name, kind in found.get(source, {}).items():
                    if not name.startswith("_"):
                        found[module].setdefault(name, kind)
print(json.dumps({module: names for module, names in found.items() if names}))
"""


def main() -> None:
    """Ask every interpreter, and merge."""
    reviewed = json.loads(REVIEWED.read_text(encoding="utf-8"))
    question = json.dumps([reviewed["classes"], reviewed["no_classes_of"], reviewed["classes_only_of"]])
    merged: dict[str, dict[str, str]] = {}
    for path in sorted(TARGET.glob("*.json")):
        for module, names in json.loads(path.read_text(encoding="utf-8")).items():
            merged[module] = {name.rstrip("*!"): name[len(name.rstrip("*!")) :] for name in names.split()}
    for python in sys.argv[1:]:
        result = subprocess.run([python, "-c", ASK, question], check=True, capture_output=True, text=True)
        for module, names in json.loads(result.stdout.splitlines()[-1]).items():
            known = merged.setdefault(module, {})
            for name, kind in names.items():
                # Releases differ; the mark that asks for more care stays.
                known[name] = max(known.get(name, kind), kind, key=["*", "", "!"].index)
    TARGET.mkdir(parents=True, exist_ok=True)
    for top in sorted({module.partition(".")[0] for module in merged}):
        lines = {
            module: " ".join(name + kind for name, kind in sorted(names.items()))
            for module, names in sorted(merged.items())
            if module.partition(".")[0] == top
        }
        text = json.dumps(lines, indent=0, ensure_ascii=True) + "\n"
        (TARGET / f"{top}.json").write_text(text, encoding="utf-8", newline="\n")
        print(top, len(lines), sum(len(line.split()) for line in lines.values()), len(text))


if __name__ == "__main__":
    main()
