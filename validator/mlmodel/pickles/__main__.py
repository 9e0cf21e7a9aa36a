"""``mlmodel-scan FILE...``, also ``python -m mlmodel.pickles``: judges single files that may be serialized objects, and nothing around them.

For whoever has pickles and no model directories, or a great many: it imports little beside the reader itself.  A line a
remark; the exit status is 0 where nothing is wrong, 1 where loading would be dangerous or fail, 2 for wrong usage, 3 where
something could not be read or judged.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.observations import Remark
    from mlmodel.pickles.symbols import Global
    from mlmodel.sources.base import Source

# -m has Python look for modules in the current folder first, which may be anybody's.
if not getattr(sys.flags, "safe_path", False) and sys.path[:1] in ([""], [os.getcwd()]):
    del sys.path[0]


_USAGE = "usage: mlmodel-scan FILE...\n"
_HELP = f"""{_USAGE}
Judge single files that may be serialized objects, without loading them: what
reading them would run, refer to, or fail at.  A line a remark.

  -h, --help  Show this message and exit.
  --version   Show the version and exit.

Exit status: 0 nothing is wrong; 1 loading would be dangerous or fail; 2 wrong
usage; 3 something could not be read or judged.
"""


def main(paths: list[str]) -> int:
    """Judge files; the exit status."""
    from mlmodel.common.errors import MlmodelError
    from mlmodel.sources.addresses import shown
    from mlmodel.sources.base import UnopenedError, UnreadableError
    from mlmodel.sources.opening import open_file

    if paths[:1] in (["-h"], ["--help"]):
        sys.stdout.write(_HELP)
        return 0
    if paths[:1] == ["--version"]:
        from mlmodel.common.version import __version__

        sys.stdout.write(f"mlmodel-scan, version {__version__}\n")
        return 0
    if paths[:1] == ["--"]:
        paths = paths[1:]
    elif any(path.startswith("-") for path in paths):
        sys.stderr.write(_USAGE)
        return 2
    if not paths:
        sys.stderr.write(_USAGE)
        return 2
    worst = 0
    for path in paths:
        try:
            found = list(_remarks(*open_file(path)))
        except (UnreadableError, UnopenedError, OSError) as error:
            found = [(3, f"cannot be read: {error}")]
        except MlmodelError as error:
            found = [(2, str(error))]
        for status, text in found:
            worst = max(worst, status)
            sys.stdout.write(f"{_printable(shown(path))}: {_printable(text)}\n")
    return worst


def _remarks(directory: Source, name: str) -> Iterator[tuple[int, str]]:
    """Pairs of an exit status and what to say, for everything in a file."""
    from mlmodel.pickles import ContainerAnomaly, Pickled, Unreadable, scan

    for item in scan(directory, name, watch=_is_watched, calls=False):
        inside = f"{item.path.partition('!')[2]}: " if "!" in item.path else ""
        if isinstance(item, Pickled):
            if item.stream.is_plain:
                continue
            from mlmodel.pickles.judgement import judge

            for remark in judge(item.stream, marked=item.marked):
                yield (
                    _status(remark),
                    f"{inside}byte {remark.offset:,}: {remark.kind.value}: {remark.message}",
                )
        elif isinstance(item, Unreadable):
            yield 3, f"{inside}cannot be judged: {item.reason}"
        elif isinstance(item, ContainerAnomaly):
            yield int(item.escapes), f"{inside}{item.message}"
        else:
            from mlmodel.pickles.judgement import judge_document

            for remark in judge_document(item):
                yield _status(remark), f"{inside}{remark.kind.value}: {remark.message}"


def _is_watched(symbol: Global) -> bool | str:
    """As ``judgement.is_watched``, which is imported when a file names something."""
    from mlmodel.pickles.judgement import is_watched

    return is_watched(symbol)


def _status(remark: Remark) -> int:
    return {"CODE": 0, "UNEXPLAINED": 0, "TRUSTED": 0, "UNREAD": 3}.get(remark.kind.name, 1)


def _printable(text: str) -> str:
    # As mlmodel.cli.errors does it, which would import click.
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def run() -> None:
    """The command."""
    try:
        status = main(sys.argv[1:])
        sys.stdout.flush()
    except OSError as error:
        # Nobody reads any more, or the disk is full: what is left goes nowhere, or Python complains at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"mlmodel-scan: the output cannot be written: {error.strerror}\n")
        status = 3
    sys.exit(status)


if __name__ == "__main__":
    run()
