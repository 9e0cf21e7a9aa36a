"""One run of the probe in its own process, confined, with what it reported and how it ended."""

from __future__ import annotations

import json
import os
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmodel.runtime import outcome
from mlmodel.runtime.bytecode import Bytecode
from mlmodel.runtime.confinement import parent, policy
from mlmodel.runtime.diagnosis import End
from mlmodel.runtime.store import Store
from mlmodel.runtime.wish import tell

if TYPE_CHECKING:
    from mlmodel.runtime.outcome import Run
    from mlmodel.runtime.wish import Wish

PROBE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe")


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
        libraries = Bytecode(environment, python, scratch, work, wish)

        def command(reporting: int, scratch: str) -> list[str]:
            path = os.path.join(scratch, "job.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump({**work, "model": place, "report": reporting, "bytecode": libraries.fresh}, file)
            return [python, "-I", *libraries.options, os.path.join(PROBE, "__main__.py"), path]

        def listen(tail: bytes) -> None:
            tell(wish, outcome.now(tail) or "loading and predicting")

        with libraries:
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
        run = outcome.read(result.report)
        libraries.complete(run.files)
    return Result(
        run,
        End(result.status, result.limit),
        result.layers,
        result.enforced,
        result.open,
        result.output.decode("utf-8", "replace"),
    )
