"""Writes ``$id`` into the schemas that refer to no other file, and the bundles: ``schemas/bundles/*.bundle.schema.json``, one self-contained
schema a document, and ``schemas/schemastore/``, a submission to SchemaStore.

``python tools/bundles.py`` writes, ``python tools/bundles.py --check`` only compares.

A bundle is made for editors and for programs that take one file.  It is draft-07, refers to nothing outside, compiles in
ajv's strict mode, and has no words that begin with ``x-``: what they say of releases and rules stands in
``markdownDescription``.  Conditions are written with ``pattern`` where they compare texts, so that an editor shows no values
of a condition as those that are allowed; retired flavors have a ``deprecationMessage``.  The lenient bundle of the MLmodel file
refuses only what is an error: what readers fail on.
"""

from __future__ import annotations

import copy
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "validator")]

from mlmodel.common.texts import pointer_steps  # noqa: E402
from mlmodel.standard import rules  # noqa: E402
from tools.generated import write_or_check  # noqa: E402

SCHEMAS = ROOT / "schemas"
TARGET = SCHEMAS / "bundles"
DRAFT = "http://json-schema.org/draft-07/schema#"
BASE = f"{rules.REPOSITORY}/raw/main/schemas/"
"""Where the schemas are: the beginning of the ``$id`` of each bundle."""

Json = dict[str, Any]

_BY_TYPE = {
    "object": (
        "required", "properties", "patternProperties", "additionalProperties", "propertyNames", "minProperties",
        "maxProperties", "dependencies",
    ),
    "array": ("items", "minItems", "maxItems", "uniqueItems", "contains"),
    "string": ("pattern", "patternErrorMessage", "minLength", "maxLength", "contentMediaType"),
    "number": ("minimum", "maximum", "exclusiveMinimum"),
}  # fmt: skip
"""The keywords that say something of values of one type only."""
_TYPES = ("object", "array", "string", "number", "boolean", "null")
_KIND = {keyword: kind for kind, keywords in _BY_TYPE.items() for keyword in keywords}
_ASSERTIONS = ("required", "enum", "const", "pattern", "not", "anyOf", "minProperties", "minItems", "minLength", "minimum",
               "uniqueItems", "additionalProperties", "contains")  # fmt: skip
_COLUMN_TYPES = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime", "array", "object", "map", "any",
                 "sparkml_vector", "tensor")  # fmt: skip
_ARRAY_TEXT = r'\s*\[\s*(\{\s*("[\s\S]*|\}[\s\S]*))?\]\s*'
_KNOWN_TYPES = rf'(?![\s\S]*"type"\s*:\s*"(?!({"|".join(_COLUMN_TYPES)})"))'
_TEXTS = {
    "signature-columns.schema.json": rf"^{_KNOWN_TYPES}({_ARRAY_TEXT})?$",
    "signature-params.schema.json": rf"^({_ARRAY_TEXT})?$",
}
"""What can be seen of JSON inside a string: that it is an array of objects with keys in double quotes, and of known types."""


def load(name: str) -> Json:
    """A schema of the repository."""
    document: Json = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return document


# -- one document ------------------------------------------------------------------------------------


