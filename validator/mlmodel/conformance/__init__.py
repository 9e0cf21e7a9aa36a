"""The conformance suite's runner: asks an implementation about every case, and compares its answers.

``suite`` -> ``adapters`` (one process, JSON lines) -> ``comparing`` and ``writing`` -> ``results`` -> ``reports``.
Imports everything but ``cli``.  A new form of report is a module in ``reports``; a new case is a folder of the suite, not code.
"""

from __future__ import annotations

ROLES = {"validator": ("validate",), "reader": ("describe", "predict"), "writer": ("write",)}
"""What an implementation can be asked as, with the keys of a case's ``expect`` that are about it."""
