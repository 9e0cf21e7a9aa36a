"""Asks an implementation about cases, each in a fresh copy, and sees to it that nothing of them is run or changed."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.conformance import ROLES, comparing, writing
from mlmodel.conformance.adapters import AdapterError
from mlmodel.conformance.results import Level, Outcome, Result
from mlmodel.conformance.suite import listing, materialise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mlmodel.conformance.adapters import Asked
    from mlmodel.conformance.suite import Case

CANARY = "MLMODEL_CANARY"
"""The variable with the path that hostile cases write to when something of them is run."""


class Options(Record):
    """How to run."""

    role: str = "validator"
    level: Level = Level.POINTERS
    jobs: int = 1
    timeout: float = 10.0
    """Seconds for one answer."""
    xfail: tuple[str, ...] = ()
    """Globs of cases that are known to fail."""


def applicable(cases: Sequence[Case], role: str) -> list[Case]:
    """The cases that a role is asked about."""
    return [case for case in cases if any(key in case.expect for key in ROLES[role])]


def run(
    cases: Sequence[Case], make: Callable[[dict[str, str]], Asked], options: Options, features: frozenset[str]
) -> Iterator[Result]:
    """A result for each case, in the order in which they are done.

    Args:
        cases: what to ask about.
        make: gives an implementation, which is asked by one thread, with these environment variables.
        options: how.
        features: what the implementation says it has.
    """
    with tempfile.TemporaryDirectory(prefix="mlmodel-conformance-") as scratch:
        local = threading.local()
        started: list[Asked] = []

        def one(numbered: tuple[int, Case]) -> Result:
            number, case = numbered
            if not hasattr(local, "adapter"):
                local.canary = os.path.join(scratch, f"canary-{threading.get_ident()}")
                local.adapter = make({CANARY: local.canary})
                started.append(local.adapter)
            return _one(
                case, local.adapter, os.path.join(scratch, str(number)), local.canary, options, features
            )

        try:
            if options.jobs <= 1:
                yield from map(one, enumerate(cases))
            else:
                with ThreadPoolExecutor(options.jobs) as pool:
                    yield from pool.map(one, enumerate(cases))
        finally:
            for adapter in started:
                adapter.close()


def _one(
    case: Case, adapter: Asked, folder: str, canary: str, options: Options, features: frozenset[str]
) -> Result:
    start = time.monotonic()
    noise = adapter.noise

    def result(
        outcome: Outcome,
        level: Level,
        reason: str,
        lacks: Iterable[str] = (),
        found: tuple[str, ...] = (),
    ) -> Result:
        known = any(fnmatchcase(case.id, glob) for glob in options.xfail)
        if known:
            outcome = {Outcome.PASS: Outcome.XPASS, Outcome.SKIP: Outcome.SKIP}.get(outcome, Outcome.XFAIL)
        seconds = time.monotonic() - start
        noises = adapter.noise - noise
        return Result(
            case.id,
            options.role,
            outcome,
            level,
            reason,
            case.rules,
            seconds,
            noises,
            tuple(sorted(lacks)),
            case.title,
            case.section,
            case.subject,
            case.refusal(options.role),
            comparing.expected(case, options.role),
            found,
        )

    missing = case.needs(options.role) - features
    if missing:
        return result(Outcome.SKIP, Level.NONE, f"it has not: {', '.join(sorted(missing))}", missing)
    os.mkdir(folder)
    try:
        judged = (writing.asked if options.role == "writer" else _asked)(case, adapter, folder, options.role)
    except _NotMadeError as error:
        return result(Outcome.SKIP, Level.NONE, f"this system cannot make the case: {error}")
    except (AdapterError, comparing.ProtocolError) as error:
        return result(Outcome.ERROR, Level.NONE, str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if judged is None:
        return result(Outcome.SKIP, Level.NONE, "it says that it cannot")
    if os.path.exists(canary):
        os.remove(canary)
        if options.role == "validator":
            return result(Outcome.FAIL, Level.NONE, "it ran code of the model", found=judged.found)
    passed = judged.level >= options.level
    return result(Outcome.PASS if passed else Outcome.FAIL, judged.level, judged.reason, found=judged.found)


class _NotMadeError(Exception):
    """The directory of a case cannot be made on this system."""


def _asked(case: Case, adapter: Asked, folder: str, role: str) -> comparing.Comparison | None:
    """What a validator or a reader makes of the case, None where it cannot."""
    try:
        model = materialise(case, os.path.join(folder, "model"))
    except (OSError, AttributeError, NotImplementedError) as error:
        raise _NotMadeError(str(error)) from error
    if role == "validator":
        before = listing(model)
        asked = {
            key: case.expect["validate"][key] for key in ("load", "targets") if key in case.expect["validate"]
        }
        reply = adapter.ask("validate", model=model, **asked)
        if reply.get("outcome") == "unsupported":
            return None
        if listing(model) != before:
            return comparing.Comparison(Level.NONE, "it changed the model directory")
        return comparing.of_validation(case, reply)
    judged = comparing.Comparison(Level.POINTERS, "")
    if "describe" in case.expect:
        reply = adapter.ask("describe", model=model)
        if reply.get("outcome") == "unsupported":
            return None
        judged = comparing.of_description(case, reply)
    for expected in case.expect.get("predict", ()):
        reply = adapter.ask("predict", model=model, input=expected["input"])
        if reply.get("outcome") == "unsupported":
            return None
        judged = min(judged, comparing.of_prediction(expected, reply))
    return judged
