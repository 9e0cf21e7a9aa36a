"""The models of ``tools/predictions.py``: which there are, what they are asked; run by an MLflow's Python, saves them.

``python predicted_models.py DIR NAME...``
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple


class Wanted(NamedTuple):
    """One model."""

    title: str
    why: str
    feature: str
    """What an implementation needs for it."""
    inputs: list[dict[str, Any]]
    refused: tuple[dict[str, Any], ...] = ()
    """Those of the inputs that must not be answered."""
    since: tuple[int, ...] = (1, 30, 1)
    """The release that can save it."""


ORDER = {"dataframe_split": {"columns": ["b", "a"], "data": [[1.0, 2.0], [0.5, -4]]}}
RECORDS = {"dataframe_records": [{"a": 2.0, "b": 1.0}, {"a": -4, "b": 0.5, "more": "x"}]}
MISSING = {"dataframe_split": {"columns": ["a"], "data": [[1.0]]}}
TYPED: dict[str, Any] = {
    "flag": True,
    "count": 3,
    "long": 4_294_967_296,
    "half": 0.5,
    "number": 2,
    "text": "é: #",
    "raw": "AAH/",
    "when": "2020-02-29T12:30:45",
}
FULL = {"dataframe_split": {"columns": ["x"], "data": [["a"], ["b"]]}}
MODELS = {
    "sklearn-columns": Wanted(
        "A linear regression on two columns",
        "Columns are found by their names, in any order; more columns do no harm, and one too few must be refused.",
        "sklearn",
        [ORDER, RECORDS, MISSING],
        (MISSING,),
    ),
    "sklearn-tensor": Wanted(
        "A linear regression on an array",
        "Integers of JSON are numbers of the dtype that the signature names; an array of another shape is refused.",
        "sklearn",
        [{"inputs": [[1, 2], [3.5, -4]]}, {"inputs": [[1.0, 2.0, 3.0]]}],
        ({"inputs": [[1.0, 2.0, 3.0]]},),
    ),
    "sklearn-labels": Wanted(
        "A classifier whose classes are strings",
        "Labels are compared exactly, numbers within a tolerance.",
        "sklearn",
        [{"dataframe_split": {"columns": ["a", "b"], "data": [[0.0, 1.0], [3.0, 0.0]]}}],
    ),
    "types": Wanted(
        "A model that says which types it was given",
        "What JSON cannot tell apart the signature does: integer and long, float and double, bytes and dates.",
        "python-code",
        [{"dataframe_records": [TYPED]}, {"dataframe_records": [{**TYPED, "count": "three"}]}],
        ({"dataframe_records": [{**TYPED, "count": "three"}]},),
        since=(2, 0, 1),
    ),
    "numbers": Wanted(
        "A model that answers with numbers that JSON does not have",
        "NaN and the infinities have no form in JSON: they are the strings NaN, Infinity and -Infinity.",
        "python-code",
        [{"dataframe_split": {"columns": ["a"], "data": [[1.0], [0.0], [-1.0]]}}],
    ),
    "table": Wanted(
        "A model that answers with a table",
        "A table is a list of its rows, each an object by column.",
        "python-code",
        [ORDER],
    ),
    "nested": Wanted(
        "A model that answers with lists and objects",
        "The answer of a model may be any JSON value.",
        "python-code",
        [FULL],
    ),
    "params": Wanted(
        "A model with params",
        "What is not given is the default; what is given is converted to its type, or refused.",
        "python-code",
        [
            FULL,
            {**FULL, "params": {"count": 3}},
            {**FULL, "params": {"count": 1, "names": ["y", "z"], "factor": 2}},
            {**FULL, "params": {"count": "many"}},
        ],
        ({**FULL, "params": {"count": "many"}},),
        since=(2, 6, 0),
    ),
    "optional": Wanted(
        "A model with a column that is not required",
        "A column that is not required may be missing, or hold nothing.",
        "python-code",
        [
            {"dataframe_split": {"columns": ["a"], "data": [[1.0]]}},
            {"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 2.0]]}},
        ],
        since=(2, 6, 0),
    ),
    "arrays": Wanted(
        "A model with columns that hold lists and objects",
        "Nested values are checked by the signature as columns are; a property that is not required may be missing.",
        "python-code",
        [
            {"dataframe_records": [{"values": [1.5, 2.5], "who": {"name": "x", "age": 3}}]},
            {"dataframe_records": [{"values": [], "who": {"name": "y"}}]},
            {"dataframe_records": [{"values": [1.0], "who": {"age": 3}}]},
        ],
        ({"dataframe_records": [{"values": [1.0], "who": {"age": 3}}]},),
        since=(2, 15, 0),
    ),
}

CODE = {
    "types": """\
        return [
            {name: str(frame[name].dtype) for name in ("count", "long", "half", "number")}
            | {"kinds": [type(value).__name__ for value in (frame["text"].iloc[0], frame["raw"].iloc[0])]}
            | {"raw": frame["raw"].iloc[0].hex(), "when": str(frame["when"].iloc[0]), "flag": bool(frame["flag"].iloc[0])}
        ]
