"""Environment markers (PEP 508) against the recorded Python: ``python_version < "3.9"``."""

from __future__ import annotations

from mlmodel.common.caching import bounded_cache

_LONGEST = 500
"""Characters of a marker that is evaluated."""
_SYSTEMS = (("posix", "Linux", "linux"), ("nt", "Windows", "win32"), ("posix", "Darwin", "darwin"))
"""``os_name``, ``platform_system`` and ``sys_platform`` of the systems that models are served on."""
_MACHINES = ("x86_64", "aarch64", "arm64", "AMD64")


def holds(marker: str | None, python: tuple[int, ...] | None) -> bool | None:
    """Whether a marker holds with a Python: None where that depends on the system, or is not known.

    No marker always holds.  Where the Python is recorded as ``(3, 11)``, the last number may be any.
    """
    if marker is None:
        return True
    if python is None or len(python) < 2 or len(marker) > _LONGEST:
        return None
    return _holds(marker, python)


@bounded_cache(1024)
def _holds(marker: str, python: tuple[int, ...]) -> bool | None:
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

    answers = set()
    try:
        read = Marker(marker)
        for last in python[2:3] or (0, 99):
            for os_name, system, platform in _SYSTEMS:
                for machine in _MACHINES:
                    answers.add(
                        read.evaluate(
                            {
                                "python_version": f"{python[0]}.{python[1]}",
                                "python_full_version": f"{python[0]}.{python[1]}.{last}",
                                "implementation_name": "cpython",
                                "implementation_version": f"{python[0]}.{python[1]}.{last}",
                                "platform_python_implementation": "CPython",
                                "os_name": os_name,
                                "platform_system": system,
                                "sys_platform": platform,
                                "platform_machine": machine,
                                "platform_release": "",
                                "platform_version": "",
                                "extra": "",
                            }
                        )
                    )
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, ValueError):
        return None
    return answers.pop() if len(answers) == 1 else None
