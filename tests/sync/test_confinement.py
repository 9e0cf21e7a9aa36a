"""What the confinement promises: one table, which the standard, the guide and the JSON report share."""

from __future__ import annotations

import pytest

from mlmodel.runtime.confinement import policy, promises
from tests.command import ROOT

TEXTS = ("spec/75-load-and-predict.md", "docs/load.md")


@pytest.mark.parametrize("name", TEXTS)
def test_the_table_is_that_of_the_code(name: str) -> None:
    assert "\n".join(promises.table()) + "\n\n" in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TEXTS)
def test_what_can_be_read_is_said(name: str) -> None:
    """Every path that the policy for Linux opens, in the words of the sentence."""
    text = (ROOT / name).read_text(encoding="utf-8")
    (sentence,) = [line for line in text.splitlines() if line.startswith("The system's own programs")]
    for path in policy.LINUX.read:
        known = {"/lib": "/lib*", "/lib32": "/lib*", "/lib64": "/lib*", "/libx32": "/lib*"}
        parts = path.split("/")
        short = (
            "/".join(parts[2:]) if parts[1] in ("etc", "proc") and parts[2] not in ("self", "sys") else path
        )
        if path.startswith(("/proc/self", "/proc/sys")):
            assert "the process itself" in sentence
            assert "two settings" in sentence
        elif not path.startswith("/dev/"):
            assert f"`{known.get(path, short)}`" in sentence, path


def test_no_attempt_has_the_name_of_another() -> None:
    for system in (promises.LINUX, promises.MACOS, promises.WINDOWS):
        names = [name for words in promises.protected(system).values() for name in words]
        assert len(names) == len(set(names))
