"""Pairs of a signature and an example, of every form, from one seed: many fit, most others are wrong in one place."""

from __future__ import annotations

import copy
import random
from typing import Any

SCALARS = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")
DTYPES = ("float32", "float64", "int64", "int32", "uint8", "bool", "str", "object", "bytes", "datetime64[ns]", "float16", "int8")
RIGHT: dict[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "integer": (0, 1, -7, 2**31 - 1),
    "long": (0, 1, 12, -5, 2**40),
    "float": (0.5, 1.0, -2.25, 0, 1),
    "double": (0.5, 1.0, 3.0, 0, 1),
    "string": ("a", "", "1", "é"),
    "binary": ("AAE=", "AAE=\n", "", "aGVsbG8="),
    "datetime": ("2020-01-01", "2021-05-06T07:08:09", "2020-01-01 10:00", "1999-12-31T23:59:59.5"),
}
# fmt: off
ODD: tuple[Any, ...] = (
    None, True, 0, 1, 2, 300, -1, 2**31, 2**63, 2**64, 1.5, 2.0, 1e30, float("nan"), "", "a", "1", "1.5", " 7 ", "1_0", "AAE", "h\u00e9\u00e9!",
    "yesterday", "2020-13-01", "2020-02-30", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00+01:00", "3000-01-01", "January 5",
    "2020-01-01", "01/02/2020", [], [1], [1.5, 2], ["a"], {}, {"x": 1}, [[1, 2]], {"k": None}, "n/a", "true",
)
# fmt: on


