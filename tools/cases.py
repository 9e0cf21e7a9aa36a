"""Writes the conformance cases that examples are: the bad one and its near miss, as plain files.

``python tools/cases.py`` writes ``conformance/cases/rules/`` of the rule pages, and ``conformance/cases/targets/`` of
``tests/targets/examples.yaml``, which has two examples for each requirement of a target; ``chapters/`` of the chapters'
own examples, and ``describe/``, what a reader makes of broken directories.  ``--check`` only compares.
A page's examples change the model in ``tests/base/``; here they are done, so that a case is read without any tool.
What a repository cannot carry stays a step in ``case.json``.
"""

from __future__ import annotations

import base64
import filecmp
import hashlib
import json
import os
import re
import shlex
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
from mlmodel.conformance.adapter import answer  # noqa: E402
from mlmodel.standard import targets  # noqa: E402
from mlmodel.standard.rules import matching  # noqa: E402
from tests.overlay import Fence, fences, make_model  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGES = ROOT / "spec" / "rules"
CASES = ROOT / "conformance" / "cases"
AREAS = ("rules", "targets", "describe", "chapters")
"""What is written here."""
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


def step_of_file(name: str, content: bytes) -> dict[str, str]:
    """The step that writes a file: as text where it is one line or more of it, or else in Base64."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if all(character.isprintable() or character in "\n\t" for character in text):
        return {"do": "write", "path": name, "text": text}
    return {"do": "write", "path": name, "content": base64.b64encode(content).decode()}


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
    titles: dict[str, str]
    """What the directory is, for ``bad`` and for ``near-miss``."""
    why: str
    section: str
    rule: str
    since: str
    origin: str
    targets: Sequence[str] = ()


def _prose(text: str) -> str:
    """The text of a section outside of its fences, on one line."""
    return " ".join(" ".join(text.split("```")[::2]).split())


def _why(page: str) -> str:
    """Why a rule matters: the prose of that section; where it only shows an error, that error."""
    why = section(page, "Why it matters")
    return _prose(why) or " ".join(why.replace("```text", "").replace("```", "").split())


def _titled(text: str, summary: str, other: str | None) -> str:
    """What an example's directory is, in one line: its page's own words for it, or what is changed in it.

    Args:
        text: the section of the page with the example.
        summary: what the rule says.
        other: the section with the other example; what both change is left out.
    """
    prose = _prose(text)
    if prose:
        first = re.split(r"(?<=[.:;])\s", prose)[0].rstrip(".:;")
        return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", first)
    lines = _lines(text)
    shared = _lines(other) if other else []
    told = _changes(lines, shared)
    return f"{summary.rstrip('.')}; here {told}" if other is None else f"{told}, which is right"


def _lines(text: str) -> list[str]:
    """The changes of a section's fences, one a line; a whole file is one."""
    found = []
    for fence in fences(text):
        if "file" in fence.words:
            found.append(f"write {fence.words['file']}")
        elif fence.executable:
            found += [line for line in fence.body.splitlines() if line.strip()]
    return found


_MOST_TOLD = 2
_LONG = 48


def _changes(lines: Sequence[str], other: Sequence[str] = ()) -> str:
    """What changes make of the base model, in few words; those of another example are left out."""
    own = [line for line in lines if line not in other] or list(lines)
    told = [_told(line) for line in own[:_MOST_TOLD]]
    return ", ".join(told) + (" and more" if len(own) > _MOST_TOLD else "") if told else "as it is"


def _told(line: str) -> str:
    command, _, rest = line.strip().partition(" ")
    name, _, argument = rest.strip().partition(" ")
    short = argument if len(argument) <= _LONG else argument[: _LONG - 3] + "..."
    match command:
        case "rm":
            return f"without {name}"
        case "mkdir":
            return f"with the folder {name}"
        case "mv":
            return f"{name} is named {argument}"
        case "symlink":
            return f"{name} is a link to {argument}"
        case "chmod":
            return f"{argument} has the mode {name}"
        case "fifo":
            return f"{name} is a FIFO"
        case "set":
            pointer, _, value = argument.partition(" ")
            value = value if len(value) <= _LONG else value[: _LONG - 3] + "..."
            return f"{pointer} of {name} is {value}"
        case "unset":
            return f"{name} has no {argument}"
        case "replace":
            new = shlex.split(argument)[-1].replace("\\n", " ").strip()
            return f"{name} says {new[:_LONG]}" if new else f"a line of {name} is gone"
        case _:
            kind, _, content = short.partition(":")
            content = content.replace("\\n", " ").strip()
            return f'{name} is "{content}"' if kind == "text" and content else f"with its own {name}"


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
        {
            "bad": _titled(section(text, "Bad"), front["summary"], None),
            "near-miss": _titled(section(text, "Good"), front["summary"], section(text, "Bad")),
        },
        _why(text),
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
                {
                    "bad": f"For {profile.title}, {_changes(example['bad'])}",
                    "near-miss": f"For {profile.title}, {_changes(example['good'], example['bad'])}",
                },
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
            "title": example.titles[ending],
            "why": example.why,
            "section": example.section,
            # What a target needs beside the standard: it may not be met by what the standard refuses, too.
            "rules": list(dict.fromkeys([example.rule, *(one["rule"] for one in expected["findings"])])),
            "twin": f"{example.area}/{example.name}-{'near-miss' if ending == 'bad' else 'bad'}",
            "since": example.since,
            "origin": example.origin,
            **({"features": ["targets"]} if example.targets else {}),
            **({"setup": steps} if steps else {}),
            "expect": {"validate": expected},
        }
        (folder / "case.json").write_text(_body(case), encoding="utf-8", newline="\n")


