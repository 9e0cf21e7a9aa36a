"""The repository around the current directory: what services count paths from."""

from __future__ import annotations

import os

from mlmodel.cli.errors import WrongUseError

_WORKSPACES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BUILD_SOURCESDIRECTORY", "WORKSPACE")
"""Variables in which GitHub, GitLab, Azure DevOps and Jenkins name the folder of the checkout."""


class GitError(WrongUseError):
    """Git is missing, or cannot do what it was asked for."""


def root(start: str | None = None) -> str | None:
    """The absolute path of the checkout around a directory: the nearest folder with ``.git``, else the workspace that
    a CI service names; None outside of both."""
    folder = begun = os.path.abspath(start or os.curdir)
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    for name in _WORKSPACES:
        workspace = os.environ.get(name)
        if workspace and os.path.isabs(workspace):
            inside = os.path.join(os.path.realpath(begun), "")
            if inside.startswith(os.path.join(os.path.realpath(workspace), "")):
                return os.path.normpath(workspace)
    return None


def git(folder: str, *arguments: str, stdin: bytes = b"", index: str | None = None) -> bytes:
    """What a git command prints.

    Args:
        folder: where it runs.
        arguments: the subcommand and its arguments.
        stdin: what it reads.
        index: a file to use in place of the repository's index.

    Raises:
        GitError: there is no git, or the command fails.
    """
    import subprocess  # most runs ask git nothing

    environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    if index is not None:
        environment["GIT_INDEX_FILE"] = index
    try:
        done = subprocess.run(  # noqa: S603 - fixed subcommands
            ["git", "-C", folder, *arguments],  # noqa: S607 - the user's git
            input=stdin,
            capture_output=True,
            check=False,
            env=environment,
        )
    except OSError as error:
        raise GitError(f"git cannot be started: {error.strerror}") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitError(f"git {arguments[0]}: {lines[-1] if lines else f'exit status {done.returncode}'}")
    return done.stdout
