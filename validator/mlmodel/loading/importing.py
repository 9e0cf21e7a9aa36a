"""The modules that a model brings along, on the import path."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


class Code:
    """The ``code`` folder of one model; nothing where it has none.

    MLflow puts it before everything else and leaves it there (``_add_code_from_conf_to_system_path``).
    """

    def __init__(self, folder: str | None) -> None:
        self._folder = folder
        self._is_entered = False

    def enter(self) -> None:
        """Have its modules imported before all others."""
        if self._folder is not None:
            sys.path.insert(0, self._folder)
            self._is_entered = True

    def leave(self) -> None:
        """Undo :meth:`enter`, and forget the modules that came from there: another model may have others of these
        names.  Objects that are in use keep theirs."""
        if self._folder is None or not self._is_entered:
            return
        self._is_entered = False
        with suppress(ValueError):  # somebody else may have taken it off
            sys.path.remove(self._folder)
        inside = self._folder + os.sep
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(inside):
                del sys.modules[name]