class Bundle:
    """One schema without references to others."""

    def __init__(self, *, lenient: bool = False) -> None:
        self.lenient = lenient
        self.definitions: Json = {}
        self._named: dict[tuple[str, str], str] = {}

    def made(self, name: str, pointer: str = "") -> Json:
        """The schema ``name``, or one of its definitions, resolved."""
        found: Json = self._node(_at(load(name), pointer), name, [], condition=False)
        return found

    def _node(self, node: Any, name: str, outer: list[Json], *, condition: bool) -> Any:
        """A subschema in the form of a bundle.

        Args:
            node: the subschema.
            name: the file that it stands in.
            outer: the ``x-rules`` around it, outermost first.
            condition: whether it is compared only, below ``if``, ``not`` or ``contains``.
        """
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return self._reference(node, name, outer, condition=condition)
        around = [*outer, node["x-rules"]] if "x-rules" in node else outer
        kept = self._tolerant(node, around) if self.lenient and not condition else dict(node)
        found: Json = {}
        for key, value in kept.items():
            if key.startswith("x-") or key in ("definitions", "$schema", "$id"):
                continue
            found[key] = self._below(key, value, name, around, condition=condition)
        if condition:
            found = _compared(found)
        elif "title" in node:
            found["markdownDescription"] = _described(node)
        if "x-content-schema" in node and not condition:
            found["contentMediaType"] = "application/json"
            found["pattern"] = _TEXTS[node["x-content-schema"]]
            found["patternErrorMessage"] = (
                "Expected a JSON array of objects, with keys and texts in double quotes, and types of the standard."
            )
        if "pattern" in found and not condition and "x-content-schema" not in node:
            found["patternErrorMessage"] = f"Expected {_expected(node)}."
        about = node.get("x-flavor")
        if about and about["removed-in"]:
            found["deprecated"] = True
            if self.lenient:
                found["doNotSuggest"] = True
            else:
                found["deprecationMessage"] = _retired(about)
        return found

    def _below(self, key: str, value: Any, name: str, outer: list[Json], *, condition: bool) -> Any:
        if key in ("properties", "patternProperties"):
            return {one: self._node(below, name, outer, condition=condition) for one, below in value.items()}
        if key in ("allOf", "anyOf", "oneOf"):
            return [self._node(below, name, outer, condition=condition) for below in value]
        if key in ("if", "not", "contains"):
            return self._node(value, name, outer, condition=True)
        if key in ("then", "else", "items", "additionalProperties", "propertyNames"):
            return self._node(value, name, outer, condition=condition)
        return copy.deepcopy(value)

    def _reference(self, node: Json, name: str, outer: list[Json], *, condition: bool) -> Any:
        """What a reference names: in place, or as a definition where it is used within itself or is a flavor."""
        file, _, pointer = node["$ref"].partition("#")
        file = file or name
        target = _at(load(file), pointer)
        if condition:
            return self._node(target, file, outer, condition=True)
        if not file.startswith("flavors/") and not _is_recursive(file, pointer):
            merged = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
            return self._node(merged, file, outer, condition=False)
        word = self._named.get((file, pointer))
        if word is None:
            word = pointer.rpartition("/")[2] or Path(file).name.partition(".")[0]
            self._named[file, pointer] = word
            self.definitions[word] = {}  # it may name itself
            self.definitions[word] = self._node(target, file, outer, condition=False)
        return {"$ref": f"#/definitions/{word}"}

    def _tolerant(self, node: Json, outer: list[Json]) -> Json:
        """A subschema without what is no error."""
        kept = dict(node)
        for keyword in _ASSERTIONS:
            if keyword in kept and keyword != "required" and not _is_error(keyword, outer):
                del kept[keyword]
        if "required" in kept:
            kept["required"] = [
                key for key in kept["required"] if _is_error(f"required:{key}", outer, "required")
            ]
            if not kept["required"]:
                del kept["required"]
        if "type" in kept:
            types = [kept["type"]] if isinstance(kept["type"], str) else list(kept["type"])
            if not _is_error("type", outer):
                del kept["type"]
            else:
                if "null" not in types and not _is_error("type:null", outer, "type"):
                    types.append("null")
                if "string" in types and not _is_error("type:scalar", outer, "type"):
                    types += [kind for kind in ("number", "boolean") if kind not in types]
                kept["type"] = types if len(types) > 1 else types[0]
        return kept


def _at(document: Any, pointer: str) -> Any:
    for step in pointer_steps(pointer):
        document = document[step]
    return document


def _is_recursive(file: str, pointer: str) -> bool:
    """Whether a subschema refers, by whatever way, to itself."""
    seen: set[tuple[str, str]] = set()

    def walk(node: Any, name: str) -> bool:
        if isinstance(node, list):
            return any(walk(one, name) for one in node)
        if not isinstance(node, dict):
            return False
        if isinstance(node.get("$ref"), str):
            other, _, place = node["$ref"].partition("#")
            aim = (other or name, place)
            if aim == (file, pointer):
                return True
            if aim not in seen:
                seen.add(aim)
                if walk(_at(load(aim[0]), place), aim[0]):
                    return True
        return any(walk(one, name) for key, one in node.items() if not key.startswith("x-"))

    return walk(_at(load(file), pointer), file)


def _is_error(keyword: str, outer: list[Json], otherwise: str | None = None) -> bool:
    """Whether the nearest rule of a keyword is an error; a keyword without a rule is one."""
    for words in reversed(outer):
        for key in (keyword, otherwise):
            if key is not None and key in words:
                return rules.catalogue()[words[key]].severity.name == "ERROR"
    return True


