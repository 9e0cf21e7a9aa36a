"""Signatures and inputs for them, as expressions of Python: what MLflow and we are to agree on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

SCALARS = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")


class Case(NamedTuple):
    kind: str
    """``inputs`` or ``params``."""
    items: list[dict[str, Any]]
    data: str

    @property
    def label(self) -> str:
        types = ",".join(str(item.get("type")) for item in self.items)
        return f"{self.kind} {types} <- {self.data}"


def column(
    type_: str, name: str | int | None = None, *, required: bool = True, **more: Any
) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    return {"type": type_, **more, **named, "required": required}


def tensor(dtype: str, shape: list[int], name: str | None = None) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    return {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}, **named}


def array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def obj(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"required": True, **spec} for name, spec in properties.items()},
    }


def mapping(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "map", "values": values}


def of(type_: str) -> dict[str, Any]:
    return {"type": type_}


def optional(spec: dict[str, Any]) -> dict[str, Any]:
    return {**spec, "required": False}


# -- columns of scalars: every type with every kind of series ---------------------------------------------

NUMBERS = [
    f"np.array([0, 1, 2], dtype={dtype!r})"
    for dtype in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
] + [f"np.array([0.5, 1, 2], dtype={dtype!r})" for dtype in ("float16", "float32", "float64", "longdouble")]
SERIES = [
    *NUMBERS,
    "np.array([0, 1, 1])",
    "np.array([0, 2**40])",
    "np.array([], dtype='int64')",
    "np.array([True, False])",
    "np.array([1 + 2j])",
    "[1.0, 2.0, nan]",
    "[1.5, nan]",
    "[nan, nan]",
    "[None, None]",
    "[]",
    "['a', 'b']",
    "['a', None]",
    "['1', '2.5']",
    "['2026-01-31', '2026-02-01']",
    "np.array(['a', 'b'], dtype=object)",
    "np.array(['1', '2.5'], dtype=object)",
    "np.array(['2026-01-31', '2026-02-01T10:00:00'], dtype=object)",
    "np.array(['a', 1], dtype=object)",
    "np.array([1, 2], dtype=object)",
    "np.array([1, 2.5], dtype=object)",
    "np.array([0, 1], dtype=object)",
    "np.array([1, None], dtype=object)",
    "np.array([True, None], dtype=object)",
    "np.array([True, False], dtype=object)",
    "[b'a', b'bc']",
    "np.array([b'a', b'bc'])",
    "[bytearray(b'a')]",
    "[Decimal('1.5'), Decimal('2')]",
    "[Decimal('1.5'), None]",
    "[dt.date(2026, 1, 31), dt.date(2026, 2, 1)]",
    "[dt.datetime(2026, 1, 31, 10), None]",
    "[dt.date(2026, 1, 31), 'x']",
    "np.array(['2026-01-31'], dtype='datetime64[D]')",
    "np.array(['2026-01-31', 'NaT'], dtype='datetime64[s]')",
    "np.array(['2026-01-31'], dtype='datetime64[ns]')",
    "np.array([1], dtype='timedelta64[s]')",
    "pd.to_datetime(['2026-01-31T10:00:00+02:00'])",
    "pd.date_range('2026-01-31', periods=2, tz='Europe/Berlin')",
    "pd.array([1, None], dtype='Int64')",
    "pd.array([1, 2], dtype='Int64')",
    "pd.array([1, 2], dtype='Int32')",
    "pd.array([0.5, None], dtype='Float64')",
    "pd.array([0.5, 1], dtype='Float32')",
    "pd.array([True, None], dtype='boolean')",
    "pd.array([True, False], dtype='boolean')",
    "pd.array(['a', None], dtype='string')",
    "pd.Categorical(['a', 'b', 'a'])",
    "pd.Categorical([1, 2, 1])",
    "pd.period_range('2026-01', periods=2, freq='M')",
    "pd.arrays.SparseArray([0, 0, 1])",
    "pd.arrays.SparseArray([0.0, 0.5])",
    "[[1, 2], [3]]",
    "[{'a': 1}]",
    "[np.float32(1.5), 2]",
    "[10**30, 1]",
]


def scalars() -> Iterator[Case]:
    for type_ in SCALARS:
        for values in SERIES:
            yield Case("inputs", [column(type_, "a")], f"pd.DataFrame({{'a': {values}}})")


# -- forms of inputs for columns --------------------------------------------------------------------------

AB = [column("long", "a"), column("double", "b")]
FORMS: list[tuple[list[dict[str, Any]], list[str]]] = [
    (
        AB,
        [
            "pd.DataFrame({'b': [0.5], 'a': [1]})",
            "pd.DataFrame({'b': [0.5], 'a': [1], 'c': ['x'], 'd': [None]})",
            "pd.DataFrame({'b': [0.5]})",
            "pd.DataFrame({'A': [1], 'b': [0.5]})",
            "pd.DataFrame({'b': [0.5, 1.5], 'a': [1, 2]}, index=[7, 3])",
            "pd.DataFrame({'a': [], 'b': []})",
            "pd.DataFrame({'a': np.array([], dtype='int64'), 'b': np.array([], dtype='float64')})",
            "pd.DataFrame([[1, 0.5]])",
            "pd.DataFrame([[1, 0.5]], columns=['a', 'b'])",
            "pd.DataFrame([[1, 0.5, 2]], columns=['a', 'b', 'a'])",
            "pd.DataFrame({('a', 'x'): [1], ('b', 'y'): [0.5]})",
            "{'a': 1, 'b': 0.5}",
            "{'b': 0.5, 'a': 1}",
            "{'a': 1}",
            "{}",
            "{'a': [1, 2], 'b': [0.5, 1.5]}",
            "{'a': [1, 2], 'b': [0.5]}",
            "{'a': 1, 'b': [0.5, 1.5]}",
            "{'a': np.array([1, 2]), 'b': np.array([0.5, 1.5])}",
            "{'a': np.array([[1, 2], [3, 4]]), 'b': np.array([0.5, 1.5])}",
            "{'a': np.int64(1), 'b': None}",
            "{'a': pd.Series([1, 2]), 'b': pd.Series([0.5, 1.5])}",
            "{'a': (1, 2), 'b': (0.5, 1.5)}",
            "[{'a': 1, 'b': 0.5}, {'a': 2, 'b': 1.5}]",
            "[{'a': 1}, {'b': 1.5}]",
            "[[1, 0.5]]",
            "[1, 2]",
            "np.array([[1, 0.5]])",
            "np.array([(1, 0.5)], dtype=[('a', 'i8'), ('b', 'f8')])",
            "sp.csr_matrix([[1, 0.5]])",
            "pd.Series([1, 2], name='a')",
            "None",
            "1",
            "'text'",
            "((1, 0.5),)",
            "len",
        ],
    ),
    (
        [column("long"), column("double")],
        [
            "pd.DataFrame([[1, 0.5]])",
            "pd.DataFrame([[1, 0.5, 3]])",
            "pd.DataFrame({'x': [1], 'y': [0.5]})",
            "pd.DataFrame({'x': [1], 'y': ['z']})",
            "pd.DataFrame([[1]])",
            "pd.DataFrame([[1, 0.5]], columns=['x', 'x'])",
            "pd.DataFrame([[1, 0.5]], index=[9])",
            "[[1, 0.5], [2, 1.5]]",
            "np.array([[1, 2], [3, 4]])",
            "np.array([[1, 1], [0, 1]])",
            "np.array([[1, 0.5]])",
            "np.array([1, 2])",
            "np.zeros((2, 2, 2))",
            "{'x': [1], 'y': [0.5]}",
            "{'x': 1, 'y': 0.5}",
            "[1, 2]",
            "1",
        ],
    ),
    (
        [column("string")],
        [
            "'x'",
            "['x', 'y']",
            "np.array(['x', 'y'])",
            "pd.Series(['x'])",
            "{'q': 'x'}",
            "1",
            "[1, 2]",
            "b'x'",
            "None",
        ],
    ),
    (
        [column("string", "q")],
        [
            "'x'",
            "{'q': 'x'}",
            "{'q': ['x', 'y']}",
            "{'q': np.array('x')}",
            "{'q': np.array('x'), 'r': np.array('y')}",
            "{'q': np.array(['x'])}",
            "pd.Series(['x'], name='q')",
            "pd.Series(['x'])",
            "np.array(['x'])",
            "['x']",
            "{'q': None}",
        ],
    ),
    (
        [column("double")],
        ["1.5", "np.float64(1.5)", "1", "True", "[1.5]", "np.array([1.5])", "np.float32(0.1)"],
    ),
    ([column("long")], ["1", "np.int32(1)", "True", "[1, 2]", "[[1], [2]]", "range(3)", "nan"]),
    ([column("binary")], ["b'x'", "[b'x']", "bytearray(b'x')"]),
    (
        [column("datetime")],
        ["np.datetime64('2026-01-31')", "dt.datetime(2026, 1, 31)", "[dt.datetime(2026, 1, 31)]"],
    ),
    (
        [column("long", "a"), column("double", "b", required=False), column("string", "c", required=False)],
        [
            "pd.DataFrame({'a': [1]})",
            "pd.DataFrame({'c': ['x'], 'a': [1]})",
            "pd.DataFrame({'c': ['x'], 'a': [1], 'b': [None]})",
            "pd.DataFrame({'c': ['x'], 'a': [1], 'b': ['y']})",
            "pd.DataFrame({'b': [0.5]})",
            "{'a': 1}",
            "{'a': [1], 'b': [0.5]}",
            "[1]",
            "np.array([1])",
        ],
    ),
    (
        [column("long", "a", required=False)],
        ["pd.DataFrame({'z': [1]})", "pd.DataFrame({'a': [nan]})", "{}", "{'a': None}"],
    ),
    (
        [column("long", 0), column("long", 1)],
        [
            "pd.DataFrame([[1, 2]])",
            "[[1, 2]]",
            "np.array([[1, 2]])",
            "{0: [1], 1: [2]}",
            "{'0': [1], '1': [2]}",
        ],
    ),
]


def forms() -> Iterator[Case]:
    for items, inputs in FORMS:
        for data in inputs:
            yield Case("inputs", items, data)


# -- nested types -----------------------------------------------------------------------------------------

MESSAGE = obj(role=of("string"), content=optional(of("string")))
NESTED: list[tuple[dict[str, Any], list[str]]] = [
    (array(of("long")), ["[1, 2]", "[]", "None", "np.array([1, 2])", "np.array([1, 2], dtype='int32')", "[1.5]", "[1.0, 2]", "[True]", "['a']", "1", "(1, 2)", "[1, None]", "[nan]"]),
    (array(of("double")), ["[1, 2]", "[0, 1]", "[0.5, None]", "[0.5, 2]", "np.array([0.5], dtype='float32')", "[Decimal('1.5')]", "['1']", "[[0.5]]"]),
    (array(of("float")), ["[0.5]", "[1.5, 2]", "[0, 1]", "np.array([0.5], dtype='float32')"]),
    (array(of("integer")), ["[1]", "np.array([1], dtype='int16')"]),
    (array(of("string")), ["['a', 'b']", "['a', None]", "[1, 'a']", "[1]", "np.array(['a'])", "np.array(['a'], dtype=object)"]),
    (array(of("binary")), ["[b'a', b'bc']", "['a']", "[1]", "[None]"]),
    (array(of("boolean")), ["[True, False]", "[True, None]", "[0, 1]", "np.array([True])"]),
    (array(of("datetime")), ["[dt.datetime(2026, 1, 31)]", "['2026-01-31']", "np.array(['2026-01-31'], dtype='datetime64[s]')", "[dt.date(2026, 1, 31)]"]),
    (array(array(of("long"))), ["[[1], [2, 3]]", "[]", "[[]]", "[[1], None]", "np.array([[1, 2], [3, 4]])", "[1]", "[[1], ['a']]"]),
    (array(MESSAGE), ["[{'role': 'a', 'content': 'b'}]", "[{'role': 'a'}]", "[{'content': 'a'}]", "[{'role': 'a', 'x': 1}]", "[{'role': 'a', 'content': None}]", "[]", "{'role': 'a'}", "[None]", "np.array([{'role': 'a'}])", "[{'role': 1}]"]),
    (MESSAGE, ["{'role': 'a'}", "{}", "None", "{'role': None}", "'a'", "{'role': 'a', 'content': nan}", "{'role': ['a']}"]),
    (obj(a=of("long"), b=of("double"), c=of("boolean")), ["{'a': 1, 'b': 0.5, 'c': True}", "{'a': 1, 'b': 1, 'c': True}", "{'a': 1, 'b': 2, 'c': True}", "{'a': 1.0, 'b': 0.5, 'c': True}", "{'a': np.int32(1), 'b': np.float32(0.5), 'c': np.bool_(True)}", "{'a': None, 'b': None, 'c': None}"]),
    (obj(a=optional(array(of("long"))), b=optional(mapping(of("string"))), c=optional(MESSAGE)), ["{}", "{'a': None}", "{'a': []}", "{'b': {}}", "{'b': None, 'c': None}", "{'c': {}}", "{'b': {'x': 'y'}}", "{'b': {1: 'y'}}", "{'c': {'content': 'x'}}"]),
    (obj(d=of("datetime"), r=of("binary")), ["{'d': dt.datetime(2026, 1, 31), 'r': b'x'}", "{'d': np.datetime64('2026-01-31'), 'r': b'x'}", "{'d': '2026-01-31', 'r': 'x'}", "{'d': pd.Timestamp('2026-01-31'), 'r': b'x'}"]),
    (mapping(of("long")), ["{'x': 1}", "{}", "None", "{'x': 'y'}", "{1: 1}", "{'x': None}", "[1]", "{'x': 1, 'y': 1.5}"]),
    (mapping(array(of("double"))), ["{'x': [0.5]}", "{'x': 0.5}", "{'x': []}", "{'x': None}"]),
    (mapping(mapping(of("string"))), ["{'x': {'y': 'z'}}", "{'x': {}}", "{'x': None}"]),
]  # fmt: skip
NEWER: list[tuple[dict[str, Any], list[str]]] = [
    (of("any"), ["1", "None", "[1, 'a']", "{'x': [1]}", "object"]),
    (array(of("any")), ["[1, 'a', None]", "[]", "None", "1", "np.array([1, 2])", "[[1], {'a': 2}]"]),
    (mapping(of("any")), ["{'x': 1, 'y': [2]}", "{}", "None", "{1: 2}", "[1]"]),
    (obj(a=of("any"), b=optional(of("any"))), ["{'a': 1}", "{'a': None}", "{'b': 1}", "{'a': 1, 'b': None}"]),
    (of("sparkml_vector"), ["[0.5, 1.5]", "[1, 2]", "np.array([0.5])", "None", "['a']"]),
]
"""Types that 2.15.0 does not have."""


def nested(specs: list[tuple[dict[str, Any], list[str]]]) -> Iterator[Case]:
    for spec, values in specs:
        for value in values:
            for required in (True, False):
                item = {**spec, "name": "x", "required": required}
                yield Case("inputs", [item], f"pd.DataFrame({{'x': [{value}]}})")
            yield Case("inputs", [{**spec, "name": "x", "required": True}], f"{{'x': {value}}}")
            yield Case(
                "inputs", [{**spec, "name": "x", "required": True}], f"[{{'x': {value}}}, {{'x': {value}}}]"
            )
            yield Case("inputs", [{**spec, "required": True}], f"pd.DataFrame({{'x': [{value}]}}, index=[4])")
            yield Case("inputs", [{**spec, "required": True}], f"{value}")


# -- tensors ----------------------------------------------------------------------------------------------

TENSORS: list[tuple[list[dict[str, Any]], list[str]]] = [
    (
        [tensor("float64", [-1, 2])],
        [
            "np.zeros((3, 2))",
            "np.zeros((0, 2))",
            "np.zeros((3, 3))",
            "np.zeros(2)",
            "np.zeros((3, 2), dtype='float32')",
            "np.zeros((3, 2), dtype='>f8')",
            "np.zeros((3, 2), dtype='int64')",
            "[[0.5, 1.5]]",
            "{'a': np.zeros((3, 2))}",
            "pd.DataFrame({'a': [0.5], 'b': [1.5]})",
            "pd.DataFrame({'a': [1], 'b': [2]})",
            "pd.DataFrame({'a': [1], 'b': [2.5]})",
            "pd.DataFrame({'a': [1], 'b': [2], 'c': [3]})",
            "pd.DataFrame({'a': []})",
            "pd.DataFrame({'a': [[1, 2], [3, 4]]})",
            "pd.DataFrame({'a': [['1', '2']]})",
            "pd.DataFrame({'a': [[1, 2], [3]]})",
            "pd.DataFrame({'a': [[1, 2, 3, 4]]})",
            "pd.DataFrame({'a': [np.array([1.5, 2]), np.array([3., 4])]})",
            "pd.DataFrame({'a': [np.array([1, 2])]})",
            "pd.DataFrame({'a': [np.array([1, 2, 3])]})",
            "pd.DataFrame({'a': [0.5]})",
            "pd.DataFrame({'a': [{}]})",
            "pd.DataFrame({'a': [[]]})",
            "pd.DataFrame({'a': [[[1, 2]]]})",
            "pd.DataFrame({'a': [[1, 2], [3, 4]]}, index=[5, 6])",
            "pd.Series([[1, 2], [3, 4]])",
            "sp.csr_matrix(np.eye(2))",
            "sp.csc_matrix(np.eye(2))",
            "sp.coo_matrix(np.eye(2))",
            "sp.csr_array(np.eye(2))",
            "sp.csr_matrix(np.eye(2, dtype='float32'))",
            "sp.csr_matrix(np.eye(3))",
            "np.matrix([[0.5, 1.5]])",
            "np.ma.masked_array([[0.5, 1.5]])",
            "None",
            "1.5",
        ],
    ),
    (
        [tensor("float64", [-1])],
        ["np.zeros(3)", "np.zeros((3, 1))", "pd.DataFrame({'a': [1, 2]})", "pd.Series([1, 2])", "pd.Series(['x'])", "pd.Series(['1.5'])", "np.float64(1)", "np.array(1.5)", "pd.DataFrame({'a': [[1.5], [2.5]]})", "pd.Series([1.5, None])"],
    ),
    ([tensor("float64", [-1, 1])], ["pd.Series([1, 2])", "np.zeros((2, 1))", "pd.DataFrame({'a': [[1.5], [2.5]]})", "pd.DataFrame({'a': [True]})"]),
    ([tensor("object", [-1])], ["np.array(['a', 1], dtype=object)", "np.zeros((2, 2))", "np.zeros(2)", "pd.DataFrame({'a': ['x']})", "['a']"]),
    ([tensor("object", [-1, 2])], ["np.array([['a', 1]], dtype=object)", "np.zeros((1, 2))", "np.array(['a'], dtype=object)"]),
    ([tensor("float64", [-1, -1, 3])], ["np.array([np.zeros((1, 3)), np.zeros((2, 3))], dtype=object)", "np.zeros((1, 5, 3))", "np.zeros((1, 5, 4))", "pd.DataFrame({'a': [[1, 2, 3]]})", "np.zeros(3)"]),
    ([tensor("float64", [2, 3])], ["np.zeros((2, 3))", "np.zeros((3, 2))", "pd.DataFrame({'a': [[1, 2, 3], [1, 2, 3]]})", "pd.DataFrame(np.zeros((2, 3)))"]),
    ([tensor("float64", [])], ["np.array(0.5)", "np.zeros(1)", "0.5"]),
    ([tensor("str", [-1])], ["np.array(['a', 'bcd'])", "np.array([b'a'])", "np.array(['a'], dtype=object)", "pd.Series(['a', 'bcd'])", "['a']"]),
    ([tensor("bytes", [-1])], ["np.array([b'a', b'bcd'])", "np.array(['a'])"]),
    ([tensor("bool", [-1])], ["np.array([True])", "np.array([1])", "pd.Series([1, 0])"]),
    ([tensor("datetime64[ns]", [-1])], ["np.array(['2026-01-31'], dtype='datetime64[ns]')", "np.array(['2026-01-31'], dtype='datetime64[s]')"]),
    ([tensor("uint8", [-1, 2, 2])], ["np.zeros((1, 2, 2), dtype='uint8')", "np.zeros((1, 2, 2))", "pd.DataFrame({'a': [[1, 2, 3, 4]]})", "pd.DataFrame({'a': [[1, 2, 3, 300]]})", "pd.DataFrame({'a': [[1, 2, 3]]})"]),
    (
        [tensor("float64", [-1, 2], "a"), tensor("int64", [-1], "b")],
        [
            "{'a': np.zeros((3, 2)), 'b': np.array([1, 2, 3])}",
            "{'b': np.array([1]), 'a': np.zeros((3, 2))}",
            "{'a': np.zeros((3, 2)), 'b': np.array([1]), 'c': 1}",
            "{'a': np.zeros((3, 2))}",
            "{'a': np.zeros((3, 2)), 'b': [1]}",
            "{'a': sp.csr_matrix(np.eye(2)), 'b': np.array([1])}",
            "{'a': np.zeros((3, 3)), 'b': np.array([1])}",
            "{'a': np.zeros((3, 2)), 'b': np.array([1], dtype='int32')}",
            "pd.DataFrame({'a': [[1, 2], [3, 4]], 'b': [5, 6]})",
            "pd.DataFrame({'b': [5, 6], 'c': [0, 0], 'a': [[1, 2], [3, 4]]})",
            "pd.DataFrame({'a': [[1, 2], [3, 4]]})",
            "pd.DataFrame({'a': [1, 2], 'b': [5, 6]})",
            "np.zeros((3, 2))",
            "[np.zeros((3, 2)), np.array([1])]",
            "{}",
            "None",
        ],
    ),
    (
        [tensor("float32", [-1, 2], "a")],
        ["np.zeros((3, 2), dtype='float32')", "np.zeros((3, 2))", "{'a': np.zeros((3, 2), dtype='float32')}", "pd.DataFrame({'a': [[1, 2]]})", "pd.DataFrame({'z': [[1, 2]]})", "pd.Series([[1, 2]], name='a')", "pd.Series([[1, 2]])", "{'a': [[1, 2]]}", "[[1, 2]]", "sp.csr_matrix(np.eye(2, dtype='float32'))"],
    ),
]  # fmt: skip


def tensors() -> Iterator[Case]:
    for items, inputs in TENSORS:
        for data in inputs:
            yield Case("inputs", items, data)


# -- params -----------------------------------------------------------------------------------------------

DEFAULTS = {
    "boolean": True,
    "integer": 1,
    "long": 1,
    "float": 0.5,
    "double": 0.5,
    "string": "x",
    "datetime": "2026-01-31T10:00:00",
}
VALUES = [
    "None",
    "True",
    "1",
    "0.5",
    "nan",
    "'x'",
    "'2026-01-31'",
    "'2026'",
    "''",
    "10**20",
    "b'x'",
    "1j",
    "[1]",
    "[]",
    "{}",
    "(1, 2)",
    "Decimal('1.5')",
    "dt.date(2026, 1, 31)",
    "dt.datetime(2026, 1, 31, 10)",
    "pd.Timestamp('2026-01-31')",
    "np.datetime64('2026-01-31')",
    "np.datetime64('2026-01-31', 'ns')",
    "np.bool_(True)",
    "np.int8(1)",
    "np.int32(1)",
    "np.int64(1)",
    "np.uint8(1)",
    "np.float16(0.5)",
    "np.float32(0.5)",
    "np.float64(0.5)",
    "np.str_('x')",
    "np.array(1)",
    "np.array([1])",
    "len",
]
LISTS = ["[1, 2]", "[]", "[0.5, 1]", "['x']", "[True]", "[None]", "[[1]]", "np.array([1, 2])", "np.array([0.5])", "np.array(['x'])", "1", "'ab'", "(1, 2)", "None", "[1, [2]]", "['2026-01-31']", "np.zeros((2, 2))"]  # fmt: skip


def param(
    type_: str, default: Any, shape: list[int] | None = None, name: str = "p", **more: Any
) -> dict[str, Any]:
    return {"name": name, "type": type_, "default": default, "shape": shape, **more}


def params() -> Iterator[Case]:
    for type_, default in DEFAULTS.items():
        for value in VALUES:
            yield Case("params", [param(type_, default)], f"{{'p': {value}}}")
        for value in LISTS:
            yield Case("params", [param(type_, [default], [-1])], f"{{'p': {value}}}")
        yield Case("params", [param(type_, default), param(type_, [default], [-1], "q")], "None")
        yield Case("params", [param(type_, None)], "{}")
    two = [param("double", 1), param("string", "x", None, "q")]
    for data in (
        "{'p': 2}",
        "{'q': 'y'}",
        "{'r': 1}",
        "{'P': 2, 'q': 'y'}",
        "{1: 2}",
        "None",
        "{}",
        "[('p', 1)]",
        "'p'",
        "{'p': 'x', 'q': 1}",
    ):
        yield Case("params", two, data)
    yield Case("params", [param("long", 1, None, "1")], "{1: 5}")
    yield Case("params", [{"name": "p", "dtype": "long", "default": 3}], "{}")


OBJECT = {key: value for key, value in obj(a=of("long"), b=optional(of("string"))).items() if key != "type"}


def object_params() -> Iterator[Case]:
    for value in (
        "{'a': 1}",
        "{'a': 1, 'b': 'x'}",
        "{'a': 'x'}",
        "{}",
        "None",
        "{'a': 1, 'c': 2}",
        "[{'a': 1}]",
        "{'a': np.int32(1)}",
    ):
        yield Case("params", [param("object", {"a": 1}, **OBJECT)], f"{{'p': {value}}}")
    yield Case("params", [param("object", {"a": 1}, **OBJECT)], "{}")
    yield Case("params", [param("object", [{"a": 1}], [-1], **OBJECT)], "{}")


OLD = [*scalars(), *forms(), *nested(NESTED), *tensors(), *params()]
"""What 2.15.0 knows, too."""
ALL = [*OLD, *nested(NEWER), *object_params()]
