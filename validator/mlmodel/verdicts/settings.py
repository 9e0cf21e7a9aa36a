"""What a verdict depends on beside the files of the model: options, rules, targets, this program, the day."""

from __future__ import annotations

import os
import sys
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from mlmodel.common.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from mlmodel.validation import Options


def is_keepable(options: Options) -> bool:
    """Whether verdicts with these options depend on the files alone."""
    return options.load is None and options.resolve is None and not options.debug


def described(options: Options) -> tuple[Any, ...]:
    """What options ask for, the same for the same, in every process; without the day and the debugging."""
    return (
        None if options.select is None else sorted(options.select),
        sorted(options.ignore),
        sorted((rule, severity.label) for rule, severity in options.severity.items()),
        [(glob, sorted(rules)) for glob, rules in options.per_path_ignores],
        options.max_findings,
        options.targets,
        sorted(options.trust),
        options.facts,
    )


def settings(options: Options) -> bytes:
    """A digest of everything beside the files that a verdict depends on."""
    user = os.geteuid() if hasattr(os, "geteuid") else None
    parts = (
        __version__,
        _program(),
        sys.version,
        sys.platform,
        user,
        described(options),
        _ended(options),
    )
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=32).digest()


def _program() -> list[tuple[str, int, int]]:
    """Names, sizes and times of the files of this package, its data, and the libraries that its findings depend on."""
    from importlib.util import find_spec

    from mlmodel.standard.data import tree

    here = os.path.dirname(os.path.abspath(__file__))
    found = [each for root in (here, tree("schemas"), tree("targets")) for each in _files(root)]
    for name in ("yaml", "jsonschema_rs", "jsonschema", "packaging"):
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            status = os.stat(spec.origin)
            found.append((name, status.st_size, status.st_mtime_ns))
    return sorted(found)


def _files(root: str) -> Iterator[tuple[str, int, int]]:
    pending = [root]
    while pending:
        folder = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        pending.append(entry.path)
                elif entry.name.endswith((".py", ".json")):
                    status = entry.stat()
                    yield entry.path, status.st_size, status.st_mtime_ns


def _ended(options: Options) -> Any:
    """What the day of the judgement decides: the Pythons that are no longer maintained, the targets that were read long
    ago.  A verdict outlives a day on which nothing ends."""
    from mlmodel.environment import pythons
    from mlmodel.standard.targets import parse

    day = options.today or _utc_day()
    ended = [each for each in pythons.last_days() if day > each]
    return len(ended), [parse(word).profile.is_old(day) for word in options.targets]


def _utc_day() -> date:
    from datetime import datetime, timezone

    return datetime.now(timezone.utc).date()
