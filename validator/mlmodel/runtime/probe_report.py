"""What the probe reported: frozen values, read from lines that a model could have written itself."""

from __future__ import annotations

import json
import math
from typing import Any

from mlmodel.common.records import Record
from mlmodel.findings import CapturedWarning, Failure, Frame, Phase

MAX_PHASES = 200
MAX_DEPTH = 20
"""How deep what a phase tells may be nested."""
_TEXT = 20_100


class Run(Record):
    """Everything that one run of the probe reported."""

    python: str | None = None
    phases: tuple[Phase, ...] = ()
    done: bool = False
    files: tuple[str, ...] = ()
    """The files of the modules that were imported."""

    def of(self, name: str, about: str | None = None) -> Phase | None:
        """The phase with a name."""
        return next((p for p in self.phases if p.name == name and about in (None, p.about)), None)

    def passed(self, name: str) -> bool:
        """Whether a phase with that name went well."""
        return any(phase.name == name and phase.outcome == "passed" for phase in self.phases)

    @property
    def last(self) -> Phase | None:
        """The phase in which the process ended, None when it came to its end."""
        return next((phase for phase in self.phases if phase.outcome == "died"), None)


def read(report: bytes) -> Run:
    """The run that a report tells of; lines that are no event of the probe are passed over."""
    python: str | None = None
    phases: list[Phase] = []
    pending: tuple[str, str | None] | None = None
    for line in report.split(b"\n"):
        event = _event(line)
        kind = event.get("event")
        if kind == "hello" and python is None:
            python = _text(event.get("python"), 40)
        elif kind == "start":
            pending = (_text(event.get("phase"), 40) or "?", _text(event.get("about"), 200))
        elif kind == "end" and len(phases) < MAX_PHASES:
            phases.append(_phase(event))
            pending = None
        elif kind == "done":
            files = event.get("files")
            named = files if isinstance(files, list) else []
            return Run(python, tuple(phases), True, tuple(f for f in named if isinstance(f, str)))
    if pending is not None:
        phases.append(Phase(*pending, "died"))
    return Run(python, tuple(phases))


def now(tail: bytes) -> str | None:
    """What the probe does now, by the end of its report so far; None where that does not tell."""
    for line in reversed(tail.split(b"\n")):
        event = _event(line)
        if event.get("event") == "start":
            return Phase(_text(event.get("phase"), 40) or "?", _text(event.get("about"), 200), "died").label
    return None


def _event(line: bytes) -> dict[str, Any]:
    try:
        event = _plain(json.loads(line)) if line.strip() else {}
    except (ValueError, RecursionError):  # the last line of a process that was killed
        return {}
    return event if isinstance(event, dict) else {}


def _plain(value: Any, depth: int = 0) -> Any:
    """A value as every reader of JSON takes it (RFC 8259, section 6 and 8.2), None where none would."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {_plain(key): _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and abs(value) >= 2**63:
        return None
    return value


def _phase(event: dict[str, Any]) -> Phase:
    outcome = event.get("outcome")
    warned = event.get("warnings")
    error, detail = event.get("error"), event.get("detail")
    return Phase(
        _text(event.get("phase"), 40) or "?",
        _text(event.get("about"), 200),
        outcome if outcome in ("passed", "failed", "skipped") else "failed",
        _number(event.get("seconds")),
        _integer(event.get("peak_bytes")),
        _failure(error) if isinstance(error, dict) else None,
        tuple(
            CapturedWarning(_text(item.get("category"), 200) or "", _text(item.get("message"), _TEXT) or "")
            for item in (warned if isinstance(warned, list) else [])[:50]
            if isinstance(item, dict)
        ),
        detail if isinstance(detail, dict) else {},
    )


def _failure(error: dict[str, Any]) -> Failure:
    frames, causes = error.get("frames"), error.get("causes")
    return Failure(
        _text(error.get("type"), 200) or "?",
        _text(error.get("message"), _TEXT) or "",
        _text(error.get("name"), 200),
        _integer(error.get("errno")),
        tuple(
            found
            for item in (frames if isinstance(frames, list) else [])[:20]
            if (found := _frame(item)) is not None
        ),
        _text(error.get("traceback"), _TEXT) or "",
        tuple(
            (_text(c.get("type"), 200) or "?", _text(c.get("message"), 600) or "", _text(c.get("name"), 200))
            for c in (causes if isinstance(causes, list) else [])[:5]
            if isinstance(c, dict)
        ),
        _frame(error.get("origin")),
        _frame(error.get("raised")),
        error.get("home") is True,
    )


def _frame(item: object) -> Frame | None:
    if not isinstance(item, dict):
        return None
    return Frame(
        _text(item.get("file"), 500) or "?",
        _integer(item.get("line")) or 0,
        _text(item.get("function"), 200) or "?",
        _text(item.get("source"), 400) or "",
        item.get("own") is True,
    )


def _text(value: object, most: int) -> str | None:
    return value[:most] if isinstance(value, str) else None


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _number(value: object) -> float | None:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9
    return float(value) if good else None  # type: ignore[arg-type]