class Generator:
    """Cases from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def case(self) -> dict[str, Any]:
        """A signature's ``specs``, the ``form`` of an example, and its ``payload``."""
        r = self.random
        kind = r.choice(("columns",) * 5 + ("tensors",) * 3)
        specs = self.columns() if kind == "columns" else self.tensors()
        form = r.choice(("dataframe",) * 4 + ("json_object",) * 4 + ("ndarray",) * 3 + ("records",) * 2 + ("sparse",))
        if kind == "tensors":
            form = r.choice(("ndarray",) * 6 + ("dataframe",) * 3 + ("sparse",) * 2 + ("json_object", "records"))
        if form == "sparse":
            return {"specs": specs, "form": r.choice(("sparse_matrix_csr", "sparse_matrix_csc")), "payload": self.sparse(specs)}
        payload = self.payload(specs, form)
        if r.random() < 0.65:
            payload = self.spoiled(payload)
        if form == "dataframe" and (not isinstance(payload, dict) or "data" not in payload or payload.keys() - {"columns", "data", "index"}):
            payload = self.payload(specs, form)
        if form == "records" and not isinstance(payload, list):
            payload = self.payload(specs, form)
        return {"specs": specs, "form": form, "payload": payload}

    def odd(self) -> Any:
        """A value that is wrong nearly everywhere."""
        return copy.deepcopy(self.random.choice(ODD))

    # -- signatures --------------------------------------------------------------------------------------

    def type(self, depth: int = 0) -> dict[str, Any]:
        r = self.random
        kind = r.choice(("scalar",) * 3 + ("array", "object", "map", "any")) if depth < 3 else "scalar"
        if kind == "array":
            return {"type": "array", "items": self.type(depth + 1)}
        if kind == "map":
            return {"type": "map", "values": self.type(depth + 1)}
        if kind == "any":
            return {"type": "any"}
        if kind == "object":
            names = r.sample(("role", "content", "x", "n"), r.randint(1, 3))
            return {"type": "object", "properties": {name: {**self.type(depth + 1), "required": r.random() < 0.7} for name in sorted(names)}}
        return {"type": r.choice(("string", "double", "long", "boolean", *SCALARS))}

    def columns(self) -> list[dict[str, Any]]:
        r = self.random
        count = r.choice((1, 1, 1, 2, 2, 3))
        named = r.random() < 0.8
        names: list[Any] = ["a", "b", "c"] if r.random() < 0.93 else [0, 1, 2]
        specs = []
        for index in range(count):
            type_ = {"type": r.choice(SCALARS)} if r.random() < 0.6 else self.type()
            if r.random() < 0.03:
                type_ = {"type": "sparkml_vector"}
            spec = {**type_, "required": not named or r.random() < 0.8}
            if named:
                spec["name"] = names[index]
            specs.append(spec)
        return specs

    def tensors(self) -> list[dict[str, Any]]:
        r = self.random
        count, named = r.choice(((1, False), (1, False), (1, True), (2, True)))
        specs = []
        for index in range(count):
            shape = r.choice(([-1], [-1, 2], [-1, 2], [-1, 1], [-1, 2, 2], [2, 2], [-1, -1], [3]))
            spec: dict[str, Any] = {"type": "tensor", "tensor-spec": {"dtype": r.choice(("float64", "float32", *DTYPES)), "shape": list(shape)}}
            if named:
                spec["name"] = "xy"[index]
            specs.append(spec)
        return specs

    # -- examples ----------------------------------------------------------------------------------------

    def value(self, spec: dict[str, Any], depth: int = 0) -> Any:
        r, type_ = self.random, spec["type"]
        if type_ in RIGHT:
            return r.choice(RIGHT[type_])
        if type_ == "array":
            return [self.value(spec["items"], depth + 1) for _ in range(r.choice((0, 1, 2, 2, 3)))]
        if type_ == "sparkml_vector":
            return [r.choice((0.5, 1.5)) for _ in range(2)]
        if type_ == "map":
            return {key: self.value(spec["values"], depth + 1) for key in r.sample(("k", "l", "m"), r.randint(0, 2))}
        if type_ == "object":
            found = {}
            for name, each in spec["properties"].items():
                if each.get("required", True) or r.random() < 0.6:
                    found[name] = None if not each.get("required", True) and r.random() < 0.3 else self.value(each, depth + 1)
            return found
        return self.odd()

    def number(self, dtype: str) -> Any:
        r = self.random
        if dtype.startswith("float"):
            return r.choice((0.5, 1.0, 2, None))
        if dtype.startswith(("int", "uint")):
            return r.choice((0, 1, 7))
        return r.choice({"bool": (True, False), "datetime64[ns]": ("2020-01-01", "2020-01-01T10:00:00")}.get(dtype, ("a", "bc")))

    def nested(self, dtype: str, shape: list[int], rows: int) -> Any:
        if not shape:
            return self.number(dtype)
        length = rows if shape[0] == -1 else shape[0]
        return [self.nested(dtype, shape[1:], 2) for _ in range(length)]

    def payload(self, specs: list[dict[str, Any]], form: str) -> Any:
        r = self.random
        tensors = specs[0]["type"] == "tensor"
        named = specs[0].get("name") is not None
        rows = r.choice((1, 1, 2, 3))
        if tensors and form in ("ndarray", "json_object"):
            found = {spec.get("name"): self.nested(spec["tensor-spec"]["dtype"], spec["tensor-spec"]["shape"], rows) for spec in specs}
            return found if named and r.random() < 0.8 else next(iter(found.values()))
        if tensors:
            if named or r.random() < 0.4:
                specs = [{**spec, "name": spec.get("name", "x")} for spec in specs]
                names = [spec["name"] for spec in specs]

                def flat(spec: dict[str, Any]) -> Any:
                    shape = spec["tensor-spec"]["shape"][1:]
                    size = 1
                    for each in shape:
                        size *= abs(each)
                    cells = [self.number(spec["tensor-spec"]["dtype"]) for _ in range(size)]
                    return cells if shape and (size > 1 or r.random() < 0.5) else cells[0]

                data: list[Any] = [[flat(spec) for spec in specs] for _ in range(rows)]
            else:
                width = 2 if len(specs[0]["tensor-spec"]["shape"]) > 1 else r.choice((1, 2))
                names = ["p", "q"][:width]
                data = [[self.number(specs[0]["tensor-spec"]["dtype"]) for _ in names] for _ in range(rows)]
            if form == "records":
                return [dict(zip(names, row)) for row in data]
            return {"columns": names, "data": data} if named or r.random() < 0.7 else {"data": data}
        names = [spec.get("name") for spec in specs]
        cells = [[None if not spec["required"] and r.random() < 0.15 else self.value(spec) for spec in specs] for _ in range(rows)]
        if form == "dataframe":
            if not named:
                return {"data": cells} if r.random() < 0.7 else {"columns": ["p", "q", "r"][: len(specs)], "data": cells}
            return {"columns": names, "data": cells}
        keys = [str(name) if name is not None else f"col{index}" for index, name in enumerate(names)]
        if form == "records":
            return [dict(zip(keys, row)) for row in cells]
        if form == "ndarray":
            if not named:
                return cells if len(specs) > 1 or r.random() < 0.5 else [row[0] for row in cells]
            if r.random() < 0.2:
                return [dict(zip(keys, row)) for row in cells]
            return {key: [row[index] for row in cells] if r.random() < 0.8 else cells[0][index] for index, key in enumerate(keys)}
        # json_object
        if not named:
            choice = r.random()
            if len(specs) == 1 and choice < 0.3:
                return cells[0][0]
            return [row[0] for row in cells] if len(specs) == 1 and choice < 0.8 else cells
        choice = r.random()
        if choice < 0.55:
            return dict(zip(keys, cells[0]))
        if choice < 0.75:
            return {key: [row[index] for row in cells] for index, key in enumerate(keys)}
        return [dict(zip(keys, row)) for row in cells]

    def sparse(self, specs: list[dict[str, Any]]) -> dict[str, Any]:
        r = self.random
        value = r.choice((1.5, 2, True))
        shape = r.choice(([2, 2], [2, 2], [3, 2], [2, 3]))
        payload: dict[str, Any] = {"data": [value, value], "indices": [0, 1], "indptr": [0, 1, 2], "shape": list(shape)}
        if r.random() < 0.4:
            payload["indptr"] = r.choice(([0, 1], [1, 1, 2], [0, 1, 2, 2], [0, 0, 5], [0, 2, 2]))
        if r.random() < 0.3:
            payload["data"] = r.choice((["a", "b"], [1.5], [1.5, "a"], [None, 1.5], [1, 1.5]))
        return payload

    # -- what is wrong -----------------------------------------------------------------------------------

    def places(self, value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        found = [path]
        if isinstance(value, dict):
            for key, each in value.items():
                found += self.places(each, (*path, key))
        elif isinstance(value, list):
            for index, each in enumerate(value):
                found += self.places(each, (*path, index))
        return found

    def spoiled(self, payload: Any) -> Any:
        r = self.random
        place = r.choice(self.places(payload)[1:] or [()])
        if not place:
            return self.odd()
        parent = payload
        for step in place[:-1]:
            parent = parent[step]
        how = r.random()
        if how < 0.6:
            parent[place[-1]] = self.odd()
        elif how < 0.75:
            del parent[place[-1]]
        elif isinstance(parent, dict):
            key = str(place[-1])
            new = r.choice((key.upper(), key + " ", "extra"))
            if r.random() < 0.5:
                parent[new] = parent.pop(place[-1])
            else:
                parent[new] = self.odd()
        else:
            parent.insert(place[-1], r.choice((self.odd(), parent[place[-1]])))
        return payload