def _retired(about: Json) -> str:
    """What is said of a flavor that is no more."""
    return f"MLflow has had no such flavor since {about['removed-in']}; releases from {about['since']} to {about['until']} load it."


def _expected(node: Json) -> str:
    """What a pattern is for, as the validator says it."""
    words = str(node.get("x-expected") or node["title"])
    return words[:1].lower() + words[1:]


def _described(node: Json) -> str:
    """What an editor shows of a key: what it is, which releases have it, and the pages of its rules."""
    lines = [str(node.get("description", node["title"]))]
    about = node.get("x-flavor")
    if about:
        lines.append(_retired(about) if about["removed-in"] else f"Flavor of MLflow since {about['since']}.")
    if "x-not-in" in node:
        lines.append(f"Since MLflow {node['x-since']}.")
    if "x-until" in node:
        lines.append(f"Written up to MLflow {node['x-until']}.")
    if "x-path" in node:
        lines.append("A path in the model directory, with forward slashes.")
    named = sorted(set(node.get("x-rules", {}).values()))
    if named:
        links = ", ".join(f"[{rule}]({rules.catalogue()[rule].url})" for rule in named)
        lines.append(f"Rules: {links}")
    return "\n\n".join(lines)


# -- what editors misread, and what strict readers refuse -------------------------------------------------


def _compared(node: Json) -> Json:
    """A condition without lists of values, titles and descriptions, which editors show as what is allowed."""
    found = {
        key: value
        for key, value in node.items()
        if key not in ("title", "description", "default", "examples")
    }
    values = found.pop("enum", None)
    if values is None and isinstance(found.get("const"), str):
        values = [found.pop("const")]
    if values is not None:
        texts: list[str] = [value for value in values if isinstance(value, str)]
        others = [value for value in values if not isinstance(value, str)]
        if not texts:
            return {**found, "enum": values}
        pattern = f"^({'|'.join(map(re.escape, texts))})$".replace("\\-", "-")
        text = {"type": "string", "pattern": pattern}
        if not others:
            return {**found, **text}
        nulls = [{"type": "null"}] if None in others else []
        rest = [{"enum": rest}] if (rest := [value for value in others if value is not None]) else []
        return {**found, "anyOf": [text, *nulls, *rest]}
    return found


def strict(node: Any, types: tuple[str, ...] = ()) -> Any:
    """A subschema that says the type of what its keywords are about, and names each property that it requires.

    Args:
        node: the subschema.
        types: the types that the schemas around it leave.
    """
    if not isinstance(node, dict) or "$ref" in node:
        return node
    found = dict(node)
    _hoist_type(found)
    given = found.get("type")
    own = tuple([given] if isinstance(given, str) else given or ())
    wanted = tuple(dict.fromkeys(_KIND[key] for key in found if key in _KIND))
    if not own and wanted and not set(wanted) <= set(types):
        return strict(_for_each(found, wanted), types)
    if "required" in found:
        properties = dict(found.get("properties", {}))
        for key in found["required"]:
            properties.setdefault(key, True)
        found["properties"] = properties
    inside = own or types
    for key, value in list(found.items()):
        if key in ("properties", "patternProperties", "definitions"):
            found[key] = {name: strict(below) for name, below in value.items()}
        elif key in ("items", "additionalProperties", "propertyNames", "contains"):
            found[key] = strict(value)
        elif key in ("allOf", "anyOf", "oneOf"):
            found[key] = [strict(below, inside) for below in value]
        elif key in ("if", "then", "else", "not"):
            found[key] = strict(value, inside)
    return _without_union(found, own)


def _for_each(node: Json, kinds: tuple[str, ...]) -> Json:
    """The same of values of any type: of each kind what is said of it, of others nothing."""
    found = {key: value for key, value in node.items() if _KIND.get(key) not in kinds}
    members = [
        {
            "anyOf": [
                {"type": kind, **{key: node[key] for key in _BY_TYPE[kind] if key in node}},
                {"not": {"type": kind}},
            ]
        }
        for kind in kinds
    ]
    if len(members) == 1 and "anyOf" not in found:
        return {**found, **members[0]}
    return {**found, "allOf": [*found.get("allOf", []), *members]}


def _hoist_type(node: Json) -> None:
    """Say the type of the value itself where only a member of ``allOf`` says it."""
    members = node.get("allOf")
    if not members or "type" in node:
        return
    for member in members:
        if (
            isinstance(member, dict)
            and isinstance(member.get("type"), (str, list))
            and set(member) == {"type"}
        ):
            node["type"] = member["type"]
            rest = [one for one in members if one is not member]
            if rest:
                node["allOf"] = rest
            else:
                del node["allOf"]
            return