BROKEN = (
    *("MLM001", "MLM002", "MLM101", "MLM102", "MLM103", "MLM107"),
    *("MLM005", "MLM009", "MLM201", "MLM301", "MLM303", "MLM304", "MLM410", "MLM420", "MLM445", "MLM501"),
)
"""The rules whose bad examples readers are asked to describe, too: there is nothing to read, or something is unread."""


def write_described(example: Example, target: Path) -> None:
    """The case of a reader for a broken directory, made of the bad case."""
    name = example.name
    found = answer({"op": "describe", "model": str(target.parent / "rules" / f"{name}-bad")})
    folder = target / "describe" / name
    folder.mkdir(parents=True)
    case = {
        "id": f"describe/{name}",
        "title": f"To be described: {example.titles['bad']}",
        "why": "A reader says what it could not read, and no more is lost than that.",
        "section": CHAPTERS["conformance"],
        "rules": [],
        "since": "0.1",
        "origin": "rule page",
        "base": f"rules/{name}-bad",
        "expect": {"describe": {key: value for key, value in found.items() if key != "reason"}},
    }
    (folder / "case.json").write_text(_body(case), encoding="utf-8", newline="\n")


def of_chapters() -> Iterator[tuple[str, Fence, str]]:
    """The examples of the chapters that say what they show, each with its chapter and the heading above it."""
    for chapter in sorted((ROOT / "spec").glob("[0-9]*.md")):
        text = chapter.read_text(encoding="utf-8")
        heading = ""
        for part in re.split(r"^(#+ .*)$", text, flags=re.MULTILINE):
            if part.startswith("#"):
                heading = part.lstrip("# ")
                continue
            for fence in fences(part):
                if fence.executable and "expect" in fence.words:
                    yield chapter.name, fence, heading


def write_chapter(chapter: str, fence: Fence, heading: str, scratch: Path, target: Path) -> None:
    """The case of a chapter's example; its name has a digest of the example, because a changed one is another case."""
    rule = fence.words["expect"]
    digest = hashlib.sha256(f"{sorted(fence.words.items())}{fence.body}".encode()).hexdigest()[:8]
    name = f"{chapter[:2]}-{rule}-{digest}"
    asked = [word for word in fence.words.get("targets", "").split(",") if word]
    finished = make_model(scratch / "chapters" / name, [fence])
    expected = expectation(finished, rule, asked)
    if expected["verdict"] == "unjudged" or {item["rule"] for item in expected["findings"]} - {rule}:
        return  # a case has one fault
    folder = target / "chapters" / name
    steps = packed(finished, folder / "model")
    told = _changes(
        _lines(
            f"```{fence.language} file={fence.words['file']}\n```\n"
            if "file" in fence.words
            else f"```setup\n{fence.body}```\n"
        )
    )
    case = {
        "id": f"chapters/{name}",
        "title": f"{heading}: {told}",
        "why": "It is an example of the standard.",
        "section": chapter,
        "rules": [] if rule == "valid" else [rule],
        "since": "0.1",
        "origin": "chapter",
        **({"features": ["targets"]} if asked else {}),
        **({"setup": steps} if steps else {}),
        "expect": {"validate": expected},
    }
    (folder / "case.json").write_text(_body(case), encoding="utf-8", newline="\n")


def _body(case: dict[str, Any]) -> str:
    return json.dumps(case, indent=2, ensure_ascii=False) + "\n"


def same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files."""
    left, right = (
        {path.relative_to(top) for path in top.rglob("*") if path.is_file()} for top in (one, other)
    )
    return left == right and not filecmp.cmpfiles(one, other, map(str, left), shallow=False)[1]


def folders(top: Path) -> set[str]:
    """The cases of the areas that are written here, as ``area/name``."""
    return {
        path.relative_to(top).as_posix() for area in AREAS for path in (top / area).glob("*") if path.is_dir()
    }


def main() -> None:
    """Write or compare."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        pages = map(of_page, sorted(PAGES.glob("MLM*.md")))
        for example in (*filter(None, pages), *of_requirements()):
            write(example, Path(scratch), fresh)
            if example.rule in BROKEN and example.area == "rules":
                write_described(example, fresh)
        for chapter, fence, heading in of_chapters():
            write_chapter(chapter, fence, heading, Path(scratch), fresh)
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
