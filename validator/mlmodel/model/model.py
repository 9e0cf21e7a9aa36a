"""One model directory: its documents, each read once, and the facts that were worked out of them."""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from mlmodel.common.caching import cached_property
from mlmodel.documents import Document, location_of, parse_json, parse_yaml
from mlmodel.findings import Finding, Location
from mlmodel.sources.base import Kind, Source
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from mlmodel.standard.schemas import Violation

MAX_TEXT = 10 * 1024 * 1024
"""Bytes of a YAML or requirements file that are judged.  MLflow's largest are a few kilobytes."""
MAX_EXAMPLE = 32 * 1024 * 1024
"""Bytes of an input example that are judged."""


_T = TypeVar("_T")


def fact(compute: Callable[[Model], _T]) -> Callable[[Model], _T]:
    """Decorator for a function of a model: computed when first asked for, then kept with that model."""

    @wraps(compute)
    def of(model: Model) -> _T:
        facts = model.facts
        if compute not in facts:
            facts[compute] = compute(model)
        value: _T = facts[compute]
        return value

    return of


class Model:
    """One model directory under judgement.  Every document is read and parsed at most once."""

    def __init__(
        self, directory: Source, today: date | None = None, trusted: frozenset[str] = frozenset()
    ) -> None:
        self.directory = directory
        self.trusted = trusted
        """Modules, and classes by their full names, that the user accepts as data; nothing in the directory adds to them."""
        self._today = today
        self._documents: dict[tuple[str, int], Document | None] = {}
        self.facts: dict[Callable[[Model], Any], Any] = {}
        """What functions marked with :func:`fact` returned for this model, by function."""

    def clear(self) -> None:
        """Drop everything that was read.

        The model and its facts refer to each other.  Without this, all their documents would wait for the cyclic garbage
        collector, which would visit each value and position in them several times first.
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
        from mlmodel.standard.releases import parse

        version = self.config.get("mlflow_version")
        return parse(version) if isinstance(version, str) and len(version) <= 100 else None

    @cached_property
    def predates_versions(self) -> bool:
        """Whether the file has the form of MLflow up to 1.23, which recorded neither its version nor a
        ``model_uuid``, and wrote ``env`` as a string or not at all."""
        conf = self.flavors.get("python_function", {})
        recorded = self.config.get("mlflow_version") or self.config.get("model_uuid")
        return not recorded and not isinstance(conf.get("env"), dict)

    @property
    def today(self) -> date:
        """The day of the judgement (UTC): what is maintained today may not be tomorrow."""
        if self._today is not None:
            return self._today
        from datetime import datetime, timezone

        return datetime.now(timezone.utc).date()

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
            location = location_of(document, pointer, key=key)
        elif document is not None:
            location = Location(document.path)
        return new_finding(rule, message, location, hint)

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


def _hint(document: Document, pointer: Sequence[str | int], violation: Violation) -> str | None:
    if violation.hint is not None:
        return violation.hint
    if violation.keyword == "type" and "must be a string" in violation.message:
        written = document.written(pointer)
        if written and len(written) <= 60 and "\n" not in written and written[0] not in "'\"":
            return f"quote it: '{written}'"
    return None
