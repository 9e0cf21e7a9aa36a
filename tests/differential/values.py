"""What mutants are made of: values of every type, and those that have broken signatures and flavors."""

from __future__ import annotations

import datetime as dt
from typing import Any

# fmt: off

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    7,
    3.5,
    2.10,
    float("nan"),
    float("inf"),
    10**30,
    "",
    " ",
    "abc",
    "null",
    "true",
    "1",
    "[]",
    "{}",
    "model.pkl",
    "../model.pkl",
    "/etc/model.pkl",
    "C:\\model.pkl",
    "é☃",
    "a\u2028b",
    "\U0001f600",
    "x" * 5000,
    "2.15.0",
    "99.0.0",
    "not a version",
    [],
    [None],
    ["x"],
    [1, 2],
    [[]],
    [{}],
    {},
    {"x": 1},
    {"x": None},
    {"a": {"b": {"c": []}}},
    {1: 2},
    b"bytes",
    dt.date(2024, 2, 29),
    dt.datetime(2024, 2, 29, 12, 30, 15, 250),  # noqa: DTZ001
)

_TOP = ()
_PYFUNC = ("flavors", "python_function")

OF_MLFLOW = """
    to_dict to_yaml to_json load save log from_dict add_flavor get_input_schema get_output_schema
    get_params_schema get_serving_input load_input_example get_model_info get_tags_dict _signature _metadata
    _resources _saved_input_example_info _env_vars _model_size_bytes _auth_policy __class__ __dict__
    __init__ _anything
""".split()
"""Names on MLflow's own Model class and its objects."""

ADDITIONS: tuple[tuple[tuple[str, ...], str, tuple[Any, ...]], ...] = (
    (_TOP, "metadata", ({}, {"a": 1}, [], "text", {"mlflow.model.isExternal": True}, {1: 2}, {"": ""}, None)),
    (_TOP, "resources", ("resources.yaml", [], {}, {"api_version": "1"}, {"api_version": "9"}, 5, None)),
    (_TOP, "env_vars", (["A"], [], "A", {"A": 1}, [1], None, "", 0)),
    (_TOP, "auth_policy", ({}, [], "x", {"system_auth_policy": {}}, None)),
    (_TOP, "prompts", (["prompts:/a/1"], [1], "prompts:/a/1", {}, None)),
    (_TOP, "model_id", (None, "m-" + "0" * 32, "7", "")),
    (_TOP, "model_size_bytes", (0, -1, 10, "10", 1e9, None)),
    (_TOP, "mlflow_version", ("1.30.1", "2.3.2", "2.9.2", "3.17.2", "", "latest", 2.1, None)),
    (_TOP, "is_signature_from_type_hint", (True, False, "no", None)),
    (_TOP, "saved_input_example_info", ({}, {"artifact_path": "x"}, [], "x", None)),
    (_TOP, "databricks_runtime", ("13.3", 13.3, None)),
    (_TOP, "run_id", ("0" * 32, 5, None, [])),
    (_TOP, "wheels", ({"platform": "linux"}, {}, [], "x")),
    (_TOP, "signature", ({}, None, False, "x", {"inputs": None}, {"inputs": ""}, {"outputs": "[]"}, {"x": 1})),
    (_TOP, "unknown_key", (1, None, {"a": 1})),
    (_TOP, "self", (1,)),
    (_TOP, "cls", (1,)),
    (_TOP, "loader_module", ("mlflow.sklearn",)),
    (_TOP, "python_function", ({},)),
    (_TOP, "inputs", ("[]",)),
    *((_TOP, name, (1, None, {"a": 1})) for name in OF_MLFLOW),
    (("flavors",), "crate", ({}, {"version": "1"}, None, "x")),
    (("flavors",), "own_flavor", ({}, {"data": "x"}, None, [], "x", 5)),
    (("flavors",), "sklern", ({},)),
    (_PYFUNC, "code", ("code", None, "", "elsewhere", ["code"], 5, {"a": 1})),
    (_PYFUNC, "data", ("data", None, "", ".", "data/weights", "missing", ["data"], 5)),
    (_PYFUNC, "config", ({}, {"a": 1}, [], "x", 5, None)),
    (_PYFUNC, "python_version", ("3.11.7", "3.11", "3", "", "three", 3.10, 3, None, [3, 11])),
    (_PYFUNC, "predict_fn", ("predict", "predict_proba", "nothing", None, 5)),
    (_PYFUNC, "streamable", (True, False, "false", "yes", None, 0)),
    (_PYFUNC, "loader_module", ("mlflow.sklearn", "mlflow.sklearn ", "mlflow.skleam", "nowhere", "", None, 5, "os")),
    (_PYFUNC, "env", ("conda.yaml", {}, {"conda": None}, [], None, 5)),
    (_PYFUNC, "model_path", ("model.pkl", "MODEL.pkl", "model", ".", "", None, 5)),
    (_PYFUNC, "model_code_path", ("model.py", None, 5)),
    (_PYFUNC, "artifacts", ({}, {"a": {"path": "x"}}, {"a": None}, [], None)),
    (_PYFUNC, "unknown_key", (1,)),
)

