"""Every key and every form outside the flavors, accepted or rejected: keyword, rule, and agreement of engines.

``CASES`` is also what ``test_ajv.py`` shows to a third implementation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mlmodel.standard import schemas
from tests.schemas import engines

if TYPE_CHECKING:
    from collections.abc import Iterator


class Case(NamedTuple):
    """An instance, and what a schema is to say about it."""

    schema: str
    """The schema's file, with a fragment for one of its definitions."""
    instance: Any
    valid: bool
    rule: str | None = None
    """The only rule that the instance breaks."""
    keyword: str | None = None
    """The only keyword that says so."""
    what: str = ""


CASES: list[Case] = []


def each(*values: Any) -> tuple[Any, ...]:
    """Values of any types, to make one instance of each."""
    return values


def accept(schema: str, what: str, *instances: Any) -> None:
    """Add instances that conform."""
    CASES.extend(Case(schema, instance, valid=True, what=what) for instance in instances)


def reject(schema: str, rule: str, keyword: str, what: str, *instances: Any) -> None:
    """Add instances that break one rule, found by one keyword."""
    CASES.extend(
        Case(schema, instance, valid=False, rule=rule, keyword=keyword, what=what) for instance in instances
    )


# -- the MLmodel file ---------------------------------------------

MLMODEL = "mlmodel.schema.json"
HEX = "0123456789abcdef" * 2
COLUMN = '[{"type": "double", "name": "a", "required": true}]'
PARAM = '[{"name": "p", "default": 1, "shape": null, "type": "long"}]'
SMALLEST: dict[str, Any] = {
    "flavors": {"python_function": {"loader_module": "some.module"}},
    "utc_time_created": "2024-05-31 13:45:00.123456",
}


def mlmodel(**keys: Any) -> dict[str, Any]:
    """The smallest MLmodel file, with other keys."""
    return {**SMALLEST, **keys}


def mlmodel_without(key: str) -> dict[str, Any]:
    """The smallest MLmodel file without one of its keys."""
    return {name: value for name, value in SMALLEST.items() if name != key}


accept(MLMODEL, "smallest file", SMALLEST)
accept(MLMODEL, "unknown keys", mlmodel(team="risk", _private=[1]))
reject(MLMODEL, "MLM103", "type", "no mapping", None, [], "text", 3)

reject(MLMODEL, "MLM112", "required", "no flavors", mlmodel_without("flavors"))
reject(MLMODEL, "MLM112", "type", "flavors is null", mlmodel(flavors=None))
reject(MLMODEL, "MLM112", "minProperties", "flavors is empty", mlmodel(flavors={}))
reject(
    MLMODEL, "MLM110", "type", "flavors is a list", mlmodel(flavors=["sklearn"]), mlmodel(flavors="sklearn")
)
accept(
    MLMODEL, "third-party flavor", mlmodel(flavors={"hftransformersv2": {"hf_config_class": "AutoConfig"}})
)
reject(
    MLMODEL,
    "MLM201",
    "type",
    "third-party flavor is no mapping",
    *(mlmodel(flavors={"mlflow_sktime": value}) for value in (None, "model", 1, ["model"])),
)

accept(
    MLMODEL,
    "times that MLflow and R write",
    *(
        mlmodel(utc_time_created=time)
        for time in ("2024-05-31 13:45:00", "2024-05-31 13:45:00.000001", "18-10-02T12:15:15.15.28")
    ),
)
reject(
    MLMODEL,
    "MLM116",
    "pattern",
    "other times",
    *(
        mlmodel(utc_time_created=time)
        for time in (
            "",
            "yesterday",
            "2024-05-31",
            "2024-05-31T13:45:00",
            "2024-05-31 13:45:00Z",
            "1717163100",
        )
    ),
)
reject(MLMODEL, "MLM116", "required", "no time", mlmodel_without("utc_time_created"))
reject(
    MLMODEL,
    "MLM116",
    "type",
    "no text for a time",
    *(mlmodel(utc_time_created=t) for t in each(None, [1], {})),
)
reject(MLMODEL, "MLM111", "type", "time is a number", mlmodel(utc_time_created=1717163100))

for key, values in {
    "artifact_path": ("model", "some/model", f"file:///home/build/models/m-{HEX}/artifacts", "/mnt/models/x"),
    "run_id": (HEX, "local"),
    "model_uuid": (HEX, f"m-{HEX}"),
    "model_id": (f"m-{HEX}", HEX),
    "mlflow_version": ("3.17.2", "2.9.2.dev0", "1.30.1", "2.0.0rc0", "2.10", "3.1.0+db.1", "1!2.0.post1"),
    "databricks_runtime": ("14.3", "13.3.x-cpu-ml-scala2.12"),
    "time_created": ("18-10-02T12:15:15.15.28",),
}.items():
    accept(MLMODEL, key, *(mlmodel(**{key: value}) for value in (*values, None)))
    reject(MLMODEL, "MLM111", "type", f"{key} is not quoted", *(mlmodel(**{key: v}) for v in (2.1, 7, True)))
    reject(
        MLMODEL, "MLM110", "type", f"{key} is no text", mlmodel(**{key: ["x"]}), mlmodel(**{key: {"x": "y"}})
    )
