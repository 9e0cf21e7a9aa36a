"""An example held against the inputs of a signature, as one reader does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.texts import describe
from mlmodel.model.enforcement import tables
from mlmodel.model.enforcement.misfits import Misfit, RefusedError, UndecidedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.model.enforcement.readers import Reader
    from mlmodel.model.enforcement.tables import Table

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


def _held(payload: Any, form: str, specs: list[Spec], reader: Reader, *, hinted: bool) -> Iterable[Misfit]:
    if hinted:
        return _hinted(payload, form, specs[0])
    if form == "ndarray":
        from mlmodel.model.enforcement import array_examples

        return array_examples.held(payload, specs, reader)
    if form.startswith("sparse") or specs[0]["type"] == "tensor":
        return _as_tensor(payload, form, specs)
    from mlmodel.model.enforcement import data_frames

    if form == "json_object":
        return data_frames.held(data_frames.frame(payload, specs), specs, reader)
    return data_frames.held(_table(payload, form), specs, reader, read=True)


def _as_tensor(payload: Any, form: str, specs: list[Spec]) -> Iterable[Misfit]:
    from mlmodel.model.enforcement import tensors

    if form == "json_object":
        return tensors.of_json(payload, specs)
    if form.startswith("sparse"):
        return tensors.of_matrix(payload, specs, by_rows=form == "sparse_matrix_csr")
    return tensors.of_frame(_table(payload, form), specs)


def _table(payload: Any, form: str) -> Table:
    return tables.of_split(payload) if form == "dataframe" else tables.of_list(payload)


def _hinted(payload: Any, form: str, spec: Spec) -> Iterator[Misfit]:
    from mlmodel.model.enforcement import hints

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
