"""The bytecode of the libraries of an environment: made in the first run, kept for all others.

Importing large libraries takes three times as long where they have to be compiled.  So the first probe of an
environment writes what it compiles, and a second process, confined like it, compiles ahead of it.  Both write to a
scratch folder, which is moved into the environment before any code of a model runs; from then on nobody writes there
but the compiler, which runs nothing.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil
import threading
from typing import TYPE_CHECKING, Any

from mlmodel.common import interruption
from mlmodel.runtime import probe_job, stamp
from mlmodel.runtime.confinement import disk, policy, supervisor, watching
from mlmodel.runtime.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmodel.runtime.load_options import LoadOptions

COMPILER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compiler.py")
_MOVES = os.name != "nt"
"""Whether what is moved belongs to whom its new folder belongs; on Windows it stays open to whom it was open."""
FEW = 20
"""Modules that are not worth starting an interpreter for."""


def folder(environment: str) -> str:
    """Where the bytecode of an environment is kept (``-X pycache_prefix``, Python 3.8)."""
    return os.path.join(environment, "bytecode")


class Bytecode:
    """The folder in which a run of the probe may write, and what it has to do with the bytecode of its environment.

    A context: it begins as soon as the environment is there, which may be before the probe does.

    Args:
        environment: its folder; None for one that is not ours, where nothing is kept.
        python: its interpreter.
        work: the job of the probe.
        options: the limits.
    """

    def __init__(
        self, environment: str | None, python: str, work: dict[str, Any], options: LoadOptions
    ) -> None:
        self._environment = environment
        self._python = python
        self._work = work
        self._options = options
        self._over = threading.Event()
        self._compiling = threading.Thread(target=self._ahead, daemon=True)
        self._receiving = threading.Thread(target=self._receive, daemon=True)
        self._leaving = contextlib.ExitStack()
        self.scratch = ""
        """The folder."""
        self.fresh: str | None = None
        """The folder for new bytecode, which the probe hands over; None where there is nothing to hand over."""
        self.options = ["-B"]
        """For the interpreter of the probe."""

    def __enter__(self) -> None:
        # Bytecode moves from there to the environment, so that it is on the same disk.
        base = Store().runs() if self._environment is not None else None
        self.scratch = self._leaving.enter_context(disk.scratch(base))
        if self._environment is None:
            return
        kept = folder(self._environment)
        if os.path.isdir(kept) and not stamp.fits(kept, kept + ".stamp"):
            # Damaged, or of a run that was stopped; a run that uses it compiles for itself what it misses.
            with contextlib.suppress(OSError):
                os.rename(kept, os.path.join(self.scratch, "damaged"))
        if os.path.isdir(kept) or not _MOVES:
            self.options += ["-X", f"pycache_prefix={folder(self._environment)}"]
            return
        self.fresh = os.path.join(self.scratch, "bytecode")
        os.mkdir(self.fresh)
        self.options = ["-X", f"pycache_prefix={self.fresh}"]
        if _processors() > 1:
            self._compiling.start()

    def receive(self) -> None:
        """Wait for the bytecode: the probe begins."""
        if self.fresh is not None:
            self._receiving.start()

    def stop(self) -> None:
        """Compile no more: the probe has ended."""
        self._over.set()
        for thread in (self._compiling, self._receiving):
            if thread.ident is not None:
                thread.join()

    def __exit__(self, *_: object) -> None:
        with interruption.held():
            self.stop()
            self._leaving.close()

    # -- the first run ---------------------------------------------------------------------------

    @property
    def _ready(self) -> str:
        """The file with which the probe says that it has imported the libraries, and writes no more."""
        return f"{self.fresh}.ready"

    def _ahead(self) -> None:
        assert self.fresh is not None
        work = self._work
        plan = {
            "roots": [*(work["served"] if work["pyfunc"] else ()), *work["classes"]],
            "later": list(dict.fromkeys(module.partition(".")[0] for module, _ in work["imports"])),
            "whole": ["sklearn"] if probe_job.SKOPS in work["classes"] else [],
            "until": self._ready,
        }
        self._compile(self.fresh, self.scratch, plan, self._over)

    def _receive(self) -> None:
        """Take the bytecode out of the reach of the probe as soon as that says it is ready."""
        assert self.fresh is not None
        assert self._environment is not None
        while not self._over.wait(0.01):
            if os.path.exists(self._ready):
                if self._compiling.ident is not None:
                    self._compiling.join()
                try:
                    os.rename(self.fresh, folder(self._environment))
                except OSError:  # another run was faster
                    os.rename(self.fresh, self.fresh + ".unused")
                return

    # -- every run -------------------------------------------------------------------------------

    def complete(self, files: Sequence[str]) -> None:
        """Compile modules that were imported without bytecode, ahead of the next use of the environment.

        Args:
            files: those that the probe says it imported, which may be a lie: only modules of the environment count.
        """
        if self._environment is None:
            return
        with contextlib.suppress(OSError):  # of a full disk; it is tried again
            self._complete(files)
            kept = folder(self._environment)
            if os.path.isdir(kept):
                stamp.put(kept, kept + ".stamp")

    def _complete(self, files: Sequence[str]) -> None:
        assert self._environment is not None
        kept, inside = folder(self._environment), os.path.realpath(self._environment) + os.sep
        if not os.path.isdir(kept) and _MOVES:
            return
        tag = _tag(kept)
        wanted = [
            path
            for path in files
            if "\0" not in path and path == os.path.normpath(path)
            if not os.path.exists(kept + os.path.splitdrive(path)[1].removesuffix(".py") + tag)
            and os.path.realpath(path).startswith(inside)
        ]
        if len(wanted) < FEW:
            return
        if _MOVES:
            self._compile(kept, kept, {"files": wanted})
            return
        with disk.scratch() as place:
            made = os.path.realpath(place)
            self._compile(made, made, {"files": wanted})
            shutil.copytree(made, kept, dirs_exist_ok=True)

    def _compile(
        self, prefix: str, scratch: str, plan: dict[str, Any], stop: threading.Event | None = None
    ) -> None:
        """Run the compiler, confined to a folder; what it does not do is done later or not at all."""
        assert self._environment is not None
        options = ["-I", "-S", "-X", f"pycache_prefix={prefix}"]
        with (
            disk.scratch() as place,
            contextlib.suppress(watching.UnconfinedError, OSError),
        ):
            path = os.path.join(os.path.realpath(place), "job.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"folders": _packages(self._environment), **plan}, file)
            supervisor.run(
                lambda *_: [self._python, *options, COMPILER, path],
                python=self._python,
                read=[COMPILER, path],
                forbidden=self._environment,
                scratch=scratch,
                limits=policy.limits(self._options.timeout, self._options.memory, 0),
                weak=self._options.allow_weak_sandbox,
                stop=stop,
            )


def _packages(environment: str) -> list[str]:
    """The folders that installed packages are in."""
    return glob.glob(os.path.join(environment, "lib*", "python3*", "site-packages")) or [
        os.path.join(environment, "Lib", "site-packages")
    ]


def _tag(kept: str) -> str:
    """How the names of files with bytecode end, ``.cpython-311.pyc``."""
    for _, _, names in os.walk(kept):
        for name in names:
            if name.endswith(".pyc"):
                return name[name.rindex(".", 0, -4) :]
    return ".pyc"


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
