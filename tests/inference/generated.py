"""Random data as expressions that :mod:`comparing` evaluates."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

EXAMPLES = 400

NAMES = st.sampled_from(["a", "b", "c", "\u00e9", "", "a b"])
_INTEGERS = st.integers(-(2**63), 2**63 - 1)
_FLOATS = st.floats()
_DATES = st.dates().map(lambda date: f"dt.date({date.year}, {date.month}, {date.day})")
_MISSING = st.sampled_from(["None", "math.nan", "pd.NA", "pd.NaT", "[]", "{}"])


def said(value: Any) -> str:
    """A scalar of Python as an expression."""
    if isinstance(value, float) and not math.isfinite(value):
        return "math.nan" if math.isnan(value) else f"{'-' if value < 0 else ''}math.inf"
    return repr(value)


_KINDS = {
    "long": _INTEGERS.map(said),
    "double": _FLOATS.map(said),
    "boolean": st.booleans().map(said),
    "string": st.text(max_size=3).map(said),
    "binary": st.binary(max_size=3).map(said),
    "datetime": _DATES,
    "integer": st.integers(-9, 9).map("np.int32({})".format),
    "float": st.integers(-9, 9).map("np.float32({})".format),
}
_SCALARS = st.one_of(list(_KINDS.values()))
_ALIKE = st.sampled_from(sorted(_KINDS)).flatmap(lambda kind: st.lists(_KINDS[kind], min_size=1, max_size=4))


def _listed(items: list[str]) -> str:
    return f"[{', '.join(items)}]"


def _mapped(items: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name!r}: {value}" for name, value in items.items()) + "}"


def nested(*, missing: bool) -> st.SearchStrategy[str]:
    """Lists and dictionaries in each other, values missing here and there or not."""
    leaves = (
        st.one_of(_SCALARS, _ALIKE.map(_listed), _MISSING)
        if missing
        else st.one_of(_SCALARS, _ALIKE.map(_listed))
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(_mapped),
            # The same shape more than once, since lists of unlike things have no type.
            inner.flatmap(
                lambda one: st.sampled_from([[one], [one, one], [one, "None"] if missing else [one]])
            ).map(_listed),
        ),
        max_leaves=6,
    )


@st.composite
def rows(draw: st.DrawFn, *, missing: bool) -> str:
    """Dictionaries with some of the same columns."""
    columns = draw(st.dictionaries(NAMES, st.sampled_from(sorted(_KINDS)), min_size=1, max_size=3))
    found = []
    for _ in range(draw(st.integers(1, 3))):
        row = {}
        for name, kind in columns.items():
            if draw(st.booleans()):
                value = _KINDS[kind] | _MISSING if missing else _KINDS[kind]
                row[name] = draw(
                    st.one_of(value, st.just(f"[{draw(_KINDS[kind])}]") if len(name) == 3 else value)
                )
        found.append(_mapped(row))
    return _listed(found)


_DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
_DTYPES += [
    "float16",
    "float32",
    "float64",
    "Int64",
    "Float32",
    "boolean",
    "string",
    "category",
    "object",
    "str",
]


@st.composite
def frames(draw: st.DrawFn, *, missing: bool) -> str:
    """Data frames of pandas."""
    size = draw(st.integers(0, 3))
    columns = {}
    for name in draw(st.lists(NAMES, unique=True, min_size=1, max_size=3)):
        dtype = draw(st.sampled_from(_DTYPES))
        if dtype in ("object", "category"):
            cells = draw(st.sampled_from(sorted(_KINDS)).map(_KINDS.__getitem__))
            values = draw(
                st.lists(cells | st.just("None") if missing else cells, min_size=size, max_size=size)
            )
        elif dtype in ("string", "str"):
            values = draw(st.lists(st.text(max_size=3).map(said), min_size=size, max_size=size))
        else:
            values = [draw(st.sampled_from(["0", "1"])) for _ in range(size)]
            if missing and size and dtype in ("Int64", "Float32", "boolean", "float32", "float64"):
                values[0] = "None"
        columns[name] = f"pd.Series({_listed(values)}, dtype={dtype!r})"
    return f"pd.DataFrame({_mapped(columns)})"


@st.composite
def arrays(draw: st.DrawFn) -> str:
    """Arrays of numpy, alone and under names."""
    dtype = draw(st.sampled_from([*_DTYPES[:12], "U3", "S2", "datetime64[s]", "complex64", "object", ">i4"]))
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    array = f"np.zeros({shape}, dtype={dtype!r})"
    return draw(
        st.sampled_from(
            [
                array,
                _mapped({draw(NAMES): array}),
                f"sp.csr_matrix(np.zeros((2, 3), dtype={dtype!r}))" if dtype == "float32" else array,
            ]
        )
    )


def schemas(*, missing: bool) -> st.SearchStrategy[str]:
    """Whatever inputs can be; None alone is none."""
    kinds = (nested(missing=missing), rows(missing=missing), frames(missing=missing), arrays())
    return st.one_of(kinds).filter(lambda expression: expression != "None")


def params() -> st.SearchStrategy[str]:
    """Dictionaries of defaults."""
    numbers = st.one_of(_KINDS["long"], _KINDS["double"], _KINDS["integer"], _KINDS["float"])
    value = st.one_of(
        _SCALARS, _ALIKE.map(_listed), st.lists(numbers, max_size=3).map(_listed), nested(missing=True)
    )
    return st.dictionaries(NAMES, value, min_size=1, max_size=3).map(_mapped)


def drawn(strategy: st.SearchStrategy[str]) -> list[str]:
    """Random expressions, other ones with each run."""
    found: list[str] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(expression: str) -> None:
        found.append(expression)

    draw()
    return found
