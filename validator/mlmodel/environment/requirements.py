"""Requirements files as pip reads them, every entry with its place.

The steps and their order are pip's (``pip._internal.req.req_file``): decode, join continued lines, drop
comments, split a line into a requirement and options.  Nothing is fetched, expanded or looked up here.
"""

from __future__ import annotations

import codecs
import re
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from mlmodel.common.caching import bounded_cache, cached_property
from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.environment import versions
from mlmodel.environment.credentials import masked
from mlmodel.findings import Location

if TYPE_CHECKING:
    from collections.abc import Iterator


class Form(Enum):
    """What an entry of a requirements file is."""

    REQUIREMENT = "requirement"
    """A name, with versions or with ``@`` and a URL."""
    URL = "url"
    """A URL or a version control address, without a name before it."""
    PATH = "path"
    """A file or directory, without a name before it."""
    EDITABLE = "editable"
    INCLUDE = "include"
    """``-r``: another requirements file."""
    CONSTRAINTS = "constraints"
    """``-c``: a file of constraints."""
    OPTION = "option"
    INVALID = "invalid"


class Origin(Protocol):
    """Where the text of an entry came from."""

    @property
    def file(self) -> str:
        """The file, relative to the model directory."""

    def place(self, line: int, column: int) -> Location:
        """The location of a character of the text, line and column from 1."""


class TextOrigin:
    """A text file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._text = text

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.split("\n")

    def place(self, line: int, column: int) -> Location:
        """The location of a character."""
        source = self._lines[line - 1].rstrip("\r") if line <= len(self._lines) else None
        return Location(self.file, line, column, None, source)


class Entry(Record):
    """One entry: a line as pip sees it, after joining and without its comment."""

    form: Form
    text: str
    line: int
    column: int
    origin: Origin
    name: str | None = None
    """The distribution's normalized name, where the entry gives one."""
    extras: tuple[str, ...] = ()
    clauses: tuple[versions.Clause, ...] = ()
    marker: str | None = None
    target: str | None = None
    """The URL, path or file that the entry names."""
    options: tuple[tuple[str, str | None], ...] = ()
    """Long names of options, and their values."""
    problem: str | None = None
    """Why pip refuses the entry."""
    pin: str | None = None
    """The one version that the entry allows."""
    only_pip: bool = False
    """Whether it ends in a semicolon with no marker behind it, which pip passes over and uv refuses."""

    @property
    def place(self) -> Location:
        """Where the entry stands; without the line's text, if that holds a secret."""
        place = self.origin.place(self.line, self.column)
        if self.safe == self.text:
            return place
        return Location(place.file, place.line, place.column, place.pointer)

    @property
    def safe(self) -> str:
        """The text for a message: without the secrets in it."""
        return masked(self.text)

    @property
    def specifier(self) -> str:
        """The versions that the entry allows, ``==1.2``; empty for any."""
        return ",".join(operator + version for operator, version in self.clauses)

    @property
    def meaning(self) -> tuple[object, ...]:
        """All that two entries that say the same have in common, however they are written."""
        return (self.form, self.name, self.extras, self.clauses, self.marker, self.target, self.options)


_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODING = rb"coding[:=]\s*([-\w.]+)"


