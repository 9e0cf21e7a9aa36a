"""What the repairs have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.texts import pointer_steps
from mlmodel.fixing.edits import Edit, Repair

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmodel.documents import Document
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

    Steps = tuple[str | int, ...]

PYFUNC: Steps = ("flavors", "python_function")


def repair_of(finding: Finding, summary: str, *edits: Edit) -> Repair:
    """The repair of a finding."""
    place = finding.location
    where = ":".join(str(part) for part in (place.file or ".", place.line) if part is not None)
    return Repair(finding.rule, where, summary, edits)


def at_value(
    repair: Callable[[Model, Finding, Document, Steps], Repair | None],
) -> Callable[[Model, Finding], Repair | None]:
    """Give a repair the value that the finding is about, in a YAML file."""

    def found(model: Model, finding: Finding) -> Repair | None:
        place = finding.location
        if place.file is None or place.pointer is None or place.file.endswith(".json"):
            return None
        document = model.yaml(place.file)
        steps = _steps(document.data, place.pointer) if document is not None else None
        return None if document is None or steps is None else repair(model, finding, document, steps)

    return found


def _steps(data: Any, pointer: str) -> Steps | None:
    """The keys and indexes of a JSON Pointer, None where it leads into a JSON text or nowhere."""
    steps: list[str | int] = []
    for part in pointer_steps(pointer):
        step: str | int = part
        if isinstance(data, list) and part.isdecimal() and int(part) < len(data):
            step = int(part)
        elif not isinstance(data, dict) or step not in data:
            return None
        data = data[step]
        steps.append(step)
    return tuple(steps)
