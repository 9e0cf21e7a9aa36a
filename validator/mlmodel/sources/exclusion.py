"""Folders that a search for model directories does not enter: environments, caches, what git ignores, what the user names.

Patterns are those of gitignore, read by pathspec, the library that black, mypy and pre-commit's neighbors use for them;
it is imported where there is a pattern.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pathspec import GitIgnoreSpec

NAMES = frozenset(
    """
    .bzr .cache .direnv .eggs .git .hg .hypothesis .idea .ipynb_checkpoints .mypy_cache .nox .pixi .pytest_cache
    .pytype .ruff_cache .svn .tox .venv .vscode __pycache__ __pypackages__ build dist dist-packages node_modules
    site-packages venv
    """.split()
)
"""Names of folders that hold no models of the user's."""
MARKERS = frozenset({"pyvenv.cfg", "conda-meta"})
"""What only the top folder of an environment holds: of venv and of conda."""
_MOST = 1_000_000
"""Bytes of one ignore file that are read."""


class Exclusion:
    """What a search leaves out, and a record of it."""

    def __init__(self, patterns: Sequence[str] = (), *, git: bool = True, defaults: bool = True) -> None:
        """Choose what is left out.

        Args:
            patterns: more to leave out, as lines of a .gitignore at the folder where the search starts.
            git: whether .gitignore files count.
            defaults: whether :data:`NAMES` and :data:`MARKERS` count.
        """
        self._own = _spec(patterns)
        self._git = git
        self._defaults = defaults
        self.skipped: list[tuple[str, str]] = []
        """Folders that were left out, each with the reason."""

    def starting_at(self, folder: str) -> FolderExclusion:
        """What counts in the folder that a search starts at; the folder itself is never left out."""
        rules: list[_IgnoreFile] = []
        if self._git:
            rules = _rules_above(folder)
            # What the user names is wanted, ignored or not; then the rules that ignore it say nothing about what is in it.
            if _is_ignored(os.path.abspath(folder), rules):
                rules = []
        return FolderExclusion(self, folder, rules)

    def reason(self, name: str) -> str | None:
        """Why a folder of this name is left out."""
        return "a folder of tools" if self._defaults and name in NAMES else None

    def is_environment(self, names: set[str]) -> bool:
        """Whether a folder that holds these names is a Python environment."""
        return self._defaults and not MARKERS.isdisjoint(names)

    def is_named(self, relative: str) -> bool:
        """Whether the user's patterns name a folder, given by its path from the start of the search."""
        return self._own is not None and bool(_decision(self._own, relative + "/"))

    def names_folder(self, relative: str) -> bool:
        """Whether a folder that is no local one is left out, by its path from the start of the search."""
        return self.reason(relative.rpartition("/")[2]) is not None or self.is_named(relative)

    @property
    def reads_gitignore(self) -> bool:
        """Whether .gitignore files count."""
        return self._git


def _decision(spec: GitIgnoreSpec, folder: str) -> bool | None:
    """Whether patterns ignore a folder, whose path ends with ``/``; None where none is about it.

    The last pattern that matches decides.  A pattern that matches only what the folder is in says nothing: that folder was
    not left out.  (``GitIgnoreSpec.check_file`` is for files, and takes ``*`` to outweigh a later ``!/folder/``.)
    """
    found = None
    for pattern in spec.patterns:
        if pattern.include is None or pattern.regex is None:
            continue
        match = pattern.regex.match(folder)
        if match is None:
            continue
        # The slash behind what the pattern matched; what follows is inside.
        if "ps_d" not in match.re.groupindex or match["ps_d"] is None or match.end("ps_d") == len(folder):
            found = pattern.include
    return found


