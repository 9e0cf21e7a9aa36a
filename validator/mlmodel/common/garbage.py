"""Python's search for circular garbage, in processes that only validate."""

from __future__ import annotations

import atexit
import gc


def collect_rarely() -> None:
    """Have Python look for circular garbage rarely, and not at all at the end of the process.

    For a process of our own that only validates: models leave no circles behind (:meth:`Model.clear`), what was
    imported stays, and looking through it again and again took a tenth of the time, at the end as much as 30 models.
    """
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)
