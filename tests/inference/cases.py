"""Data that MLflow infers signatures of, as expressions: ``np``, ``pd``, ``sp`` (scipy.sparse), ``dt`` and ``math``."""

from __future__ import annotations

VALUES = """
True
1
1.5
"text"
b"bytes"
bytearray(b"ab")
dt.date(2020, 1, 2)
dt.datetime(2020, 1, 2, 3)
np.int32(1)
np.int64(1)
np.float32(1)
np.float64(1)
np.bool_(True)
np.str_("a")
np.bytes_(b"a")
np.datetime64("2020-01-01")
2**70
[]
[1, 2]
[1.5, math.nan]
[1, None]
["a", "b"]
[b"a"]
[True, False]
[dt.datetime(2020, 1, 1)]
[[1, 2], [3]]
[["a", "b"], []]
[[1, None], [2]]
[[[1.5]]]
[np.array([1, 2]), np.array([3])]
[np.array([[1.5, 2]])]
[np.array(["a"]), np.array([])]
{"a": 1, "b": "x"}
{"a": [1, 2], "b": [["x"]]}
{"a": {"c": 1, "b": [{"d": "x"}]}}
{"b": 1, "a": 2}
{"a": [True]}
{"a": np.array([1, 2]), "b": 1}
[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
[{"a": 1}, {"b": "y"}]
[{"a": 1}, {"a": 2, "c": [1.5]}]
[{"a": {"x": 1}}, {"a": {"x": 2, "y": "z"}}]
[{"a": [{"x": 1}, {"y": 2}]}]
[{"a": [{"x": {"p": 1}}, {"x": {"q": 2}}]}]
[{"messages": [{"role": "user", "content": "hi"}], "n": 1}]
[{1: 2}]
{"messages": [{"role": "user", "content": "hi"}]}
[[{"x": 1}], [{"x": 2, "y": 1}]]
np.array([[1.5, 2], [3, 4]])
np.array([1, 2], dtype="int8")
np.array([1, 2], dtype="float32")
np.array(["a", "bcd"])
np.array([b"a", b"bcd"])
np.array([True])
np.array(["2020-01-01"], dtype="datetime64[ns]")
np.array([1], dtype="datetime64[s]")
np.array([1 + 2j])
np.array([None, "a"], dtype=object)
np.array([], dtype="float64")
np.zeros((0, 3, 4))
np.zeros((2, 3), dtype="uint64")
np.zeros((2,), dtype=">f8")
np.matrix([[1]])
np.ma.array([1, 2], mask=[0, 1])
{"a": np.array([1.5]), "b": np.array([["x"]])}
{1: np.array([1])}
sp.csr_matrix(np.eye(3))
sp.csc_matrix(np.eye(3, dtype="float32"))
pd.DataFrame({"a": [1, 2], "b": [1.5, None], "c": ["x", "y"], "d": [True, False]})
pd.DataFrame({"a": pd.Series([1, 2], dtype="int8"), "b": pd.Series([1], dtype="uint8"), "c": pd.Series([1], dtype="uint16")})
pd.DataFrame({"a": pd.Series([1, 2], dtype="uint32"), "b": pd.Series([1, 2], dtype="int32"), "c": pd.Series([1, 2], dtype="int16")})
pd.DataFrame({"a": pd.Series([1, 2], dtype="float32"), "b": pd.Series([1, 2], dtype="float16")})
pd.DataFrame({"a": pd.Categorical(["x", None]), "b": pd.Categorical([1, 2])})
pd.DataFrame({"a": [[1, 2], [3]], "b": [["x"], []], "c": [{"k": 1}, {"k": 2, "l": "m"}]})
pd.DataFrame({"a": [np.array([1.5, 2]), np.array([3.0])], "b": [b"x", b"y"], "c": [dt.date(2020, 1, 1)] * 2})
pd.DataFrame({"a": pd.Series([1, 2], dtype=object), "b": pd.Series([1, None], dtype=object), "c": pd.Series([1.5, 2], dtype=object)})
pd.DataFrame({"a": pd.Series([True, False], dtype=object), "b": pd.Series(["a", "b"], dtype=object)})
pd.DataFrame({"a": pd.Series([], dtype=object), "b": pd.Series([], dtype="float64"), "c": pd.Series([], dtype="int64")})
pd.DataFrame([[1, 2], [3, 4]])
pd.DataFrame({"b": [1], "a": [2]})
pd.DataFrame({"": [1], "x": [2]})
pd.DataFrame({"\\u00e9": ["\\u00e9"]})
pd.DataFrame({3: [1], "x": [2]})
pd.Series([1, 2])
pd.Series([1.5, None], name="x")
pd.Series(["a", "b"], name="x")
pd.Series(["a", None], name="x")
pd.Series([[1], [2]])
pd.Series([{"a": 1}, {"b": 2}], name="x")
""".strip().splitlines()
"""What every release from 2.15 on agrees about."""

