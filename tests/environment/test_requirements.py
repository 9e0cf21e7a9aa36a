"""Requirements files, against pip's own parser where it can be asked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from mlmodel.environment import versions
from mlmodel.environment.requirements import Entry, Form, TextOrigin, decode, parse

settings.register_profile("environment", deadline=None, max_examples=200)
settings.load_profile("environment")


def entries(text: str) -> tuple[Entry, ...]:
    return parse(text, TextOrigin("requirements.txt", text))


def one(text: str) -> Entry:
    (entry,) = entries(text)
    return entry


@pytest.mark.parametrize(
    ("line", "form", "name", "target"),
    [
        ("numpy==1.26.4", Form.REQUIREMENT, "numpy", None),
        ("Scikit_Learn == 1.5", Form.REQUIREMENT, "scikit-learn", None),
        ("requests[socks]>=2.0 ; python_version > '3.6'", Form.REQUIREMENT, "requests", None),
        ("pip @ https://example.org/pip.zip", Form.REQUIREMENT, "pip", "https://example.org/pip.zip"),
        ("six @ file:///home/build/six", Form.REQUIREMENT, "six", "file:///home/build/six"),
        ("https://example.org/six-1.16.0-py3-none-any.whl", Form.URL, "six", None),
        ("git+https://example.org/x.git@v1#egg=Some_Name", Form.URL, "some-name", None),
        ("git+ssh://git@example.org/x.git", Form.URL, None, None),
        ("./wheels/six-1.16.0-py3-none-any.whl", Form.PATH, "six", None),
        ("code/corpus_thing-1.0-py3-none-any.whl", Form.PATH, "corpus-thing", None),
        ("corpus_thing-1.0.tar.gz", Form.PATH, None, None),
        (r"C:\wheels\six-1.16.0-py3-none-any.whl", Form.PATH, "six", None),
        ("-e .", Form.EDITABLE, None, "."),
        ("--editable=git+https://example.org/x.git#egg=x", Form.EDITABLE, "x", None),
        ("-r other.txt", Form.INCLUDE, None, "other.txt"),
        ("-rother.txt", Form.INCLUDE, None, "other.txt"),
        ("--requirement=other.txt", Form.INCLUDE, None, "other.txt"),
        ("--requirement 'with blank.txt'", Form.INCLUDE, None, "with blank.txt"),
        ("--req other.txt", Form.INVALID, None, None),  # also --require-hashes
        ("--requirem other.txt", Form.INCLUDE, None, "other.txt"),
        ("-c constraints.txt", Form.CONSTRAINTS, None, "constraints.txt"),
        ("--extra-index-url https://example.org/simple", Form.OPTION, None, None),
        ("--pre", Form.OPTION, None, None),
        ("--pre=1", Form.INVALID, None, None),
        ("--index-url", Form.INVALID, None, None),
        ("--unknown", Form.INVALID, None, None),
        ("-q", Form.INVALID, None, None),
        ("numpy=1.26.4", Form.INVALID, None, None),
        ("<<<<<<< HEAD", Form.INVALID, None, None),
        ("print('x')", Form.INVALID, None, None),
        ("-r 'unclosed", Form.INVALID, None, None),
    ],
)
def test_forms(line: str, form: Form, name: str | None, target: str | None) -> None:
    entry = one(line)
    assert (entry.form, entry.name) == (form, name)
    assert target is None or entry.target == target
    assert (entry.problem is not None) is (form is Form.INVALID)


def test_positions_survive_comments_and_continuations() -> None:
    text = "# first\n\n  numpy \\\n  ==1.26.4  # why\r\nsix # x \\\nlost==1.0\n\tscipy==1.0 \\\n    --hash=sha256:00\n"
    found = entries(text)
    assert [(entry.name, entry.line, entry.column) for entry in found] == [
        ("numpy", 3, 3),
        ("six", 5, 1),
        ("scipy", 7, 2),
    ]
    assert found[0].pin == "1.26.4"
    assert found[0].place.source == "  numpy \\"
    assert found[2].options == (("hash", "sha256:00"),)


def test_a_comment_ends_a_continuation() -> None:
    assert [entry.text for entry in entries("numpy \\\n# comment \\\nsix\n")] == ["numpy", "six"]


def test_a_line_too_long_is_not_read() -> None:
    entry = one("a" * 6_000)
    assert entry.form is Form.INVALID
    assert len(entry.text) == 5_000


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"six\n", "utf-8"),
        (b"\xef\xbb\xbfsix\n", "utf-8"),
        ("\ufeffsix\n".encode("utf-16-le"), "utf-16"),
        ("\ufeffsix\n".encode("utf-32-be"), "utf-32"),
        (b"# -*- coding: latin-1 -*-\nsix # \xe9\n", "latin-1"),
        (b"# -*- coding: no-such -*-\nsix\n", "utf-8"),
        (b"six # \xe9\n", "utf-8"),
    ],
)
def test_encodings(content: bytes, encoding: str) -> None:
    text, found = decode(content)
    assert found == encoding
    assert [entry.name for entry in entries(text)] == ["six"]


# -- properties ------------------------------------------------------------------------------------

_NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,6}[A-Za-z0-9])?", fullmatch=True)
_VERSIONS = st.from_regex(
    r"[0-9]{1,2}(\.[0-9]{1,2}){0,3}((a|b|rc)[0-9]|\.post[0-9]|\.dev[0-9])?", fullmatch=True
)
_OPERATORS = st.sampled_from(["==", ">=", "<=", "<", ">", "!=", "~="])
_SPACE = st.sampled_from(["", " ", "  ", "\t"])
_SCRAPS = st.sampled_from(
    [
        "numpy", "==1.2", " ", "\t", "\\", "\n", "\r\n", "#", " # x", "-r a.txt", "--hash=sha256:00", "-e .", ";",
        "python_version > '3'", "[x]", "@", "https://e.org/x.whl", "git+https://e.org/x", "\x0c", "\u2028", "'", '"',
        "--pre", "-c c.txt", "--index-url=x", "é", "--", "-",
    ]
)  # fmt: skip


@given(st.lists(_SCRAPS, max_size=12).map("".join) | st.text(max_size=60))
def test_any_text_has_entries_with_places(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for entry in entries(text):
        assert entry.text.strip()
        assert 1 <= entry.line <= len(lines)
        assert (entry.problem is not None) is (entry.form is Form.INVALID)


@given(_NAMES, st.lists(st.tuples(_OPERATORS, _VERSIONS), max_size=3), _SPACE)
def test_the_short_cut_agrees_with_packaging(name: str, clauses: list[tuple[str, str]], space: str) -> None:
    text = (
        name + space + f"{space},{space}".join(f"{operator}{space}{version}" for operator, version in clauses)
    )
    quick = versions.simple(text)
    try:
        full = Requirement(text)
    except InvalidRequirement:
        assert quick is None
        return
    found = quick or versions.parse(text)
    assert found.name == full.name
    wanted = {(clause.operator, clause.version) for clause in full.specifier}
    assert {(operator, version) for operator, version in found.clauses} >= wanted


@given(_VERSIONS, _VERSIONS)
def test_same_versions(one_version: str, other: str) -> None:
    from packaging.version import Version

    assert versions.same(one_version, other) is (Version(one_version) == Version(other))


@given(
    st.lists(
        st.tuples(_NAMES, _OPERATORS, _VERSIONS, st.sampled_from(["", "  # why", " \\\n"]), _SPACE),
        max_size=6,
    )
)
def test_round_trip(items: list[tuple[str, str, str, str, str]]) -> None:
    wanted, lines = [], []
    for name, operator, version, tail, space in items:
        if operator == "~=" and not re.match(r"[0-9]+\.[0-9]", version):
            continue
        wanted.append((versions.normal(name), ((operator, version),)))
        lines.append(f"{space}{name}{space}{operator}{version}{tail}")
    found = entries("\n".join(lines))
    assert [(entry.name, entry.clauses) for entry in found] == wanted


# -- pip as an oracle ------------------------------------------------------------------------------


@given(st.lists(_SCRAPS, max_size=12).map("".join))
def test_lines_as_pip_has_them(text: str) -> None:
    req_file = pytest.importorskip("pip._internal.req.req_file")
    parse_line: Any = req_file.get_line_parser(None)
    theirs = list(req_file.preprocess(text))
    ours = entries(text)
    assert [entry.text for entry in ours] == [line for _, line in theirs]
    for entry, (_, line) in zip(ours, theirs, strict=True):
        try:
            requirement, options = parse_line(line)
        except (req_file.OptionParsingError, ValueError):
            assert entry.form is Form.INVALID
            continue
        if requirement:
            assert entry.form in (Form.REQUIREMENT, Form.URL, Form.PATH, Form.INVALID)
        elif options.editables:
            assert (entry.form, entry.target) == (Form.EDITABLE, options.editables[0])
        elif options.requirements:
            assert (entry.form, entry.target) == (Form.INCLUDE, options.requirements[0])
        elif options.constraints:
            assert (entry.form, entry.target) == (Form.CONSTRAINTS, options.constraints[0])
        else:
            assert entry.form is Form.OPTION