reject(
    MLMODEL,
    "MLM120",
    "pattern",
    "malformed id",
    *(mlmodel(model_uuid=uuid) for uuid in ("", "model", HEX.upper(), HEX[1:], f"x-{HEX}")),
    mlmodel(model_id="m-1"),
)
reject(
    MLMODEL,
    "MLM119",
    "pattern",
    "malformed version",
    *(mlmodel(mlflow_version=version) for version in ("", "latest", "2.x", ">=2.0", "2..1")),
)

accept(MLMODEL, "prompts", *(mlmodel(prompts=p) for p in (None, [], ["prompts:/greeting/2"])))
reject(
    MLMODEL, "MLM110", "type", "prompts", mlmodel(prompts="prompts:/a/1"), mlmodel(prompts=[{"name": "a"}])
)
reject(MLMODEL, "MLM111", "type", "prompt is a number", mlmodel(prompts=[1]))

for key in ("is_signature_from_type_hint", "type_hint_from_example"):
    accept(MLMODEL, key, *(mlmodel(**{key: value}) for value in (True, False, None)))
    reject(MLMODEL, "MLM110", "type", key, *(mlmodel(**{key: value}) for value in each("no", 1, [])))

accept(
    MLMODEL,
    "metadata",
    *(mlmodel(metadata=m) for m in (None, {}, {"task": "agent/v1/chat"}, {"": "", "levels": [1, 2.5, None]})),
    mlmodel(metadata={"dependencies_schemas": {"retrievers": []}, "prompt_template": "Q: {prompt}"}),
    mlmodel(metadata={"mlflow.model.isExternal": "true"}),
    mlmodel(metadata={"mlflow.model.isExternal": False}),
)
reject(MLMODEL, "MLM121", "type", "metadata", *(mlmodel(metadata=m) for m in ("x", "", [], ["a"], 1, True)))
reject(MLMODEL, "MLM122", "not", "model is elsewhere", mlmodel(metadata={"mlflow.model.isExternal": True}))

accept(MLMODEL, "size", *(mlmodel(model_size_bytes=size) for size in (None, 0, 1049, 2**40)))
reject(
    MLMODEL, "MLM110", "type", "size", *(mlmodel(model_size_bytes=size) for size in ("1049", 1.5, True, [1]))
)
reject(MLMODEL, "MLM110", "minimum", "negative size", mlmodel(model_size_bytes=-1))

accept(MLMODEL, "environment variables", *(mlmodel(env_vars=v) for v in (None, [], ["OPENAI_API_KEY"])))
reject(
    MLMODEL,
    "MLM125",
    "type",
    "environment variables",
    *(mlmodel(env_vars=v) for v in ("KEY", "", {}, {"KEY": "x"}, [1], [None], 0)),
)

accept(MLMODEL, "wheels", *(mlmodel(wheels=w) for w in (None, {}, {"platform": "Linux-6.1-x86_64"})))
reject(MLMODEL, "MLM110", "type", "wheels", mlmodel(wheels=True), mlmodel(wheels=["a.whl"]))
reject(MLMODEL, "MLM111", "type", "platform is a number", mlmodel(wheels={"platform": 6.1}))

accept(MLMODEL, "Java's input_example", mlmodel(input_example={"a": 1}), mlmodel(input_example=None))

reject(
    MLMODEL,
    "MLM115",
    "not",
    "names of the Model class",
    *(
        mlmodel(**{key: value})
        for key in ("self", "to_dict", "to_yaml", "save", "add_flavor", "get_input_schema", "_signature")
        for value in each(1, None, {})
    ),
)
accept(MLMODEL, "nearly names of the Model class", mlmodel(to_dictionary=1, myself=1, saved=1))

# -- the signature in it ---------------------------------------------

accept(
    MLMODEL,
    "signature",
    *(
        mlmodel(signature=signature)
        for signature in (
            None,
            {"inputs": COLUMN, "outputs": COLUMN},
            {"inputs": COLUMN, "outputs": COLUMN, "params": None},
            {"inputs": COLUMN, "outputs": None, "params": PARAM},
            {"inputs": None, "outputs": COLUMN, "params": None},
            {"inputs": None, "outputs": None, "params": PARAM},
            {"outputs": COLUMN},
            {"inputs": COLUMN, "comment": 1},
        )
    ),
)
reject(
    MLMODEL, "MLM301", "type", "signature", *(mlmodel(signature=s) for s in ("", "text", [], [1], False, 0))
)
reject(
    MLMODEL,
    "MLM302",
    "anyOf",
    "nothing in the signature",
    *(
        mlmodel(signature=s)
        for s in ({}, {"inputs": None, "outputs": None, "params": None}, {"input": COLUMN})
    ),
)
reject(
    MLMODEL,
    "MLM303",
    "type",
    "structure in the signature",
    mlmodel(signature={"inputs": [{"type": "double", "name": "a"}], "outputs": COLUMN}),
    mlmodel(signature={"inputs": {"a": "double"}}),
    mlmodel(signature={"inputs": COLUMN, "outputs": False}),
    mlmodel(signature={"inputs": COLUMN, "params": []}),
    mlmodel(signature={"inputs": 5}),
)

