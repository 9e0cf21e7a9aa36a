"""Where a rule's findings stand, as its page says: the line that begins with **Location**."""

from __future__ import annotations

import re
from functools import cache

from mlmodel import Finding
from mlmodel.standard import rules
from tests.command import ROOT

_FILES = {".": "", "FILE": ".+", "INCLUDED": ".+", "EXAMPLE": ".+", "SERVING": ".+"}
_STEPS = {"...": "(/.+)?", "N": r"/\d+", "SECTION": "/(inputs|outputs|params)"}
_ANY = ("FLAVOR", "KEY", "NAME")


@cache
def forms(rule: str) -> tuple[str, ...]:
    """The places that a page names, as ``MLmodel#/flavors/FLAVOR``."""
    text = (ROOT / rules.catalogue()[rule].page).read_text(encoding="utf-8")
    lines = re.findall(r"^\*\*Location\*\*: (.+)$", text, re.MULTILINE)
    assert len(lines) == 1, f"{rule} has {len(lines)} lines of location"
    found = tuple(re.findall(r"`([^`]+)`", lines[0]))
    assert found, rule
    return found


def _matches(form: str, file: str | None, pointer: str | None) -> bool:
    name, mark, way = form.partition("#")
    parts = [_FILES.get(part, re.escape(part)) for part in name.split("/")]
    if re.fullmatch("/".join(parts), file or "") is None or (pointer is None) is bool(mark):
        return False
    steps = (
        _STEPS.get(step) or ("/[^/]+" if step in _ANY else f"/{re.escape(step)}")
        for step in way.split("/")[1:]
    )
    before = "(/inputs)?" if name == "EXAMPLE" else ""
    return pointer is None or re.fullmatch(before + "".join(steps), pointer) is not None


def stands(rule: str, file: str | None, pointer: str | None) -> bool:
    """Whether a case may expect a rule there; it writes no empty pointer, so that a file may mean its root."""
    return any(
        _matches(form, file, where)
        for form in forms(rule)
        for where in ({pointer} if pointer else {None, ""})
    )


def misplaced(findings: tuple[Finding, ...]) -> list[str]:
    """The findings that stand where the pages of their rules do not say."""
    return [
        f"{one.rule} {one.location.file}#{one.location.pointer}: expected {' or '.join(forms(one.rule))}"
        for one in findings
        if not any(_matches(form, one.location.file, one.location.pointer) for form in forms(one.rule))
    ]
