"""``parse_yaml`` beside PyYAML's own ``safe_load``: the same data, the same verdict, and true positions."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mlmodel.documents import Document, Limits, ProblemKind, parse_json, parse_yaml
from mlmodel.documents.base import Lines
from mlmodel.documents.folding import SourceMap
from mlmodel.documents.scalar import Scalar
from tests.documents.trees import containers, offset, places, same, texts, trees

styles = st.fixed_dictionaries(
    {
        "default_style": st.sampled_from([None, "'", '"', "|", ">"]),
        "default_flow_style": st.sampled_from([True, False, None]),
        "indent": st.integers(2, 6),
        "width": st.sampled_from([10, 20, 40, 80, 200]),
        "allow_unicode": st.booleans(),
        "canonical": st.sampled_from([None, None, None, True]),
        "explicit_start": st.sampled_from([None, True]),
        "explicit_end": st.sampled_from([None, True]),
        "line_break": st.sampled_from([None, "\n", "\r\n", "\r"]),
        "sort_keys": st.just(False),
    }
)


def reference(text: str) -> Any:
    """What ``safe_load`` makes of a text; the C loader takes tabs and byte order marks another way."""
    slow = "\t" in text or "\ufeff" in text[1:]
    return yaml.load(text, yaml.SafeLoader if slow else yaml.CSafeLoader)  # noqa: S506


def read_by_reference(text: str) -> bool:
    """Whether ``safe_load`` reads a text at all."""
    try:
        reference(text)
    except (yaml.YAMLError, ValueError, KeyError, AttributeError, IndexError, OverflowError, TypeError):
        return False
    return True


def kinds(document: Document) -> set[ProblemKind]:
    return {problem.kind for problem in document.problems}


# -- data ---------------------------------------------------------------------------------------------


@given(trees, styles)
@settings(deadline=None)
def test_same_data(data: Any, style: dict[str, Any]) -> None:
    text = yaml.safe_dump(data, **style)
    document = parse_yaml(text.encode(), "x")
    assert document.readable, document.problems
    assert same(document.data, reference(text))


# What a reader of YAML 1.1 takes and this standard does not, or the reverse, is named.
DIALECT = {
    ProblemKind.KEY_TYPE,
    ProblemKind.TAG,
    ProblemKind.TYPE,
    ProblemKind.FEATURE,
    ProblemKind.TIMESTAMP,
    ProblemKind.LIMIT,
}
FRAGMENTS = (
    *"abx:-?[]{},'\"#&*!|>%@`~=. \t",
    *(
        "\n",
        "\n  ",
        "\n- ",
        "\n  - ",
        ": ",
        "- ",
        "? ",
        " #",
        "&a ",
        "*a",
        "&b ",
        "*b",
        "<<: ",
        "--- ",
        "...\n",
        "\r\n",
    ),
    *(
        "'a'",
        '"\\x41"',
        '"\\ud800"',
        "!!str ",
        "!!int ",
        "!!map ",
        "!!set ",
        "!!binary ",
        "!t ",
        "!!python/name:a ",
    ),
    *(
        "1",
        "0x1f",
        "1e3",
        "1.5e+3",
        ".inf",
        ".nan",
        "1:30",
        "true",
        "null",
        "2001-01-01",
        "9" * 5000,
        "1:" * 300 + "1.5",
    ),
    *(
        "|\n ",
        ">-\n ",
        "|2\n  ",
        "\x85",
        "\u2028",
        "\ufeff",
        "\x00",
        "\x07",
        "\ufffe",
        "é",
        "\U0001f600",
        "%YAML 1.2\n",
    ),
)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))
@example("a: &x [*x]")
@example("&a [&a x, *a]")
@example("{a: 1, a: 2}")
@example("a: {<<: 1}")
@example("a: 1:60:61\nb: 1:" + "1:" * 400 + "1.5")
@settings(deadline=None, max_examples=1000)
def test_same_verdict(text: str) -> None:
    document = parse_yaml(text, "x")
    fatal = {problem.kind for problem in document.problems if problem.fatal}
    if read_by_reference(text):
        assert fatal <= {ProblemKind.LIMIT}
    else:
        assert fatal or kinds(document) & DIALECT
    if document.readable and not kinds(document) & DIALECT:
        assert same(document.data, reference(text))


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_bytes(content: bytes) -> None:
    document = parse_yaml(content, "x")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        assert not document.readable
        return
    assert document.readable == parse_yaml(text, "x").readable


def test_a_duplicate_is_named_and_the_last_one_counts() -> None:
    document = parse_yaml("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", "x")
    assert document.data == {"a": 3, "b": {"c": 2}}
    found = [(problem.kind, problem.position, problem.pointer) for problem in document.problems]
    assert found == [
        (ProblemKind.DUPLICATE_KEY, (4, 3), ("b", "c")),
        (ProblemKind.DUPLICATE_KEY, (5, 1), ("a",)),
    ]
    assert "line 3" in document.problems[0].message
    assert "line 1" in document.problems[1].message


# -- bounds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "[" * 101 + "]" * 101,
        "[" * 20_000,
        "- " * 20_000,
        "{a: " * 20_000,
        "\n".join(" " * depth + "a:" for depth in range(2000)),
        "? " * 20_000,
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)),
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: 1}}\n" for n in range(1, 60)),
        "a: &a [*a]",
        "a: &a {b: *a}",
        "[" + "1," * Limits.YAML_VALUES + "]",
        "a: &a " + "x" * 10**6 + "\nb: [" + "*a, " * 200 + "]",
        "".join(f"%TAG !t{n}! tag:x\n" for n in range(1000)) + "--- a",
        "a: " + "1:" * 100_000 + "1",
        "a: 0x" + "f" * 10_000,
        "a: !!int " + "1" * 10_000,
        "[" + "2001-01-01, " * (Limits.PROBLEMS + 1) + "]",
    ],
    ids=lambda text: text[:16],
)
def test_what_is_too_much_is_said(text: str) -> None:
    document = parse_yaml(text, "x")
    assert ProblemKind.LIMIT in kinds(document)
    assert len(document.problems) <= Limits.PROBLEMS + 1
    assert all(len(problem.message) < 500 for problem in document.problems)


def test_what_is_not_too_much() -> None:
    assert parse_yaml("[" * 100 + "]" * 100, "x").readable
    assert parse_yaml("a: '" + "9" * 10**6 + "'", "x").readable
    assert parse_yaml("a: 12 " + "x" * 10**6, "x").readable
    assert parse_yaml("[" + "1," * (Limits.YAML_VALUES - 10) + "]", "x").readable


# -- positions ----------------------------------------------------------------------------------------


@given(containers, styles)
@settings(deadline=None)
def test_every_value_is_found(data: Any, style: dict[str, Any]) -> None:
    text = yaml.safe_dump(data, **style)
    document = parse_yaml(text, "x")
    for pointer, value in places(document.data):
        start = document.offset(pointer)
        assert start is not None
        assert offset(text, document.locate(pointer)) == start
        source = document.written(pointer)
        if text[start] == "*":
            continue  # an alias of an equal value before
        if source is None:  # a container, or a scalar with a tag or an anchor
            assert isinstance(value, (dict, list)) or text[start] in "!&"
            assert not isinstance(value, list) or text[start] in "-[!&"
        else:
            assert text.startswith(source, start)
            if not re.match("[|>].?[0-9]", source):  # its indentation is relative to what is around it
                assert same(reference(source), value)
        if pointer and isinstance(pointer[-1], str):
            at = document.offset(pointer, key=True)
            assert at is not None
            assert offset(text, document.locate(pointer, key=True)) == at
            assert text[at] in "'\"|>!&?" or text.startswith(pointer[-1][:1], at)


@given(st.text(st.sampled_from("ab\n\r\x85"), max_size=50), st.integers(1, 60))
def test_lines(text: str, number: int) -> None:
    lines = Lines(text)
    expected = text.split("\n")
    assert lines.text(number) == (expected[number - 1].rstrip("\r") if number <= len(expected) else "")
    for index in range(len(text) + 1):
        before = text[:index].split("\n")
        assert lines.position(index) == (len(before), len(before[-1]) + 1)


@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=8), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_long_lines(widths: list[int], random: Any) -> None:
    expected = ["x" * width for width in widths]
    text = "\n".join(expected)
    lines = Lines(text)
    for number, line in enumerate(expected, 1):
        assert lines.text(number) == line
        assert lines.text(number) is lines.text(number) or len(line) <= 1000
    for _ in range(20):
        index = random.randint(0, len(text))
        before = text[:index].split("\n")
        assert lines.position(index) == (len(before), len(before[-1]) + 1)


# -- what a YAML scalar holds, and where --------------------------------------------------------------

# Letters stand for themselves; everything else of a value comes from escapes and folds.
PIECES = {
    "'": (
        "a",
        "b",
        "c",
        "''",
        " ",
        "  ",
        "\t",
        "\n",
        "\n\n",
        " \n \n ",
        "\r\n",
        "\x85",
        "\u2028",
        "\u2029",
        "\xa0",
        "\\",
    ),
    '"': (
        *(
            "a",
            "b",
            "c",
            " ",
            "  ",
            "\t",
            "\n",
            "\n\n",
            "\t\n \n ",
            "\r\n",
            "\r",
            "\x85",
            "\u2028",
            "\u2029",
            "\xa0",
            "'",
        ),
        *(
            "\\x31",
            "\\u0032",
            "\\U00000033",
            "\\n",
            "\\ ",
            "\\\t",
            '\\"',
            "\\\\",
            "\\\n",
            "\\\n  ",
            "\\\n \n \n",
            "\\\r\n",
            "\\N",
        ),
    ),
    "": ("a", "b", "c", " ", "  ", " \t ", "\n ", "\n \n ", " \n \n  ", "\r\n ", "\xa0", "'", '"', "\\"),
}


@given(st.sampled_from(sorted(PIECES)), st.data())
@settings(deadline=None, max_examples=1000)
def test_every_character_of_a_scalar_is_found(style: str, data: st.DataObject) -> None:
    source = "".join(data.draw(st.lists(st.sampled_from(PIECES[style]), min_size=1, max_size=15)))
    text = f"k: {style}{source}{style}\nz: 1\n"
    assume(read_by_reference(text))
    document = parse_yaml(text, "x")
    scalar = document.places and document.places.scalar(("k",))
    assume(scalar and scalar.style == style and isinstance(document.data["k"], str))
    assert scalar
    value = document.data["k"]
    source_map = SourceMap(text, scalar)
    indexes = [source_map.index(index) for index in range(len(value))]
    assert indexes == sorted(indexes)
    for index, character in zip(indexes, value, strict=True):
        if character in "abc":
            assert text[index] == character
        elif character in "123":
            assert text[index] == "\\"
        elif character in " \n\u2028\u2029":  # a fold begins with the blanks before the line break
            assert text[index] in " \t\r\n\x85\u2028\u2029\\"
        else:
            assert text[index] in (character, "\\")
    assert source_map.index(len(value)) <= scalar.end


@given(
    containers,
    st.fixed_dictionaries(
        {
            "default_style": st.sampled_from([None, "'", '"']),
            "width": st.sampled_from([5, 20, 40, 80, 200]),
            "allow_unicode": st.booleans(),
            "line_break": st.sampled_from([None, "\r\n"]),
        }
    ),
    st.fixed_dictionaries({"indent": st.sampled_from([None, 0, 1]), "ensure_ascii": st.booleans()}),
)
@settings(deadline=None)
def test_json_in_a_scalar(data: Any, yaml_style: dict[str, Any], json_style: dict[str, Any]) -> None:
    value = json.dumps(data, **json_style)
    text = yaml.safe_dump({"signature": {"inputs": value}}, **yaml_style)
    # PyYAML breaks some lines at NEL, LS and PS so that it does not read them back itself.
    assume(yaml.safe_load(text) == {"signature": {"inputs": value}})
    outer = parse_yaml(text, "x")
    assert outer.data == {"signature": {"inputs": value}}
    inner = parse_json(value, "x", parent=outer, anchor=("signature", "inputs"))
    for pointer, _ in places(inner.data):
        start = inner.offset(pointer)
        assert start is not None
        found = text[offset(text, inner.locate(pointer)) :]
        assert found[0] == value[start] or (value[start] == '"' and found[:2] == '\\"')


def test_json_in_a_plain_scalar() -> None:
    text = "a:\n  b: x [1,\n\n     {\"y\" ,\n   'z'}]\n"
    outer = parse_yaml(text, "x")
    scalar = outer.places and outer.places.scalar(("a", "b"))
    assert isinstance(scalar, Scalar)
    value = outer.data["a"]["b"]
    assert value == "x [1,\n{\"y\" , 'z'}]"
    source_map = SourceMap(text, scalar)
    for index, character in enumerate(value):
        if not character.isspace():
            assert text[source_map.index(index)] == character


def test_json_in_a_block_scalar_is_found_at_its_start() -> None:
    text = "a: |\n  [1,\n  2]\n"
    outer = parse_yaml(text, "x")
    inner = parse_json(outer.data["a"], "x", parent=outer, anchor=("a",))
    assert inner.locate((1,)) == (1, 4)


@given(texts, texts)
@settings(deadline=None)
def test_pointers_are_rfc_6901(first: str, second: str) -> None:
    document = parse_yaml("a: 1", "x")
    pointer = document.pointer((first, 0, second))
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    assert steps == [first, "0", second]
    assert document.pointer(("a", "x" * 10**6, "b")) == "/a"
