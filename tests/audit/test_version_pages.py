"""Listing a registry: every version once, in pages none of which begins behind a number of others."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from mlmodel.audit import version_pages
from mlmodel.audit.subjects import SourceError, WhereError
from mlmodel.audit.version_pages import versions


class Page(list[Any]):
    token: str | None = None


class FaultError(Exception):
    error_code = "INVALID_PARAMETER_VALUE"


class Client:
    """As much of MLflow's client as a listing asks for, over names with so many versions."""

    def __init__(self, counts: dict[str, int], *, lists: bool = True) -> None:
        self.counts = counts
        self.lists = lists
        self.filters: list[str | None] = []

    def search_registered_models(self, max_results: int, order_by: list[str], page_token: str | None) -> Page:
        assert order_by == ["name ASC"]
        return self._cut(
            [SimpleNamespace(name=name) for name in sorted(self.counts)], max_results, page_token
        )

    def search_model_versions(
        self, filter_string: str | None, max_results: int, order_by: list[str], page_token: str | None
    ) -> Page:
        assert order_by == ["name ASC", "version_number ASC"]
        self.filters.append(filter_string)
        asked = filter_string or ""
        if "nonsense" in asked or ("IN (" in asked and not self.lists):
            raise FaultError("Invalid filter")
        listed = re.search(r"name IN \((.*?)\)", asked)
        single = re.search(r"""name=(['"])(.*?)\1""", asked)
        behind = re.search(r"version_number > (\d+)", asked)
        names = (
            re.findall(r"'(.*?)'", listed[1]) if listed else [single[2]] if single else sorted(self.counts)
        )
        found = [
            SimpleNamespace(name=name, version=number)
            for name in sorted(names)
            for number in range(1, self.counts[name] + 1)
            if number > int(behind[1] if behind else 0)
        ]
        return self._cut(found, max_results, page_token)

    @staticmethod
    def _cut(found: list[Any], most: int, token: str | None) -> Page:
        start = int(token or 0)
        page = Page(found[start : start + most])
        page.token = str(start + most) if start + most < len(found) else None
        return page


COUNTS = {"a": 3, "b": 0, "c": 25, "d": 10, "e": 1, "it's": 12, "last": 20}


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize("names", [1, 2, 3, 100])
@pytest.mark.parametrize("page", [1, 3, 10, 11, 1000])
def test_every_version_once(monkeypatch: pytest.MonkeyPatch, lists: bool, names: int, page: int) -> None:
    monkeypatch.setattr(version_pages, "PAGE", page)
    monkeypatch.setattr(version_pages, "_NAMES", names)
    client = Client(COUNTS, lists=lists)
    found = [(each.name, each.version) for each in versions(client, "", None, of_files=False)]
    assert len(found) == len(set(found))
    assert set(found) == {(name, number + 1) for name, count in COUNTS.items() for number in range(count)}


def test_pages_grow_with_the_versions_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_pages, "PAGE", 10)
    client = Client({f"m{number:04}": 7 for number in range(1000)})
    assert len(list(versions(client, "", None, of_files=False))) == 7000
    assert len(client.filters) < 2 * 700 + 2 * 10
    # No more names at once than an address takes.
    long = Client({f"{number:0250}": 1 for number in range(20)})
    assert len(list(versions(long, "", None, of_files=False))) == 20
    assert max(len(each or "") for each in long.filters) < 2000


def test_one_model_and_a_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_pages, "PAGE", 10)
    client = Client(COUNTS)
    assert [each.version for each in versions(client, "c", "tags.x = '1'", of_files=False)] == list(
        range(1, 26)
    )
    assert client.filters[-1] == "name='c' AND version_number > 20 AND tags.x = '1'"
    with pytest.raises(WhereError, match="Invalid filter"):
        list(versions(Client({}), "", "nonsense", of_files=False))


def test_a_folder_is_read_once() -> None:
    client = Client(COUNTS)
    assert len(list(versions(client, "", None, of_files=True))) == sum(COUNTS.values())
    assert client.filters == [None]


def test_pages_with_nothing_in_them_are_passed_over() -> None:
    class Sparse(Client):
        """A server that filters after it has made its pages."""

        @staticmethod
        def _cut(found: list[Any], most: int, token: str | None) -> Page:
            if token is None and found:
                empty = Page()
                empty.token = str(len(empty))
                return empty
            return Client._cut(found, most, token)

    found = [each.version for each in versions(Sparse({"a": 3}), "a", None, of_files=False)]
    assert found == [1, 2, 3]


def test_a_server_that_refuses() -> None:
    class Refusing(Client):
        def search_model_versions(self, *_: Any, **__: Any) -> Page:
            raise ConnectionError("refused by http://ann:sesame@here")

    with pytest.raises(SourceError) as refused:
        list(versions(Refusing(COUNTS), "a", None, of_files=False))
    assert "sesame" not in str(refused.value)
