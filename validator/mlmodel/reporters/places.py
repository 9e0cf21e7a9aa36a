"""Where a finding is, in the words of a service: paths from the repository's root, and what tells findings apart."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.texts import unicode_text
from mlmodel.sources.opening import is_remote

if TYPE_CHECKING:
    from mlmodel.findings import Finding, Report


def model_path(report: Report, root: str | None = None) -> str:
    """The model directory with forward slashes and without ``./``.

    Relative to ``root``, an absolute path, where it is inside; else as it was given.
    """
    given = report.path
    if is_remote(given):
        return given.rstrip("/")
    if root is not None:
        inside = _inside(os.path.abspath(given), root) or _inside(
            os.path.realpath(given), os.path.realpath(root)
        )
        if inside is not None:
            return inside
    path = given.replace(os.sep, "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return ("/" if path.startswith("/") else "") + "/".join(parts) or "."


def _inside(path: str, root: str) -> str | None:
    if path == root:
        return "."
    prefix = root.rstrip(os.sep) + os.sep
    return path[len(prefix) :].replace(os.sep, "/") if path.startswith(prefix) else None


def finding_path(report: Report, finding: Finding, root: str | None = None) -> str:
    """The file that a finding is about, else the model directory; as :func:`model_path` has it."""
    folder = model_path(report, root)
    file = finding.location.file
    if not file:
        return folder
    return file if folder == "." else f"{folder.rstrip('/')}/{file}"


_POSITIONS = lazy_pattern(r"\b(lines?|bytes?|columns?) [\d,]*\d(?:(?:, | and |-)\d[\d,]*)*")


def without_positions(message: str) -> str:
    """A message without the numbers of lines, columns and bytes, which change when something else does."""
    return _POSITIONS.sub(r"\1 #", message)


def identity(path: str, finding: Finding) -> str:
    """What a finding is about: it stays the same when lines move, and when its wording or value changes, if it has a
    JSON Pointer."""
    place = finding.location
    return "\0".join([finding.rule, path, place.pointer or without_positions(finding.message)])


class Fingerprints:
    """Hashes by which a service knows a finding again, different for any two findings of a run."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def of(self, path: str, finding: Finding) -> str:
        """64 hexadecimal digits; findings with the same :func:`identity` differ by their order."""
        about = identity(path, finding)
        count = self._seen[about] = self._seen.get(about, 0) + 1
        if count > 1:
            about += f"\0{count}"
        return hashlib.sha256(unicode_text(about).encode()).hexdigest()
