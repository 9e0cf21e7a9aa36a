"""A small reader that predicts with models that are a Python file, with a defect: ``predictor.py DEFECT``.

A table is a dict of lists to it, which is enough for models that only iterate over a column.
"""

from __future__ import annotations

import json
import math
import runpy
import sys
from pathlib import Path
from typing import Any


def predict(model: Path, given: dict[str, Any]) -> Any:
    """The answer of the one Python file below ``code/``."""
    (code,) = (model / "code").glob("*_model.py")
    split = given["dataframe_split"]
    table = {name: [row[at] for row in split["data"]] for at, name in enumerate(split["columns"])}
    return runpy.run_path(str(code))["_load_pyfunc"](str(model)).predict(table)


def changed(value: Any, defect: str) -> Any:
    """The answer in JSON, with the defect."""
    if isinstance(value, dict):
        kept = {key: changed(item, defect) for key, item in value.items()}
        return {**kept, "more": 1} if defect == "more" else kept
    if isinstance(value, list):
        kept_items = [changed(item, defect) for item in value]
        return kept_items[:-1] if defect == "less" else kept_items
    if isinstance(value, float) and not math.isfinite(value):
        name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return None if defect == "null" else name
    if isinstance(value, int) and not isinstance(value, bool):
        near = value + 1e-9
        return {"close": near, "far": near + 0.01, "text": str(value)}.get(defect, value)
    return 1 if defect == "truth" and value is True else value


def main() -> None:
    defect = sys.argv[1]
    for line in sys.stdin:
        request = json.loads(line)
        reply: dict[str, Any] = {}
        if request["op"] == "hello":
            about = {"name": "small reader", "version": "1", "language": "Python"}
            features = ["predict", "python-code"] if defect != "no-feature" else []
            reply = {"implementation": about, "roles": ["reader"], "features": features}
        elif request["op"] == "predict":
            reply = {
                "outcome": "ok",
                "output": changed(predict(Path(request["model"]), request["input"]), defect),
            }
            if defect in ("reject", "unsupported"):
                reply = {"outcome": defect}
            if defect == "rubbish":
                reply = {"outcome": "ok"}
        print(json.dumps({"id": request["id"], **reply}), flush=True)
        if request["op"] == "bye":
            return


if __name__ == "__main__":
    main()
