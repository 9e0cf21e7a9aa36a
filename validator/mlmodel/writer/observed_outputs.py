"""The outputs of a signature, from what the model answered when it was run once, confined."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlmodel.findings import Severity
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.values import of_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmodel.findings import Report
    from mlmodel.runtime.load_options import LoadOptions


class PredictionFailedError(ValueError):
    """The model did not answer, or not in a form that a signature can say."""


def outputs(folder: str, options: LoadOptions) -> str:
    """The ``outputs`` of the signature, by the answer to the stored example.

    The model is loaded by the interpreter that runs this, in a confined process (:mod:`mlmodel.runtime`).

    Raises:
        PredictionFailedError: there is no answer, or none that has types.
    """
    from mlmodel.validation import Options, validate

    report = validate(folder, Options(load=options))
    answered = None
    if report.load is not None:
        answered = next(
            (p for p in report.load.phases if p.name == "predict" and p.outcome == "passed"), None
        )
    if answered is None:
        raise PredictionFailedError(_why(report))
    return json.dumps(_specs(answered.detail.get("output") or {}))


def check(folder: str, options: LoadOptions) -> None:
    """Have the model answer its stored example, as :func:`outputs`; what cannot be found out here counts for nothing.

    Raises:
        PredictionFailedError: the model fails to load, or to answer.
    """
    from mlmodel.validation import Options, validate

    report = validate(folder, Options(load=options))
    severe = [f for f in report.findings if f.severity is Severity.ERROR and f.rule.startswith("MLM7")]
    if report.load is not None and (report.load.outcome == "failed" or severe):
        raise PredictionFailedError(_why(report))


def _why(report: Report) -> str:
    why = [f.message for f in report.findings if f.rule.startswith(("MLM7", "MLM9"))]
    worst = [f.message for f in report.findings if f.severity is Severity.ERROR]
    said = " ".join((worst or why or ["nobody knows why"])[0].split())
    return f"the model did not predict: {said}"


def _specs(output: Mapping[str, Any]) -> list[dict[str, Any]]:
    form = output.get("form")
    if form == "table":
        return [
            {"type": _type(dtype), "name": name, "required": True}
            for name, dtype in zip(output["names"], output["dtypes"], strict=True)
        ]
    if form == "series":
        return [{"type": _type(output["dtype"]), "required": True}]
    if form == "array":
        return [_tensor(output)]
    if form == "mapping" and all("dtype" in leaf for leaf in output["items"].values()):
        return [{**_tensor(leaf), "name": name} for name, leaf in output["items"].items()]
    raise PredictionFailedError(
        f"the model answers with {output.get('type')}, for which no signature is recorded"
    )


def _type(dtype: str) -> str:
    if dtype in ("object", "str", "string"):
        return "string"
    import numpy

    try:
        return of_dtype(numpy.dtype(dtype))
    except (TypeError, UntypedError):
        raise PredictionFailedError(
            f"the model answers with {dtype}, which no type of a signature stands for"
        ) from None


def _tensor(leaf: Mapping[str, Any]) -> dict[str, Any]:
    # The first dimension is that of the rows, as in mlflow.types.utils._infer_schema.
    shape = [-1, *leaf["shape"][1:]] if leaf["shape"] else []
    dtype = "str" if leaf["dtype"].startswith(("<U", ">U")) else leaf["dtype"]
    return {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}}
