"""Real MLflow as an implementation: ``python adapter.py``, with a Python that has an MLflow.

It has no validator; what stands for the verdict is whether it reads the directory: ``Model.load``, the signature and the
input schema.  It names no rules.  Predictions are those of ``mlflow.pyfunc``, written and read as its scoring server
does; what it writes is what ``save_model`` of a flavor makes.
"""

import inspect
import io
import json
import math
import os
import sys
import warnings
from importlib.util import find_spec

warnings.simplefilter("ignore")
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # libraries print


class UnsupportedError(Exception):
    """What is asked for is not in the release that is here."""


def release():
    """The release as numbers."""
    import mlflow

    return tuple(int(part) for part in mlflow.__version__.split(".")[:3])


def read(model):
    """Everything that MLflow reads without running the model; raises where it does not."""
    from mlflow.models import Model

    loaded = Model.load(model)
    if getattr(loaded, "signature", None) is not None:
        loaded.get_input_schema()
        loaded.get_output_schema()
    if not loaded.flavors:
        raise ValueError("no flavors")


def parsed(given, schema):
    """What a request to the scoring server gives the model."""
    from mlflow.pyfunc import scoring_server

    given = {key: value for key, value in given.items() if key != "params"}
    if hasattr(scoring_server, "infer_and_parse_data"):
        return scoring_server.infer_and_parse_data(given, schema)
    if release() < (2,):  # a table stands there without its name
        given = given.get("dataframe_split", given.get("dataframe_records", given))
    return scoring_server.infer_and_parse_json_input(json.dumps(given), schema)


def predict(model, given):
    """What ``mlflow.pyfunc`` predicts for an input in the form of its scoring server."""
    import mlflow.pyfunc
    from mlflow.pyfunc import scoring_server

    loaded = mlflow.pyfunc.load_model(model)
    data = parsed(given, loaded.metadata.get_input_schema())
    output = loaded.predict(data, params=given["params"]) if "params" in given else loaded.predict(data)
    text = io.StringIO()
    scoring_server.predictions_to_json(output, text)
    answer = json.loads(text.getvalue())
    if isinstance(answer, dict) and answer.keys() == {"predictions"}:
        answer = answer["predictions"]
    return named(answer)


def named(value):
    """A JSON value whose NaN and infinities are strings."""
    if isinstance(value, dict):
        return {key: named(item) for key, item in value.items()}
    if isinstance(value, list):
        return [named(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def column(spec):
    """A column of a signature in this release's terms."""
    from mlflow.types import schema as types

    kind = spec["type"]
    if kind in ("array", "object", "map", "any"):
        if not hasattr(types, "Array"):
            raise UnsupportedError(f"no type {kind}")
        raw = json.loads(json.dumps({key: value for key, value in spec.items() if value is not None}))
        return types.ColSpec.from_json_dict(**raw)
    given = {}
    if not spec["required"]:
        known = inspect.signature(types.ColSpec.__init__).parameters
        if "required" not in known and "optional" not in known:
            raise UnsupportedError("no optional columns")
        given = {"required": False} if "required" in known else {"optional": True}
    return types.ColSpec(kind, spec["name"], **given)


def tensor(spec):
    """A tensor of a signature."""
    import numpy as np
    from mlflow.types.schema import TensorSpec

    return TensorSpec(np.dtype(spec["dtype"]), tuple(spec["shape"]), spec["name"])


def signature(sections):
    """A signature, from the sections of a canonical description."""
    from mlflow.models.signature import ModelSignature
    from mlflow.types import schema as types

    given = {
        name: types.Schema(
            [(tensor if spec["type"] == "tensor" else column)(spec) for spec in sections[name]]
        )
        for name in ("inputs", "outputs")
        if sections.get(name) is not None
    }
    if sections.get("params") is not None:
        if not hasattr(types, "ParamSchema"):
            raise UnsupportedError("no params")
        specs = [types.ParamSpec(p["name"], p["type"], p["default"], p["shape"]) for p in sections["params"]]
        given["params"] = types.ParamSchema(specs)
    if "inputs" not in given and "params" not in given:
        raise UnsupportedError("no signature of outputs alone")
    return ModelSignature(**given)


def write(request, given, target):
    """Save what is described with ``save_model``."""
    import mlflow.pyfunc
    import mlflow.sklearn
    import numpy as np
    import pandas as pd

    options = {}
    if "signature" in request:
        options["signature"] = signature(request["signature"])
    if "example" in request:
        example = request["example"]
        split = example.get("dataframe_split")
        options["input_example"] = pd.DataFrame(**split) if split else np.asarray(example["inputs"])
    # Given always: where nothing is, MLflow infers them by loading the model in a process of its own, for seconds.
    known = ["mlflow", "scikit-learn"] if request["flavor"] == "sklearn" else ["mlflow"]
    options["pip_requirements"] = [*known, *request.get("requirements", ())]
    if "metadata" in request:
        options["metadata"] = request["metadata"]
    if request["model"]["kind"] == "python-code":
        if release() < (2, 13):
            raise UnsupportedError("no models from code")
        save, what = mlflow.pyfunc.save_model, {"python_model": os.path.join(given, request["model"]["file"])}
    else:
        from sklearn.linear_model import LinearRegression

        model = LinearRegression()
        model.coef_ = np.asarray(request["model"]["coefficients"], dtype=float)
        model.intercept_ = float(request["model"]["intercept"])
        model.n_features_in_ = len(model.coef_)
        save, what = mlflow.sklearn.save_model, {"sk_model": model}
    missing = set(options) - set(inspect.signature(save).parameters)
    if missing:
        raise UnsupportedError(f"no {', '.join(sorted(missing))}")
    save(path=target, **what, **options)


def reason(error):
    """An exception in a line."""
    return f"{type(error).__name__}: {error}"[:500]


def answer(request):
    """The reply to a request, without its id."""
    op = request.get("op")
    try:
        if op == "hello":
            return {
                "implementation": {
                    "name": "mlflow",
                    "version": ".".join(map(str, release())),
                    "language": f"Python {sys.version.split()[0]}",
                },
                "roles": ["validator", "reader", "writer"],
                "features": ["predict", "sklearn", "python-code", *(["skops"] if find_spec("skops") else [])],
            }
        if op == "validate":
            if "load" in request:
                return {"outcome": "unsupported"}
            read(request["model"])
            return {"verdict": "valid"}
        if op == "predict":
            return {"outcome": "ok", "output": predict(request["model"], request["input"])}
        if op == "write":
            write(request["request"], request["given"], request["target"])
            return {"outcome": "ok"}
    except UnsupportedError as error:
        return {"outcome": "unsupported", "reason": str(error)}
    except Exception as error:
        rejected = {"verdict": "invalid"} if op == "validate" else {"outcome": "reject"}
        return {**rejected, "reason": reason(error)}
    return {} if op == "bye" else {"outcome": "unsupported"}


def main():
    """Answer until ``bye``."""
    for line in sys.stdin:
        request = json.loads(line)
        ANSWERS.write(json.dumps({"id": request.get("id"), **answer(request)}) + "\n")
        ANSWERS.flush()
        if request.get("op") == "bye":
            return


if __name__ == "__main__":
    main()
