"""What the installed commands start with: signals first, so that none of them meets an import, then the command."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from mlmodel.common import garbage, interruption
from mlmodel.common.ending import QuickEnd


def main(prog_name: str = "mlmodel") -> None:
    """``mlmodel``."""
    _run("mlmodel.cli.main", "main", prog_name)


def validate() -> None:
    """``mlmodel-validate``."""
    _run("mlmodel.cli.validate", "command", "mlmodel-validate")


def scan() -> None:
    """``mlmodel-scan``."""
    _run("mlmodel.pickles.__main__", "run", None)


def _run(module: str, name: str, prog_name: str | None) -> None:
    """Run a command; a signal that ends it gives the exit code that shells have for it, and one line."""
    end = QuickEnd()
    _have_streams()
    try:
        interruption.install()
        garbage.collect_rarely()
        command = getattr(import_module(module), name)
        command(prog_name=prog_name) if prog_name is not None else command()
    except BaseException as error:
        why = interruption.received()
        # What a signal breaks off may say so in another way.
        if why is None or (isinstance(error, SystemExit) and not isinstance(error, interruption.Interrupted)):
            if isinstance(error, SystemExit):
                end.with_code(error.code)
            raise
        sys.stderr.write(f"{prog_name or 'mlmodel-scan'}: ended by {why.signal}\n")
        raise SystemExit(why.code) from None
    finally:
        interruption.finish()


def _have_streams() -> None:
    """Have what is written go nowhere where the process was started with closed outputs (``>&-``), and Python has none."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