MISSING = """
math.nan
pd.DataFrame({"a": pd.Series([1, None], dtype="Int64"), "b": pd.Series([1, 2], dtype="Int32"), "c": pd.Series([1, 2], dtype="UInt8")})
pd.DataFrame({"a": pd.Series([1, None], dtype="Float64"), "b": pd.Series([1, 2], dtype="Float32")})
pd.DataFrame({"a": pd.Series([True, None], dtype="boolean"), "b": pd.Series(["a", None], dtype="string")})
pd.DataFrame({"a": pd.to_datetime(["2020-01-01", None]), "b": pd.to_datetime(["2020-01-01", "2020-01-02"]).tz_localize("UTC")})
pd.DataFrame({"a": ["x", None], "b": [None, None], "c": [math.nan, math.nan]})
pd.DataFrame({"a": pd.Series([1, 2], dtype="int64[pyarrow]"), "b": pd.Series([1.5, None], dtype="double[pyarrow]"), "c": pd.Series(["x", "y"], dtype="string[pyarrow]")})
{"a": None}
{"a": []}
{"a": {}}
[None]
[math.nan]
[[], []]
[None, "a"]
[[1], None]
[{"a": None}]
[{"a": 1}, {"a": None}]
[{"a": None}, {"a": 1}]
[{"a": []}]
[{"a": {"b": None}}, {"a": {"b": 1}}]
[{"a": {"b": 1}}, {"a": {"b": None}}]
[{"a": {"b": 1}}, {"a": None}]
[{"a": [{"b": 1}, None]}]
[{"a": [{"b": 1}, {}]}]
[{"a": {"b": [1]}}, {"a": {"b": []}}]
[np.array([1]), None]
[pd.NA, 1]
[pd.NaT, dt.datetime(2020, 1, 1)]
pd.DataFrame({"a": [{"b": 1}, None], "c": [[1], None], "d": [None, {"x": []}]})
""".strip().splitlines()
"""Missing values: ``any`` came with 2.19, and ``NA`` and ``NaT`` of pandas were not known as such before."""

PARAMS = """
{"a": 1, "b": 1.5, "c": "x", "d": True}
{"a": [1, 2], "b": [1.5, 2], "c": ["x"], "d": [True, False], "e": []}
{"a": np.int32(1), "b": np.float32(0.1), "c": np.int64(1), "d": np.float64(1), "e": np.bool_(True), "f": np.str_("x")}
{"a": np.array([1, 2]), "b": np.array([1, 2], dtype="float32"), "c": np.array(["x"]), "d": np.array([])}
{"a": [np.float32(1), 2.5], "b": [np.int32(1), 2], "c": [np.int32(1), np.int32(2)], "d": [np.float32(1)]}
{"a": dt.date(2020, 1, 1), "b": dt.datetime(2020, 1, 1, 2, 3, 4, 5), "c": [dt.date(2020, 1, 1)]}
{"a": np.datetime64("2020-01-01"), "b": np.datetime64("2020-01-01T01:02:03")}
{"a": dt.datetime(2020, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2)))}
{"a": math.nan, "b": math.inf}
{1: 1}
{"\\u00e9": "\\u00e9"}
""".strip().splitlines()

OBJECT_PARAMS = """
{"a": {"x": 1.5, "y": [1, 2]}}
{"a": {"x": None, "b": "c"}}
{"a": {"x": {"y": {"z": [["a"]]}}}}
{"a": {"x": [None, "a"]}}
{"a": {"x": [{"b": 1}, {"c": 2}]}}
{"a": {"x": True, "y": []}}
""".strip().splitlines()
"""Defaults that are dictionaries came with 2.20."""

UNTYPED = """
object
(1, 2)
{1, 2}
1j
[1, "a"]
[1, 1.5]
[{"a": 1}, {"a": "x"}]
[{"a": [1, "x"]}]
[{"a": 1}, 2]
[[1], ["a"]]
[{}]
{}
{1: 2}
[{"a": {1: 2}}]
dt.time(1)
dt.timedelta(1)
np.array(1)
[np.array([])]
sp.coo_matrix(np.eye(2))
pd.DataFrame()
pd.DataFrame([[1, 2]], columns=["a", "a"])
pd.DataFrame({"a": [1, "x"]})
pd.DataFrame({"a": pd.Series([1], dtype="uint64")})
pd.DataFrame({"a": pd.to_timedelta([1])})
pd.DataFrame({"a": [1j]})
""".strip().splitlines()
"""What MLflow infers no schema of."""

UNTYPED_PARAMS = """
[1]
{"a": None}
{"a": b"x"}
{"a": [1, "x"]}
{"a": [True, 1]}
{"a": [[1]]}
{"a": np.array([[1]])}
{"a": np.array(1)}
{"a": (1, 2)}
{"a": 2**63}
{"a": 1j}
{"a": [None, 1]}
{"a": {}}
{"a": {"x": {1: 2}}}
{"a": {"x": [1, "x"]}}
{"a": {"x": [1, None]}}
{1: 1, "1": 2}
""".strip().splitlines()

