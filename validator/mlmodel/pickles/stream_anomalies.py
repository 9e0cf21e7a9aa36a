"""The form of a pickle under judgement: what no pickler writes, and what cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.pickles.observations import Kind, Remark
from mlmodel.pickles.symbols import ProblemKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.symbols import Stream

_OLD = frozenset(
    {"STRING", "UNICODE", "INT", "LONG", "FLOAT", "PERSID", "GET", "PUT", "INST", "DUP", "LIST", "DICT"}
)
"""What picklers write at protocols 0 and 1 only, or never."""
_BUFFERS = frozenset({"NEXT_BUFFER", "READONLY_BUFFER"})


def remarks(stream: Stream) -> Iterator[Remark]:
    """What is to be said of how a pickle is written."""
    for problem in stream.problems:
        if problem.trouble is ProblemKind.LIMIT:
            yield Remark(Kind.UNREAD, problem.message, problem.offset)
        elif problem.trouble in (ProblemKind.FRAME, ProblemKind.OPERAND, ProblemKind.PROTOCOL):
            yield Remark(Kind.ODD, problem.message, problem.offset)
        else:
            yield Remark(Kind.BROKEN, problem.message, problem.offset)
    if stream.protocol >= 2:
        old = stream.rare & _OLD
        if old:
            message = f"uses {', '.join(sorted(old))}, which no pickler writes at protocol {stream.protocol}"
            yield Remark(Kind.ODD, message, stream.start)
    elif stream.globals and stream.rare & {"UNICODE", "STRING"} and stream.escapes:
        yield Remark(Kind.ODD, "writes plain letters as escapes, which no pickler does", stream.start)
    if stream.rare & _BUFFERS:
        yield Remark(Kind.ODD, "needs buffers that are not in the file", stream.start)
    if stream.omitted_calls:
        yield Remark(
            Kind.UNREAD, f"makes {stream.omitted_calls:,} more calls than are looked into", stream.start
        )
