"""The rows of an audit in the making: appended line by line, and taken up again after a kill.

``RESULTS.partial`` holds the rows so far; it becomes ``RESULTS`` when the audit is complete, so that a file of that name is
always whole.  A line that was cut by a kill, and what cannot be read behind it, is cut off; its model is judged again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from hashlib import blake2b
from typing import IO, TYPE_CHECKING

from mlmodel.audit.rows import is_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from mlmodel.audit.rows import Row


class JournalError(Exception):
    """Rows of an earlier run are there, and cannot be taken up: a usage error."""


class Journal:
    """The rows of one audit, each model once.

    Of each model that was begun, eight bytes are kept.
    """

    def __init__(self, path: str, settings: str, *, restart: bool = False) -> None:
        """Open it.

        Args:
            path: where the rows are.
            settings: the digest of what the audit was asked for; rows of another are not mixed with its own.
            restart: drop what an earlier run has left.

        Raises:
            JournalError: another audit has left rows, or is writing them now.
            OSError: it cannot be read or written.
        """
        self.path = path
        self.verdicts: Counter[str] = Counter()
        """How many models have which verdict, those of an earlier run too."""
        self.resumed = 0
        """Models that an earlier run has done."""
        self._settings = settings
        self._seen: set[bytes] = set()
        self._finished = False
        self._file: IO[bytes] = open(path, "ab+")  # noqa: SIM115 - closed by close()
        try:
            self._lock()
            if restart:
                self._file.truncate(0)
            self._resume()
        except BaseException:
            self._file.close()
            raise

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # Windows
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise JournalError(f"another audit is writing {self.path}") from None

    def _resume(self) -> None:
        self._file.seek(0)
        whole = 0
        for line in self._file:
            row = _row(line)
            if row is None:
                break
            if row.get("settings") != self._settings:
                raise JournalError(
                    f"{self.path} has rows of an audit with other arguments, options or another release; "
                    "--restart drops them"
                )
            whole += len(line)
            self.begin(row["id"])
            self.verdicts[row["verdict"]] += 1
            self.resumed += 1
        self._file.truncate(whole)
        self._file.seek(0, os.SEEK_END)

    def begin(self, id_: str) -> bool:
        """Whether a model is to be judged: false for one that is done, or was begun in this run."""
        key = blake2b(id_.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def add(self, row: Row) -> None:
        """Write a row; a kill of the process after that does not lose it.

        Raises:
            OSError: the disk is full, or another fault of it.
        """
        self._file.write(f"{json.dumps(row)}\n".encode("ascii"))
        self._file.flush()
        self.verdicts[row["verdict"]] += 1

    def close(self) -> None:
        """Close it; the rows stay, and where there are none, so does nothing."""
        if not self._finished and not self._file.closed and not sum(self.verdicts.values()):
            os.unlink(self.path)
        self._file.close()

    def finish(self, results: Sequence[str]) -> None:
        """Make it the results, now that all rows are there; without a name for them, it goes.

        Raises:
            OSError: it cannot be renamed or copied.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        self._finished = True
        for each in results[1:]:
            shutil.copyfile(self.path, each)
        if results:
            os.replace(self.path, results[0])
        else:
            os.unlink(self.path)
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _row(line: bytes) -> Row | None:
    if not line.endswith(b"\n"):
        return None
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if is_row(row) else None
