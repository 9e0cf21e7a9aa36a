"""Writers: what they are asked to write, and whether what they wrote is that.

Nothing that a writer says of its work counts: the runner validates and describes the directory itself.
"""

from __future__ import annotations

import math
import os
import shutil
from typing import TYPE_CHECKING, Any

from mlmodel.conformance.comparing import Comparison, ProtocolError, difference
from mlmodel.conformance.results import Level
from mlmodel.conformance.suite import listing
from mlmodel.description import describe
from mlmodel.findings import Severity, Verdict
from mlmodel.model import examples
from mlmodel.model.model import Model
from mlmodel.sources.directory import ModelDirectory
from mlmodel.validation import validate

if TYPE_CHECKING:
    from mlmodel.conformance.adapters import Asked
    from mlmodel.conformance.suite import Case


def asked(case: Case, adapter: Asked, folder: str, _role: str) -> Comparison | None:
    """What a writer makes of the case in a folder of its own, None where it cannot.

    Raises:
        AdapterError: it does not answer.
        ProtocolError: its answer is none.
    """
    expected = case.expect["write"]
    given = os.path.join(folder, "given")
    if os.path.isdir(case.given):
        shutil.copytree(case.given, given)
    else:
        os.mkdir(given)
    target = os.path.join(folder, "written", "model")
    os.mkdir(os.path.dirname(target))
    if expected.get("occupied"):
        os.mkdir(target)
        with open(os.path.join(target, "MLmodel"), "w", encoding="utf-8") as file:
            file.write("flavors: {}\n")
    before = _places(folder)
    reply = adapter.ask("write", request=expected["request"], given=given, target=target)
    outcome = reply.get("outcome")
    if outcome == "unsupported":
        return None
    if outcome not in ("ok", "reject"):
        raise ProtocolError(f"the outcome is {outcome!r}, neither ok nor reject")
    changed = {path for path, _, _ in _places(folder) ^ before}
    outside = [path for path in changed if not (path + os.sep).startswith(target + os.sep)]
    if outside:
        first = os.path.relpath(min(outside), folder)
        return Comparison(Level.NONE, f"it changed {first}, which is outside of the directory to write")
    if outcome != expected["outcome"]:
        reason = f": {reply['reason']}" if "reason" in reply else ""
        return Comparison(Level.NONE, f"the outcome is {outcome}, not {expected['outcome']}{reason}")
    if outcome == "reject":
        done = "changed the directory that was there" if expected.get("occupied") else "left something behind"
        return (
            Comparison(Level.NONE, f"it rejects, and {done}") if changed else Comparison(Level.POINTERS, "")
        )
    return _of_directory(target, expected["request"])


def _places(folder: str) -> set[tuple[str, int, int]]:
    """What is in a folder; what came into another folder and went again does not count, and neither does the byte code
    that Python keeps beside a script which it imports."""
    return {
        (path, 0, 0) if os.path.isdir(path) else (path, size, time)
        for path, size, time in listing(folder)
        if "__pycache__" not in os.path.relpath(path, folder).split(os.sep)
    }


def _of_directory(path: str, request: dict[str, Any]) -> Comparison:
    """Whether a directory conforms, and holds what was asked for."""
    if not os.path.isdir(path):
        return Comparison(Level.NONE, "it wrote no directory")
    report = validate(path)
    if report.verdict is not Verdict.VALID:
        errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
        first = f": {errors[0].rule} {errors[0].message}" if errors else ""
        return Comparison(Level.NONE, f"what it wrote is {report.verdict.label}{first}")
    found = describe(path)
    other = _difference(dict(found), request)
    if other is None and "example" in request:
        other = _example(path, request["example"])
    return Comparison(Level.POINTERS, "") if other is None else Comparison(Level.VERDICTS, other)


def _difference(found: dict[str, Any], request: dict[str, Any]) -> str | None:
    """What a description lacks of what was asked for; more than that is allowed."""
    if request["flavor"] not in found["flavors"]:
        return f"there is no flavor {request['flavor']}"
    for section, specs in request.get("signature", {}).items():
        other = difference(specs, (found["signature"] or {}).get(section), f"/signature/{section}")
        if other is not None:
            return other
    for key, value in request.get("metadata", {}).items():
        metadata = found["metadata"] if isinstance(found["metadata"], dict) else {}
        if key not in metadata:
            return f"/metadata/{key} is missing"
        other = difference(value, metadata[key], f"/metadata/{key}")
        if other is not None:
            return other
    missing = {*request.get("requirements", ())} - {*(found["environment"]["requirements"] or ())}
    return f"the requirement {min(missing)} is missing" if missing else None


def _example(path: str, given: dict[str, Any]) -> str | None:
    """What the stored example lacks of the one that was given."""
    stored = examples.stored(Model(ModelDirectory(path)))
    if stored is None:
        return "there is no example"
    if "dataframe_split" not in given:
        return difference(given["inputs"], stored.payload[0], "/example")
    wanted = given["dataframe_split"]
    table = examples.table(stored)
    if table is None:
        return "the example is no table"
    rows = [[row.get(name) for name in table.names or ()] if table.records else row for row in table.rows]
    return difference(wanted, {"columns": table.names, "data": _missing(rows)}, "/example")


def _missing(value: Any) -> Any:
    """A missing number is null, or the NaN that JSON has not."""
    if isinstance(value, list):
        return [_missing(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
