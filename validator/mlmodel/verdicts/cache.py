"""The verdicts that are kept, in SQLite, which several processes may use at once."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from hashlib import blake2b
from typing import TYPE_CHECKING

from mlmodel.common.cache_folder import default_root
from mlmodel.common.records import Record
from mlmodel.findings import Facts, Finding, Location, Report, Severity, Verdict
from mlmodel.sources.state import State, state_of
from mlmodel.verdicts.settings import is_keepable, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from mlmodel.validation import Options

FILE = "verdicts.sqlite"
"""Name of the file in the folder of caches."""
KEPT_DAYS = 60
"""Days after which a verdict that nobody asked for goes."""
MAX_VERDICTS = 1_000_000
"""Verdicts that are kept at most; beyond, those that were not asked for longest go."""
_FORM = 1
"""Of the table; with another one, it is made anew."""
_BATCH = 256
"""Verdicts that are written at once."""
_PATIENCE = 2.0
"""Seconds that are waited for another process that writes."""
_DAY = 86_400

_TABLES = f"""
PRAGMA user_version = {_FORM};
CREATE TABLE IF NOT EXISTS verdicts (
  key BLOB PRIMARY KEY, state BLOB NOT NULL, report TEXT NOT NULL, seal BLOB NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Ticket(Record):
    """What was asked for and is not kept: with it, a verdict can be handed in."""

    path: str
    key: bytes
    state: State
    taken: int
    """When the state was taken, in nanoseconds since the epoch."""


class Size(Record):
    """How much is kept."""

    verdicts: int
    bytes: int


class VerdictCache:
    """The verdicts of one set of options.

    No error of its file leaves it: the first is handed to ``complain`` as one line, and from then on nothing is kept.
    """

    def __init__(
        self, options: Options, root: str | None = None, complain: Callable[[str], None] | None = None
    ) -> None:
        """Open the cache; the file is made with the first verdict.

        Args:
            options: what the verdicts depend on.
            root: the folder; that of the user's caches if None.
            complain: is told, once, that nothing can be kept.
        """
        self.path = os.path.join(root or default_root(), FILE)
        self._complain = complain or (lambda _: None)
        self._on = is_keepable(options)
        self._settings = b""
        self._connection: sqlite3.Connection | None = None
        self._pending: list[tuple[bytes, bytes, str, bytes, int]] = []
        self._used: list[tuple[int, bytes]] = []
        self._today = int(time.time() // _DAY)
        if self._on:
            try:
                self._settings = settings(options)
            except OSError as error:  # the package is being replaced
                self._failed(error)

    def look(self, path: str) -> tuple[Report | None, Ticket | None]:
        """The verdict on the model at a path; else what to hand in the new one with, None where it cannot be kept."""
        if not self._on:
            return None, None
        taken = time.time_ns()
        state = state_of(path)
        if state is None:
            return None, None
        key = self._key(path)
        known = self._read(key, state)
        return known, None if known is not None else Ticket(path, key, state, taken)

    def keep(self, ticket: Ticket | None, report: Report) -> None:
        """Keep a verdict, if the files have not changed since the ticket was given."""
        if ticket is None or not self._on or report.verdict is Verdict.UNJUDGED or report.load is not None:
            return
        if ticket.taken < ticket.state.settled or state_of(ticket.path) != ticket.state:
            return
        text = _dumped(report)
        self._pending.append(
            (ticket.key, ticket.state.digest, text, _seal(ticket.key, ticket.state.digest, text), self._today)
        )
        if len(self._pending) >= _BATCH:
            self._write()

    def close(self) -> None:
        """Write what waits to be written."""
        self._write()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _key(self, path: str) -> bytes:
        # The report names the path as it was given, and globs of the options are held against that.
        place = f"{path}\0{os.path.abspath(path)}".encode("utf-8", "surrogatepass")
        return blake2b(place, digest_size=16, key=self._settings).digest()

    def _read(self, key: bytes, state: State) -> Report | None:
        connection = self._opened(making=False)
        if connection is None:
            return None
        try:
            row = connection.execute(
                "SELECT report, seal, used FROM verdicts WHERE key = ? AND state = ?", (key, state.digest)
            ).fetchone()
        except sqlite3.Error as error:
            self._failed(error)
            return None
        if row is None:
            return None
        text, seal, used = row
        if not isinstance(text, str) or seal != _seal(key, state.digest, text):
            return None  # damaged: judged and kept anew
        report = _loaded(text)
        if report is not None and used != self._today:
            self._used.append((self._today, key))
            if len(self._used) >= 16 * _BATCH:
                self._write()
        return report

    def _write(self) -> None:
        if not self._pending and not self._used:
            return
        connection = self._opened(making=bool(self._pending))
        if connection is None:
            return
        try:
            with connection:
                connection.executemany("UPDATE verdicts SET used = ? WHERE key = ?", self._used)
                connection.executemany(
                    "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?)", self._pending
                )
        except sqlite3.Error as error:
            self._failed(error)
        self._pending.clear()
        self._used.clear()

    def _opened(self, *, making: bool) -> sqlite3.Connection | None:
        if self._connection is not None or not self._on:
            return self._connection
        if not making and not os.path.exists(self.path):
            return None
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            self._connection = _connect(self.path)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
        return self._connection

    def _failed(self, error: Exception) -> None:
        """Go on without the cache; one that is no database any more is removed, so that the next run has a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if is_damage(error) and _remove(self.path):
            return  # nothing was kept: it is made anew when something is
        self._on = False
        self._pending.clear()
        self._used.clear()
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        self._complain(f"verdicts are not kept: {self.path}: {reason}")


def size(root: str | None = None) -> Size:
    """How much is kept; nothing where the file is not there, or is damaged.

    Raises:
        OSError: the file cannot be looked at.
    """
    path = os.path.join(root or default_root(), FILE)
    try:
        total = os.stat(path).st_size
    except FileNotFoundError:
        return Size(0, 0)
    try:
        connection = sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, timeout=_PATIENCE)
        try:
            return Size(connection.execute("SELECT count(*) FROM verdicts").fetchone()[0], total)
        finally:
            connection.close()
    except sqlite3.Error:
        return Size(0, total)


def clear(root: str | None = None) -> int:
    """Remove all verdicts, and return how many bytes that freed.

    Raises:
        OSError: the file cannot be removed.
    """
    return remove_database(os.path.join(root or default_root(), FILE))


def remove_database(path: str) -> int:
    """Remove a file of SQLite and what a crash has left beside it, and return how many bytes that freed.

    Raises:
        OSError: it cannot be removed.
    """
    freed = 0
    for each in (path, f"{path}-journal"):
        try:
            there = os.stat(each).st_size
            os.unlink(each)
        except FileNotFoundError:
            continue
        freed += there
    return freed


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_PATIENCE)
    try:
        form = connection.execute("PRAGMA user_version").fetchone()[0]
        # What a crash of the machine damages is told by the seals, or is no database any more.
        connection.execute("PRAGMA synchronous = OFF")
        if form != _FORM:
            connection.executescript("DROP TABLE IF EXISTS verdicts;" + _TABLES)
        _prune(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prune(connection: sqlite3.Connection) -> None:
    """Once a day, let go what nobody asked for: the day is kept as the database's application id."""
    today = int(time.time() // _DAY)
    if connection.execute("PRAGMA application_id").fetchone()[0] == today:
        return
    try:
        with connection:
            connection.execute("DELETE FROM verdicts WHERE used < ?", (today - KEPT_DAYS,))
            beyond = connection.execute("SELECT count(*) FROM verdicts").fetchone()[0] - MAX_VERDICTS
            if beyond > 0:
                connection.execute(
                    "DELETE FROM verdicts WHERE key IN (SELECT key FROM verdicts ORDER BY used LIMIT ?)",
                    (beyond,),
                )
            connection.execute(f"PRAGMA application_id = {today}")
    except sqlite3.OperationalError:
        return  # it cannot be written now: what is kept can be read all the same


def is_damage(error: Exception) -> bool:
    """Whether an error says that a file is no database, or not one of ours, any more."""
    return (
        isinstance(error, sqlite3.DatabaseError)
        and not isinstance(error, (sqlite3.OperationalError, sqlite3.ProgrammingError))
    ) or "no such" in str(error)


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


# -- reports as text -------------------------------------------------------------------------------------------


def _seal(key: bytes, state: bytes, text: str) -> bytes:
    return blake2b(key + state + text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _dumped(report: Report) -> str:
    findings = [
        (each.rule, each.name, int(each.severity), each.message, each.location, each.hint)
        for each in report.findings
    ]
    return json.dumps(
        (
            report.path,
            int(report.verdict),
            findings,
            report.mlflow_version,
            report.flavors,
            report.truncated,
            report.facts,
        )
    )


def _loaded(text: str) -> Report | None:
    """The report of a text that :func:`_dumped` has made; None for any other."""
    try:
        path, verdict, findings, version, flavors, truncated, facts = json.loads(text)
        return Report(
            path,
            Verdict(verdict),
            tuple(
                Finding(rule, name, Severity(severity), message, Location(*place), hint)
                for rule, name, severity, message, place, hint in findings
            ),
            version,
            tuple(flavors),
            truncated,
            facts=None if facts is None else Facts(*facts),
        )
    except (ValueError, TypeError):
        return None
