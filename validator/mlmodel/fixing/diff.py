"""A plan as text: the rules that it repairs, and a unified diff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.texts import printable
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.fixing.plan import Plan


def render(plan: Plan) -> Iterator[str]:
    """A line for each repair, and the diff.  ``patch`` reads it too."""
    for repair in plan.repairs:
        name = rules.catalogue()[repair.rule].name
        yield printable(f"{repair.place}: {repair.rule} {repair.summary} [{name}]") + "\n"
    for line in plan.diff():
        yield printable(line.removesuffix("\n").removesuffix("\r")) + "\n"


def summary(plan: Plan, *, written: bool) -> str:
    """What was done, in one line; and above it why the model could not be judged, where it could not."""
    lines = []
    for finding in plan.unjudged:
        where = f"{finding.location.file}: " if finding.location.file else ""
        lines.append(printable(f"{where}{finding.rule} {finding.message}"))
    repairs = f"{len(plan.repairs):,} repair{'' if len(plan.repairs) == 1 else 's'}"
    files = f"{len(plan.after):,} file{'' if len(plan.after) == 1 else 's'}"
    if not plan.repairs:
        lines.append("nothing to repair")
    elif written:
        lines.append(f"{repairs} written to {files}")
    else:
        lines.append(f"{repairs} in {files}; --write writes them")
    return "\n".join(lines)
