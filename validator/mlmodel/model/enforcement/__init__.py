"""What readers of MLflow make of a stored example, and whether its own signature accepts it.

The static counterpart of ``mlmodel.load``: as ``_read_example`` and ``_enforce_schema`` of ``mlflow/models/utils.py`` and
``parse_inputs_data`` of ``mlflow/utils/proto_json_utils.py`` (2.22.5, 3.18.0), on JSON values, without numpy and pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.model.enforcement import tables
from mlmodel.model.enforcement.held import held
from mlmodel.model.enforcement.misfits import Misfit, RefusedError, UndecidedError
from mlmodel.model.enforcement.readers import Reader, readers_of

if TYPE_CHECKING:
    from mlmodel.standard.releases import Release

__all__ = ["Misfit", "misfits", "unreadable"]


def misfits(
    payload: Any,
    form: str,
    specs: list[dict[str, Any]],
    release: Release | None,
    *,
    hinted: bool = False,
    request: bool = False,
) -> list[Misfit]:
    """Why every reader of a release refuses an example.

    Args:
        payload: the example, without what wraps it.
        form: ``dataframe``, ``records``, ``ndarray``, ``json_object``, ``sparse_matrix_csr`` or ``sparse_matrix_csc``.
        specs: the ``inputs`` of the signature, which meet its schema.
        release: the one that the model records.
        hinted: whether the signature was made from type hints, so that the model checks its input itself.
        request: whether it is the content of a request, and not an example.

    Returns:
        What the first of the readers says; of the kind ``depends`` where only pandas 3 refuses the example; empty where
        one accepts it otherwise, or where that cannot be told.
    """
    if hinted and request:
        form = {"ndarray": "json_object"}.get(form, form)  # the server hands it on as it is
    found: dict[Reader, list[Misfit]] = {}
    for reader in readers_of(release):
        try:
            found[reader] = held(payload, form, specs, reader, hinted=hinted)
        except UndecidedError:
            return []
    refused = [said for said in found.values() if said]
    if len(refused) == len(found):
        return refused[0]
    if refused and all(bool(said) == reader.is_pandas_3 for reader, said in found.items()):
        return [misfit._replace(kind="depends") for misfit in refused[0]]
    return []


def unreadable(payload: Any, form: str) -> list[Misfit]:
    """Why no reader makes a data frame, an array or a matrix of an example; arguments as for :func:`misfits`."""
    try:
        if form == "dataframe":
            tables.of_split(payload)
        elif form.startswith("sparse"):
            from mlmodel.model.enforcement import sparse

            sparse.check(payload, by_rows=form == "sparse_matrix_csr")
        elif form == "ndarray":
            from mlmodel.model.enforcement import arrays

            arrays.check_json(payload)
    except RefusedError as error:
        return [error.misfit()._replace(kind="form")]
    except UndecidedError:
        pass
    return []
