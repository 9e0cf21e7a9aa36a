"""Writes what the undeclared-import check knows of distributions, from what is installed or packed as a wheel.

``python tools/modules.py PYTHON|FOLDER...`` reads the distributions installed for each interpreter, and the wheels in
each folder (``pip download --no-deps``): their top-level modules and what they require.  It adds to ``spec/annex/modules.json`` and takes nothing away, so that
several releases of a distribution count together, and entries that were written by hand (those without
``requires``: nobody has installed them) stay.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "spec/annex/modules.json"

# Runs in the other interpreter, with nothing but the standard library and packaging.
ASK = r"""
import json, re, sys
from importlib.metadata import distributions
from packaging.requirements import InvalidRequirement, Requirement

def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()

def modules(dist):
    tops = set()
    for file in dist.files or ():
        parts = file.parts
        if not parts or parts[0].endswith((".dist-info", ".data", ".egg-info")) or parts[0] in ("..", "__pycache__"):
            continue
        first = parts[0]
        if len(parts) > 1 and re.search(r"\.(py|so|pyd)$", parts[-1]):
            tops.add(first)
        elif len(parts) == 1 and re.search(r"\.(py|so|pyd)$", first):
            tops.add(first.split(".")[0])
    return sorted(top for top in tops if top.isidentifier() and top not in SHARED)

SHARED = {"tests", "test", "docs", "doc", "examples", "benchmarks", "scripts", "tools", "build"}
paths = {"path": sys.argv[1:]} if sys.argv[1:] else {}
dists = {normal(dist.metadata["Name"]): dist for dist in distributions(**paths) if dist.metadata["Name"]}

def required(dist, extras):
    for line in dist.requires or ():
        wanted = Requirement(line)
        condition = str(wanted.marker or "")
        if "extra" in condition and not any(re.search('extra == .%s.$|extra == .%s.\W' % (re.escape(extra), re.escape(extra)), condition)
            for extra in extras
       ):
            continue
        yield wanted

found = {}
for name, dist in dists.items():
    found[name] = {"modules": modules(dist)}
    try:
        for line in dist.requires or ():
            Requirement(line)
    except InvalidRequirement:
        continue  # what it brings is not known
    requires = set()
    pending = list(required(dist, ()))
    seen = set()
    while pending:
        wanted = pending.pop()
        target = normal(wanted.name)
        requires.add(target)
        if wanted.extras and target in dists and (target, tuple(sorted(wanted.extras))) not in seen:
            seen.add((target, tuple(sorted(wanted.extras))))
            pending.extend(required(dists[target], wanted.extras))
    requires.discard(name)
    found[name]["requires"] = sorted(requires)
print(json.dumps(found))
"""


def merge(known: dict[str, Any], found: dict[str, Any]) -> None:
    """Add what one interpreter has."""
    for name, entry in found.items():
        old = known.setdefault(name, {"modules": []})
        old["modules"] = sorted({*old["modules"], *entry["modules"]})
        if "requires" in entry:
            old["requires"] = sorted({*old.get("requires", ()), *entry["requires"]})


def text(content: dict[str, Any]) -> str:
    """The file: one distribution a line, so that a diff shows what changed."""
    lines = ",\n".join(
        f"    {json.dumps(name)}: {json.dumps(entry)}"
        for name, entry in sorted(content["distributions"].items())
    )
    head = "".join(f"  {json.dumps(key)}: {json.dumps(content[key])},\n" for key in ("about", "namespaces"))
    return f'{{\n{head}  "distributions": {{\n{lines}\n  }}\n}}\n'


def main() -> int:
    """Read every interpreter and every folder that is named."""
    content = json.loads(TARGET.read_text(encoding="utf-8"))
    for source in map(Path, sys.argv[1:]):
        asked = [str(source), "-c", ASK]
        if source.is_dir():  # importlib.metadata reads a wheel as it reads a folder of installed packages
            asked = [sys.executable, "-c", ASK, *map(str, source.glob("*.whl"))]
        output = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
        found = json.loads(output)
        found.pop("mlmodel", None)
        for entry in found.values():
            entry["modules"] = [module for module in entry["modules"] if module not in content["namespaces"]]
        merge(content["distributions"], found)
    TARGET.write_text(text(content), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
