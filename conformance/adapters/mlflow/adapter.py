"""Real MLflow as an implementation: ``python adapter.py``, with a Python that has an MLflow.

It has no validator; what stands for the verdict is whether it reads the directory: ``Model.load``, the signature and the
input schema, and where the request asks for predictions, ``pyfunc.load_model``.  It names no rules.
"""

import json
import os
import sys
import warnings

warnings.simplefilter("ignore")
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # libraries print


def read(model):
    """Everything that MLflow reads without running the model; raises where it does not."""
    from mlflow.models import Model

    loaded = Model.load(model)
    if getattr(loaded, "signature", None) is not None:
        loaded.get_input_schema()
        loaded.get_output_schema()
    if not loaded.flavors:
        raise ValueError("no flavors")


def predict(model, given):
    """What ``mlflow.pyfunc`` predicts for an input in the form of its scoring server."""
    import mlflow.pyfunc
    import numpy as np
    import pandas as pd

    if "dataframe_split" in given:
        table = given["dataframe_split"]
        data = pd.DataFrame(table["data"], columns=table.get("columns"))
    elif "dataframe_records" in given:
        data = pd.DataFrame(given["dataframe_records"])
    else:
        data = given.get("inputs", given.get("instances"))
        data = (
            {key: np.asarray(value) for key, value in data.items()}
            if isinstance(data, dict)
            else np.asarray(data)
        )
    output = mlflow.pyfunc.load_model(model).predict(data)
    if hasattr(output, "to_dict") and not hasattr(output, "tolist"):
        return output.to_dict(orient="records")
    return output.tolist() if hasattr(output, "tolist") else output


def answer(request):
    """The reply to a request, without its id."""
    op = request.get("op")
    if op == "hello":
        import mlflow

        return {
            "implementation": {
                "name": "mlflow",
                "version": mlflow.__version__,
                "language": f"Python {sys.version.split()[0]}",
            },
            "roles": ["validator", "reader"],
            "features": ["predict"],
        }
    if op == "validate":
        try:
            read(request["model"])
        except Exception as error:
            return {"verdict": "invalid", "reason": f"{type(error).__name__}: {error}"[:500]}
        return {"verdict": "valid"}
    if op == "predict":
        try:
            return {"outcome": "ok", "output": predict(request["model"], request["input"])}
        except Exception as error:
            return {"outcome": "reject", "reason": f"{type(error).__name__}: {error}"[:500]}
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
