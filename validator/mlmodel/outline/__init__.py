"""Where the keys of an MLmodel file belong, and which of them stand elsewhere.

A careless copy loses a line such as ``flavors:`` and leaves its children at the top, or indented under
nothing.  YAML then sees a syntax error or a handful of unknown keys; the author needs to hear which line
is missing, and above which.  The schemas say where a key may stand; the rest is the outline of the text:
keys, indentation and order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.documents import ProblemKind
from mlmodel.outline.places import FLAVORS, keys_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmodel.documents import Document
    from mlmodel.outline.places import Path
    from mlmodel.outline.strays import Misplaced


def misplaced(document: Document) -> tuple[Misplaced, ...]:
    """The keys of an MLmodel file that stand in the wrong place, in the order of the file."""
    twice = any(problem.kind is ProblemKind.DUPLICATE_KEY for problem in document.problems)
    if isinstance(document.data, dict) and not twice:
        if _is_tidy(document.data):
            return ()
    elif not document.text or isinstance(document.data, list):
        return ()
    from mlmodel.outline.nodes import from_data, from_text, walk
    from mlmodel.outline.strays import Outline

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
