"""Writes which modules each Python's standard library has: ``spec/annex/standard-library.json``.

``python tools/standard_library.py PYTHON...``, one interpreter a minor version, in order and without gaps.  A
module that the oldest has is taken to have been there always, one that the newest has to stay.  For releases that
are newer than the last interpreter, the ``VERSIONS`` file of typeshed that mypy brings is asked.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import mypy

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPESHED = Path(mypy.__file__).parent / "typeshed/stdlib/VERSIONS"
TARGET = Path(__file__).resolve().parent.parent / "spec/annex/standard-library.json"

# Runs in the other interpreter, of any Python 3.
ASK = r"""
import json, os, sys, sysconfig, _compat_pickle
here = set(sys.builtin_module_names)
for folder in (sysconfig.get_path("stdlib"), os.path.join(sysconfig.get_path("stdlib"), "lib-dynload")):
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        top = name.split(".")[0]
        if top.isidentifier() and (name.endswith((".py", ".so")) or os.path.isdir(os.path.join(folder, name))):
            here.add(top)
here -= {"__pycache__", "site_packages", "lib_dynload", "test", "sitecustomize", "usercustomize"}
here = {name for name in here if not name.startswith(("_sysconfigdata", "_test", "config_"))}
listed = set(getattr(sys, "stdlib_module_names", ()))
print(json.dumps({"version": "%d.%d" % sys.version_info[:2], "here": sorted(here), "listed": sorted(listed),
                  "renamed": sorted(set(_compat_pickle.IMPORT_MAPPING))}))
"""


def later(newest: str, names: set[str]) -> Iterator[tuple[str, set[str]]]:
    """The releases after ``newest``, whose modules are ``names``, that typeshed knows, and the modules of each."""
    eras: dict[str, tuple[int, int | None]] = {}
    for line in TYPESHED.read_text(encoding="utf-8").splitlines():
        match = re.match(r"(\w+): 3\.(\d+)-(?:3\.(\d+))?", line)
        if match is not None:
            eras[match[1]] = int(match[2]), int(match[3]) if match[3] else None
    known = max(since for since, _ in eras.values())
    for minor in range(int(newest.partition(".")[2]) + 1, known + 1):
        gone = {name for name, (_, until) in eras.items() if until is not None and until < minor}
        names = (names - gone) | {name for name, (since, _) in eras.items() if since == minor}
        yield f"3.{minor}", names


def main() -> int:
    """Ask every interpreter that is named, and write the table."""
    answers = [
        json.loads(subprocess.run([python, "-c", ASK], check=True, capture_output=True, text=True).stdout)
        for python in sys.argv[1:]
    ]
    versions = [answer["version"] for answer in answers]
    names = [set(answer["listed"]) | set(answer["here"]) for answer in answers]
    # Modules of other systems are only in the lists that newer interpreters keep.
    elsewhere = {name for answer in answers for name in set(answer["listed"]) - set(answer["here"])}
    for index, answer in enumerate(answers):
        if not answer["listed"]:
            names[index] |= elsewhere
    for version, listed in later(versions[-1], names[-1]):
        versions.append(version)
        names.append(listed)
    always, sometimes = set().union(*(answer["renamed"] for answer in answers)), {}
    for name in sorted(set().union(*names)):
        has = [name in listed for listed in names]
        if all(has):
            always.add(name)
        else:
            first, last = has.index(True), len(has) - 1 - has[::-1].index(True)
            sometimes[name] = [
                versions[first] if first else None,
                versions[last] if last < len(has) - 1 else None,
            ]
    sometimes = {name: era for name, era in sometimes.items() if era != [None, None] and name not in always}
    content = {
        "about": "Top-level modules of Python's standard library: in every release from the first to the last of"
        " versions, or from a release and until a release. Written by tools/standard_library.py.",
        "versions": [versions[0], versions[-1]],
        "always": sorted(always),
        "sometimes": sometimes,
    }
    TARGET.write_text(json.dumps(content) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