def _without_union(node: Json, own: tuple[str, ...]) -> Json:
    """Alternatives in place of a list of several types, each with the keywords of its type."""
    if len(own) < 2 or (len(own) == 2 and "null" in own):
        return node
    spoken = {
        key
        for kind in own
        for key in _BY_TYPE.get("number" if kind == "integer" else kind, ())
        if key in node
    }
    if not spoken and "not" not in node and "integer" not in own:
        # Alternatives would each be shown by an editor.
        others = [{"type": kind} for kind in _TYPES if kind not in own]
        rest = {key: value for key, value in node.items() if key != "type"}
        return {**rest, "not": others[0] if len(others) == 1 else {"anyOf": others}}
    alternatives: list[Json] = []
    moved: set[str] = set()
    for kind in own:
        keywords = _BY_TYPE.get("number" if kind == "integer" else kind, ())
        moved |= set(keywords)
        alternatives.append({"type": kind, **{key: node[key] for key in keywords if key in node}})
    rest = {key: value for key, value in node.items() if key != "type" and key not in moved}
    if "anyOf" in rest:
        rest["allOf"] = [*rest.get("allOf", []), {"anyOf": rest.pop("anyOf")}]
    return {**rest, "anyOf": alternatives}


# -- the files ---------------------------------------------------------------------------------------


def bundle(name: str, title: str, *, lenient: bool = False) -> Json:
    """The bundle of one document."""
    maker = Bundle(lenient=lenient)
    body = maker.made(name)
    body.pop("markdownDescription", None)
    return _whole(body, maker, title)


def signature_bundle() -> Json:
    """The signature as JSON, when its strings have been read."""
    maker = Bundle()
    columns, params = maker.made("signature-columns.schema.json"), maker.made("signature-params.schema.json")
    maker.definitions |= {"columns": columns, "params": params}
    body: Json = {
        "title": "Signature",
        "description": "The signature of a model, after the JSON texts in its strings were read.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            key: {"anyOf": [{"type": "null"}, {"$ref": f"#/definitions/{definition}"}]}
            for key, definition in (("inputs", "columns"), ("outputs", "columns"), ("params", "params"))
        },
    }
    return _whole(body, maker, "signature.bundle.schema.json")


def _whole(body: Json, maker: Bundle, file: str) -> Json:
    definitions = {"definitions": {name: maker.definitions[name] for name in sorted(maker.definitions)}}
    made: Json = strict({**body, **(definitions if maker.definitions else {})})
    return {
        "$schema": DRAFT,
        "$id": f"{BASE}bundles/{file}",
        "$comment": "Generated by tools/bundles.py; change the schemas that it is made of.",
        **made,
    }


def bundles() -> dict[str, Json]:
    """Every bundle by the name of its file."""
    return {
        "mlmodel.bundle.schema.json": bundle("mlmodel.schema.json", "mlmodel.bundle.schema.json"),
        "mlmodel.lenient.bundle.schema.json": bundle(
            "mlmodel.schema.json", "mlmodel.lenient.bundle.schema.json", lenient=True
        ),
        "conda.bundle.schema.json": bundle("conda.schema.json", "conda.bundle.schema.json"),
        "python-env.bundle.schema.json": bundle("python-env.schema.json", "python-env.bundle.schema.json"),
        "signature.bundle.schema.json": signature_bundle(),
    }


# -- SchemaStore -------------------------------------------------------------------------------------

STORE = SCHEMAS / "schemastore"
STORE_ID = "https://www.schemastore.org/mlmodel.json"
_FOR_SOME_EDITORS = ("deprecationMessage", "doNotSuggest", "patternErrorMessage")
"""Words that SchemaStore's check does not know."""
_PRAGMA = "# yaml-language-server: $schema=../../schemas/json/mlmodel.json\n"
_WRITTEN = (
    "1.0.0-sklearn",
    "1.10.0-pyfunc-artifacts-code-example",
    "1.30.1-pyfunc-signature-tensor",
    "2.20.4-pyfunc-chat-model-from-code",
    "3.10.1-pyfunc-auth-policy",
)
"""Cases of the conformance suite whose MLmodel file is a positive test."""
_BROKEN: dict[str, tuple[tuple[str, ...], Any]] = {
    "env-vars-not-list": (("env_vars",), "HOME"),
    "example-type-unknown": (("saved_input_example_info", "type"), "pandas"),
    "flavor-not-mapping": (("flavors", "sklearn"), "model.pkl"),
    "flavors-empty": (("flavors",), {}),
    "loader-module-empty": (("flavors", "python_function", "loader_module"), ""),
    "metadata-not-mapping": (("metadata",), ["a"]),
    "serialization-format-unknown": (("flavors", "sklearn", "serialization_format"), "joblib"),
    "signature-not-json": (("signature", "inputs"), "[{'type': 'double', 'name': 'a'}]"),
    "signature-not-mapping": (("signature",), "double"),
    "signature-type-unknown": (("signature", "inputs"), '[{"type": "float64", "name": "a"}]'),
}
"""Negative tests: what is put where into a valid file, and readers then refuse."""


