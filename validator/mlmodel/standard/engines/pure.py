"""The engine jsonschema: the reference implementation, from 4.17 on, which is the last that needs no compiled module."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import extend

from mlmodel.common.texts import pointer_steps
from mlmodel.standard.engines import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Retrieve = Callable[[str], Any]


class Schema:
    """A schema that jsonschema walks through."""

    def __init__(self, document: Any, retrieve: Retrieve) -> None:
        own = {"": document}

        def resolved(reference: str) -> Any:
            name, _, pointer = reference.partition("#")
            target = own[name] if name in own else retrieve(name)
            for step in pointer_steps(pointer):
                target = target[step]
            return _Within(target, name) if isinstance(target, dict) else target

        def follow(validator: Any, reference: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
            # A reference is relative to the document that it stands in.
            if reference.startswith("#"):
                reference = getattr(schema, "document", "") + reference
            # Unlike jsonschema itself, the step is part of the way to the keyword.
            yield from validator.descend(instance, resolved(reference), schema_path="$ref")

        keywords = {"$ref": follow, "required": _required, "pattern": _pattern}
        make: Any = extend(Draft7Validator, keywords)  # type: ignore[no-untyped-call]  # so in its stubs
        self._validator = make(_Within(document, ""))

    def is_valid(self, value: Any) -> bool:
        """Whether a value meets the schema."""
        return bool(self._validator.is_valid(value))

    def failures(self, value: Any) -> Iterator[Failure]:
        """Every assertion that a value does not meet."""
        return map(_failure, self._validator.iter_errors(value))

    def first(self, value: Any) -> Failure | None:
        """One assertion that a value does not meet."""
        return next(self.failures(value), None)


class _Within(dict[str, Any]):
    """A subschema that knows the document it stands in; what is in it learns that when it is taken out."""

    __slots__ = ("document",)

    def __init__(self, schema: dict[str, Any], document: str) -> None:
        # A dialect that is named makes jsonschema take its own keywords for what is below.
        super().__init__(
            {
                key: _within(value, document)
                for key, value in schema.items()
                if key != "$schema" or not isinstance(value, str)
            }
        )
        self.document = document


def _within(value: Any, document: str) -> Any:
    if isinstance(value, dict):
        return _Within(value, document)
    return [_within(item, document) for item in value] if isinstance(value, list) else value


def _required(_: Any, required: list[str], instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for name in required:
            if name not in instance:
                error = ValidationError(f"{name!r} is missing")
                error.missing = name  # type: ignore[attr-defined]  # the message is the only other place that has it
                yield error


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError("another form is expected")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of ECMA 262, as far as the schemas use it: ``$`` is the end of the text, not of its last line."""
    return re.compile(pattern.replace("$", r"\Z"), re.ASCII)


def _failure(error: ValidationError) -> Failure:
    return Failure(
        error.instance,
        tuple(error.absolute_path),
        tuple(error.absolute_schema_path),
        getattr(error, "missing", None),
    )
