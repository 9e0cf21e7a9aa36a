"""What a case asks a writer for, as arguments of :func:`mlmodel.write_model`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def arguments(request: Mapping[str, Any], given: str) -> dict[str, Any]:
    """The arguments for a request, without the path; ``given`` is the folder with the files that it names."""
    found: dict[str, Any] = {"model": _model(request["model"], given)}
    if "signature" in request:
        found["signature"] = _signature(request["signature"])
    if "example" in request:
        found["input_example"] = _example(request["example"])
    for key, argument in (("metadata", "metadata"), ("requirements", "pip_requirements")):
        if key in request:
            found[argument] = request[key]
    return found


def _model(described: Mapping[str, Any], given: str) -> object:
    if described["kind"] == "python-code":
        return os.path.join(given, described["file"])
    import numpy as np
    from sklearn.linear_model import LinearRegression

    model = LinearRegression()
    model.coef_ = np.asarray(described["coefficients"], dtype=float)
    model.intercept_ = float(described["intercept"])
    model.n_features_in_ = len(model.coef_)
    return model


def _signature(sections: Mapping[str, Any]) -> dict[str, str | None]:
    """Sections of a canonical description as the MLmodel file has them."""
    return {
        name: None if sections.get(name) is None else json.dumps([_spec(spec) for spec in sections[name]])
        for name in ("inputs", "outputs", "params")
    }


def _spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in spec.items() if not (key == "name" and value is None)}
    if spec["type"] == "tensor":
        kept["tensor-spec"] = {key: kept.pop(key) for key in ("dtype", "shape")}
    return kept


def _example(given: Mapping[str, Any]) -> object:
    from mlmodel.writer import Table

    if "dataframe_split" in given:
        split = given["dataframe_split"]
        return Table(tuple(split["columns"]), tuple(tuple(row) for row in split["data"]))
    import numpy as np

    return np.asarray(given["inputs"])
