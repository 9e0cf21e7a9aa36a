"""Settings of a project: ``[tool.mlmodel]`` in pyproject.toml, or the same keys in mlmodel.toml."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmodel.common.spelling import nearest
from mlmodel.findings import Severity
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FAIL_ON = ("error", "warning", "info", "never")


class ConfigError(Exception):
    """A configuration file cannot be used."""


class Config(NamedTuple):
    """What a configuration file says; the defaults where it says nothing."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = {}
    fail_on: str = "error"
    per_path_ignores: Mapping[str, tuple[str, ...]] = {}
    max_findings: int = 1000
    jobs: int = 1
    trust: tuple[str, ...] = ()


def find(start: str) -> str | None:
    """The nearest configuration file at or above a directory: mlmodel.toml, or a pyproject.toml with a
    ``[tool.mlmodel]`` table."""
    folder = os.path.abspath(start)
    while True:
        own = os.path.join(folder, "mlmodel.toml")
        if os.path.isfile(own):
            return own
        shared = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(shared) and b"tool.mlmodel" in _read(shared):
            return shared
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


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
        return _config(table)
    except (ConfigError, rules.UnknownRuleError) as error:
        raise ConfigError(f"{path}: {error}") from None


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
    "trust": _trust,
}