""",
    "numbers": """\
        return [{1.0: float("inf"), 0.0: float("nan"), -1.0: float("-inf")}[value] for value in frame["a"]]
""",
    "table": """\
        return frame.assign(sum=frame["a"] + frame["b"], text=["first", "second"])[["sum", "text"]]
""",
    "nested": """\
        return {"rows": [{"value": value, "at": index, "tags": [value, None, True]} for index, value in enumerate(frame["x"])]}
""",
    "params": """\
        return [
            f"{value * params['count']}|{'+'.join(params['names'])}|{params['factor']!r}" for value in frame["x"]
        ]
""",
    "optional": """\
        return [sorted(frame.columns)]
""",
    "arrays": """\
        return [
            {"sum": float(sum(values)), "name": who["name"], "age": who.get("age")}
            for values, who in zip(frame["values"], frame["who"])
        ]
""",
}
LOADER = """\
\"\"\"A model that is nothing but this file.\"\"\"


class Model:
    def predict(self, frame{params}):
{body}

def _load_pyfunc(path):
    return Model()
"""


def signature(name: str) -> Any:
    """The signature of a model, None for none."""
    from mlflow.models.signature import ModelSignature
    from mlflow.types import schema as types

    column = types.ColSpec

    def columns(*names: str) -> Any:
        return types.Schema([column("double", one) for one in names])

    if name == "types":
        kinds = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")
        specs = [column(kind, key) for kind, key in zip(kinds, TYPED, strict=True)]
        return ModelSignature(types.Schema(specs))
    if name == "numbers":
        return ModelSignature(columns("a"))
    if name == "table":
        return ModelSignature(columns("a", "b"))
    if name == "params":
        params = [
            types.ParamSpec("count", "long", 2, None),
            types.ParamSpec("names", "string", ["x"], (-1,)),
            types.ParamSpec("factor", "double", 0.5, None),
        ]
        given = types.Schema([column("string", "x")])
        return ModelSignature(given, params=types.ParamSchema(params))
    if name == "optional":
        try:
            second = column("double", "b", required=False)
        except TypeError:
            second = column("double", "b", optional=True)
        return ModelSignature(types.Schema([column("double", "a"), second]))
    if name == "arrays":
        from mlflow.types.schema import Array, DataType, Object, Property

        who = Object([Property("name", DataType.string), Property("age", DataType.long, required=False)])
        specs = [column(Array(DataType.double), "values"), column(who, "who")]
        return ModelSignature(types.Schema(specs))
    return None


def save(name: str, path: Path, scratch: Path) -> None:
    """Save one model."""
    import mlflow.pyfunc
    import mlflow.sklearn
    import numpy as np
    import pandas as pd
    from mlflow.models.signature import infer_signature
    from sklearn.linear_model import LinearRegression, LogisticRegression

    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.5]})
    target = np.array([0.5, 2.0, 3.5, 6.0])
    given: dict[str, Any] = {"pip_requirements": ["mlflow", "scikit-learn"]}
    if not name.startswith("sklearn"):
        module = scratch / f"{name}_model.py"
        params = ", params=None" if name == "params" else ""
        module.write_text(LOADER.format(params=params, body=CODE[name]))
        # The name of the argument changed with 2.
        code = "code_paths" if tuple(map(int, mlflow.__version__.split(".")[:2])) >= (2, 12) else "code_path"
        given |= {"loader_module": module.stem, code: [str(module)], "pip_requirements": ["mlflow"]}
        mlflow.pyfunc.save_model(str(path), signature=signature(name), **given)
        return
    if name == "sklearn-labels":
        model = LogisticRegression().fit(frame, ["low", "low", "high", "high"])
        data: Any = frame
    else:
        data = frame if name == "sklearn-columns" else frame.to_numpy()
        model = LinearRegression().fit(data, target)
    described = infer_signature(data, model.predict(data))
    mlflow.sklearn.save_model(model, str(path), signature=described, **given)


if __name__ == "__main__":
    root = Path(sys.argv[1])
    for wanted in sys.argv[2:]:
        save(wanted, root / wanted, root)
