"""Model directories made to cost a validator its time, its memory or its life, each up to the limits of what it reads.

Every one of them found something, or guards a place where the obvious code would be quadratic or worse.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.overlay import BASE

MB = 1 << 20
Attack = Callable[[Path], None]
ATTACKS: dict[str, Attack] = {}


def attack(function: Attack) -> Attack:
    """Register a function that turns a copy of the base model into an attack."""
    ATTACKS[function.__name__] = function
    return function


def config() -> dict[str, Any]:
    """The MLmodel file of the base model, as data."""
    data = yaml.safe_load((BASE / "MLmodel").read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def mlmodel(folder: Path, content: str | dict[str, Any]) -> None:
    """Write an MLmodel file; JSON is YAML, and quicker to write."""
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "MLmodel").write_text(text, encoding="utf-8")


def python_function(folder: Path, **keys: Any) -> None:
    """Change keys of the python_function flavor."""
    data = config()
    data["flavors"]["python_function"].update(keys)
    mlmodel(folder, data)


def signature(folder: Path, section: str, text: str, **keys: Any) -> None:
    """Change a section of the signature, and top-level keys."""
    data = config() | keys
    data["signature"][section] = text
    mlmodel(folder, data)


def example(folder: Path, text: str, kind: str = "dataframe", columns: list[Any] | None = None) -> None:
    """Write the input example, and the columns that the signature has for it."""
    (folder / "input_example.json").write_text(text, encoding="utf-8")
    data = config()
    data["saved_input_example_info"]["type"] = kind
    if columns is not None:
        data["signature"]["inputs"] = json.dumps(columns)
    mlmodel(folder, data)


def many(item: str, count: int) -> str:
    """A JSON array of equal items."""
    return "[" + ",".join([item] * count) + "]"


# -- the MLmodel file ---------------------------------------------------------------------------------


@attack
def unknown_keys(folder: Path) -> None:
    mlmodel(folder, config() | {f"flavorz{n}": 1 for n in range(49_000)})


@attack
def unknown_flavors(folder: Path) -> None:
    data = config()
    data["flavors"].update({f"sklearm{n}": {} for n in range(30_000)})
    mlmodel(folder, data)


@attack
def unknown_flavor_keys(folder: Path) -> None:
    python_function(folder, **{f"loader_modul{n}": 1 for n in range(40_000)})


@attack
def unknown_signature_keys(folder: Path) -> None:
    data = config()
    data["signature"].update({f"input{n}": 1 for n in range(40_000)})
    mlmodel(folder, data)


@attack
def flavors_that_are_none(folder: Path) -> None:
    data = config()
    data["flavors"].update({f"sklearm{n}": "x" for n in range(40_000)})
    mlmodel(folder, data)


@attack
def equal_keys(folder: Path) -> None:
    mlmodel(folder, "flavors: {}\n" * 200_000)


@attack
def equal_keys_that_belong_elsewhere(folder: Path) -> None:
    mlmodel(folder, "code: 1\n" * 49_000)


@attack
def equal_keys_that_belong_elsewhere_in_what_is_not_yaml(folder: Path) -> None:
    mlmodel(folder, "flavors:\n  code:\n  model_path: 3\n  data:\n" * 500 + "x: [\n")


@attack
def five_million_lines_and_a_slip(folder: Path) -> None:
    mlmodel(folder, "#\n" * 5_000_000 + "a:\n  b: 1\n c: 1\n")


@attack
def nothing_but_line_feeds(folder: Path) -> None:
    mlmodel(folder, "\n" * (10 * MB - 10) + "a: [\n")


@attack
def tag_directives(folder: Path) -> None:
    mlmodel(folder, "\n".join(f"%TAG !a{n}! b" for n in range(600_000)) + "\n--- a\n")


@attack
def sexagesimal_number(folder: Path) -> None:
    mlmodel(folder, "a: " + "1:" * 5_000_000 + "1")


@attack
def sexagesimal_numbers(folder: Path) -> None:
    mlmodel(folder, "a: [" + ("1:" * 490 + "1, ") * 10_000 + "]")


@attack
def hexadecimal_numbers(folder: Path) -> None:
    big = "0x" + "f" * 990
    mlmodel(folder, f"mlflow_version: {big}\nmodel_size_bytes: {big}\nflavors: {{a: {{b: {big}}}}}\n")


@attack
def long_versions(folder: Path) -> None:
    python_function(folder, python_version="1." + "1" * 4_000_000 + "!")


@attack
def long_time(folder: Path) -> None:
    mlmodel(folder, config() | {"utc_time_created": "11-11-11T11:11:11." + "1" * 4_000_000 + "!"})


@attack
def huge_key(folder: Path) -> None:
    mlmodel(folder, "? " + "x" * (9 * MB) + "\n: {a: 2001-01-01}\n")


@attack
def huge_key_above_many_problems(folder: Path) -> None:
    below = ",".join(f"? {n} : 2001-01-01" for n in range(30_000))
    mlmodel(folder, "flavors:\n  ? " + "x" * (8 * MB) + "\n  : {" + below + "}\n")


@attack
def ambiguous_scalars(folder: Path) -> None:
    mlmodel(folder, "a: [" + "1e3, " * 90_000 + "]")


@attack
def alias_bomb(folder: Path) -> None:
    lines = [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)]
    mlmodel(folder, "a0: &a0 [x]\n" + "".join(lines))


@attack
def merge_bomb(folder: Path) -> None:
    lines = [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: 1}}\n" for n in range(1, 60)]
    mlmodel(folder, "a0: &a0 {x: 1}\n" + "".join(lines))


@attack
def aliases_of_a_long_text(folder: Path) -> None:
    paths = ", ".join(f"a{n}: {{path: *a}}" for n in range(24_000))
    mlmodel(folder, f"a: &a /{'x' * 1000}\nflavors: {{python_function: {{artifacts: {{{paths}}}}}}}")


@attack
def alias_of_itself(folder: Path) -> None:
    mlmodel(folder, "flavors: &a {python_function: *a}")


@attack
def deep_block(folder: Path) -> None:
    mlmodel(folder, "- " * 20_000 + "a\n")


@attack
def deep_flow(folder: Path) -> None:
    mlmodel(folder, "flavors: " + "{a: " * 20_000 + "}" * 20_000)


@attack
def deep_indentation(folder: Path) -> None:
    mlmodel(folder, "\n".join(" " * n + "a:" for n in range(4000)))


@attack
def long_scalar(folder: Path) -> None:
    mlmodel(folder, config() | {"run_id": "x" * MB, "artifact_path": "\U0001f600" * (MB // 4)})


# -- paths and files ----------------------------------------------------------------------------------


@attack
def missing_artifacts(folder: Path) -> None:
    for n in range(300):
        (folder / f"{'a' * 50}{n:040d}").touch()
    python_function(folder, artifacts={f"a{n}": {"path": f"{'a' * 50}{n:039d}"} for n in range(16_000)})


@attack
def thousands_of_artifact_folders(folder: Path) -> None:
    for n in range(5000):
        (folder / "d" / str(n)).mkdir(parents=True)
        (folder / "d" / str(n) / "f").write_bytes(b"x")
    python_function(folder, artifacts={f"a{n}": {"path": f"d/{n}"} for n in range(5000)}, data="d")


@attack
def endless_pickle_frames(folder: Path) -> None:
    (folder / "d").mkdir()
    (folder / "d" / "f").write_bytes(pickle.PROTO + b"\x04" + (pickle.FRAME + bytes(8)) * 20_000)
    for n in range(5000):
        os.link(folder / "d" / "f", folder / "d" / f"f{n}")
    python_function(folder, data="d")


@attack
def long_path(folder: Path) -> None:
    python_function(folder, model_path="a/" * 4_000_000)


@attack
def percent_encoded_path(folder: Path) -> None:
    python_function(folder, model_path="%25" * 3_000_000 + "2e2e/")


@attack
def dots(folder: Path) -> None:
    python_function(folder, model_path="./" * 4_000_000 + "model.pkl")


@attack
def chain_of_links(folder: Path) -> None:
    for n in range(5000):
        (folder / f"l{n}").symlink_to(f"l{n + 1}")
    python_function(folder, model_path="l0")


@attack
def links_that_multiply(folder: Path) -> None:
    (folder / "l0").symlink_to(".")
    for n in range(1, 60):
        (folder / f"l{n}").symlink_to("/".join([f"l{n - 1}"] * 1000))
    python_function(folder, model_path="l59/model.pkl")


@attack
def deep_folders(folder: Path) -> None:
    before = os.getcwd()
    os.chdir(folder)
    try:
        for _ in range(1500):
            os.mkdir("a")
            os.chdir("a")
        Path("MLmodel").touch()
    finally:
        os.chdir(before)


@attack
def thirty_thousand_files(folder: Path) -> None:
    for n in range(30_000):
        (folder / f"f{n}").touch()


# -- the signature ------------------------------------------------------------------------------------


@attack
def signature_of_numbers(folder: Path) -> None:
    signature(folder, "inputs", many("1", 1_000_000))


@attack
def signature_of_unknown_types(folder: Path) -> None:
    columns = [{"name": f"c{n}", "type": f"strin{n}"} for n in range(9000)]
    signature(folder, "inputs", json.dumps(columns))


@attack
def signature_of_very_many_unknown_types(folder: Path) -> None:
    columns = [{"name": f"c{n}", "type": f"strin{n}"} for n in range(200_000)]
    signature(folder, "inputs", json.dumps(columns))


@attack
def signature_of_optional_columns(folder: Path) -> None:
    columns = [{"name": f"c{n}", "type": "long", "optional": True} for n in range(100_000)]
    signature(folder, "inputs", json.dumps(columns), mlflow_version="2.6.0")


@attack
def signature_of_equal_names(folder: Path) -> None:
    columns = [{"name": f"c{n // 2}", "type": "long"} for n in range(100_000)]
    signature(folder, "inputs", json.dumps(columns))


@attack
def signature_of_equal_keys(folder: Path) -> None:
    signature(folder, "inputs", many('{"name":"a","name":"b","type":"long"}', 200_000))


@attack
def nested_signature(folder: Path) -> None:
    spec: dict[str, Any] = {"type": "object", "properties": {"x" * 50_000: {"type": "foo"}}}
    for _ in range(40):
        spec = {"type": "object", "properties": {"y" * 1000: spec, "z": {"type": "bar"}}, "junk": 1}
    signature(folder, "inputs", json.dumps([spec | {"name": "a"}]))


@attack
def nested_signature_around_a_long_text(folder: Path) -> None:
    spec: dict[str, Any] = {"type": "string", "p": "x" * (9 * MB)}
    for _ in range(40):
        spec = {"type": "object", "properties": {"y": spec, "z": {}}}
    signature(folder, "inputs", json.dumps([spec | {"name": "a"}]))


@attack
def deep_signature(folder: Path) -> None:
    signature(folder, "inputs", "[" * 1_000_000)


@attack
def signature_of_escapes(folder: Path) -> None:
    text = json.dumps([{"name": f"c{n}", "type": "lon"} for n in range(9000)])
    escaped = "".join(f"\\x{ord(letter):02x}" for letter in text)
    (folder / "MLmodel").write_text(
        f'flavors: {{a: {{}}}}\nsignature:\n  inputs: "{escaped}"\n', encoding="utf-8"
    )


@attack
def folded_signature(folder: Path) -> None:
    text = json.dumps([{"name": f"c{n}", "type": "lon"} for n in range(9000)], indent=0)
    (folder / "MLmodel").write_text(yaml.safe_dump({"signature": {"inputs": text}}), encoding="utf-8")


@attack
def signature_of_blanks(folder: Path) -> None:
    text = f"flavors: {{a: {{}}}}\nsignature:\n  inputs: '[{' ' * (9 * MB)}x]'\n"
    (folder / "MLmodel").write_text(text, encoding="utf-8")


@attack
def dtype_of_brackets(folder: Path) -> None:
    spec = {"dtype": "(" + "1" * 3_000_000 + "x", "shape": [-1]}
    signature(folder, "inputs", json.dumps([{"type": "tensor", "tensor-spec": spec}]))


@attack
def shape_of_huge_numbers(folder: Path) -> None:
    spec = {"dtype": "float32", "shape": [10**4000] * 50}
    items = [{"type": "tensor", "name": str(n), "tensor-spec": spec} for n in range(20)]
    signature(folder, "inputs", json.dumps(items))


@attack
def params_of_one_name(folder: Path) -> None:
    signature(folder, "params", json.dumps([{"name": "a", "type": "long", "default": "x"}] * 100_000))


# -- the input example --------------------------------------------------------------------------------


@attack
def example_of_numbers(folder: Path) -> None:
    example(folder, many("0", 1_400_000), "ndarray")


@attack
def example_of_floats(folder: Path) -> None:
    example(folder, many("0.1234567890123456", 1_400_000), "ndarray")


@attack
def example_of_long_numbers(folder: Path) -> None:
    example(folder, many("9" * 4300, 7000), "ndarray")


@attack
def example_of_lists(folder: Path) -> None:
    example(folder, many("[]", 490_000), "ndarray")


@attack
def example_of_far_too_many_lists(folder: Path) -> None:
    example(folder, many("[]", 10_000_000), "ndarray")


@attack
def example_of_objects(folder: Path) -> None:
    example(folder, many('{"a":0}', 290_000))


@attack
def example_of_keys(folder: Path) -> None:
    example(folder, "{" + ",".join(f'"{n}":0' for n in range(740_000)) + "}")


@attack
def example_of_equal_keys(folder: Path) -> None:
    example(
        folder, '{"columns":["a"],"data":[["' + "x" * (20 * MB) + '"]],' + ",".join(['"a":0'] * 600_000) + "}"
    )


@attack
def example_of_nan(folder: Path) -> None:
    example(folder, many("NaN", 1_400_000), "ndarray")


@attack
def example_of_surrogates(folder: Path) -> None:
    example(folder, many('"\\ud800"', 1_000_000), "ndarray")


@attack
def example_of_rows_that_are_none(folder: Path) -> None:
    example(folder, json.dumps({"columns": ["a", "b"], "data": [1] * 50_000}))


@attack
def example_of_one_wide_record(folder: Path) -> None:
    columns = [{"name": f"c{n}", "type": "string"} for n in range(50_000)]
    records = [{f"c{n}": 0 for n in range(50_000)}] + [{}] * 200_000
    example(folder, json.dumps(records), columns=columns)


@attack
def example_of_other_columns(folder: Path) -> None:
    columns = [{"name": f"c{n}", "type": "string"} for n in range(100_000)]
    example(folder, json.dumps({"columns": [f"d{n}" for n in range(200_000)], "data": []}), columns=columns)


@attack
def example_that_never_fits(folder: Path) -> None:
    columns = [{"name": f"c{n}", "type": "long"} for n in range(100_000)]
    table = {"columns": [f"c{n}" for n in range(100_000)], "data": [["x"] * 100_000]}
    example(folder, json.dumps(table), columns=columns)


@attack
def example_of_almost_numbers(folder: Path) -> None:
    row = ["1" * (15 * MB) + "x", " " * (15 * MB) + "x"]
    example(folder, json.dumps({"columns": ["a", "b"], "data": [row]}))


@attack
def example_of_a_huge_key(folder: Path) -> None:
    example(folder, json.dumps({"columns": ["a"], "x" * (30 * MB): {"y": [1]}}))


@attack
def example_of_one_text(folder: Path) -> None:
    example(folder, json.dumps({"columns": ["a", "b"], "data": [["x" * (31 * MB), 1]]}))


@attack
def deep_example(folder: Path) -> None:
    example(folder, '{"a":' * 100_000 + "1" + "}" * 100_000)


# -- the environment files ----------------------------------------------------------------------------


@attack
def conda_of_unknown_keys(folder: Path) -> None:
    (folder / "conda.yaml").write_text("".join(f"nam{n}: 1\n" for n in range(49_000)), encoding="utf-8")


@attack
def conda_of_numbers(folder: Path) -> None:
    (folder / "conda.yaml").write_text("dependencies:\n" + "- 1\n" * 90_000, encoding="utf-8")


@attack
def conda_of_pips(folder: Path) -> None:
    (folder / "conda.yaml").write_text("dependencies:\n" + "- pip: [a]\n" * 20_000, encoding="utf-8")


@attack
def python_env_of_numbers(folder: Path) -> None:
    (folder / "python_env.yaml").write_text("dependencies:\n" + "- 1\n" * 90_000, encoding="utf-8")


@attack
def requirements_of_line_feeds(folder: Path) -> None:
    (folder / "requirements.txt").write_text("\n" * (10 * MB), encoding="utf-8")


@attack
def requirements_of_a_long_marker(folder: Path) -> None:
    (folder / "requirements.txt").write_text("<" * 7 + " " * (9 * MB) + "x\n", encoding="utf-8")


# -- what is no model at all --------------------------------------------------------------------------

JUNK = {
    "nothing": b"",
    "nul": b"\0" * 1000,
    "utf-16": "flavors: {}".encode("utf-16"),
    "latin-1": "flavors: {é: 1}".encode("latin-1"),
    "byte order mark": "\ufeffflavors: {}".encode(),
    "pickle": pickle.dumps({"flavors": {}}),
    "gzip": base64.b64decode("H4sIAAAAAAAAA0vLSSzLL7JSqK7lAgCbKRjsDAAAAA=="),
    "zip": b"PK\x03\x04" + bytes(60),
    "python tag": b"!!python/object/apply:os.system ['touch canary']",
    "surrogate": b'{"a": "\\ud800", "\\udfff": 1}',
    "control": b"a: \x1b[31mred\x07\n",
    "reordering": "a: \u202eevil\u2066\n".encode(),
    "broken utf-8": b"a: \xff\xfe\xed\xa0\x80",
}
"""Bytes for any file that the validator reads."""