# -- columns and tensors ---------------------------------------------

COLUMNS = "signature-columns.schema.json"
SCALARS = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")
NESTED: tuple[dict[str, Any], ...] = (
    {"type": "array", "items": {"type": "long"}},
    {"type": "array", "items": {"type": "array", "items": {"type": "any"}}},
    {"type": "array", "items": {"type": "sparkml_vector"}},
    {
        "type": "array",
        "items": {"type": "object", "properties": {"role": {"type": "string", "required": True}}},
    },
    {"type": "object", "properties": {"a": {"type": "double"}, "": {"type": "any", "required": False}}},
    {
        "type": "object",
        "properties": {"a": {"type": "map", "values": {"type": "array", "items": {"type": "long"}}}},
    },
    {"type": "map", "values": {"type": "any"}},
    {"type": "map", "values": {"type": "map", "values": {"type": "string"}}},
    {"type": "map", "values": {"type": "object", "properties": {"x": {"type": "long"}}}},
    {"type": "any"},
    {"type": "sparkml_vector"},
)


def tensor(dtype: Any = "float64", shape: Any = (-1, 2), **keys: Any) -> dict[str, Any]:
    """A tensor's spec."""
    return {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": list(shape)}, **keys}


for scalar in SCALARS:
    accept(
        COLUMNS,
        f"{scalar} by era",
        [{"name": "a", "type": scalar}],
        [{"type": scalar}],
        [{"type": scalar, "name": "a", "optional": True}],
        [{"type": scalar, "name": "a", "required": True}],
        [{"type": scalar, "name": "a", "required": False}, {"type": scalar, "name": "b", "required": True}],
    )
    reject(
        COLUMNS,
        "MLM307",
        "additionalProperties",
        f"{scalar} with another key",
        [{"type": scalar, "items": {}}],
    )
for nested in NESTED:
    accept(
        COLUMNS,
        f"{nested['type']} column",
        [nested],
        [{**nested, "name": "a", "required": True}],
        [{**nested, "name": "a", "required": None}],
        [{**nested, "name": "a", "optional": True, "comment": 1}],
    )
accept(COLUMNS, "no columns (MLflow before 2.8)", [])
accept(
    COLUMNS, "names", *([{"type": "long", "name": name}] for name in ("", "a b", "é", 0, 7, 1.5, True, None))
)
accept(COLUMNS, "one name twice (for the validator to compare)", [{"type": "long", "name": "a"}] * 2)
accept(COLUMNS, "unnamed columns", [{"type": "long"}, {"type": "double", "required": True}])
accept(
    COLUMNS,
    "tensors",
    [tensor()],
    [tensor(name="a")],
    [tensor(name="a"), tensor("int32", (-1,), name="b")],
    [tensor(shape=())],
    [tensor(shape=(0, 3))],
    [tensor("datetime64[ns]", (-1,))],
    [tensor(name="a", required=False, optional=True, comment=1)],
)
reject(COLUMNS, "MLM304", "type", "no array", None, {}, {"type": "double"}, "", "double", 5, True)
reject(COLUMNS, "MLM308", "type", "no object", ["double"], [None], [5], [["double"]])
reject(COLUMNS, "MLM308", "required", "no type", [{}], [{"name": "a"}])
reject(
    COLUMNS,
    "MLM306",
    "enum",
    "unknown type",
    *(
        [{"type": t}]
        for t in ("int", "str", "bool", "int64", "bigint", "timestamp", "LONG", "number", "", 5, None)
    ),
    *([{"type": "array", "items": {"type": t}}] for t in ("int", "tensor", None)),
    [{"type": "object", "properties": {"a": {"type": "str"}}}],
    [{"type": "map", "values": {"type": "tensor"}}],
)
reject(
    COLUMNS,
    "MLM308",
    "required",
    "incomplete",
    [{"type": "array"}],
    [{"type": "array", "items": {}}],
    [{"type": "object"}],
    [{"type": "object", "properties": {"a": {}}}],
    [{"type": "map"}],
    [{"type": "map", "values": {}}],
    [{"type": "array", "items": {"type": "map"}}],
    [{"type": "tensor"}],
    [{"type": "tensor", "tensor-spec": {"dtype": "float64"}}],
    [{"type": "tensor", "tensor-spec": {"shape": [-1]}}],
)
reject(
    COLUMNS,
    "MLM308",
    "type",
    "of the wrong kind",
    [{"type": "array", "items": "long"}],
    [{"type": "array", "items": [{"type": "long"}]}],
    [{"type": "object", "properties": []}],
    [{"type": "object", "properties": {"a": "long"}}],
    [{"type": "object", "properties": {"a": None}}],
    [{"type": "map", "values": "long"}],
    [{"type": "tensor", "tensor-spec": []}],
    [{"type": "tensor", "tensor-spec": None}],
)
reject(
    COLUMNS, "MLM308", "minProperties", "object without properties", [{"type": "object", "properties": {}}]
)
reject(COLUMNS, "MLM307", "additionalProperties", "a typo", [{"type": "long", "nmae": "a"}])
reject(COLUMNS, "MLM309", "not", "columns and tensors", [{"type": "long", "name": "a"}, tensor(name="b")])
reject(COLUMNS, "MLM309", "not", "unnamed tensors", [tensor(), tensor()], [tensor(name=None), tensor()])
reject(
    COLUMNS,
    "MLM310",
    "not",
    "some named",
    [{"type": "long", "name": "a"}, {"type": "long"}],
    [{"type": "long", "name": "a"}, {"type": "long", "name": None}],
    [tensor(name="a"), tensor()],
)
reject(COLUMNS, "MLM310", "not", "unnamed and optional", [{"type": "long", "required": False}])
reject(
    COLUMNS,
    "MLM110",
    "type",
    "name",
    *([{"type": "long", "name": name}] for name in each(["a", "b"], {})),
    [tensor(name=["a"])],
)
reject(
    COLUMNS,
    "MLM315",
    "type",
    "required",
    [{"type": "long", "name": "a", "required": "no"}],
    [{"type": "any", "name": "a", "required": 0}],
    [{"type": "object", "properties": {"a": {"type": "long", "required": "yes"}}}],
)
reject(
    COLUMNS,
    "MLM317",
    "not",
    "vector in an object or a map",
    [{"type": "object", "properties": {"a": {"type": "sparkml_vector"}}}],
    [{"type": "map", "values": {"type": "sparkml_vector"}}],
    [{"type": "array", "items": {"type": "object", "properties": {"a": {"type": "sparkml_vector"}}}}],
)
reject(COLUMNS, "MLM318", "type", "dtype", *([tensor(dtype)] for dtype in each(None, 5, ["f8"], {})))
reject(
    COLUMNS,
    "MLM319",
    "type",
    "shape",
    *([tensor(shape=shape)] for shape in ([1.5], [None, 3], ["x"], [[1]], [True])),
    *(
        [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": s}}]
        for s in each("abc", {}, None, -1)
    ),
)
reject(COLUMNS, "MLM319", "minimum", "shape", [tensor(shape=[-2])])

# -- params ---------------------------------------------

PARAMS = "signature-params.schema.json"


def param(**keys: Any) -> list[dict[str, Any]]:
    """A list with one parameter."""
    return [{"name": "p", "default": 1, "type": "long", "shape": None, **keys}]


OBJECT_PARAM = param(type="object", default={"x": 1}, properties={"x": {"type": "long", "required": True}})

for scalar in SCALARS:
    if scalar != "binary":
        accept(
            PARAMS,
            f"{scalar} by era",
            param(type=scalar, default=None),
            [{"name": "p", "type": scalar, "default": None, "shape": None}],
            [{"name": "p", "dtype": scalar, "default": [], "shape": [-1]}],
            [{"name": "p", "type": scalar, "default": None}],
        )
accept(PARAMS, "none", [])
accept(PARAMS, "default of another type (for the validator to compare)", param(default="x"))
accept(PARAMS, "object", OBJECT_PARAM)
accept(PARAMS, "several, also of one name (for the validator to compare)", param() * 2)
accept(PARAMS, "other keys, and dtype beside type", param(comment=1, dtype="anything"))
reject(PARAMS, "MLM304", "type", "no array", None, {}, {"name": "p"}, "", 5)
reject(PARAMS, "MLM321", "type", "no object", ["p"], [None], [[]])
reject(
    PARAMS,
    "MLM321",
    "required",
    "incomplete",
    [{"default": 1, "type": "long"}],
    [{"name": "p", "type": "long"}],
    [{"name": "p", "default": 1}],
)
reject(PARAMS, "MLM314", "type", "name", *(param(name=name) for name in (5, None, ["p"])))
reject(
    PARAMS,
    "MLM322",
    "enum",
    "type",
    *(param(type=t) for t in ("binary", "int", "str", "array", "map", "any", "tensor", "", 5, None)),
    [{"name": "p", "dtype": "binary", "default": None}],
    [{"name": "p", "dtype": "object", "default": {"x": 1}, "properties": {"x": {"type": "long"}}}],
)
reject(
    PARAMS, "MLM324", "enum", "shape", *(param(shape=s) for s in each([3], [], [-1, 2], -1, "x", {}, False))
)
reject(PARAMS, "MLM324", "not", "list of objects", [{**OBJECT_PARAM[0], "shape": [-1]}])
reject(PARAMS, "MLM308", "required", "object without properties", param(type="object", default={}))
reject(PARAMS, "MLM308", "required", "property without type", param(type="object", properties={"x": {}}))
reject(PARAMS, "MLM308", "minProperties", "object without properties", param(type="object", properties={}))
reject(PARAMS, "MLM308", "type", "properties", param(type="object", properties=["x"]))
reject(PARAMS, "MLM306", "enum", "property", param(type="object", properties={"x": {"type": "int"}}))
reject(PARAMS, "MLM317", "not", "vector", param(type="object", properties={"x": {"type": "sparkml_vector"}}))

# -- saved_input_example_info ---------------------------------------------

INFO = "input-example-info.schema.json"


def info(**keys: Any) -> dict[str, Any]:
    """The smallest saved_input_example_info, with other keys."""
    return {"artifact_path": "input_example.json", "type": "json_object", **keys}


accept(
    INFO,
    "by type and era",
    None,
    info(type="dataframe", pandas_orient="split"),
    info(type="dataframe", pandas_orient="values", serving_input_path="serving_input_payload.json"),
    info(type="ndarray", format="tf-serving"),
    info(type="ndarray", serving_input_path="serving_input_example.json"),
    info(type="sparse_matrix_csr"),
    info(type="sparse_matrix_csc"),
    info(params="true"),
    info(params=None, serving_input_path=None, comment=1),
)
reject(INFO, "MLM501", "type", "no mapping", [], "input_example.json", 5, False)
reject(INFO, "MLM501", "required", "incomplete", {"type": "ndarray"}, {"artifact_path": "input_example.json"})
reject(INFO, "MLM501", "type", "path", *(info(artifact_path=path) for path in (None, 5, ["x"])))
reject(
    INFO, "MLM502", "enum", "type", *(info(type=t) for t in ("pandas", "records", "", None, 1, ["ndarray"]))
)
for key in ("pandas_orient", "format", "serving_input_path"):
    reject(INFO, "MLM501", "type", key, info(**{key: 5}), info(**{key: ["x"]}))
reject(INFO, "MLM501", "pattern", "params", *(info(params=p) for p in ("false", "yes", "True", "")))
reject(INFO, "MLM111", "type", "params is not quoted", info(params=True), info(params=False), info(params=1))
reject(INFO, "MLM501", "type", "params is a mapping", info(params={"a": 1}))
accept(MLMODEL, "saved_input_example_info", mlmodel(saved_input_example_info=info()))
reject(MLMODEL, "MLM501", "type", "saved_input_example_info", mlmodel(saved_input_example_info="x.json"))

# -- the example files ---------------------------------------------

EXAMPLE = "input-example.schema.json#/definitions/"
FRAME = {"columns": ["a", "b"], "data": [[1, "x"], [None, "y"]]}
SPARSE = {"data": [1.0, None], "indices": [0, 1], "indptr": [0, 1, 2], "shape": [2, 2]}
FORMS: dict[str, Any] = {
    "dataframe": FRAME,
    "ndarray": [[1, 2], [3, 4]],
    "tf_serving": {"inputs": [[1, 2]]},
    "sparse_matrix_csr": SPARSE,
    "sparse_matrix_csc": SPARSE,
    "json_object": {"messages": []},
}

accept(
    EXAMPLE + "dataframe",
    "forms",
    FRAME,
    {"data": [[0.0, 1.0]]},
    {"columns": None, "index": None, "data": []},
    {"columns": [0, 1.5, True, None], "index": [7], "data": [[1, 2, 3, 4]]},
    {"columns": ["bytes", "nested"], "data": [["AP8=\n", {"a": [1]}]]},
)
reject(EXAMPLE + "dataframe", "MLM505", "type", "no object", [[1, 2]], [{"a": 1}], "a", 5, None)
reject(EXAMPLE + "dataframe", "MLM505", "required", "no data", {"columns": ["a"]}, {})
reject(EXAMPLE + "dataframe", "MLM505", "additionalProperties", "another key", {**FRAME, "dtypes": []})
reject(
    EXAMPLE + "dataframe",
    "MLM505",
    "type",
    "parts",
    *({"columns": ["a"], "data": data} for data in (None, 5, {"a": [1]})),
    {"columns": "a", "data": [[1]]},
    {"columns": {}, "data": [[1]]},
    {"columns": ["a"], "index": 0, "data": [[1]]},
)
reject(
    EXAMPLE + "dataframe",
    "MLM505",
    "not",
    "column names",
    {"columns": [{}], "data": []},
)

accept(
    EXAMPLE + "dataframe",
    "what pandas takes: single values, mappings and several levels of columns",
    {"columns": ["a"], "data": [1, 2]},
    {"columns": ["a"], "data": [{"a": 1}]},
    {"columns": [["a", "b"]], "data": []},
)
accept(
    EXAMPLE + "ndarray", "MLflow 2.16 and later", [1, 2], [[1.5, None]], [], {"a": [1], "b": [[2]]}, 5, "x"
)
reject(EXAMPLE + "ndarray", "MLM505", "not", "null", None)
accept(
    EXAMPLE + "tf_serving",
    "MLflow up to 2.15",
    {"inputs": [[1, 2]]},
    {"inputs": {"a": [1], "b": [2]}},
    {"instances": [{"a": 1}]},
)
reject(EXAMPLE + "tf_serving", "MLM505", "type", "bare array", [[1, 2]], 5)
reject(EXAMPLE + "tf_serving", "MLM505", "type", "instances", {"instances": {"a": [1]}})
reject(EXAMPLE + "tf_serving", "MLM505", "oneOf", "none or both", {}, {"inputs": [1], "instances": [1]})
reject(EXAMPLE + "tf_serving", "MLM505", "additionalProperties", "another key", {"inputs": [1], "a": [1]})
reject(EXAMPLE + "tf_serving", "MLM505", "not", "null inside", {"inputs": None})

for form in ("sparse_matrix_csr", "sparse_matrix_csc"):
    accept(EXAMPLE + form, "forms", SPARSE, {"data": [], "indices": [], "indptr": [0], "shape": [0, 0]})
    accept(EXAMPLE + form, "another key", {**SPARSE, "comment": 1})
    reject(EXAMPLE + form, "MLM505", "type", "no object", [[1, 0]], None)
    for key in SPARSE:
        without = {name: value for name, value in SPARSE.items() if name != key}
        reject(EXAMPLE + form, "MLM505", "required", f"no {key}", without)
        reject(EXAMPLE + form, "MLM505", "type", f"{key} is no list", {**SPARSE, key: 1})
    reject(EXAMPLE + form, "MLM505", "not", "data is nested", {**SPARSE, "data": [[1.0]]})
    reject(
        EXAMPLE + form,
        "MLM505",
        "type",
        "no integers",
        {**SPARSE, "indices": [0.5]},
        {**SPARSE, "shape": ["2", 3]},
    )
    reject(
        EXAMPLE + form,
        "MLM505",
        "minimum",
        "negative",
        {**SPARSE, "indices": [-1]},
        {**SPARSE, "shape": [-1, 2]},
    )
    reject(EXAMPLE + form, "MLM505", "minItems", "no pointers", {**SPARSE, "indptr": []})
    reject(
        EXAMPLE + form,
        "MLM505",
        "not",
        "not two sizes",
        *({**SPARSE, "shape": s} for s in ([], [2], [1, 2, 3])),
    )

accept(EXAMPLE + "json_object", "anything", None, 1, "x", True, [1, "x"], {"inputs": 1, "params": {}})

for form, content in FORMS.items():
    with_params = EXAMPLE + form + "_with_params"
    accept(
        with_params, "with params", {"inputs": content, "params": {}}, {"inputs": content, "params": {"p": 1}}
    )
    reject(with_params, "MLM505", "required", "no params", {"inputs": content})
    reject(with_params, "MLM505", "required", "no inputs", {"params": {}})
    reject(with_params, "MLM505", "type", "no object", None, 5, [content])
    reject(
        with_params,
        "MLM505",
        "type",
        "params",
        *({"inputs": content, "params": p} for p in each(None, [], "x")),
    )
    if form not in ("ndarray", "json_object"):
        reject(with_params, "MLM505", "type", "inputs of another form", {"inputs": 5, "params": {}})

# -- the serving example ---------------------------------------------

SERVING = "serving-input.schema.json"
accept(
    SERVING,
    "forms",
    {"dataframe_split": FRAME},
    {"dataframe_split": FRAME, "params": {"p": 1}},
    {"dataframe_split": {"data": [1]}},
    {"dataframe_records": [{"a": 1}]},
    {"instances": [[1]]},
    {"inputs": {"a": [1]}, "params": None},
    {"inputs": "text", "comment": 1},
    {"messages": [], "temperature": 0.5},
    {"prompt": "x"},
    {"input": ["x"]},
    {"messages": [], "inputs": 1, "instances": 2},
)
reject(SERVING, "MLM511", "type", "no object", None, [[1]], "x")
reject(SERVING, "MLM511", "oneOf", "none or several", {}, {"data": [1]}, {"inputs": 1, "instances": [1]})
reject(
    SERVING,
    "MLM511",
    "type",
    "parts",
    {"dataframe_split": [[1]]},
    {"dataframe_records": {"a": 1}},
    {"dataframe_records": [[1]]},
    {"instances": {"a": 1}},
    {"inputs": 1, "params": [1]},
)
reject(SERVING, "MLM511", "required", "no data", {"dataframe_split": {"columns": ["a"]}})
reject(
    SERVING, "MLM511", "additionalProperties", "another key", {"dataframe_split": {"data": [], "dtypes": []}}
)

# -- resources and auth_policy ---------------------------------------------

RESOURCES = "resources.schema.json"
AUTH = "auth-policy.schema.json"
RESOURCE_TYPES = (
    "vector_search_index",
    "serving_endpoint",
    "sql_warehouse",
    "function",
    "genie_space",
    "uc_connection",
    "table",
    "app",
    "lakebase",
    "uc_model_service",
)
ENDPOINT = {
    "api_version": "1",
    "databricks": {"serving_endpoint": [{"name": "e", "on_behalf_of_user": True}]},
}

accept(RESOURCES, "none", None, {"api_version": "1"}, {"api_version": "1", "databricks": {}})
accept(RESOURCES, "on behalf of the user", ENDPOINT)
for resource in RESOURCE_TYPES:
    accept(
        RESOURCES,
        resource,
        *(
            {"api_version": "1", "databricks": {resource: r}}
            for r in ([], [{"name": "a"}, {"name": "b", "x": 1}])
        ),
    )
    reject(RESOURCES, "MLM124", "type", resource, {"api_version": "1", "databricks": {resource: "a"}})
reject(RESOURCES, "MLM123", "not", "a string", "resources.yaml", "")
reject(RESOURCES, "MLM124", "type", "no mapping", [], 5, False)
reject(RESOURCES, "MLM124", "required", "no version", {}, {"databricks": {}})
reject(RESOURCES, "MLM124", "const", "version", *({"api_version": v} for v in (1, "2", 1.0, None)))
reject(RESOURCES, "MLM124", "additionalProperties", "unknown target", {"api_version": "1", "aws": {}})
reject(
    RESOURCES,
    "MLM124",
    "additionalProperties",
    "unknown type",
    {"api_version": "1", "databricks": {"db": []}},
)
for broken in each(None, []):
    reject(RESOURCES, "MLM124", "type", "databricks", {"api_version": "1", "databricks": broken})
for item in ("a", None, {"name": 1}, {"name": "a", "on_behalf_of_user": "yes"}):
    reject(RESOURCES, "MLM124", "type", "item", {"api_version": "1", "databricks": {"table": [item]}})
reject(RESOURCES, "MLM124", "required", "no name", {"api_version": "1", "databricks": {"table": [{}]}})
accept(MLMODEL, "resources", mlmodel(resources=ENDPOINT), mlmodel(resources=None))
reject(MLMODEL, "MLM123", "not", "resources", mlmodel(resources="resources.yaml"))
reject(MLMODEL, "MLM124", "type", "resources", mlmodel(resources=["a"]))

accept(
    AUTH,
    "forms",
    None,
    {},
    {"system_auth_policy": {}, "user_auth_policy": {}},
    {"system_auth_policy": {"resources": ENDPOINT}, "user_auth_policy": {"api_scopes": ["sql"]}},
)
reject(
    AUTH,
    "MLM126",
    "type",
    "wrong kinds",
    "system",
    [],
    {"system_auth_policy": None},
    {"system_auth_policy": {"resources": "resources.yaml"}},
    {"system_auth_policy": {"resources": {"api_version": "1", "databricks": {"table": "a"}}}},
    {"user_auth_policy": []},
    {"user_auth_policy": {"api_scopes": "sql"}},
    {"user_auth_policy": {"api_scopes": [1]}},
)
reject(AUTH, "MLM126", "required", "no version", {"system_auth_policy": {"resources": {}}})
reject(AUTH, "MLM126", "const", "version", {"system_auth_policy": {"resources": {"api_version": 1}}})
accept(MLMODEL, "auth_policy", mlmodel(auth_policy={"system_auth_policy": {}}), mlmodel(auth_policy=None))
reject(MLMODEL, "MLM126", "type", "auth_policy", mlmodel(auth_policy="user"))

# -- the files beside it ---------------------------------------------

META = "registered-model-meta.schema.json"
accept(META, "forms", *({"model_name": "fraud", "model_version": version} for version in ("1", 2, None)))
accept(META, "by id", {"model_name": None, "model_version": None})
reject(META, "MLM128", "type", "no mapping", None, [], "fraud")
reject(META, "MLM128", "required", "incomplete", {"model_name": "fraud"}, {"model_version": 1})
reject(META, "MLM128", "type", "name", *({"model_name": name, "model_version": 1} for name in (5, ["fraud"])))
reject(
    META,
    "MLM128",
    "type",
    "version",
    *({"model_name": "fraud", "model_version": v} for v in (1.5, True, [1])),
)

PYTHON_ENV = "python-env.schema.json"
accept(
    PYTHON_ENV,
    "forms",
    {
        "python": "3.11.7",
        "build_dependencies": ["pip==23.2.1", "setuptools"],
        "dependencies": ["-r requirements.txt"],
    },
    {"dependencies": ["-r requirements.txt"]},
    {"python": "3.8"},
    {"python": ">=3.8", "build_dependencies": None, "dependencies": []},
    {"python": None},
    {},
)
reject(PYTHON_ENV, "MLM410", "type", "no mapping", None, [], "python: 3.8", 5)
reject(
    PYTHON_ENV,
    "MLM411",
    "type",
    "python",
    *({"python": python} for python in each(3.1, 3, True, ["3.8"], {})),
)
reject(PYTHON_ENV, "MLM412", "additionalProperties", "another key", {"name": "x"}, {"python_version": "3.8"})
for key in ("build_dependencies", "dependencies"):
    reject(
        PYTHON_ENV,
        "MLM413",
        "type",
        key,
        *({key: value} for value in ("pip", "", {}, {"pip": 1}, [1], [None])),
    )

CONDA = "conda.schema.json"
accept(
    CONDA,
    "forms",
    {
        "channels": ["conda-forge"],
        "dependencies": ["python=3.11.7", "pip<=23.2.1", {"pip": ["mlflow==3.17.2", "-c constraints.txt"]}],
        "name": "mlflow-env",
    },
    {"dependencies": []},
    {"dependencies": ["python>=3.8,<3.10", "conda-forge::numpy", "pip", {"pip": []}], "channels": []},
    {
        "dependencies": ["numpy"],
        "prefix": "/opt/conda",
        "variables": {"A": "1"},
        "name": None,
        "platforms": [],
    },
)
reject(CONDA, "MLM420", "type", "no mapping", None, [], "name: x")
reject(CONDA, "MLM421", "required", "no dependencies", {"name": "x"}, {})
reject(
    CONDA,
    "MLM421",
    "type",
    "dependencies",
    *({"dependencies": d} for d in each(None, "python=3.8", {"pip": []})),
)
reject(CONDA, "MLM421", "type", "dependency", *({"dependencies": [d]} for d in (3.8, None, True, ["pip"])))
reject(
    CONDA, "MLM421", "required", "mapping without pip", *({"dependencies": [d]} for d in ({}, {"npm": ["a"]}))
)
reject(
    CONDA,
    "MLM422",
    "type",
    "pip",
    *({"dependencies": [{"pip": p}]} for p in ("a", None, {"a": "1"}, [1], [None])),
)
reject(
    CONDA,
    "MLM425",
    "type",
    "channels",
    *({"dependencies": [], "channels": c} for c in ("defaults", None, [1])),
)


# -- what is held against the cases ---------------------------------------------


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.schema}: {case.what}: {case.instance!r}"[:150]
)
def test_verdict_keyword_and_rule(case: Case) -> None:
    answers = engines.verdicts(case.schema, case.instance)
    assert set(answers.values()) == {case.valid}, answers
    name, _, definition = case.schema.partition("#/definitions/")
    found = {(found.rule, found.keyword) for found in schemas.violations(name, case.instance, definition)}
    assert found == (set() if case.valid else {(case.rule, case.keyword)})


