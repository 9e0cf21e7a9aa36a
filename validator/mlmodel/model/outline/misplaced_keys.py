"""The keys of an MLmodel file that stand in the wrong place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.documents import ProblemKind
from mlmodel.model.model import fact
from mlmodel.model.outline.places import FLAVORS, keys_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmodel.documents import Document
    from mlmodel.model.model import Model
    from mlmodel.model.outline.placement import Misplaced
    from mlmodel.model.outline.places import Path


@fact
def of(model: Model) -> tuple[Misplaced, ...]:
    """The misplaced keys of a model's MLmodel file."""
    return misplaced(model.mlmodel) if model.mlmodel is not None else ()


@fact
def pointers(model: Model) -> frozenset[tuple[str | int, ...]]:
    """Where the misplaced keys stand: MLM118 reports them, so other rules skip them."""
    return frozenset(node.path for group in of(model) for node in group.nodes)


@fact
def excused(model: Model) -> frozenset[tuple[str | int | None, ...]]:
    """The pointers that MLM118 already explains as lost: where the misplaced keys belong, and the lines above them.
    Rules about missing keys skip them."""
    keys = {(*group.belongs, node.key) for group in of(model) for node in group.nodes}
    return frozenset(keys | {group.belongs for group in of(model)})


def misplaced(document: Document) -> tuple[Misplaced, ...]:
    """The keys of an MLmodel file that stand in the wrong place, in the order of the file."""
    twice = any(problem.kind is ProblemKind.DUPLICATE_KEY for problem in document.problems)
    if isinstance(document.data, dict) and not twice:
        if _is_tidy(document.data):
            return ()
    elif not document.text or isinstance(document.data, list):
        return ()
    from mlmodel.model.outline.nodes import from_data, from_text, walk
    from mlmodel.model.outline.placement import Outline

    if isinstance(document.data, dict) and not twice:
        roots = from_data(document.data)
    else:
        roots = from_text(document.text)  # only the text has both of two equal keys
    found = Outline(roots).misplaced()
    for node, _ in walk(roots) if found else ():
        if not node.line:
            node.line, node.column = document.locate(node.path, key=True) or (1, 1)
    return tuple(sorted(found, key=lambda group: (group.nodes[0].line, group.nodes[0].column)))


def _is_tidy(data: Mapping[str, Any]) -> bool:
    """Whether every key stands where a schema describes it: then nothing is misplaced, and the schemas of flavors
    that the file does not have need not be read."""
    flavors = data.get("flavors")
    if not isinstance(flavors, dict) or not flavors:
        return False
    pending: list[tuple[Path, Any]] = [((), data)]
    while pending:
        path, mapping = pending.pop()
        known = keys_at(path)
        if known is None:
            if path[:1] in (FLAVORS, ("signature",)):
                return False  # a flavor of another author, or a mapping with free keys in a flavor
        elif not isinstance(mapping, dict) or not mapping.keys() <= known:
            return False
        else:
            pending += [((*path, key), below) for key, below in mapping.items() if isinstance(below, dict)]
    return all(isinstance(conf, dict) for conf in flavors.values())
