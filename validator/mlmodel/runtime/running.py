"""One run of the probe in its own process, confined, with what it reported and how it ended."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmodel.runtime import environments, outcome
from mlmodel.runtime.confinement import parent, policy
from mlmodel.runtime.diagnosis import End
from mlmodel.runtime.store import Store
from mlmodel.runtime.wish import tell

if TYPE_CHECKING:
    from mlmodel.runtime.outcome import Run
    from mlmodel.runtime.wish import Wish

PROBE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe.py")


class Result(NamedTuple):
    """What one run told."""

    run: Run
    end: End
    layers: tuple[str, ...]
    """The mechanisms of the system that are on."""
    enforced: tuple[str, ...]
    open: tuple[str, ...]
    output: str
    """The end of what it printed."""


def run(
    work: dict[str, Any], model: str, size: int, python: str, environment: str | None, wish: Wish
) -> Result:
    """Run the probe over a model.

    Args:
        work: the job of the probe (:mod:`mlmodel.runtime.job`).
        model: the model directory.
        size: bytes in it.
        python: the interpreter that runs it.
        environment: the folder of the environment, if it is one of ours, which keeps the bytecode of its libraries.
        wish: the limits.

    Raises:
        UnconfinedError: it cannot be confined here as the wish wants it.
    """
    base = Store().runs() if environment is not None else None  # bytecode moves from there to the environment
    with tempfile.TemporaryDirectory(prefix="mlmodel-", dir=base, ignore_cleanup_errors=True) as folder:
        scratch = os.path.realpath(folder)
        place = os.path.realpath(model)
        options, fresh = _bytecode(environment, scratch)

        def command(reporting: int, scratch: str) -> list[str]:
            path = os.path.join(scratch, "job.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump({**work, "model": place, "report": reporting, "bytecode": fresh}, file)
            return [python, "-I", *options, PROBE, path]

        def listen(tail: bytes) -> None:
            tell(wish, outcome.now(tail) or "loading and predicting")

        with _Receiver(fresh, environment):
            result = parent.run(
                command,
                python=python,
                read=[place, PROBE],
                forbidden=environment or os.path.dirname(os.path.dirname(os.path.abspath(python))),
                scratch=scratch,
                limits=policy.limits(wish.timeout, wish.memory, size),
                weak=wish.allow_weak_sandbox,
                listen=listen if wish.say is not None else None,
            )
    return Result(
        outcome.read(result.report),
        End(result.status, result.limit),
        result.layers,
        result.enforced,
        result.open,
        result.output.decode("utf-8", "replace"),
    )


def _bytecode(environment: str | None, scratch: str) -> tuple[list[str], str | None]:
    """The options that make an interpreter use the bytecode that was kept, or write it where there is none yet."""
    if environment is None:
        return ["-B"], None
    kept = environments.bytecode(environment)
    if os.path.isdir(kept) or os.name == "nt":  # where what is moved stays open to whom it was open before
        return ["-B", "-X", f"pycache_prefix={kept}"], None
    fresh = os.path.join(scratch, "bytecode")
    os.mkdir(fresh)
    return ["-X", f"pycache_prefix={fresh}"], fresh


class _Receiver:
    """Takes the bytecode of the libraries out of the reach of the probe as soon as that says it is ready."""

    def __init__(self, fresh: str | None, environment: str | None) -> None:
        self._fresh = fresh
        self._environment = environment
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> None:
        if self._fresh is not None:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        fresh, environment = self._fresh, self._environment
        while fresh is not None and environment is not None and not self._over.wait(0.01):
            if os.path.exists(fresh + ".ready"):
                try:
                    os.rename(fresh, environments.bytecode(environment))
                except OSError:  # another run was faster
                    os.rename(fresh, fresh + ".unused")
                return
