"""Markers of requirements that exist on some systems only."""

from __future__ import annotations

from importlib import metadata
from typing import NamedTuple

import pytest

from mlmodel.writer import markers

LINUX = 'platform_system == "Linux" and platform_machine == "x86_64"'


class _Installed(NamedTuple):
    requires: list[str] | None


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        ([f"triton==3.5; {LINUX}"], LINUX),
        (["triton"], None),
        ([f"triton==3.5; {LINUX}", "Triton>=2"], None),
        (['triton; extra == "gpu"', f"triton; {LINUX}"], LINUX),
        (['triton; python_version < "3.13"'], None),
        (['triton; python_version < "3.13" and sys_platform == "linux"'], None),
        (
            ['triton; sys_platform == "linux"', 'triton; sys_platform == "win32"'],
            '(sys_platform == "linux") or (sys_platform == "win32")',
        ),
        (["no requirement at all", "numpy"], None),
        ([], None),
    ],
)
def test_marker(requires: list[str], expected: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [_Installed(requires[:1]), _Installed(None), _Installed(requires[1:])]
    monkeypatch.setattr(metadata, "distributions", lambda: found)
    markers._conditions.cache_clear()
    try:
        assert markers.marker("triton") == expected
    finally:
        markers._conditions.cache_clear()