NAMES = sorted({case.schema.partition("#")[0] for case in CASES})


@pytest.mark.parametrize("name", NAMES)
def test_every_property_has_an_accepted_case(name: str) -> None:
    shown = [_keys(case.instance) for case in CASES if case.valid and case.schema.partition("#")[0] == name]
    missing = _properties(engines.documents()[name]).difference(*shown)
    assert not missing


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_has_a_rejected_case(name: str) -> None:
    shown = {case.rule for case in CASES if case.schema.partition("#")[0] == name}
    missing = _rules(engines.documents()[name]) - shown
    assert not missing


def _subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and all that stand in it, annotations aside."""
    if isinstance(schema, list):
        for member in schema:
            yield from _subschemas(member)
    elif isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            if key in ("properties", "patternProperties", "definitions"):
                for member in value.values():
                    yield from _subschemas(member)
            elif not key.startswith("x-"):
                yield from _subschemas(value)


def _properties(schema: Any) -> set[str]:
    """The names of all properties that a schema describes, flavors aside."""
    return {
        name
        for subschema in _subschemas(schema)
        for name, described in subschema.get("properties", {}).items()
        if not (isinstance(described, dict) and described.get("$ref", "").startswith("flavors/"))
    }


def _rules(schema: Any) -> set[str]:
    """Every rule that a schema names."""
    return {
        rule
        for subschema in _subschemas(schema)
        for keyword, rule in subschema.get("x-rules", {}).items()
        if keyword != "x-path"  # enforced by a check, which looks at the files
    }


def _keys(instance: Any) -> set[str]:
    """Every key anywhere in an instance."""
    if isinstance(instance, dict):
        return set(instance).union(*map(_keys, instance.values()))
    return set().union(*map(_keys, instance)) if isinstance(instance, list) else set()