def decode(content: bytes) -> tuple[str, str]:
    """The text of a requirements file and its encoding, as pip finds it: a byte order mark, else a
    ``coding:`` comment in the first two lines, else UTF-8.  Bytes that do not fit are replaced."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, "replace").removeprefix("\ufeff"), encoding
    for line in content.split(b"\n", 2)[:2]:
        match = re.search(_CODING, line) if line.startswith(b"#") else None
        if match is not None:
            try:
                return content.decode(match[1].decode("ascii"), "replace"), match[1].decode("ascii").lower()
            except (LookupError, UnicodeError):
                break  # no such encoding: pip fails, and the text is judged as UTF-8
    return content.decode("utf-8", "replace"), "utf-8"


def parse_file(text: str, path: str) -> tuple[Entry, ...]:
    """The entries of a requirements file; of a small one, which many models have in common, only once."""
    return _parse_common(text, path) if len(text) <= _COMMON_FILE else parse(text, TextOrigin(path, text))


_COMMON_FILE = 8192
"""Characters of a file that is remembered; most have less than 500."""


@bounded_cache(256)
def _parse_common(text: str, path: str) -> tuple[Entry, ...]:
    return parse(text, TextOrigin(path, text))


def parse(text: str, origin: Origin) -> tuple[Entry, ...]:
    """The entries of a requirements file, or of one item of a list of requirements."""
    if _SIMPLE.fullmatch(text):
        return (_entry(text, 1, 1, origin),)
    if _SIMPLE_LINES.fullmatch(text):
        lines = enumerate(text.split("\n"), start=1)
        return tuple([_entry(line, number, 1, origin) for number, line in lines if line])
    return tuple(_entry(logical, line, column, origin) for logical, line, column in _logical_lines(text))


_SIMPLE = lazy_pattern(r"[\w.=<>!~,+*-]+")
"""Most items of a list of requirements: one line without blanks, comments or continuations."""
_SIMPLE_LINES = lazy_pattern(r"(?:[\w.=<>!~,+*-]*\n)*[\w.=<>!~,+*-]*")
"""Most files: such lines only."""

_MAX_LINE = 5_000
"""Characters of a joined line that are read; the longest that tools write, with hashes, have half of that."""


def _logical_lines(text: str) -> Iterator[tuple[str, int, int]]:
    """Lines after joining and without comments, each with the line and column where it begins."""
    joined: list[str] = []
    start = (1, 1)
    for line, place in _physical_lines(text):
        comment = "#" in line and line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            start = start if joined else place
            joined.append(line.strip("\\"))
            continue
        if joined:
            joined.append(" " + line if comment else line)
            yield from _bare("".join(joined), start)
            joined = []
        else:
            yield from _bare(line, place)
    if joined:
        yield from _bare("".join(joined), start)


def _bare(line: str, place: tuple[int, int]) -> Iterator[tuple[str, int, int]]:
    without = line[: _comment(line)] if "#" in line else line
    bare = without.strip()
    if bare:
        yield bare, place[0], place[1] + len(without) - len(without.lstrip())


def _comment(line: str) -> int:
    """Where the comment of a line begins: a ``#`` at its start or after a blank."""
    at = line.find("#")
    while at > 0 and not line[at - 1].isspace():
        at = line.find("#", at + 1)
    return at if at >= 0 else len(line)


