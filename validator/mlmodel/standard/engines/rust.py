"""The engine jsonschema-rs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs

from mlmodel.standard.engines import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_SCHEME = "json-schema:///"
"""What jsonschema-rs puts before a relative reference."""


class Schema:
    """A schema that jsonschema-rs has compiled."""

    def __init__(self, document: Any, retrieve: Callable[[str], Any]) -> None:
        self._validator = jsonschema_rs.Draft7Validator(
            document, retriever=lambda uri: retrieve(uri.removeprefix(_SCHEME))
        )

    def is_valid(self, value: Any) -> bool:
        """Whether a value meets the schema."""
        return self._validator.is_valid(value)

    def failures(self, value: Any) -> Iterator[Failure]:
        """Every assertion that a value does not meet."""
        return (_failure(value, error) for error in self._validator.iter_errors(value))

    def first(self, value: Any) -> Failure | None:
        """One assertion that a value does not meet."""
        try:
            self._validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            return _failure(value, error)
        return None


def _failure(value: Any, error: jsonschema_rs.ValidationError) -> Failure:
    missing = getattr(error.kind, "property", None) if error.evaluation_path[-1] == "required" else None
    return Failure(error.instance, _place(value, error.instance_path), tuple(error.evaluation_path), missing)


def _place(value: Any, path: Iterable[str | int]) -> tuple[str | int, ...]:
    """The place of an error: jsonschema-rs leaves out keys that are empty, and makes numbers of keys of digits."""
    found: list[str | int] = []
    for step in path:
        sure = len(found)
        while isinstance(value, dict) and "" in value and step not in value and str(step) not in value:
            found.append("")
            value = value[""]
        key = str(step) if isinstance(value, dict) else step
        try:
            value = value[key]
        except (LookupError, TypeError):
            del found[sure:]  # a key such as 01: what is around it must do
            break
        found.append(key)
    return tuple(found)
