"""Settings of a project: ``[tool.mlmodel]`` in pyproject.toml, or the same keys in mlmodel.toml."""

from __future__ import annotations

import os
import re
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from mlmodel.cli.errors import WrongUseError
from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.common.spelling import nearest
from mlmodel.findings import Severity
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FAIL_ON = ("error", "warning", "info", "never")


class ConfigError(WrongUseError):
    """A configuration file cannot be used."""


class FindingIgnore(Record):
    """An entry of ``per-finding-ignores``."""

    rules: tuple[str, ...]
    reason: str
    path: str | None = None
    message: str | None = None
    expires: date | None = None


class Config(Record):
    """What a configuration file says; the defaults where it says nothing."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = {}
    fail_on: str = "error"
    per_path_ignores: Mapping[str, tuple[str, ...]] = {}
    max_findings: int = 1000
    jobs: int = 1
    targets: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    per_finding_ignores: tuple[FindingIgnore, ...] = ()
    exclude: tuple[str, ...] = ()
    baseline: str | None = None
    """The path of the baseline, from the current directory or absolute."""
    found: bool = False
    """Whether there is a configuration file."""


_OURS = lazy_pattern(rb"""tool[ \t]*\.[ \t]*["']?mlmodel(?![\w-])""")
_TABLES = lazy_pattern(rb"""^[ \t]*\[\[?[ \t]*tool[ \t]*\.[ \t]*["']?([\w-]+)""", re.MULTILINE)


def find(start: str) -> str | None:
    """The nearest configuration file at or above a directory: mlmodel.toml, or a pyproject.toml with a
    ``[tool.mlmodel]`` table.

    Raises:
        ConfigError: a pyproject.toml has no such table, and one whose name is nearly that.
    """
    folder = os.path.abspath(start)
    while True:
        own = os.path.join(folder, "mlmodel.toml")
        if os.path.isfile(own):
            return own
        shared = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(shared):
            text = _read(shared)
            if _OURS.search(text):
                return shared
            _check_tables(shared, text)
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _check_tables(path: str, text: bytes) -> None:
    """Refuse a table that would be ignored since its name is mistyped."""
    if b"tool" not in text:
        return
    for match in _TABLES.finditer(text):
        name = match[1].decode("utf-8", "replace")
        if name[:1].lower() == "m" and nearest(re.sub("[-_]", "", name.lower()), ["mlmodel"], 0.85):
            raise ConfigError(f"{path}: there is a table [tool.{name}]; did you mean [tool.mlmodel]?")


