"""What the checks are given: one model directory, its parsed documents and the facts that several need."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mlmodel import rules
from mlmodel.directory import Kind, ModelDirectory
from mlmodel.documents import Document, parse_json, parse_yaml, shortened
from mlmodel.findings import Finding, Location
from mlmodel.lazily import cached_property

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from mlmodel.environment.recorded import Environment
    from mlmodel.outline.strays import Misplaced
    from mlmodel.paths import PathUse
    from mlmodel.schemas import Violation
    from mlmodel.serialized import Serialized
    from mlmodel.signatures import Section

MAX_TEXT = 10 * 1024 * 1024
"""Bytes of a YAML or requirements file that are judged.  MLflow's largest are a few kilobytes."""
MAX_EXAMPLE = 32 * 1024 * 1024
"""Bytes of an input example that are judged."""
MAX_MESSAGE = 2000
"""Characters of a message; only names and values that no author wrote make longer ones."""


class Model:
    """One model directory under judgement.  Every document is read and parsed at most once."""

    def __init__(self, directory: ModelDirectory, today: date | None = None) -> None:
        self.directory = directory
        self._today = today
        self._documents: dict[tuple[str, int], Document | None] = {}

    def forget(self) -> None:
        """Drop everything that was read.

        The model and its environment know each other.  Without this, all their documents would wait for the
        collector of garbage, which would look at each value and position in them several times first.
        """
        self.__dict__.clear()

    # -- documents -------------------------------------------------------------------------------

    def yaml(self, path: str) -> Document | None:
        """The YAML file at ``path``, None when no such file is there.

        Raises:
            UnreadableError: it is there and cannot be read.
        """
        return self._document(path, MAX_TEXT)

    def json(self, path: str) -> Document | None:
        """The JSON file at ``path``, as :meth:`yaml`."""
        return self._document(path, MAX_EXAMPLE)

    def _document(self, path: str, limit: int) -> Document | None:
        if (path, limit) not in self._documents:
            document = None
            if self.directory.look(path).kind is Kind.FILE:
                parse = parse_json if limit == MAX_EXAMPLE else _parse_yaml
                document = parse(self.directory.read(path, limit), path)
            self._documents[path, limit] = document
        return self._documents[path, limit]

    @cached_property
    def mlmodel(self) -> Document | None:
        """The MLmodel file, None where there is none."""
        return self.yaml("MLmodel")

    # -- facts that several checks need ----------------------------------------------------------

    @cached_property
    def config(self) -> dict[str, Any]:
        """The MLmodel file's top-level mapping, empty where it has none."""
        document = self.mlmodel
        data = document.data if document is not None else None
        return data if isinstance(data, dict) else {}

    @cached_property
    def flavors(self) -> dict[str, dict[str, Any]]:
        """The flavors whose value is a mapping."""
        flavors = self.config.get("flavors")
        if not isinstance(flavors, dict):
            return {}
        return {name: conf for name, conf in flavors.items() if isinstance(conf, dict)}

    @cached_property
    def release(self) -> tuple[int, ...] | None:
        """The recorded MLflow release as numbers, ``(2, 15, 0)``; None where none is recorded."""
        from mlmodel.releases import parse

        version = self.config.get("mlflow_version")
        return parse(version) if isinstance(version, str) and len(version) <= 100 else None

    @cached_property
    def predates_versions(self) -> bool:
        """Whether the file has the form of MLflow up to 1.23, which recorded neither its version nor a
        ``model_uuid``, and wrote ``env`` as a string or not at all."""
        conf = self.flavors.get("python_function", {})
        recorded = self.config.get("mlflow_version") or self.config.get("model_uuid")
        return not recorded and not isinstance(conf.get("env"), dict)

    @cached_property
    def paths(self) -> tuple[PathUse, ...]:
        """Every path of the MLmodel file that a reader opens."""
        from mlmodel.paths import uses

        return tuple(uses(self))

    @cached_property
    def signature(self) -> dict[str, Section]:
        """The sections of the signature that are JSON texts, by name."""
        from mlmodel.signatures import sections

        return sections(self)

    @cached_property
    def serialized(self) -> Serialized:
        """What its files hold in serialized objects."""
        from mlmodel.serialized import Serialized

        return Serialized(self)

    @cached_property
    def misplaced(self) -> tuple[Misplaced, ...]:
        """The keys of the MLmodel file that stand in the wrong place."""
        from mlmodel.outline import misplaced

        return misplaced(self.mlmodel) if self.mlmodel is not None else ()

    @cached_property
    def misplaced_places(self) -> frozenset[tuple[str | int, ...]]:
        """Where they stand: MLM118 tells of them, and other rules would only repeat it."""
        return frozenset(node.path for group in self.misplaced for node in group.nodes)

    @cached_property
    def mislaid(self) -> frozenset[tuple[str | int | None, ...]]:
        """Where they belong, and the lines that are lost: these are not missing for a second reason."""
        keys = {(*group.belongs, node.key) for group in self.misplaced for node in group.nodes}
        return frozenset(keys | {group.belongs for group in self.misplaced})

    @property
    def today(self) -> date:
        """The day of the judgement (UTC): what is maintained today may not be tomorrow."""
        if self._today is not None:
            return self._today
        from datetime import datetime, timezone

        return datetime.now(timezone.utc).date()

    @cached_property
    def environment(self) -> Environment:
        """What the environment files record, and how they relate."""
        from mlmodel.environment.recorded import Environment

        return Environment(self)

    # -- findings --------------------------------------------------------------------------------

    def finding(
        self,
        rule: str,
        message: str,
        document: Document | None = None,
        pointer: Sequence[str | int] | None = None,
        *,
        key: bool = False,
        file: str | None = None,
        hint: str | None = None,
    ) -> Finding:
        """A finding about a value of a document (about its key with ``key``), or about a file, or the model."""
        location = Location(file)
        if document is not None and pointer is not None:
            location = at(document, pointer, key=key)
        elif document is not None:
            location = Location(document.path)
        return make(rule, message, location, hint)

    def violations(
        self,
        found: Iterator[Violation],
        document: Document,
        base: Sequence[str | int] = (),
    ) -> Iterator[Finding]:
        """Findings for what a schema found in the value at ``base`` of a document."""
        for violation in found:
            pointer = (*base, *violation.pointer)
            yield self.finding(
                violation.rule,
                violation.message,
                document,
                pointer,
                key=violation.missing is not None,
                hint=_hint(document, pointer, violation),
            )


