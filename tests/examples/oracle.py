"""What one MLflow makes of examples: a JSON object a line in (``specs``, ``form``, ``payload``), one a line out.

Run with the Python of the release.
"""

from __future__ import annotations

import copy
import json
import logging
import sys
import warnings
from typing import Any

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from mlflow.models.utils import _enforce_schema, _read_sparse_matrix_from_json  # noqa: E402
from mlflow.pyfunc.scoring_server import infer_and_parse_data  # noqa: E402
from mlflow.types.schema import Schema  # noqa: E402
from mlflow.utils.proto_json_utils import dataframe_from_parsed_json, parse_inputs_data  # noqa: E402


SERVED = {"dataframe": "dataframe_split", "records": "dataframe_records", "ndarray": "inputs"}
"""The keys of requests by the forms of examples."""


def read(case: dict[str, Any], schema: Schema) -> Any:
    """The example as ``Model.load_input_example`` reads it (``_read_example``), or a request as a server reads it."""
    form, payload = case["form"], copy.deepcopy(case["payload"])
    if case.get("served"):
        return infer_and_parse_data({SERVED[form]: payload}, schema)
    if form == "dataframe":
        return dataframe_from_parsed_json(payload, "split", schema)
    if form == "records":
        return dataframe_from_parsed_json(payload, "records", schema)
    if form == "ndarray":
        return parse_inputs_data(payload, schema)
    if form == "json_object":
        return payload
    return _read_sparse_matrix_from_json(payload, form)


for line in sys.stdin:
    case = json.loads(line)
    said, step = "", "signature"
    try:
        schema = Schema.from_json(json.dumps(case["specs"]))
        step = "read"
        data = read(case, schema)
        step = "predict"
        _enforce_schema(data, schema)
    except Exception as error:
        said = f"{step}: {type(error).__name__}: {error}"[:300]
    print(json.dumps({"refused": said}), flush=True)
