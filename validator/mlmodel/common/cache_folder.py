"""The folder of this user's caches: where what can be made anew is kept."""

from __future__ import annotations

import os
import sys


def default_root() -> str:
    """``MLMODEL_CACHE``, else a folder of the user's caches."""
    configured = os.environ.get("MLMODEL_CACHE")
    if configured:
        return os.path.abspath(configured)
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    elif os.name == "nt":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(base, "mlmodel")
