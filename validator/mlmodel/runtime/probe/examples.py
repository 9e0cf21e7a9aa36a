"""Stored examples and requests, as data that a model can be asked with."""

from __future__ import annotations

import copy
import json
import os

from .channel import cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def document(example: dict[str, Any], folder: str) -> Any:
    """The JSON of the stored example."""
    with open(os.path.join(folder, example["path"]), encoding="utf-8") as file:
        return json.load(file)


def plain_params(example: dict[str, Any], folder: str) -> Any:
    """The params that are stored with the example."""
    if not example["has_params"]:
        return None
    data = document(example, folder)
    return data.get("params") if isinstance(data, dict) else None


def plain_example(example: dict[str, Any], folder: str) -> tuple[Any, Any]:
    """The example and its params, made as its form says, without MLflow."""
    data = document(example, folder)
    params = None
    if example["has_params"] and isinstance(data, dict) and "inputs" in data:
        data, params = data["inputs"], data.get("params")
    form = example["type"]
    if form == "dataframe":
        import pandas

        if isinstance(data, dict):
            data = pandas.DataFrame(data["data"], columns=data.get("columns"), index=data.get("index"))
        else:
            data = pandas.DataFrame(data)
    elif form == "ndarray":
        import numpy

        if isinstance(data, dict) and set(data) == {"inputs"}:
            data = data["inputs"]
        if isinstance(data, dict):
            data = {name: numpy.array(value) for name, value in data.items()}
        else:
            data = numpy.array(data)
    elif form.startswith("sparse_matrix"):
        import scipy.sparse

        build = scipy.sparse.csr_matrix if form.endswith("csr") else scipy.sparse.csc_matrix
        data = build((data["data"], data["indices"], data["indptr"]), shape=data["shape"])
    return data, params


def served(request: Any, model: Any) -> tuple[Any, Any]:
    """A request as data and params, by the scoring server's own functions where this release has them."""
    from mlflow.pyfunc import scoring_server

    data, params = request, None
    llm = not isinstance(request, dict) or not (
        set(request) & {"dataframe_split", "dataframe_records", "instances", "inputs"}
    )
    if isinstance(request, dict) and "params" in request and not llm:
        data = {key: value for key, value in request.items() if key != "params"}
        params = request["params"]
    if llm:
        return copy.deepcopy(request), None  # the whole request is the input
    hinted = getattr(model.metadata, "_is_signature_from_type_hint", None)  # MLflow 2.20 and later
    if hinted is not None and hinted():
        return request["inputs"], params  # as it is; the model converts it
    schema = model.metadata.get_input_schema()
    return scoring_server.infer_and_parse_data(data, schema), params


def as_json(value: Any) -> str | None:
    """Whether the scoring server can write an answer: None, or the reason why not."""
    if hasattr(value, "__next__"):
        return None
    try:
        from io import StringIO

        from mlflow.pyfunc import scoring_server

        scoring_server.predictions_to_json(value, StringIO())
    except ImportError:
        return None
    except Exception as error:  # noqa: BLE001 -- values of any class
        return cut(f"{type(error).__name__}: {error}", 500)
    return None
