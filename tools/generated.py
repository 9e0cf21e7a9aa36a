"""Files that a tool generates: written where they differ, or, with ``--check``, only compared."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent


def write_or_check(outputs: Mapping[Path, str], sources: str) -> int:
    """The exit status: 1 where a file is only compared, and is not what it should be.

    Args:
        outputs: the text of each file.
        sources: what they are generated from, for the message.
    """
    stale = [
        path
        for path, text in outputs.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not what {sources} generate: run {sys.argv[0]}")
        return int(bool(stale))
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(outputs[path], encoding="utf-8")
    return 0
