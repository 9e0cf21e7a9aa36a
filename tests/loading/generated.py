"""Signatures and inputs that hypothesis makes up: near enough to each other that about half of them fit."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.loading import cases
from tests.loading.cases import Case

NAMES = ("a", "b", "c")
ITEMS = {
    "boolean": ["True", "False"],
    "integer": ["0", "1", "7"],
    "long": ["0", "1", str(2**40)],
    "float": ["0.5", "1.0"],
    "double": ["0.5", "nan", "1.0"],
    "string": ["'x'", "'1'", "''"],
    "binary": ["b'x'", "b''"],
    "datetime": ["dt.datetime(2026, 1, 31)", "np.datetime64('2026-01-31')", "pd.NaT"],
}
DTYPES = {
    "boolean": ["bool", "object", "boolean"],
    "integer": ["int8", "uint16", "int32", "int64", "Int32", "object"],
    "long": ["int64", "Int64", "object", "uint64"],
    "float": ["float16", "float32", "float64", "object"],
    "double": ["float64", "Float64", "object"],
    "string": ["object", "str", "string", "category"],
    "binary": ["object"],
    "datetime": ["datetime64[s]", "datetime64[ns]", "object"],
}
ODD = ["None", "nan", "'x'", "1.5", "{}", "[]", "True"]


@st.composite
def series(draw: st.DrawFn, type_: str, rows: int) -> str:
    """A column that fits the type, more often than not."""
    held = draw(st.sampled_from([type_] * 4 + list(cases.SCALARS)))
    items = draw(st.lists(st.sampled_from(ITEMS[held] * 3 + ODD[:2]), min_size=rows, max_size=rows))
    dtype = draw(st.sampled_from(["", *DTYPES[held]]))
    given = f", dtype={dtype!r}" if dtype else ""
    return f"pd.Series([{', '.join(items)}]{given}).values"


@st.composite
def columns(draw: st.DrawFn) -> Case:
    types = draw(st.lists(st.sampled_from(cases.SCALARS), min_size=1, max_size=3))
    is_named = draw(st.sampled_from([True, True, False]))
    items = [
        cases.column(type_, name if is_named else None, required=not is_named or draw(st.booleans()))
        for type_, name in zip(types, NAMES, strict=False)
    ]
    rows = draw(st.integers(0, 3))
    given = {name: draw(series(type_, rows)) for type_, name in zip(types, NAMES, strict=False)}
    if draw(st.booleans()):
        given["c"] = draw(series("long", rows))
    if draw(st.sampled_from([True, False, False])):
        given.pop(draw(st.sampled_from(sorted(given))))
    order = draw(st.permutations(sorted(given)))
    inside = ", ".join(f"{name!r}: {given[name]}" for name in order)
    frame = f"pd.DataFrame({{{inside}}})"
    index = f"pd.DataFrame({{{inside}}}, index=[{', '.join(map(str, range(5, 5 + rows)))}])"
    others = [".to_numpy()", ".to_dict('records')", ".to_dict('list')", ".values.tolist()", ".iloc[:, 0]"]
    forms = [frame, frame, index, f"{{{inside}}}", *(frame + other for other in others)]
    form = draw(st.sampled_from(forms))
    return Case("inputs", items, form)


def types(*, newest: bool) -> st.SearchStrategy[dict[str, Any]]:
    leaves = st.sampled_from(cases.SCALARS).map(cases.of)
    if newest:
        leaves = leaves | st.just(cases.of("any"))

    def around(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        properties = st.dictionaries(
            st.sampled_from(NAMES),
            st.builds(lambda spec, required: {**spec, "required": required}, inner, st.booleans()),
            min_size=1,
        )
        return (
            inner.map(cases.array)
            | inner.map(cases.mapping)
            | properties.map(lambda found: cases.obj(**found))
        )

    return st.recursive(leaves, around, max_leaves=4)


@st.composite
def value(draw: st.DrawFn, spec: dict[str, Any]) -> str:
    """An expression for a value of a type, or nearly one."""
    if draw(st.integers(0, 11)) == 0:
        return draw(st.sampled_from(ODD))
    type_ = spec["type"]
    if type_ == "array":
        inside = ", ".join(draw(st.lists(value(spec["items"]), max_size=2)))
        return draw(st.sampled_from([f"[{inside}]", f"[{inside}]", f"np.array([{inside}], dtype=object)"]))
    if type_ == "map":
        inside = ", ".join(
            f"{key!r}: {draw(value(spec['values']))}" for key in NAMES[: draw(st.integers(0, 2))]
        )
        return f"{{{inside}}}"
    if type_ == "object":
        present = [
            name for name, each in spec["properties"].items() if each["required"] or draw(st.booleans())
        ]
        inside = ", ".join(f"{name!r}: {draw(value(spec['properties'][name]))}" for name in present)
        return f"{{{inside}}}"
    return draw(st.sampled_from(ITEMS.get(type_, ODD)))


@st.composite
def nested(draw: st.DrawFn, *, newest: bool = True) -> Case:
    spec = draw(types(newest=newest))
    required = draw(st.booleans())
    named = {"name": "a"} if draw(st.booleans()) or not required else {}
    rows = ", ".join(draw(st.lists(value(spec), min_size=1, max_size=2)))
    frame = f"pd.DataFrame({{'a': pd.Series([{rows}], dtype=object)}})"
    form = draw(
        st.sampled_from([frame, frame, f"{frame}.to_dict('records')", f"{frame}.to_dict('records')[0]"])
    )
    return Case("inputs", [{**spec, **named, "required": required}], form)


@st.composite
def tensors(draw: st.DrawFn) -> Case:
    names = draw(st.sampled_from([(None,), ("a",), ("a", "b")]))
    kinds = ("float64", "float32", "int64", "str", "object")
    items, given = [], {}
    for name in names:
        dtype = draw(st.sampled_from(kinds))
        shape = draw(st.lists(st.sampled_from([-1, 1, 2]), max_size=3))
        items.append(cases.tensor(dtype, shape, name))
        real = [2 if length == -1 else length for length in shape]
        if draw(st.integers(0, 6)) == 0:
            real.append(1)
        held = draw(st.sampled_from([dtype] * 4 + list(kinds)))
        made = f"np.zeros({tuple(real)}, dtype={held!r})"
        given[name or "a"] = draw(st.sampled_from([made, made, f"{made}.tolist()"]))
    inside = ", ".join(f"{name!r}: {each}" for name, each in given.items())
    first = next(iter(given.values()))
    fitting = f"{{{inside}}}" if names[0] else first
    frame = f"pd.DataFrame({{name: list(each) for name, each in {{{inside}}}.items()}})"
    form = draw(
        st.sampled_from([fitting] * 4 + [first, frame, frame, f"[{first}]", f"sp.csr_matrix({first})"])
    )
    return Case("inputs", items, form)


@st.composite
def params(draw: st.DrawFn) -> Case:
    items, given = [], {}
    for name in NAMES[: draw(st.integers(1, 3))]:
        type_, shape = draw(st.sampled_from(sorted(cases.DEFAULTS))), draw(st.sampled_from([None, [-1]]))
        default = cases.DEFAULTS[type_]
        items.append(cases.param(type_, [default] if shape else default, shape, name))
        if draw(st.booleans()):
            fitting = [repr(default), f"[{default!r}]", f"np.array([{default!r}])"]
            given[name] = draw(st.sampled_from(fitting * 4 + cases.VALUES + cases.LISTS))
    if draw(st.booleans()):
        given["d"] = "1"
    return Case("params", items, "{" + ", ".join(f"{name!r}: {each}" for name, each in given.items()) + "}")
