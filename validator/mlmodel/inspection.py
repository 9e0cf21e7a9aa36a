"""What is in a serialized object, for a person: names by distribution, calls, code, versions that it betrays.

Nothing is loaded; see :mod:`mlmodel.pickles`.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.sources.base import Kind, UnopenedError
from mlmodel.sources.directory import ModelDirectory
from mlmodel.sources.opening import is_archive, is_remote, open_file, open_source
from mlmodel.standard.standard_library import is_standard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.pickles import Call, Found, Pickled, Stream
    from mlmodel.pickles.observations import Remark
    from mlmodel.sources.base import Source


class CallCount(Record):
    """Something that a stream calls."""

    text: str
    """The first call, with its arguments as far as they are known."""
    opcode: str
    times: int
    offset: int


class EmbeddedCode(Record):
    """Code that a stream carries by value."""

    kind: str
    name: str | None
    python: str | None
    """The Python releases whose code objects have this form."""
    names: tuple[str, ...]
    constants: tuple[str, ...]


class InspectedRemark(Record):
    """What the judgement has to say."""

    kind: str
    message: str
    offset: int


class InspectedObject(Record):
    """One pickle, or one document that names classes, in a file."""

    path: str
    """The file, and behind each ``!`` what was opened in it."""
    form: str
    """``pickle``, ``skops``, ``keras``, or ``unread`` and ``odd`` for what could not be read or is ambiguous."""
    size: int | None
    """Bytes of the stream."""
    protocol: int | None
    imports: dict[str, tuple[str, ...]]
    """Names by the distribution that has them; ``standard library``, and ``unknown``."""
    calls: tuple[CallCount, ...]
    code: tuple[EmbeddedCode, ...]
    versions: dict[str, str]
    """What the stream betrays of the environment that wrote it."""
    remarks: tuple[InspectedRemark, ...]


def inspect(path: str | os.PathLike[str]) -> Iterator[InspectedObject]:
    """Everything in a file, or in the files of a directory.

    Args:
        path: a file, a directory, an archive of a model, or the address of one of them.

    Raises:
        FileNotFoundError: there is nothing.
        AddressError: what reads the address is not installed, or it is none (:mod:`mlmodel.sources.addresses`).
        UnopenedError: there is nothing at the address, or its server does not answer.
        UnreadableError: a file cannot be read.
    """
    given = os.fspath(path)
    if not is_remote(given) and not os.path.exists(given):
        raise FileNotFoundError(f"{given} does not exist")
    directory = _opened(given)
    names = [path for path, entry in directory.entries.items() if entry.kind is Kind.FILE]
    for file in sorted(names):
        yield from _inspected(directory, file)


def _opened(given: str) -> Source:
    """The files at a path or an address: those of a model, or one file."""
    if os.path.isdir(given):
        return ModelDirectory(given)
    if not is_remote(given) and not is_archive(given):
        return open_file(given)[0]
    try:
        return open_source(given)
    except UnopenedError as error:
        try:
            return open_file(given)[0]  # an archive that holds no model is an object itself, or holds some
        except UnopenedError:
            raise error from None


def _inspected(directory: Source, file: str) -> Iterator[InspectedObject]:
    from mlmodel import pickles
    from mlmodel.pickles.judgement import is_watched

    # Once with the first call of each kind, to be shown, and once with every call that the judgement looks into.
    judged = pickles.scan(directory, file, watch=is_watched)
    for found, seen in zip(pickles.scan(directory, file, detail=True), judged, strict=True):
        if isinstance(found, pickles.Pickled) and isinstance(seen, pickles.Pickled):
            if found.marked or found.stream.complete:
                yield _pickle(found, seen)
        else:
            yield _other(found)


def _pickle(found: Pickled, judged: Pickled) -> InspectedObject:
    from mlmodel.pickles.judgement import judge

    stream = found.stream
    return InspectedObject(
        found.path,
        "pickle",
        stream.end - stream.start,
        stream.protocol,
        _by_distribution(_names(stream)),
        tuple(_calls(stream)),
        tuple(
            EmbeddedCode(code.kind, code.name, code.python, code.names, code.constants)
            for code in stream.code
        ),
        _versions(stream),
        tuple(_inspected_remarks(judge(judged.stream, marked=judged.marked))),
    )


def _inspected_remarks(remarks: Iterable[Remark]) -> Iterator[InspectedRemark]:
    return (InspectedRemark(remark.kind.value, remark.message, remark.offset) for remark in remarks)


def _other(found: Found) -> InspectedObject:
    from mlmodel.pickles import DeclaredClasses, Unreadable
    from mlmodel.pickles.judgement import judge_document

    if isinstance(found, DeclaredClasses):
        said = tuple(_inspected_remarks(judge_document(found)))
        return InspectedObject(
            found.path, found.form, None, None, _by_distribution(set(found.names)), (), (), {}, said
        )
    form, message = (
        ("unread", found.reason)
        if isinstance(found, Unreadable)
        else ("odd", str(getattr(found, "message", "")))
    )
    return InspectedObject(found.path, form, None, None, {}, (), (), {}, (InspectedRemark(form, message, 0),))


def _all(stream: Stream) -> Iterator[Stream]:
    yield stream
    for inner in stream.nested:
        yield from _all(inner)


def _names(stream: Stream) -> set[tuple[str, str]]:
    found = {item.target for one in _all(stream) for item in one.globals if item.target is not None}
    return found | {(module, "") for module in stream.imports}


def _by_distribution(names: set[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    from mlmodel.environment import distributions

    groups: dict[str, list[str]] = {}
    for module, name in sorted(names):
        top = module.partition(".")[0]
        if top in ("__main__", "__mp_main__"):
            group = "the script that saved it"
        elif is_standard(top, None):
            group = "standard library"
        else:
            group = " or ".join(sorted(distributions.providers(top))[:3]) or "unknown"
        groups.setdefault(group, []).append(f"{module}.{name}" if name else module)
    return {group: tuple(found) for group, found in sorted(groups.items())}


def _calls(stream: Stream) -> Iterator[CallCount]:
    from mlmodel.pickles.call_repr import named, spelled

    for one in _all(stream):
        first: dict[object, Call] = {}
        for call in one.calls:
            first.setdefault((call.callee, call.opcode), call)
        for use in one.uses:
            if (
                use.opcode in ("BUILD", "SETITEM", "SETITEMS", "APPEND", "APPENDS", "ADDITEMS")
                or use.callee is None
            ):
                continue
            known = first.get((use.callee, use.opcode))
            text = spelled(known) if known is not None else named(use.callee)
            yield CallCount(text, use.opcode, use.times, use.offset)


_RECORDED = {"_sklearn_version": "scikit-learn"}
"""Keys of states in which libraries record their version."""
_PROTOCOLS = {4: ">=3.4", 5: ">=3.8"}


def _versions(stream: Stream) -> dict[str, str]:
    found: dict[str, str] = {}
    python = next((code.python for code in stream.code if code.python), None) or _PROTOCOLS.get(
        stream.protocol
    )
    if python:
        found["Python"] = python
    if any(module.startswith("numpy._core.") for module in stream.modules):
        found["numpy"] = ">=1.26.1"
    counts: Counter[tuple[str, str]] = Counter()
    for one in _all(stream):
        for call in one.calls:
            values = call.arguments or ()
            for key, value in zip(values[::2], values[1::2], strict=False):
                library = (
                    _RECORDED.get(str(key.value)) if call.opcode == "BUILD" and key.kind == "str" else None
                )
                if library is not None and isinstance(value.value, str):
                    counts[library, value.value] += 1
    for (library, version), _ in counts.most_common():
        found.setdefault(library, version)
    return found