class _IgnoreFile:
    """The patterns of one .gitignore, for what is below its folder."""

    def __init__(self, folder: str, spec: GitIgnoreSpec) -> None:
        self.folder = folder
        self._prefix = os.path.join(folder, "")
        self._spec = spec

    def decides(self, folder: str) -> bool | None:
        """True where it ignores a folder, False where it takes that back, None where it says nothing."""
        if not folder.startswith(self._prefix):
            return None
        return _decision(self._spec, folder[len(self._prefix) :].replace(os.sep, "/") + "/")


class FolderExclusion:
    """What is left out of one folder, with the ignore files that count in it."""

    def __init__(self, whole: Exclusion, start: str, rules: list[_IgnoreFile]) -> None:
        self._whole = whole
        self._start = start
        self._rules = rules

    def within(self, folder: str, names: set[str]) -> FolderExclusion:
        """The same for a folder in which the search has arrived, which holds these names."""
        if not self._whole.reads_gitignore or ".gitignore" not in names:
            return self
        absolute = os.path.abspath(folder)
        found = _read(os.path.join(folder, ".gitignore"))
        known = any(rule.folder == absolute for rule in self._rules)
        if found is None or known:
            return self
        return FolderExclusion(self._whole, self._start, [*self._rules, _IgnoreFile(absolute, found)])

    def leaves_out(self, folder: str, name: str) -> bool:
        """Whether the folder ``name`` in ``folder`` is left out."""
        path = os.path.join(folder, name)
        reason = self._whole.reason(name)
        if reason is None and self._whole.is_named(os.path.relpath(path, self._start).replace(os.sep, "/")):
            reason = "excluded"
        if reason is None and self._rules and _is_ignored(os.path.abspath(path), self._rules, last_only=True):
            reason = "ignored by git"
        if reason is not None:
            self._whole.skipped.append((path, reason))
        return reason is not None

    def is_environment(self, folder: str, names: set[str]) -> bool:
        """Whether a folder below the start is an environment, and so left out."""
        if folder == self._start or not self._whole.is_environment(names):
            return False
        self._whole.skipped.append((folder, "a Python environment"))
        return True


def _spec(lines: Sequence[str]) -> GitIgnoreSpec | None:
    if not any(line.strip() and not line.startswith("#") for line in lines):
        return None
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(_usable(lines))


def _usable(lines: Sequence[str]) -> list[str]:
    """The lines that are patterns: git ignores one that is none, and pathspec raises."""
    from pathspec import GitIgnoreSpec

    kept = []
    for line in lines:
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        kept.append(line)
    return kept


def _read(path: str) -> GitIgnoreSpec | None:
    try:
        with open(path, "rb") as file:
            text = file.read(_MOST).decode("utf-8", "replace")
    except OSError:
        return None
    return _spec(text.splitlines())


def _rules_above(folder: str) -> list[_IgnoreFile]:
    """The ignore files of the repository around a folder, down to the folder, the outermost first."""
    found: list[_IgnoreFile] = []
    place = os.path.abspath(folder)
    while True:
        spec = _read(os.path.join(place, ".gitignore"))
        if spec is not None:
            found.append(_IgnoreFile(place, spec))
        if os.path.lexists(os.path.join(place, ".git")):
            spec = _read(os.path.join(place, ".git", "info", "exclude"))
            if spec is not None:
                found.append(_IgnoreFile(place, spec))
            return found[::-1]
        parent = os.path.dirname(place)
        if parent == place:
            return []  # no repository: the files say nothing to git
        place = parent


def _is_ignored(folder: str, rules: list[_IgnoreFile], *, last_only: bool = False) -> bool:
    """Whether the rules ignore a folder, or one above it that they are about; the innermost file decides.

    Args:
        folder: an absolute path.
        rules: the outermost first.
        last_only: the folders above are known not to be ignored.
    """
    chain = [folder]
    if not last_only and rules:
        top = rules[0].folder
        while chain[-1] != top and len(chain[-1]) > len(top):
            chain.append(os.path.dirname(chain[-1]))
    for place in reversed(chain):
        for rule in reversed(rules):
            decided = rule.decides(place)
            if decided is not None:
                if decided:
                    return True
                break
    return False
