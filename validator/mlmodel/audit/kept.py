"""What a registry said of model versions, kept between audits: where the files are, and whose run has made them.

Neither changes in the life of a version, and asking for them takes nine tenths of listing a registry.  What does change,
tags, aliases and the versions themselves, is asked for each time.  Kept beside the verdicts, with ``--cache``.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from hashlib import blake2b
from typing import TYPE_CHECKING

from mlmodel.common.cache_folder import default_root
from mlmodel.common.records import Record
from mlmodel.verdicts.cache import KEPT_DAYS, is_damage, remove_database

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = "registries.sqlite"
"""Name of the file in the folder of caches."""
_FORM = 1
"""Of the table; with another one, it is made anew."""
_PATIENCE = 2.0
"""Seconds that are waited for another process that writes."""
_DAY = 86_400
_TABLE = f"""
DROP TABLE IF EXISTS versions;
CREATE TABLE versions (key BLOB PRIMARY KEY, place TEXT NOT NULL, user TEXT, used INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {_FORM};
"""


class Known(Record):
    """What was said of a version."""

    place: str
    """What to open for it."""
    user: str | None
    """Of its run; None for a version without one."""


class KeptVersions:
    """What the registry at one address said.  A fault of the file costs what it keeps, nothing else."""

    def __init__(self, registry: str, root: str | None = None) -> None:
        """Open it.

        Args:
            registry: the address; only a digest of it is kept.
            root: the folder; that of the user's caches if None.
        """
        self.path = os.path.join(root or default_root(), FILE)
        self._registry = blake2b(registry.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        self._today = int(time.time() // _DAY)
        self._connection: sqlite3.Connection | None = None
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            self._connection = self._opened()
        except (sqlite3.Error, OSError) as error:
            self._failed(error)

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE)
        try:
            connection.execute("PRAGMA synchronous = OFF")
            if connection.execute("PRAGMA user_version").fetchone()[0] != _FORM:
                connection.executescript(_TABLE)
            with connection:
                connection.execute("DELETE FROM versions WHERE used < ?", (self._today - KEPT_DAYS,))
        except BaseException:
            connection.close()
            raise
        return connection

    def _failed(self, error: Exception) -> None:
        """Go on without it; what is no database any more is removed, so that the next run has a new one."""
        self.close()
        if is_damage(error):
            with contextlib.suppress(OSError):
                remove_database(self.path)

    def key(self, *words: object) -> bytes:
        """The name of a version in the file: by everything that decides what is kept of it."""
        return blake2b(
            repr(words).encode("utf-8", "surrogatepass"), digest_size=16, key=self._registry
        ).digest()

    def look(self, keys: list[bytes]) -> dict[bytes, Known]:
        """What is known of some of the versions."""
        if self._connection is None or not keys:
            return {}
        marks = ", ".join("?" * len(keys))
        try:
            found = self._connection.execute(
                f"SELECT key, place, user, used FROM versions WHERE key IN ({marks})",  # noqa: S608 - only marks
                keys,
            ).fetchall()
            old = [(self._today, key) for key, _, _, used in found if used != self._today]
            if old:
                with self._connection:
                    self._connection.executemany("UPDATE versions SET used = ? WHERE key = ?", old)
        except sqlite3.Error as error:
            self._failed(error)
            return {}
        return {key: Known(place, user) for key, place, user, _ in found}

    def keep(self, known: Iterable[tuple[bytes, Known]]) -> None:
        """Keep what was said now."""
        rows = [(key, *each, self._today) for key, each in known]
        if self._connection is None or not rows:
            return
        try:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            self._failed(error)

    def close(self) -> None:
        """Close it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def size(root: str | None = None) -> int:
    """How many bytes are kept.

    Raises:
        OSError: the file cannot be looked at.
    """
    try:
        return os.stat(os.path.join(root or default_root(), FILE)).st_size
    except FileNotFoundError:
        return 0


def clear(root: str | None = None) -> int:
    """Remove it all, and return how many bytes that freed.

    Raises:
        OSError: the file cannot be removed.
    """
    return remove_database(os.path.join(root or default_root(), FILE))
