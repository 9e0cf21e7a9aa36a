"""The cases: what they are, and how one becomes a model directory."""

from __future__ import annotations

import base64
import json
import os
import shutil
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.standard import data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUITE_VERSION = "0.1"
"""Of the set of cases; the standard's version that they test."""


class Case(Record):
    """One case, as ``schemas/case.schema.json`` defines it."""

    id: str
    title: str
    why: str
    section: str
    rules: tuple[str, ...]
    expect: dict[str, Any]
    folder: str
    """Where its files are."""
    setup: tuple[dict[str, str], ...] = ()
    twin: str | None = None
    features: frozenset[str] = frozenset()
    origin: str = "hand"
    since: str = SUITE_VERSION
    """The version of the standard that brought it."""
    base: str | None = None
    """The case whose directory it is made of, by the steps of ``setup``."""

    @property
    def model(self) -> str:
        """The folder with the plain files of the model directory."""
        return os.path.join(self.folder, "model")

    @property
    def given(self) -> str:
        """The folder with what a writer is given; need not exist."""
        return os.path.join(self.folder, "given")

    @property
    def subject(self) -> str:
        """What the case shares a weight with: its first rule; without rules its area, with the release that saved it."""
        if self.rules:
            return self.rules[0]
        area = self.id.partition("/")[0]
        return f"{area}, {self.origin}" if self.origin.startswith("mlflow ") else area

    def refusal(self, role: str) -> bool:
        """Whether what is right for a role is to find something wrong, and not to accept."""
        if role == "validator":
            return bool(self.expect["validate"]["verdict"] != "valid")
        if role == "writer":
            return bool(self.expect["write"]["outcome"] == "reject")
        described = self.expect.get("describe", {}).get("outcome")
        return described == "reject" or all(
            "output" not in item for item in self.expect.get("predict", ({"output": 0},))
        )

    def needs(self, role: str) -> frozenset[str]:
        """The features that an implementation must say it has to be asked about this case as ``role``.

        What only looks at a directory needs none.
        """
        asked = self.expect.get("validate", {})
        looks = role == "validator" and "load" not in asked and "targets" not in asked
        return frozenset() if looks else self.features


def cases(root: str | None = None) -> list[Case]:
    """All cases below a folder, or its subfolder ``cases``, by id; those of this distribution when none is given.

    Raises:
        FileNotFoundError: there are none.
    """
    top = os.path.join(root or data.tree("conformance"), "cases")
    if root is not None and not os.path.isdir(top):
        top = root
    found = []
    for folder, folders, files in os.walk(top):
        folders.sort()
        if "case.json" in files:
            folders.clear()
            found.append(_read(folder))
    if not found:
        raise FileNotFoundError(f"there are no cases below {top}")
    return sorted(found)


def _read(folder: str) -> Case:
    with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
        raw = json.load(file)
    return Case(
        raw["id"],
        raw["title"],
        raw["why"],
        raw["section"],
        tuple(raw["rules"]),
        raw["expect"],
        folder,
        tuple(raw.get("setup", ())),
        raw.get("twin"),
        frozenset(raw.get("features", ())),
        raw.get("origin", "hand"),
        raw.get("since", SUITE_VERSION),
        raw.get("base"),
    )


def matching(found: Iterable[Case], globs: Iterable[str]) -> list[Case]:
    """The cases whose id matches any of the globs; all without globs."""
    wanted = list(globs)
    return [case for case in found if not wanted or any(fnmatchcase(case.id, glob) for glob in wanted)]


def materialise(case: Case, target: str) -> str:
    """Make the model directory of a case at ``target``, which must not exist.

    Raises:
        OSError: this system cannot make it: links on Windows, for example.
    """
    if case.base is not None:
        root = case.folder[: -len(os.path.join(*case.id.split("/")))]
        materialise(_read(os.path.join(root, *case.base.split("/"))), target)
    else:
        os.mkdir(target)
    for folder, _, files in os.walk(case.model):
        inside = os.path.join(target, os.path.relpath(folder, case.model))
        os.makedirs(inside, exist_ok=True)
        for name in files:
            copy = os.path.join(inside, name)
            shutil.copyfile(os.path.join(folder, name), copy)
            os.chmod(copy, 0o644)
    for step in case.setup:
        _do(step, os.path.join(target, *step["path"].split("/")))
    return target


def _do(step: dict[str, str], path: str) -> None:
    """One step of ``setup``."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if step["do"] == "symlink":
        os.symlink(step["target"], path)
    elif step["do"] == "mkdir":
        os.makedirs(path, exist_ok=True)
    elif step["do"] == "fifo":
        os.mkfifo(path)
    elif step["do"] == "remove":
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.remove(path)
    elif step["do"] == "write":
        content = step["text"].encode() if "text" in step else base64.b64decode(step["content"])
        with open(path, "wb") as file:
            file.write(content)
    else:
        os.chmod(path, int(step["mode"], 8))


def listing(folder: str) -> list[tuple[str, int, int]]:
    """The names, sizes and times of modification in a folder."""
    found = []
    for path, folders, files in os.walk(folder):
        for name in (*folders, *files):
            status = os.lstat(os.path.join(path, name))
            found.append((os.path.join(path, name), status.st_size, status.st_mtime_ns))
    return sorted(found)


def export(found: Iterable[Case], target: str) -> Iterator[str]:
    """Write finished model directories, for implementations in any language: ``<target>/<id>/``.

    Yields:
        The ids, in order; an id with what went wrong where this system cannot make the directory.
    """
    os.makedirs(target, exist_ok=True)
    for case in found:
        folder = os.path.join(target, *case.id.split("/"))
        os.makedirs(folder, exist_ok=True)
        shutil.copyfile(os.path.join(case.folder, "case.json"), os.path.join(folder, "case.json"))
        if os.path.isdir(case.given):
            shutil.copytree(case.given, os.path.join(folder, "given"))
        if "write" in case.expect:
            yield case.id
            continue
        try:
            materialise(case, os.path.join(folder, "model"))
        except (OSError, AttributeError, NotImplementedError) as error:
            yield f"{case.id} (cannot be made here: {error})"
        else:
            yield case.id