TYPES: tuple[Any, ...] = (
    "boolean", "integer", "long", "float", "double", "string", "binary", "datetime", "array", "object", "map",
    "any", "sparkml_vector", "tensor", "int", "int64", "str", "bool", "LONG", "Double", "timestamp", "", "null",
    None, 5, ["long"], {"type": "long"}, True, "void",
)

DTYPES: tuple[Any, ...] = (
    "float64", "float32", "float16", "int8", "int16", "int32", "int64", "uint8", "uint64", "bool", "str", "bytes",
    "object", "complex64", "complex128", "datetime64", "datetime64[ns]", "datetime64[D]", "timedelta64[ns]",
    "void", "void32", "void64", "longdouble", "long", "ulong", "double", "single", "half", "int", "float", "complex",
    "uint", "intp", "f", "d", "i", "l", "q", "O", "S", "U", "V", "a", "<f4", ">i8", "=i4", "|b1", "<U0", "S0", "U10",
    "S5", "<U7", "|S9", "V8", "string", "bfloat16", "boolean", "integer", "category", "Float64", "FLOAT32", "float8",
    "int128", "float128", "float96", "str_", "string_", "bool_", "object_", "unicode_", "datetime64[xs]", "M8", "m8[s]",
    "f4,i4", "2f4", "(2,3)f8", "f8 ", " f8", "int64 ", "", "?", "b", "B", "h", "e", "g", "G", "F", "D", "p", "P", "N", "n",
    "c", "T", "StringDType", "None", "nan", None, 5, 8.0, True, False, [], ["f4"], {}, {"names": ["a"], "formats": ["f4"]},
    [["a", "f4"]], "i0", "i3", "u8", "f2", "f8", "c16", "O8", "O4", "float_", "int_", "int0", "uint0", "longlong",
    "ulonglong", "short", "ushort", "byte", "ubyte", "intc", "uintc", "csingle", "cdouble", "clongdouble", "Bytes0",
    "bytes0", "str0", "object0", "void0", "bool8", "cfloat", "cfloat_", "longcomplex", "longfloat", "singlecomplex",
    "complex_", "timedelta64", "timedelta64[5m]", "M8[25us]", "m", "M", "<M8[ns]", "datetime64[generic]", "datetime64[]",
    "rec", "record", "ndarray", "generic", "number", "inexact", "flexible", "character", "signedinteger", "unicode",
)

SHAPES: tuple[Any, ...] = (
    [-1], [-1, 3], [], [0], [-2], [1.5], [None, 3], ["x"], "abc", {}, {"a": 1}, None, -1, 3, True, [[-1]], [True],
    [10**20], "", [-1, -1, -1, -1],
)

NAMES: tuple[Any, ...] = (None, "", " ", "a", "b", "A", 0, 1, 1.5, True, "é", "a.b", "0", [], ["a"], {}, "x" * 300)
REQUIRED: tuple[Any, ...] = (True, False, None, "no", "", 0, 1, [], {})

