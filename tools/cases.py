"""Writes the conformance cases that examples are: the bad one and its near miss, as plain files.

``python tools/cases.py`` writes ``conformance/cases/rules/`` of the rule pages, and ``conformance/cases/targets/`` of
``tests/targets/examples.yaml``, which has two examples for each requirement of a target; ``--check`` only compares.
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
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "validator")]

from mlmodel import Options, Severity, validate  # noqa: E402
from mlmodel.standard import targets  # noqa: E402
from mlmodel.standard.rules import catalogue, matching  # noqa: E402
from tests.overlay import Fence, fences, make_model  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGES = ROOT / "spec" / "rules"
CASES = ROOT / "conformance" / "cases"
EXAMPLES = ROOT / "tests" / "targets" / "examples.yaml"
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


def expectation(finished: Path, rule: str, asked: Sequence[str]) -> dict[str, Any]:
    """What the reference validator finds in the finished directory, reviewed with the case."""
    report = validate(finished, Options(select=matching("ALL"), targets=tuple(asked)))
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
    return {
        **({"targets": list(asked)} if asked else {}),
        "verdict": report.verdict.label,
        "findings": findings,
    }


class Example(NamedTuple):
    """A directory with one fault, or its near miss, and what the case of it says."""

    area: str
    name: str
    blocks: dict[str, list[Fence]]
    """What changes the base model, for ``bad`` and for ``near-miss``."""
    title: str
    why: str
    section: str
    rule: str
    since: str
    origin: str
    targets: Sequence[str] = ()


def of_page(page: Path) -> Example | None:
    """The examples of a rule page; None where it is about the tool or an index of packages: no directory shows it."""
    text = page.read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    if "example" in front or front["chapter"] == "tool":
        return None
    return Example(
        "rules",
        page.stem,
        {
            ending: [fence for fence in fences(section(text, heading)) if fence.executable]
            for heading, ending in (("Bad", "bad"), ("Good", "near-miss"))
        },
        front["summary"],
        " ".join(section(text, "Why it matters").split("```")[0].split()),
        CHAPTERS.get(front["chapter"], "90-conformance.md"),
        front["id"],
        front["since"],
        "rule page",
        front.get("targets", []),
    )


def of_requirements() -> Iterator[Example]:
    """The examples of the requirements of all targets."""
    for name, examples in yaml.safe_load(EXAMPLES.read_text(encoding="utf-8")).items():
        profile = targets.profile(name)
        for requirement in profile.own:
            example = examples[requirement.id]
            version = example.get("version")
            yield Example(
                "targets",
                f"{name}-{requirement.id}",
                {
                    ending: [Fence("setup", body="\n".join(example[key]))]
                    for key, ending in (("bad", "bad"), ("good", "near-miss"))
                },
                f"{profile.title} needs it: {catalogue()[requirement.rule].summary}",
                f"{requirement.effect} ({requirement.source})",
                CHAPTERS["targets"],
                requirement.rule,
                "0.1",
                "hand",
                [f"{name}=={version}" if version else name],
            )


def write(example: Example, scratch: Path, target: Path) -> None:
    """The two cases of one example."""
    for ending, blocks in example.blocks.items():
        name = f"{example.name}-{ending}"
        finished = make_model(scratch / example.area / name, blocks)
        expected = expectation(finished, example.rule, example.targets)
        if ending == "near-miss":
            expected["forbidden"] = [example.rule]
        folder = target / example.area / name
        steps = packed(finished, folder / "model")
        case = {
            "id": f"{example.area}/{name}",
            "title": example.title if ending == "bad" else f"A near miss of: {example.title}",
            "why": example.why,
            "section": example.section,
            "rules": [example.rule],
            "twin": f"{example.area}/{example.name}-{'near-miss' if ending == 'bad' else 'bad'}",
            "since": example.since,
            "origin": example.origin,
            **({"features": ["targets"]} if example.targets else {}),
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


def folders(top: Path) -> set[str]:
    """The cases of the areas that are written here, as ``area/name``."""
    return {
        path.relative_to(top).as_posix()
        for area in ("rules", "targets")
        for path in (top / area).glob("*")
        if path.is_dir()
    }


def main() -> None:
    """Write or compare."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        pages = map(of_page, sorted(PAGES.glob("MLM*.md")))
        for example in (*filter(None, pages), *of_requirements()):
            write(example, Path(scratch), fresh)
        names, old = folders(fresh), folders(CASES)
        changed = [
            name
            for name in names | old
            if not (name in old and name in names and same(CASES / name, fresh / name))
        ]
        if "--check" in sys.argv[1:]:
            if changed:
                raise SystemExit(f"run tools/cases.py: {', '.join(sorted(changed)[:5])}")
            return
        for name in changed:
            shutil.rmtree(CASES / name, ignore_errors=True)
            if name in names:
                shutil.copytree(fresh / name, CASES / name)


if __name__ == "__main__":
    main()
