"""What a change brought: the model directories that differ from a git revision, and what was found in them then."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from mlmodel.cli.repository import GitError, git, root

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.findings import Report
    from mlmodel.validation import Options


class Changes:
    """The difference between the working tree and a revision.

    The files of the revision are written to a temporary folder, by git's plumbing: nothing of the repository changes, and
    no hook runs.  :meth:`close` removes the folder.
    """

    def __init__(self, revision: str, options: Options) -> None:
        """Find the revision: the last common one of ``revision`` and ``HEAD``, as a pull request has it.

        Raises:
            GitError: there is no repository, or no such revision.
        """
        found = root()
        if found is None or not os.path.lexists(os.path.join(found, ".git")):
            raise GitError("--diff needs a git repository around the current directory")
        self._root = found
        if revision.startswith("-"):
            raise GitError(f"{revision!r} is no revision")
        given = self._asked("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if not given:
            shallow = " (a shallow clone has not all: fetch-depth: 0)" if self._is_shallow() else ""
            raise GitError(f"there is no revision {revision!r}{shallow}")
        self._base = self._asked("merge-base", given, "HEAD") or given
        changed = git(found, "diff", "--name-only", "-z", "--no-renames", self._base, "--")
        untracked = git(found, "ls-files", "--others", "--exclude-standard", "-z")
        self._changed = {os.fsdecode(name) for name in (changed + untracked).split(b"\0") if name}
        self._options = options
        self._folder = tempfile.mkdtemp(prefix="mlmodel-diff-")
        git(found, "read-tree", self._base, index=self._index)

    def _is_shallow(self) -> bool:
        return self._asked("rev-parse", "--is-shallow-repository") == "true"

    def _asked(self, *arguments: str) -> str:
        try:
            return git(self._root, *arguments).decode().strip()
        except GitError:
            return ""

    @property
    def _index(self) -> str:
        return os.path.join(self._folder, "index")

    def touched(self, paths: Iterable[str]) -> Iterator[str]:
        """The model directories in which something differs; those outside the repository, too."""
        for path in paths:
            inside = self._relative(path)
            if inside is None or any(_is_in(name, inside) for name in self._changed):
                yield path

    def report_before(self, path: str) -> Report | None:
        """What was found in a model directory as the revision has it; None where it has none there."""
        from mlmodel.validation import validate

        inside = self._relative(path)
        if inside is None:
            return None
        pathspec = f":(top,literal){inside}" if inside else ":(top)"
        names = git(self._root, "ls-files", "-z", "--", pathspec, index=self._index)
        if not names:
            return None
        target = os.path.join(self._folder, "tree")
        arguments = ("checkout-index", "-z", "--stdin", "--force", "--quiet", f"--prefix={target}{os.sep}")
        try:
            git(self._root, *arguments, stdin=names, index=self._index)
            folder = os.path.join(target, *inside.split("/"))
            return validate(folder, self._options) if os.path.isdir(folder) else None
        finally:
            shutil.rmtree(target, ignore_errors=True)

    def close(self) -> None:
        """Remove what was written."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _relative(self, path: str) -> str | None:
        """A path from the root of the repository, with forward slashes, empty for the root; None outside."""
        absolute = os.path.realpath(path)
        top = os.path.realpath(self._root)
        if absolute == top:
            return ""
        prefix = os.path.join(top, "")
        return absolute[len(prefix) :].replace(os.sep, "/") if absolute.startswith(prefix) else None


def _is_in(name: str, folder: str) -> bool:
    return not folder or name.startswith(f"{folder}/") or name == folder
