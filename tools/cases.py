"""Writes the conformance cases that the rule pages' examples are: the bad one and its near miss, as plain files.

``python tools/cases.py`` writes ``conformance/cases/rules/``, ``python tools/cases.py --check`` only compares.
A page's examples change the model in ``tests/base/``; here they are done, so that a case is read without any tool.
What a repository cannot carry stays a step in ``case.json``.
"""

from __future__ import annotations

import base64
import filecmp
import json
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "validator")]

from mlmodel import Options, Severity, validate  # noqa: E402
from mlmodel.standard.rules import matching  # noqa: E402
from tests.overlay import fences, make_model  # noqa: E402

PAGES = ROOT / "spec" / "rules"
TARGET = ROOT / "conformance" / "cases" / "rules"
CHAPTERS = {path.stem.partition("-")[2]: path.name for path in sorted((ROOT / "spec").glob("[0-9]*.md"))}


def section(text: str, heading: str) -> str:
    """The text below a heading of a page."""
    _, _, rest = text.partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0]


def _has_twin(path: Path) -> bool:
    """Whether a name after it in its folder differs from it in case only."""
    names = [other.name for other in path.parent.iterdir()]
    return any(name.lower() == path.name.lower() and name > path.name for name in names)


def packed(finished: Path, target: Path) -> list[dict[str, str]]:
    """Copy the plain files of a finished directory; the steps that make the rest of it."""
    steps: list[dict[str, str]] = []
    modes: list[dict[str, str]] = []
    target.mkdir(parents=True)
    for path in sorted((finished, *finished.rglob("*"))):
        name = path.relative_to(finished).as_posix()
        if path.is_symlink():
            steps.append({"do": "symlink", "path": name, "target": os.readlink(path)})
        elif path.is_dir():
            if not any(path.iterdir()):
                steps.append({"do": "mkdir", "path": name})
            if stat.S_IMODE(path.stat().st_mode) != 0o755:
                modes.append({"do": "chmod", "path": name, "mode": f"{stat.S_IMODE(path.stat().st_mode):o}"})
        elif path.is_fifo():
            steps.append({"do": "fifo", "path": name})
        elif path.suffix == ".pyc" or path.name.startswith(".git") or _has_twin(path):
            # No wheel carries the first; git obeys the second, and not every file system has room for the third.
            content = base64.b64encode(path.read_bytes()).decode()
            steps.append({"do": "write", "path": name, "content": content})
        else:
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
            if stat.S_IMODE(path.stat().st_mode) != 0o644:
                modes.append({"do": "chmod", "path": name, "mode": f"{stat.S_IMODE(path.stat().st_mode):o}"})
    return steps + modes


def expectation(finished: Path, rule: str) -> dict[str, Any]:
    """What the reference validator finds in the finished directory, reviewed with the case."""
    report = validate(finished, Options(select=matching("ALL")))
    found = {
        (finding.rule, finding.location.file, finding.location.pointer): None
        for finding in report.findings
        if finding.severity is Severity.ERROR or finding.rule == rule
    }
    findings = [
        {
            "rule": id_,
            **({"file": file} if file else {}),
            **({"pointer": pointer} if pointer else {}),
        }
        for id_, file, pointer in found
    ]
    return {"verdict": report.verdict.label, "findings": findings}


def write(page: Path, scratch: Path, target: Path) -> None:
    """The two cases of one page."""
    text = page.read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    if "example" in front or front["chapter"] == "tool":
        return  # about the tool, or about an index of packages: no directory shows it
    for heading, ending in (("Bad", "bad"), ("Good", "near-miss")):
        blocks = [fence for fence in fences(section(text, heading)) if fence.executable]
        finished = make_model(scratch / f"{page.stem}-{ending}", blocks)
        id_ = f"rules/{page.stem}-{ending}"
        other = f"rules/{page.stem}-{'near-miss' if ending == 'bad' else 'bad'}"
        expected = expectation(finished, front["id"])
        if ending == "near-miss":
            expected["forbidden"] = [front["id"]]
        folder = target / f"{page.stem}-{ending}"
        steps = packed(finished, folder / "model")
        case = {
            "id": id_,
            "title": front["summary"] if ending == "bad" else f"A near miss of: {front['summary']}",
            "why": " ".join(section(text, "Why it matters").split("```")[0].split()),
            "section": CHAPTERS.get(front["chapter"], "90-conformance.md"),
            "rules": [front["id"]],
            "twin": other,
            "since": front["since"],
            "origin": "rule page",
            **({"setup": steps} if steps else {}),
            "expect": {"validate": expected},
        }
        body = json.dumps(case, indent=2, ensure_ascii=False) + "\n"
        (folder / "case.json").write_text(body, encoding="utf-8", newline="\n")


def same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files."""
    left, right = (
        {path.relative_to(top) for path in top.rglob("*") if path.is_file()} for top in (one, other)
    )
    return left == right and not filecmp.cmpfiles(one, other, map(str, left), shallow=False)[1]


def main() -> None:
    """Write or compare."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        for page in sorted(PAGES.glob("MLM*.md")):
            write(page, Path(scratch), fresh)
        names = {path.name for path in fresh.iterdir()}
        old = {path.name for path in TARGET.iterdir()} if TARGET.is_dir() else set()
        changed = [
            name
            for name in names | old
            if not (name in old and name in names and same(TARGET / name, fresh / name))
        ]
        if "--check" in sys.argv[1:]:
            if changed:
                raise SystemExit(f"run tools/cases.py: {', '.join(sorted(changed)[:5])}")
            return
        for name in changed:
            shutil.rmtree(TARGET / name, ignore_errors=True)
            if name in names:
                shutil.copytree(fresh / name, TARGET / name)


if __name__ == "__main__":
    main()
