"""One run of the probe in its own process, confined, with what it reported and how it ended."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.runtime import probe_report
from mlmodel.runtime.bytecode import Bytecode
from mlmodel.runtime.confinement import policy, supervisor
from mlmodel.runtime.diagnosis import ProcessExit
from mlmodel.runtime.load_options import report_progress

if TYPE_CHECKING:
    from mlmodel.runtime.load_options import LoadOptions
    from mlmodel.runtime.probe_report import Run

PROBE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe")


class Result(Record):
    """What one run told."""

    run: Run
    end: ProcessExit
    layers: tuple[str, ...]
    """The mechanisms of the system that are on."""
    enforced: tuple[str, ...]
    open: tuple[str, ...]
    output: str
    """The end of what it printed."""
    tried: tuple[tuple[str, bool], ...] = ()
    """What was tried, and whether it was refused."""


def run(
    work: dict[str, Any],
    model: str,
    size: int,
    python: str,
    environment: str | None,
    options: LoadOptions,
    libraries: Bytecode | None = None,
) -> Result:
    """Run the probe over a model.

    Args:
        work: the job of the probe (:mod:`mlmodel.runtime.probe_job`).
        model: the model directory.
        size: bytes in it.
        python: the interpreter that runs it.
        environment: the folder of the environment, if it is one of ours, which keeps the bytecode of its libraries.
        options: the limits.
        libraries: the bytecode of that environment, where it has been begun with before.

    Raises:
        UnconfinedError: it cannot be confined here as the options wants it.
    """
    if libraries is None:
        libraries = Bytecode(environment, python, work, options)
        with libraries:
            return run(work, model, size, python, environment, options, libraries)
    place = os.path.realpath(model)

    def command(reporting: int, scratch: str) -> list[str]:
        path = os.path.join(scratch, "job.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**work, "model": place, "report": reporting, "bytecode": libraries.fresh}, file)
        return [python, "-I", *libraries.options, os.path.join(PROBE, "__main__.py"), path]

    def listen(tail: bytes) -> None:
        report_progress(options, probe_report.now(tail) or "loading and predicting")

    libraries.receive()
    result = supervisor.run(
        command,
        python=python,
        read=[place, PROBE],
        forbidden=environment or os.path.dirname(os.path.dirname(os.path.abspath(python))),
        scratch=libraries.scratch,
        limits=policy.limits(options.timeout, options.memory, size),
        variables=options.variables,
        weak=options.allow_weak_sandbox,
        listen=listen if options.progress is not None else None,
    )
    libraries.stop()
    found = probe_report.read(result.report)
    libraries.complete(found.files)
    return Result(
        found,
        ProcessExit(result.status, result.limit),
        result.layers,
        result.enforced,
        result.open,
        result.output.decode("utf-8", "replace"),
        result.tried,
    )