def _physical_lines(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Lines as ``str.splitlines`` has them, with their places as editors count: a form feed ends no line there."""
    line, column = 1, 1
    for piece in text.splitlines(keepends=True):
        yield piece.splitlines()[0], (line, column)
        if piece[-1] in "\r\n":
            line, column = line + 1, 1
        else:
            column += len(piece)


_VALUED = {
    "index-url": "i",
    "pypi-url": None,
    "extra-index-url": None,
    "find-links": "f",
    "constraint": "c",
    "requirement": "r",
    "editable": "e",
    "no-binary": None,
    "only-binary": None,
    "trusted-host": None,
    "use-feature": None,
    "hash": None,
    "global-option": None,
    "config-settings": "C",
    "config-setting": None,
}
_FLAGS = ("no-index", "require-hashes", "pre", "prefer-binary")
_SHORT = {short: name for name, short in _VALUED.items() if short}
_LONG = (*_VALUED, *_FLAGS)
_SCHEME = r"(?i:https?|file|ftp|ssh|(?:git|hg|bzr|svn)(?:\+[a-z]+)?):"
_ARCHIVE = (".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz")
_DRIVE = r"[A-Za-z]:[\\/]"
_EGG = r"[#&]egg=([A-Za-z0-9._-]+)"


def _entry(text: str, line: int, column: int, origin: Origin) -> Entry:
    parsed = _parse_line(text)
    return Entry(parsed.form, parsed.text, line, column, origin, *parsed[5:])  # quicker than _replace


@bounded_cache(4096, 200)  # the same lines stand in both files of a model, and in many models
def _parse_line(text: str) -> Entry:
    """What a line says, wherever it stands."""
    line, column, origin = 1, 1, _NOWHERE
    if len(text) > _MAX_LINE:
        problem = f"the line has {len(text):,} characters"
        return Entry(Form.INVALID, text[:_MAX_LINE], line, column, origin, problem=problem)
    plain = versions.pinned(text)
    if plain is not None and not text.lower().endswith(_ARCHIVE):
        return _named(plain, Entry(Form.REQUIREMENT, text, line, column, origin))
    words = text.split(" ")
    count = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    requirement = " ".join(words[:count]).strip()
    options: tuple[tuple[str, str | None], ...] = ()
    if count < len(words):
        try:
            options = tuple(_options(_words(" ".join(words[count:]))))
        except ValueError as error:
            return Entry(Form.INVALID, text, line, column, origin, problem=str(error))
    if requirement:
        entry = Entry(Form.REQUIREMENT, text, line, column, origin, options=options)
        bare = requirement.removesuffix(";").rstrip()
        if bare and bare != requirement and ";" not in bare and not re.match(_SCHEME, bare):
            return _requirement(
                bare, entry._replace(only_pip=True)
            )  # install_req_from_line drops an empty marker
        return _requirement(requirement, entry)
    given = dict(reversed(options))  # of several, pip takes the first
    for option, form in _FORMS.items():
        if given.get(option) is not None:
            target = given[option] or ""
            return Entry(form, text, line, column, origin, _egg(target), target=target, options=options)
    return Entry(Form.OPTION, text, line, column, origin, options=options)


_NOWHERE = TextOrigin("", "")
_FORMS = {"editable": Form.EDITABLE, "requirement": Form.INCLUDE, "constraint": Form.CONSTRAINTS}


def _words(text: str) -> list[str]:
    """The words of a text as a shell splits it.

    Raises:
        ValueError: a quotation is not closed.
    """
    if not any(mark in text for mark in "'\"\\"):
        return [word for word in text.replace("\t", " ").split(" ") if word]
    import shlex

    return shlex.split(text)


def _options(words: list[str]) -> Iterator[tuple[str, str | None]]:
    """Options as optparse reads them, long ones also abbreviated.

    Raises:
        ValueError: pip has no such option, or its value is missing.
    """
    pending = iter(words)
    for word in pending:
        if word == "--":
            return
        if not word.startswith("-") or word == "-":
            continue  # pip drops it without a word
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            name = _long(name)
            has_value = bool(equals)
        elif word[1] in _SHORT:
            name, value, has_value = _SHORT[word[1]], word[2:], len(word) > 2
        else:
            raise ValueError(f"pip has no option {word!r} in a requirements file")
        if name in _FLAGS:
            if has_value:
                raise ValueError(f"option --{name} takes no value")
            yield name, None
        else:
            found = value if has_value else next(pending, None)
            if found is None:
                raise ValueError(f"option --{name} has no value")
            yield name, found


def _long(name: str) -> str:
    if name in _LONG:
        return name
    near = [known for known in _LONG if known.startswith(name)] if name else []
    if len(near) != 1:
        raise ValueError(f"pip has no option '--{name}' in a requirements file")
    return near[0]


def _requirement(text: str, entry: Entry) -> Entry:
    """The entry for what stands before the options."""
    plain = versions.simple(text)
    if plain is not None and not text.lower().endswith(_ARCHIVE):
        return _named(plain, entry)
    if re.match(_SCHEME, text):
        url, _, marker = text.partition("; ")
        name = _egg(url) or _wheel_name(url)
        return entry._replace(form=Form.URL, name=name, target=url.strip(), marker=marker.strip() or None)
    path, _, marker = text.partition(";")
    if _is_path(path.split("[", 1)[0].strip()):
        path = path.strip()
        return entry._replace(
            form=Form.PATH, name=_wheel_name(path), target=path, marker=marker.strip() or None
        )
    try:
        return _named(versions.parse(text), entry)
    except versions.InvalidError as error:
        return entry._replace(form=Form.INVALID, problem=str(error))


def _is_path(text: str) -> bool:
    if text.startswith(".") or re.match(_DRIVE, text):
        return True
    return "@" not in text and ("/" in text or text.lower().endswith(_ARCHIVE))


def _named(found: versions.Parsed, entry: Entry) -> Entry:
    return entry._replace(
        name=versions.normal(found.name),
        extras=found.extras,
        clauses=found.clauses,
        marker=found.marker,
        target=found.url,
        pin=versions.pin(found.clauses),
    )


def _egg(url: str) -> str | None:
    match = re.search(_EGG, url) if "egg=" in url else None
    return versions.normal(match[1]) if match else None


def _wheel_name(path: str) -> str | None:
    """The distribution in a wheel's file name (PEP 427)."""
    file = path.split("#", 1)[0].split("?", 1)[0].replace("\\", "/").rsplit("/", 1)[-1]
    return versions.normal(file.split("-", 1)[0]) if file.lower().endswith(".whl") and "-" in file else None