HINTS = """
list[int]
list[str]
list[float]
list[bool]
list[bytes]
list[dt.datetime]
list[Any]
list[list[str]]
list[dict[str, int]]
list[dict[str, list[dict[str, float]]]]
list[list[Optional[int]]]
list[Union[int, str]]
List[Dict[str, str]]
list[Message]
list[Chat]
list[dict[str, Message]]
""".strip().splitlines()
"""What stands behind an input; classes of pydantic are in ``comparing.py``."""

UNTYPED_HINTS = """
list
List
list[list]
list[dict]
list[dict[int, str]]
list[Optional[int]]
list[object]
list[NoDefault]
list[complex]
""".strip().splitlines()

DIFFERENT: dict[str, dict[str, str]] = {
    "no reader finds columns whose names are lists; flattened, they have names": {
        'pd.DataFrame({("a", "b"): [1]})': "2.22.5 3.18.0",
    },
    "NaN is no JSON, and no name": {
        'pd.DataFrame({None: [1], "x": [2]})': "3.18.0",
    },
    "what JSON cannot hold is no text": {
        "[object()]": "2.22.5 3.18.0",
    },
    "no release reads the type void, which numpy gives to what has parts": {
        'np.zeros((2,), dtype="f4,i4")': "2.22.5 3.18.0",
    },
    "MLflow 2.22 infers nothing of objects with null beside values; we do as the newest": {
        '[{"a": {"b": 1}}, {"a": {"b": None}}]': "2.22.5",
    },
}
"""Every value of which we say something else than MLflow, by the reason, with the releases that it is said otherwise by."""
REFUSED = tuple(
    value for reason, values in DIFFERENT.items() if not reason.startswith("MLflow") for value in values
)
"""What MLflow infers a schema of that it cannot use."""
SPARSE = """
pd.DataFrame({"a": pd.arrays.SparseArray([0.0, 1.0]), "b": [1, 2]})
pd.DataFrame.sparse.from_spmatrix(sp.eye(2))
pd.Series(pd.arrays.SparseArray([0, 1]))
""".strip().splitlines()
"""Columns of which MLflow infers nothing, and which it refuses to predict on."""

DATACLASSES = ("Outer", "Outer(1, None, [], Inner('x'), [])", "Inner")

EXAMPLES = """
pd.DataFrame({"a": [1, 2], "b": [1.5, None], "c": ["x", "y"], "d": [True, False]})
pd.DataFrame({"a": [1, 2], "b": [np.array([1.5]), [2]], "c": [{"k": [1]}, {"k": []}]})
pd.DataFrame({"a": pd.to_datetime(["2020-01-01", "2020-01-02"]), "b": [dt.date(2020, 1, 1)] * 2, "c": [b"x", b"y" * 80]})
pd.DataFrame([[1, 2.5], [3, 4]])
pd.DataFrame({3: [1]})
pd.DataFrame({"\\u00e9": ["\\u00e9", None]})
pd.DataFrame({"a": pd.Series([1, 2], dtype="int8"), "b": pd.Categorical(["x", "y"]), "c": pd.Series([1, 2], dtype="Int64")})
pd.DataFrame({"a": []})
np.array([[1.5, math.nan], [3, 4]])
np.array([[1, 2]], dtype="int8")
np.array(["a", "b"])
np.array([b"a", b"bcd"])
np.array([True])
np.array([1, 2], dtype="datetime64[ns]")
np.array(["2020-01-01"], dtype="datetime64[s]")
np.array([None, "a"], dtype=object)
np.array(3)
{"a": np.array([1.5, math.nan]), "b": np.array([["x"]])}
sp.csr_matrix(np.eye(3))
sp.csc_matrix(np.array([[0, 1.5], [2, 0]], dtype="float32"))
[1, 2, 3]
["a", None]
[{"a": 1, "b": [1, {"c": b"x"}]}, {"a": np.int64(2)}]
[dt.datetime(2020, 1, 1, 2), np.float32(0.1), math.nan]
[]
{"a": 1, "b": "x", "c": [1.5]}
{"messages": [{"role": "user", "content": "hi"}]}
{"prompt": "hi", "n": 1}
{"input": ["hi"]}
{1: 2}
"text"
b"bytes"
1
1.5
True
np.float32(0.5)
dt.datetime(2020, 1, 2, 3)
([1, 2], {"p": 1, "q": [1.5], "r": np.float64(2), "s": dt.date(2020, 1, 1)})
(np.array([1.0]), {"p": "x"})
(pd.DataFrame({"a": [1]}), {"p": True})
({"messages": [{"role": "user", "content": "hi"}]}, {"p": 1})
(sp.csr_matrix(np.eye(2)), {"p": 1})
""".strip().splitlines()
"""Input examples that MLflow writes."""

NO_EXAMPLES = """
object()
{1, 2}
(1, 2)
[object()]
[np.array([1])]
{"a": np.array([1]), "b": 1}
np.array([1j])
sp.coo_matrix(np.eye(2))
([1], {"p": None})
([1], {"p": [1, "x"]})
{("a", "b"): 1}
""".strip().splitlines()
