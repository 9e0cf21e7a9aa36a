"""The conformance suite's runner: asks an implementation about every case, and compares its answers.

``suite`` -> ``asking`` (one process, JSON lines) -> ``judging`` -> ``results`` -> ``reports``.
"""
