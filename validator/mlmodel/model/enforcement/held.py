"""An example held against the inputs of a signature, as one reader does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.texts import describe
from mlmodel.model.enforcement import array_examples, data_frames, hints, tables, tensors
from mlmodel.model.enforcement.misfits import Misfit, RefusedError, UndecidedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.model.enforcement.readers import Reader

    Spec = dict[str, Any]


def held(payload: Any, form: str, specs: list[Spec], reader: Reader, *, hinted: bool) -> list[Misfit]:
    """Why a reader refuses an example.

    Raises:
        UndecidedError: that cannot be told.
    """
    found: list[Misfit] = []
    try:
        found.extend(_held(payload, form, specs, reader, hinted=hinted))
    except RefusedError as error:
        found.append(error.misfit())
    except UndecidedError:
        if not found:
            raise
    return found


def _held(payload: Any, form: str, specs: list[Spec], reader: Reader, *, hinted: bool) -> Iterator[Misfit]:
    is_tensor = specs[0]["type"] == "tensor"
    if hinted:
        yield from _hinted(payload, form, specs[0])
    elif form == "dataframe":
        table = tables.of_split(payload)
        yield from (
            tensors.of_frame(table, specs) if is_tensor else data_frames.held(table, specs, reader, read=True)
        )
    elif form == "records":
        table = tables.of_list(payload)
        yield from (
            tensors.of_frame(table, specs) if is_tensor else data_frames.held(table, specs, reader, read=True)
        )
    elif form == "ndarray":
        yield from array_examples.held(payload, specs, reader)
    elif form == "json_object":
        yield from (
            tensors.of_json(payload, specs)
            if is_tensor
            else data_frames.held(data_frames.frame(payload, specs), specs, reader)
        )
    else:
        yield from tensors.of_matrix(payload, specs, by_rows=form == "sparse_matrix_csr")


def _hinted(payload: Any, form: str, spec: Spec) -> Iterator[Misfit]:
    if form != "json_object":
        return
    if not isinstance(payload, list):
        raise RefusedError(
            f"the example is {describe(payload)}, where the type hint of predict asks for a list"
        )
    for index, value in enumerate(payload):
        try:
            hints.check(value, spec)
        except RefusedError as error:
            yield error.misfit(index)
            return