def load(path: str) -> Config:
    """The settings of a configuration file.

    Raises:
        ConfigError: it cannot be read, is not TOML, or holds an unknown key, rule or value.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document = tomllib.loads(_read(path).decode("utf-8"))
    except (ValueError, RecursionError) as error:  # tomllib's own errors are ValueErrors, as those of UTF-8
        raise ConfigError(f"{path}: not TOML: {error}") from None
    table = document
    if os.path.basename(path) == "pyproject.toml":
        tool = document.get("tool")
        table = tool.get("mlmodel", {}) if isinstance(tool, dict) else {}
    try:
        found = _config(table)
    except (ConfigError, rules.UnknownRuleError) as error:
        raise ConfigError(f"{path}: {error}") from None
    if found.baseline is None:
        return found
    return found._replace(baseline=os.path.join(os.path.dirname(path), found.baseline))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None


def _config(table: Any) -> Config:
    if not isinstance(table, dict):
        raise ConfigError("tool.mlmodel must be a table")
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            near = nearest(key, _KEYS, 0.6)
            hint = f"; did you mean {near!r}?" if near else f"; known keys are {', '.join(_KEYS)}"
            raise ConfigError(f"unknown key {key!r}{hint}")
        values[key.replace("-", "_")] = _KEYS[key](key, value)
    return Config(**values)


def _selectors(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{key} must be a list of rules")
    for selector in value:
        rules.matching(selector)
    return tuple(value)


def _targets(key: str, value: Any) -> tuple[str, ...]:
    from mlmodel.standard.targets import parse

    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{key} must be a list of targets")
    try:
        for word in value:
            parse(word)
    except ValueError as error:  # a TargetError
        raise ConfigError(str(error)) from None
    return tuple(value)


def _severities(key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ConfigError(f"{key} must be a table of rules and severities")
    for selector, word in value.items():
        rules.matching(selector)
        check_severity(str(word))
    return {selector: str(word) for selector, word in value.items()}


def check_severity(word: str) -> None:
    """Refuse a word that is no severity.

    Raises:
        ConfigError: it is none.
    """
    words = [*(severity.label for severity in Severity), "off"]
    if word not in words:
        raise ConfigError(f"severity {word!r} is none of {', '.join(words)}")


def _fail_on(key: str, value: Any) -> str:
    if value not in FAIL_ON:
        raise ConfigError(f"{key} must be one of {', '.join(FAIL_ON)}")
    return str(value)


def _path_ignores(key: str, value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ConfigError(f"{key} must be a table of globs and lists of rules")
    return {glob: _selectors(f"{key}.{glob!r}", selectors) for glob, selectors in value.items()}


def _finding_ignores(key: str, value: Any) -> tuple[FindingIgnore, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ConfigError(f"{key} must be an array of tables: [[tool.mlmodel.{key}]]")
    return tuple(_finding_ignore(f"{key}[{index}]", item) for index, item in enumerate(value))


def _finding_ignore(key: str, table: dict[str, Any]) -> FindingIgnore:
    for name in table:
        if name not in FindingIgnore._fields:
            near = nearest(name, FindingIgnore._fields, 0.6)
            hint = (
                f"; did you mean {near!r}?"
                if near
                else f"; known keys are {', '.join(FindingIgnore._fields)}"
            )
            raise ConfigError(f"{key}: unknown key {name!r}{hint}")
    for name in ("rules", "reason"):
        if name not in table:
            raise ConfigError(f"{key}: {name} is missing")
    expires = table.get("expires")
    if isinstance(expires, datetime) or not isinstance(expires, date | None):
        raise ConfigError(f"{key}.expires must be a date of TOML, as in expires = 2027-06-30")
    texts = {
        name: _text(f"{key}.{name}", table[name]) for name in ("reason", "path", "message") if name in table
    }
    return FindingIgnore(_selectors(f"{key}.rules", table["rules"]), **texts, expires=expires)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{key} must be a text that is not empty")
    return value


def _patterns(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{key} must be a list of patterns, as in .gitignore")
    return tuple(value)


def _count(key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigError(f"{key} must be a whole number")
    return value


def _trust(key: str, value: Any) -> tuple[str, ...]:
    """``[tool.mlmodel.trust]``: lists of modules and of classes."""
    if not isinstance(value, dict):
        raise ConfigError(f"{key} must be a table with the lists 'modules' and 'classes'")
    names: list[str] = []
    for part, listed in value.items():
        if part not in ("modules", "classes"):
            raise ConfigError(f"{key} has the lists 'modules' and 'classes', and no {part!r}")
        if not isinstance(listed, list):
            raise ConfigError(f"{key}.{part} must be a list of names")
        names += [check_trusted(item) for item in listed]
    return tuple(names)


def check_trusted(name: Any) -> str:
    """Refuse what is no name of a module or class.

    Raises:
        ConfigError: it is none.
    """
    if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
        raise ConfigError(f"{name!r} is no name of a module or class")
    return name


_KEYS: dict[str, Callable[[str, Any], Any]] = {
    "select": _selectors,
    "ignore": _selectors,
    "severity": _severities,
    "fail-on": _fail_on,
    "per-path-ignores": _path_ignores,
    "max-findings": _count,
    "jobs": _count,
    "targets": _targets,
    "trust": _trust,
    "per-finding-ignores": _finding_ignores,
    "exclude": _patterns,
    "baseline": _text,
}
