"""What the model's pickles say of the environment they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.model import paths, serialized
from mlmodel.model.model import fact
from mlmodel.sources.directory import Kind, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel import pickles
    from mlmodel.model.model import Model
    from mlmodel.pickles import Found


class Stream(Record):
    """One pickle, or one document that names what its reader imports."""

    file: str
    protocol: int
    globals: tuple[tuple[str, str, int], ...]
    """Module, name and offset of everything that loading imports."""
    code: bool = False
    """Whether it holds the byte code of functions, which only one minor version of Python can run."""

    @property
    def by_value(self) -> bool:
        """As ``code``, or by what it calls to make functions of byte code."""
        return self.code or any((module, name) in _BY_VALUE for module, name, _ in self.globals)


_BY_VALUE = frozenset(
    {
        ("cloudpickle.cloudpickle", "_make_function"),
        ("cloudpickle.cloudpickle", "_make_skel_func"),
        ("cloudpickle.cloudpickle", "_fill_function"),
        ("dill._dill", "_create_function"),
        ("dill._dill", "_create_code"),
        ("types", "CodeType"),
    }
)


def streams(model: Model) -> Iterator[Stream]:
    """The pickles in the files that path keys of the MLmodel file lead to; not those in free-form artifacts."""
    for file, found in serialized.of(model).named():
        for item in found:
            yield from _stream(file, item)


@fact
def artifacts(model: Model) -> tuple[Stream, ...]:
    """The pickles among the free-form artifacts of a Python model, which only its own code reads."""
    found = []
    known = serialized.of(model)
    for use in paths.of(model):
        if "artifacts" not in use.pointer or paths.fault(use.value) is not None:
            continue
        try:
            entry = model.directory.look(use.value)
            if entry.kind is Kind.FILE and model.directory.head(entry.path, 1) == b"\x80":
                found += [stream for item in known.scan(entry.path) for stream in _stream(entry.path, item)]
        except UnreadableError:
            continue
    return tuple(found)


def _stream(file: str, found: Found) -> Iterator[Stream]:
    from mlmodel.pickles import DeclaredClasses, Pickled

    if isinstance(found, DeclaredClasses):
        yield Stream(file, 0, tuple((module, name, 0) for module, name in found.names))
    elif isinstance(found, Pickled) and found.marked:
        yield _read(file, found.stream)


def _read(file: str, stream: pickles.Stream) -> Stream:
    imported = [(module, "", stream.start) for module in stream.imports]
    code = False
    pending = [stream]
    while pending:
        one = pending.pop()
        pending.extend(one.nested)
        code = code or any(carried.kind == "code" for carried in one.code)
        imported.extend((*item.target, item.offset) for item in one.globals if item.target is not None)
    return Stream(file, stream.protocol, tuple(imported), code)