def store_schema() -> Json:
    """The lenient bundle, with the words and the address of SchemaStore."""

    def walk(node: Any, name: str) -> Any:
        if isinstance(node, list):
            return [walk(one, name) for one in node]
        if not isinstance(node, dict) or name in ("enum", "const", "default"):
            return node
        keep = name in ("properties", "patternProperties", "definitions")
        found = {key: walk(value, key) for key, value in node.items() if keep or key not in _FOR_SOME_EDITORS}
        if not keep and found.get("deprecated") is True:
            found["description"] = f"DEPRECATED. {found['description']}"
        return found

    made: Json = walk(bundle("mlmodel.schema.json", "mlmodel.lenient.bundle.schema.json", lenient=True), "")
    return {**made, "$id": STORE_ID}


def store() -> dict[Path, str]:
    """The files of a submission to SchemaStore, as they lie in its repository."""
    entry = {
        "name": "MLmodel",
        "description": "MLflow model file, the description of a model directory",
        "fileMatch": ["MLmodel"],
        "url": STORE_ID,
    }
    found = {
        STORE / "catalog-entry.json": json.dumps(entry, indent=2) + "\n",
        STORE / "src/schemas/json/mlmodel.json": json.dumps(store_schema(), indent=2, ensure_ascii=False)
        + "\n",
    }
    sources = {
        f"mlflow-{case}": ROOT / "conformance/cases/mlflow" / case / "model/MLmodel" for case in _WRITTEN
    }
    sources["mlflow-2.15.0-sklearn"] = ROOT / "tests/base/MLmodel"
    for name, path in sources.items():
        found[STORE / f"src/test/mlmodel/{name}.yaml"] = _PRAGMA + path.read_text(encoding="utf-8")
    for name, (way, value) in _BROKEN.items():
        changed = yaml.safe_load((ROOT / "tests/base/MLmodel").read_text(encoding="utf-8"))
        place = changed
        for step in way[:-1]:
            place = place[step]
        place[way[-1]] = value
        text = yaml.safe_dump(changed, sort_keys=False, width=1000)
        found[STORE / f"src/negative_test/mlmodel/{name}.yaml"] = _PRAGMA + text
    return found


def _referred() -> set[str]:
    """The names of the files that schemas refer to."""
    texts = (path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.schema.json"))
    return {ref.rpartition("/")[2] for text in texts for ref in re.findall(r'"\$ref": "([^#"]+)', text)}


def identified(path: Path) -> str:
    """The text of a schema with its ``$id``, which is its path.

    One that refers to other files, and that none refers to, has none: programs look for those beside the file.
    """
    text = path.read_text(encoding="utf-8")
    line = f'"$id": "{path.relative_to(SCHEMAS).as_posix()}",'
    without = re.sub(r'^ *"\$id": "[^"]*",\n', "", text, count=1, flags=re.MULTILINE)
    if re.search(r'"\$ref": "[^#]', text) and path.name not in _referred():
        return without
    return re.sub(
        r'^( *)("\$schema": "[^"]*",)\n', rf"\1\2\n\1{line}\n", without, count=1, flags=re.MULTILINE
    )


def main() -> int:
    """Write or compare; 1 when a file is not what the schemas generate."""
    sources = [path for path in sorted(SCHEMAS.rglob("*.schema.json")) if path.parent != TARGET]
    outputs = {path: identified(path) for path in sources}
    outputs |= {
        TARGET / name: json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        for name, made in bundles().items()
    }
    outputs |= store()
    return write_or_check(outputs, "the schemas")


if __name__ == "__main__":
    sys.exit(main())
