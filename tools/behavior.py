"""Writes what restoring the classes of reviewed libraries runs: ``spec/annex/behavior/<top-level module>.json``.

``python tools/behavior.py PYTHON... [-- TOP...]`` asks the libraries that are installed for each interpreter, with
``tools/behavior_probe.py`` in a process of its own, and adds what it learns; it takes nothing away, so that several
releases count together, and where they differ, an entry has the hooks of all of them.

A file has the ``releases`` that were read; ``hooks``, what the methods do that restoring or dropping an object runs, by their
qualified names; ``classes``, by the module that defines them: a name, behind a colon its marks, and behind
another one the numbers of its hooks; ``ufuncs``, the modules that have some, and the names of all; and ``functions``, those of
the families in ``reviewed.json`` that are pure.

A hook is ``plain`` where it only assigns, ``cython`` where Cython generated it, ``names`` where it calls methods of its own object,
which are listed, ``native`` where it has no source, and ``acts`` where it calls anything else.  The marks: ``e`` an enumeration, ``*`` a
compiled class that its own ``__reduce__`` calls, ``!`` a ``__new__`` in Python, ``n`` a compiled one, ``t`` takes plain arguments as tuples and
numbers do, ``s`` has slots, ``r`` says itself how it is pickled (``__reduce__``), so that picklers may call it, ``c`` is a list, a
dictionary or a set, ``i`` opens, connects to or runs something when it is called, ``m`` a class of classes that runs code of its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "spec/annex/behavior"
REVIEWED = ROOT / "spec/annex/reviewed.json"
PROBE = ROOT / "tools/behavior_probe.py"
_STRICT = ["plain", "cython", "names", "native", "acts"]
_MOST = 40
"""Methods of a hook that are listed."""


def load(top: str) -> dict[str, Any]:
    """What is known so far of a top-level module."""
    path = TARGET / f"{top}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def merge(known: dict[str, Any], found: dict[str, Any], wanted: str = "") -> dict[str, Any]:
    """Add what one release says, of the modules that an expression matches the beginning of."""
    keep = re.compile(wanted).match
    releases = set(known.get("releases", [])) | ({found["version"]} if found["version"] else set())
    hooks = {name: line.split() for name, line in known.get("hooks", {}).items()}
    numbers = list(hooks)
    for name, (kind, methods, _, _) in sorted(found["hooks"].items()):
        before = hooks.get(name, ["plain"])
        worst = max(before[0], kind, key=_STRICT.index)
        hooks[name] = [worst, *sorted({*before[1:], *methods})[:_MOST]]
    classes: dict[str, dict[str, tuple[str, set[str]]]] = {}
    for module, line in known.get("classes", {}).items():
        for entry in line.split():
            name, _, rest = entry.partition(":")
            marks, _, places = rest.partition(":")
            own = {numbers[int(place)] for place in places.split(",") if place}
            classes.setdefault(module, {})[name] = (marks, own)
    for module, names in found["classes"].items():
        for name, (marks, own) in names.items():
            before_marks, before_own = classes.setdefault(module, {}).get(name, ("", set()))
            classes[module][name] = ("".join(sorted({*before_marks, *marks})), before_own | set(own))
    functions = {module: set(line.split()) for module, line in known.get("functions", {}).items()}
    for module, names in found.get("functions", {}).items():
        functions.setdefault(module, set()).update(names)
    classes = {module: names for module, names in classes.items() if keep(module)}
    functions = {module: names for module, names in functions.items() if keep(module)}
    used = sorted(set().union(*(own for names in classes.values() for _, own in names.values())))
    place = {name: number for number, name in enumerate(used)}
    ufuncs = known.get("ufuncs", {"modules": "", "names": ""})
    return {
        "releases": sorted(releases),
        "hooks": {name: " ".join(hooks[name]) for name in used},
        "classes": {
            module: " ".join(
                _entry(name, marks, sorted(place[hook] for hook in own))
                for name, (marks, own) in sorted(names.items())
            )
            for module, names in sorted(classes.items())
        },
        "functions": {module: " ".join(sorted(names)) for module, names in sorted(functions.items())},
        "ufuncs": {
            "modules": " ".join(sorted({*ufuncs["modules"].split(), *found["ufuncs"]})),
            "names": " ".join(
                sorted(
                    {
                        *ufuncs["names"].split(),
                        *(name for names in found["ufuncs"].values() for name in names),
                    }
                )
            ),
        },
    }


def _entry(name: str, marks: str, places: list[int]) -> str:
    if not places:
        return f"{name}:{marks}" if marks else name
    return f"{name}:{marks}:{','.join(map(str, places))}"


def main() -> None:
    """Ask every interpreter, and merge."""
    arguments = sys.argv[1:]
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    review = json.loads(REVIEWED.read_text(encoding="utf-8"))
    families = "|".join(f"(?:{family})" for family in review["function_families"])
    tops = arguments[cut + 1 :] or [path.stem for path in sorted(TARGET.glob("*.json"))]
    TARGET.mkdir(parents=True, exist_ok=True)
    for python in arguments[:cut]:
        for top in tops:
            result = subprocess.run(
                [python, PROBE, families, top],
                check=False,
                capture_output=True,
                text=True,
                cwd="/",
                timeout=900,
            )
            for line in result.stdout.splitlines():
                found = json.loads(line)
                if "error" in found:
                    sys.stderr.write(f"{top}: {found['error']}\n")
                elif found["classes"]:
                    text = (
                        json.dumps(
                            merge(load(top), found, review["modules_of"].get(top, "")),
                            indent=0,
                            ensure_ascii=True,
                        )
                        + "\n"
                    )
                    (TARGET / f"{top}.json").write_text(text, encoding="utf-8", newline="\n")
                    print(top, found["version"], sum(map(len, found["classes"].values())), len(text))


if __name__ == "__main__":
    main()
