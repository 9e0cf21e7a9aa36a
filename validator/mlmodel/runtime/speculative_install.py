"""What can be done while the index is asked: where nothing is new there, the environment is made when it answers."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from mlmodel.resolution.uv import UnansweredError
from mlmodel.runtime.bytecode import Bytecode
from mlmodel.runtime.environments import interpreter

if TYPE_CHECKING:
    from mlmodel.runtime.environments import EnvironmentBuilder
    from mlmodel.runtime.install_plan import InstallPlan
    from mlmodel.runtime.interpreters import Interpreter


class _CancelledError(Exception):
    """Nobody waits for it any more."""


class SpeculativeEnvironment:
    """Makes the environment that uv's cache suggests, and begins with its bytecode, while the index is asked.

    A context, at whose end nothing of it is left but the environment.

    Args:
        builder: whoever asks the index.
        plan: what is asked for.
        python: for which interpreter.
        work: the job of the probe.
    """

    def __init__(
        self, builder: EnvironmentBuilder, plan: InstallPlan, python: Interpreter, work: dict[str, Any]
    ) -> None:
        self._over = threading.Event()
        self._builder = builder._replace(options=builder.options._replace(offline=True, progress=self._go_on))
        self._asked = plan, python
        self._work = work
        self._folder: str | None = None
        self._libraries: Bytecode | None = None
        self._leaving = contextlib.ExitStack()
        self._thread = threading.Thread(target=self._make, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, error: object, *_: object) -> None:
        if error is not None:
            self._over.set()
        try:
            self._thread.join()
        except BaseException:  # a signal
            self._over.set()
            self._thread.join()
            raise
        finally:
            self._leaving.close()

    def of(self, folder: str) -> Bytecode | None:
        """What has been begun with for an environment, if it is that one and has been made for this."""
        self._thread.join()
        return self._libraries if folder == self._folder else None

    def _go_on(self, _: str) -> None:
        if self._over.is_set():
            raise _CancelledError

    def _make(self) -> None:
        with contextlib.suppress(UnansweredError, OSError, _CancelledError):
            found = self._builder.resolve(*self._asked)
            if found.lock is None:
                return
            folder, made = self._leaving.enter_context(self._builder.environment(found.lock, self._asked[1]))
            if made:
                libraries = Bytecode(folder, interpreter(folder), self._work, self._builder.options)
                self._leaving.enter_context(libraries)
                self._folder, self._libraries = folder, libraries
