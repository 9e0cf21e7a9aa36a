"""Pickles from bytes: one, as every reader takes it, or all that stand in a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.pickles.machine import Machine
from mlmodel.pickles.scan_options import ScanOptions
from mlmodel.pickles.symbols import CallResult, Global, Problem, ProblemKind, Stream

if TYPE_CHECKING:
    from mlmodel.pickles.operands import Buffer

MAX_STREAMS = 1_000
"""Pickles in a row that are read."""

_IDENTIFIERS = lazy_pattern(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


class Row(Record):
    """Pickles that stand one behind the other."""

    streams: list[Stream]
    rest: int
    """Where what follows them begins, which is no pickle."""
    more: bool
    """Whether there are more than :data:`MAX_STREAMS`."""


def read(data: Buffer, start: int, end: int, target: ScanOptions | None = None) -> Stream:
    """The pickle at ``start``, however it is broken; :attr:`Stream.alternatives` has what other readers see in it."""
    target = target or ScanOptions()
    machine = Machine(data, start, end, target)
    stream = machine.run()
    others: list[Stream] = []
    problems: list[Problem] = []
    if machine.arrays:
        plain = Machine(data, start, end, target, arrays=False).run()
        if _asks_more(plain, stream):
            others.append(plain)
    if machine.framed:
        from mlmodel.pickles import frame_readings  # few streams have any

        for reading in frame_readings.readings(data, start, end):
            if reading is None:
                problems.append(
                    Problem(ProblemKind.LIMIT, "not all readings of crossed frames were followed", start)
                )
                break
            if not problems:
                problems.append(Problem(ProblemKind.FRAME, "an argument crosses the end of its frame", start))
            size = len(reading.data)
            found = Machine(reading.data, 0, size, target, arrays=False, place=reading.place).run("frames")
            if _asks_more(found, stream, *others):
                others.append(found)
    if others or problems:
        stream = stream._replace(problems=(*stream.problems, *problems), alternatives=tuple(others))
    return stream


def _asks_more(stream: Stream, *known: Stream) -> bool:
    """Whether a reading asks for a global, or does something with one, that others do not."""
    return bool(_asked(stream).difference(*map(_asked, known)))


def _asked(stream: Stream) -> set[object]:
    uses = {(_name(use.callee), use.opcode) for use in stream.uses if use.callee is not None}
    return uses.union(map(_name, stream.globals), *map(_asked, stream.nested))


def _name(thing: Global | CallResult | None) -> object:
    if isinstance(thing, Global):
        return thing.module, thing.name, thing.extension
    return None if thing is None else (_name(thing.by), thing.opcode, thing.depth)


def marked(data: Buffer, at: int) -> bool:
    """Whether a pickle of protocol 2 or later seems to begin here."""
    return bytes(data[at : at + 1]) == b"\x80" and bytes(data[at + 1 : at + 2]) in (
        b"\2",
        b"\3",
        b"\4",
        b"\5",
    )


def row(data: Buffer, start: int, end: int, target: ScanOptions | None = None) -> Row:
    """All pickles from ``start`` on, up to the first that is broken, or to what is none.

    Before protocol 2 nothing marks a pickle, and the first letters of many a text are opcodes: such a stream
    counts when it asks for something that can be a name.
    """
    streams: list[Stream] = []
    at = start
    while at < end:
        if len(streams) == MAX_STREAMS:
            return Row(streams, at, more=True)
        stream = read(data, at, end, target)
        if not marked(data, at) and not any(map(is_plausible, (stream, *stream.alternatives))):
            break
        streams.append(stream)
        at = stream.end
        if not stream.complete:
            at = end
    return Row(streams, at, more=False)


def is_plausible(stream: Stream) -> bool:
    """Whether bytes of which nothing says that they are a pickle may be one: they end like one, or ask for something that can
    be a name."""
    if stream.complete:
        return bool(stream.globals or stream.uses)
    if any(problem.trouble is ProblemKind.LIMIT for problem in stream.problems):
        return True
    return any(
        (item.module is None or _IDENTIFIERS.fullmatch(item.module) is not None)
        and (item.name is None or _IDENTIFIERS.fullmatch(item.name) is not None)
        for item in stream.globals
    )
