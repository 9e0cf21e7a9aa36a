"""Addresses of models that are no local paths, and what of them may be shown."""

from __future__ import annotations

import os
import re

from mlmodel.common.errors import MlmodelError
from mlmodel.common.patterns import lazy_pattern

MLFLOW = ("runs", "models", "mlflow-artifacts")
"""Schemes that an MLflow client resolves."""
_SCHEME = lazy_pattern(r"([A-Za-z][A-Za-z0-9+.-]+):(//|/)")
_ONE_SLASH = (*MLFLOW, "file", "dbfs")
"""Schemes of addresses that need no second slash."""
_USER = lazy_pattern(r"(?<=://)[^/\s@]*@")
_QUERY = lazy_pattern(r"((?:\b[A-Za-z][A-Za-z0-9+.-]+:/|(?<=\s)/|^/)[^\s?#'\"<>]*)[?#][^\s'\"<>]*")
_SECRETS = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_CONNECTION_STRING",
    "DATABRICKS_TOKEN",
    "HF_TOKEN",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
)
"""Variables of the environment whose values no message repeats."""


class AddressError(MlmodelError):
    """An address that cannot be used here: its form, its scheme, or a package that is not installed."""


def scheme(text: str) -> str | None:
    """The scheme of an address, in lower case; None for a local path.

    ``C:/models`` is a path: a scheme has two letters or more.
    """
    match = _SCHEME.match(text)
    if match is None or (match[2] == "/" and match[1].lower() not in _ONE_SLASH):
        return None
    return match[1].lower()


def is_address(text: str) -> bool:
    """Whether a text is an address, and no local path."""
    return ":/" in text and scheme(text) is not None


def shown(address: str) -> str:
    """An address without what may be secret: names of users, passwords, and queries, which hold signatures."""
    if ":/" not in address:
        return address
    start, mark, rest = address.partition("://")
    if mark:
        place, slash, path = rest.partition("/")
        address = f"{start}{mark}{place.rpartition('@')[2] if start not in ('abfs', 'abfss') else place}{slash}{path}"
    return re.split(r"[?#]", address, maxsplit=1)[0] if scheme(address) in ("http", "https") else address


def scrubbed(text: object) -> str:
    """One line of what a library said, without the credentials that it may repeat."""
    line = " ".join(str(text).split())
    for name in _SECRETS:
        value = os.environ.get(name, "")
        if len(value) >= 4:
            line = line.replace(value, "***")
    return _QUERY.sub(r"\1", _USER.sub("", line))[:300]


def joined(address: str, path: str) -> str:
    """The address of what is at a relative path below another one."""
    return f"{address.rstrip('/')}/{path}" if path else address
