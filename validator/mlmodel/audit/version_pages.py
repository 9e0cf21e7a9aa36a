"""All versions of a registry, each page of which costs the same.

A page that begins behind so many versions has the server count, and mostly sort, those before it: all of them together
cost the square of their number.  Here a page begins behind a version, for which a key of the database is there; and what
is deleted meanwhile shifts none of those behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.audit.client_calls import faults, paged
from mlmodel.audit.subjects import WhereError

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 1000
"""Model versions that are asked for at once."""
_PAGE_OF_FILES = 100_000
"""The same where the registry is a folder, which is read anew for each page."""
_PAGE_OF_NAMES = 500
"""Registered models that are asked for at once."""
_NAMES = 100
"""Registered models whose versions are asked for at once."""
_LENGTH = 1500
"""Characters of their names, at most: they are part of an address."""
_ORDER = ["name ASC", "version_number ASC"]


def versions(client: Any, name: str, condition: str | None, *, of_files: bool) -> Iterator[Any]:
    """The versions of a registered model, or of all, by name and number.

    Args:
        client: of MLflow.
        name: of the registered model; empty for all.
        condition: a filter of the client that they meet, too.
        of_files: whether the registry is a folder.

    Raises:
        WhereError: the filter is none.
        SourceError: the server does not answer, or refuses.
    """
    asked = _Asked(client, condition)
    if of_files:
        yield from paged(
            lambda token: asked.page([f"name={quoted(name)}"] if name else [], _PAGE_OF_FILES, token)
        )
    elif name:
        yield from asked.of_name(name)
    else:
        if condition:
            with faults():
                asked.page([], 1)  # says what is wrong with it, where no model is registered, too
        names = (
            each.name
            for each in paged(
                lambda token: client.search_registered_models(
                    max_results=_PAGE_OF_NAMES, order_by=["name ASC"], page_token=token
                )
            )
        )
        for group in _groups(names):
            yield from asked.of_names(group)


def quoted(name: str) -> str:
    """A name in a filter."""
    return f'"{name}"' if "'" in name else f"'{name}'"


def _groups(names: Iterator[str]) -> Iterator[list[str]]:
    group: list[str] = []
    length = 0
    for name in names:
        if group and (len(group) == _NAMES or length + len(name) > _LENGTH):
            yield group
            group, length = [], 0
        group.append(name)
        length += len(name)
    if group:
        yield group


class _Asked:
    """A client, and what all versions have to meet."""

    def __init__(self, client: Any, condition: str | None) -> None:
        self._client = client
        self._condition = condition
        self._takes_lists = True
        """Whether the server takes several names: those before MLflow 3 do not."""

    def page(self, conditions: list[str], most: int, token: str | None = None) -> Any:
        """One answer of the client."""
        asked = [*conditions, *([self._condition] if self._condition else [])]
        return self._client.search_model_versions(
            filter_string=" AND ".join(asked) or None, max_results=most, order_by=_ORDER, page_token=token
        )

    def of_name(self, name: str) -> Iterator[Any]:
        """The versions of one model."""
        found = self._some([f"name={quoted(name)}"])
        yield from found
        if _is_cut(found):
            yield from self._behind(found[-1])

    def of_names(self, names: list[str]) -> Iterator[Any]:
        """The versions of several models."""
        open_ = list(names)
        while self._takes_lists and len(plain := [name for name in open_ if _is_plain(name)]) > 1:
            try:
                found = self._some([f"name IN ({', '.join(map(quoted, plain))})"])
            except WhereError:
                self._takes_lists = False
                break
            yield from found
            if _is_cut(found):
                yield from self._behind(found[-1])
                done = {version.name for version in found}
            else:
                done = set(plain)
            open_ = [name for name in open_ if name not in done]
        for name in open_:
            yield from self.of_name(name)

    def _behind(self, version: Any) -> Iterator[Any]:
        """The versions of a model behind one of them."""
        while True:
            found = self._some([f"name={quoted(version.name)}", f"version_number > {version.version}"])
            yield from found
            if not _is_cut(found):
                return
            version = found[-1]

    def _some(self, conditions: list[str]) -> Any:
        """The first page that has anything, or the last."""
        with faults():
            found = self.page(conditions, PAGE)
            while not found and found.token:
                found = self.page(conditions, PAGE, found.token)
        return found


def _is_cut(found: Any) -> bool:
    return bool(found and found.token)


def _is_plain(name: str) -> bool:
    """Whether a name stands in a list as it is."""
    return not set(name) & set("'\"\\")
