"""``parse_json`` beside ``json.loads``: the same data, the same verdict, and true positions."""

from __future__ import annotations

import json
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlmodel.documents import Document, Limits, ProblemKind, parse_json
from tests.documents.trees import containers, offset, places, same, trees

styles = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 1, 4, "\t"]),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([None, (",", ":"), (" ,", " : "), (",\r\n", ":\n")]),
    }
)
FRAGMENTS = (
    *'[]{},:"\\ \n\t/-+.0123456789aeEtrufls',
    *(
        '"a"',
        '"b":',
        '"\\u0041"',
        '"\\ud83d\\ude00"',
        '"\\n"',
        "true",
        "false",
        "null",
        "NaN",
        "-Infinity",
        "1e5",
        "{}",
        "[]",
    ),
    *('{"a":1,"a":2}', "\ufeff", "\x00", "é", "\u2028", "\U0001f600"),
)


def kinds(document: Document) -> set[ProblemKind]:
    return {problem.kind for problem in document.problems}


@given(trees, styles)
@settings(deadline=None)
def test_same_data(data: Any, style: dict[str, Any]) -> None:
    text = json.dumps(data, **style)
    document = parse_json(text.encode(), "x")
    assert document.problems == ()
    assert same(document.data, data)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=10).map("".join))
@example("9" * 5000)
@example("[" * 5000)
@settings(deadline=None, max_examples=1000)
def test_same_verdict(text: str) -> None:
    document = parse_json(text, "x")
    try:
        expected = json.loads(text)
    except (ValueError, RecursionError):
        assert not document.readable
        assert document.data is None
        return
    assert document.readable
    assert same(document.data, expected)


@given(st.binary(max_size=60))
@example(b"\xef\xbb\xbf[1]")
@example(b"\xff\xfe[\0]\0")
@settings(deadline=None)
def test_bytes(content: bytes) -> None:
    document = parse_json(content, "x")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        assert not document.readable
        return
    assert document.readable == parse_json(text, "x").readable  # json.load refuses a byte order mark, too


@given(containers, styles)
@settings(deadline=None)
def test_every_value_is_found(data: Any, style: dict[str, Any]) -> None:
    text = json.dumps(data, **style)
    document = parse_json(text, "x")
    decoder = json.JSONDecoder()
    for pointer, value in places(data):
        start = document.offset(pointer)
        assert start is not None
        assert offset(text, document.locate(pointer)) == start
        assert same(decoder.raw_decode(text, start)[0], value)
        if not isinstance(value, (dict, list)):
            assert same(json.loads(document.written(pointer) or ""), value)
        if pointer and isinstance(pointer[-1], str):
            at = document.offset(pointer, key=True)
            assert at is not None
            assert scanstring(text, at + 1, True)[0] == pointer[-1]
    assert document.offset(("no such key", 3)) == document.offset(())


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "é", '"', "NaN", "\\"]), trees), max_size=6),
    st.lists(st.sampled_from(["a", '"a":', "{"]), max_size=2),
)
@settings(deadline=None)
def test_duplicate_keys(pairs: list[tuple[str, Any]], others: list[str]) -> None:
    members = ", ".join(f"{json.dumps(key)} : {json.dumps(value)}" for key, value in pairs)
    text = f'[{json.dumps(others)}, {{"o": {{{members}}}}}]'
    document = parse_json(text, "x")
    assert document.data == [others, {"o": dict(pairs)}]
    starts = [offset(text, problem.position) for problem in document.problems]
    assert kinds(document) <= {ProblemKind.DUPLICATE_KEY}
    assert len(starts) == len(pairs) - len(dict(pairs))
    seen: set[str] = set()
    again = [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    assert [scanstring(text, start + 1, True)[0] for start in starts] == again


def test_what_only_python_reads() -> None:
    text = '["NaN", {"Infinity": 1}, "-\\"NaN", NaN, Infinity]'
    document = parse_json(text, "x")
    assert document.readable
    assert [(problem.kind, problem.position) for problem in document.problems] == [
        (ProblemKind.NAN, (1, text.index(" NaN") + 2))
    ]


@pytest.mark.parametrize("text", ['"\\ud800"', '["\\uDFFF\\uD800", {"\\ud800": "\\ud83d\\ude00"}]'])
def test_lone_surrogates_are_replaced(text: str) -> None:
    document = parse_json(text, "x")
    assert document.readable
    json.dumps(document.data, ensure_ascii=False).encode()  # nothing is left that cannot be written
    assert "\ufffd" in str(document.data)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 101 + "]" * 101,
        "[" * 20_000 + "]" * 20_000,
        "[" * 10**6,
        '{"a":' * 20_000 + "1" + "}" * 20_000,
        "[" + "[]," * Limits.JSON_VALUES + "[]]",
        "[" + "1," * Limits.JSON_VALUES + "1]",
        '"' + "," * (Limits.JSON_VALUES + 1) + '"',
        "[{" + '"a":1,' * (Limits.PROBLEMS + 5) + '"b":1}]',
    ],
    ids=lambda text: text[:16],
)
def test_what_is_too_much_is_said(text: str) -> None:
    document = parse_json(text, "x")
    assert ProblemKind.LIMIT in kinds(document)
    assert len(document.problems) <= Limits.PROBLEMS + 1


def test_what_is_not_too_much() -> None:
    assert parse_json("[" * 100 + "]" * 100, "x").readable
    assert parse_json("[" + "1," * 10**6 + "1]", "x").readable
    assert parse_json('"' + "x" * 10**6 + '"', "x").readable