DEFAULTS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**40, 2**63, 2**64, 10**30, 0.5, 1.0, float("nan"), float("inf"), 1e300, "",
    "x", "1", "true", [], [1], [0.5], ["a"], [True], [None], [1, "a"], [[1]], [[1], [2]], [[1], [2, 3]], [1, [2]], [{}],
    {}, {"a": 1}, "2024-01-01", "2024-01-01T02:03:04", ["2024-01-01"],
)

DATETIMES: tuple[Any, ...] = (
    "2024", "2024-02", "2024-2", "2024-02-29", "2023-02-29", "20240229", "2024-02-29T12", "2024-02-29T12:30",
    "2024-02-29 12:30:15", "2024-02-29T12:30:15.5", "2024-02-29T12:30:15.123456", "2024-02-29T12:30:15.1234567",
    "2024-02-29T12:30:15Z", "2024-02-29T12:30:15+01:00", "2024-02-29T12:30:15+0100", "2024-02-29T12:30:15+01",
    "2024-02-29T25:00", "2024-02-29T24:00:00", "2024-02-29T12:60", "2024-02-29T12:30:60", "2024-13-01", "2024-00-01",
    "24-02-29", "0001-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "+2024-01-01", "0000-01-01", "NaT", "nat",
    "now", "today", "Today", "", " ", "2024-02-29T", "2024-02-29 ", " 2024-02-29", "2024/02/29", "29.02.2024", "2024-W09",
    "2024-060", "12:30", "T12:30", "2024-02-29t12:30", "2024-02-29T123015", "2024-02-29T12.30", "2024-02-29T12:30:15,5",
    "1709209815", 1709209815, 0, 1.5, True, None, [], ["2024-01-01"], {}, "2024-02-29T12:30:15.", "2024-02-29T12:3",
    "2024-02-29T12:30:15 Z", "2024-02-29T12:30Z", "2024-02-29Z", "99999-01-01", "2024-02-29T00:00:00.000000000",
    "2024-02-2", "202402", "2024-02-29T12:30:15-23:59", "2024-02-29T12:30:15+24:00", "2024-02-29T12:30:15.123",
)

NESTED: tuple[Any, ...] = (
    {"type": "long"}, {"type": "any"}, {"type": "sparkml_vector"}, {"type": "array", "items": {"type": "string"}},
    {"type": "map", "values": {"type": "double"}}, {"type": "object", "properties": {"x": {"type": "long"}}},
    {"type": "object", "properties": {}}, {"type": "array"}, {"type": "map"}, {"type": "object"}, {"type": "tensor"},
    {"type": "map", "values": {"type": "sparkml_vector"}}, {"type": "map", "values": {"type": "map"}},
    {"type": "array", "items": {"type": "array", "items": {"type": "sparkml_vector"}}}, {"type": "nothing"}, {}, None,
    "long", [], [{"type": "long"}], 5, {"type": None}, {"type": "long", "required": "no"},
    {"type": "object", "properties": {"x": {"type": "sparkml_vector"}}}, {"type": "long", "extra": 1},
    {"type": "object", "properties": {"x": {"type": "any", "required": None}}},
    {"type": "object", "properties": {"": {"type": "string", "required": False}}},
    {"type": "object", "properties": [{"type": "long"}]}, {"type": "object", "properties": {"x": "long"}},
)

ITEMS: tuple[Any, ...] = (
    {"type": "double", "name": "added", "required": True},
    {"type": "double", "name": "added"},
    {"type": "double"},
    {"type": "double", "required": False},
    {"type": "array", "items": {"type": "long"}, "required": False},
    {"type": "any", "required": None},
    {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}},
    {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}, "name": "added"},
    {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}, "name": "added", "required": False},
    {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2], "extra": 1}, "optional": True},
    {"name": "param", "type": "string", "default": "x", "shape": None},
    {"name": "param", "dtype": "long", "default": 1},
    {"name": "param", "type": "datetime", "default": "2024-02-29"},
    {"name": "param", "type": "float", "default": [1.0], "shape": [-1]},
    {"name": "param", "type": "object", "properties": {"x": {"type": "long"}}, "default": {"x": 1}},
    {},
    None,
    "long",
    5,
    [],
    ["long"],
)