def _parse_yaml(content: bytes, path: str) -> Document:
    """Parse a YAML file; environment files, which many models of a registry have in common, only once."""
    if path == "MLmodel" or len(content) > _COMMON:
        return parse_yaml(content, path)
    return _parse_common(content, path)


_COMMON = 8192
"""Bytes of a file that is remembered; conda.yaml has about 300."""


@lru_cache(maxsize=32)
def _parse_common(content: bytes, path: str) -> Document:
    return parse_yaml(content, path)


def at(document: Document, pointer: Sequence[str | int], *, key: bool = False) -> Location:
    """The location of a value of a document."""
    position = document.locate(pointer, key=key)
    steps = document.pointer(pointer)
    if position is None:
        return Location(document.path, pointer=steps)
    line, column = position
    return Location(document.path, line, column, steps, document.source_line(line))


def make(rule: str, message: str, location: Location, hint: str | None = None) -> Finding:
    """A finding of a rule, with the name and severity that the catalogue gives it."""
    entry = rules.catalogue()[rule]
    message, hint = shortened(message, MAX_MESSAGE), hint and shortened(hint, MAX_MESSAGE)
    return Finding(rule, entry.name, entry.severity, message, location, hint)


def _hint(document: Document, pointer: Sequence[str | int], violation: Violation) -> str | None:
    if violation.hint is not None:
        return violation.hint
    if violation.keyword == "type" and "must be a string" in violation.message:
        written = document.written(pointer)
        if written and len(written) <= 60 and "\n" not in written and written[0] not in "'\"":
            return f"quote it: '{written}'"
    return None
