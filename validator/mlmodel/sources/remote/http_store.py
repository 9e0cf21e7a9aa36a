"""Files on a web server: by ranges where it gives them, from index pages where it has them."""

from __future__ import annotations

import asyncio
import re
from abc import abstractmethod
from collections import OrderedDict
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.sources.addresses import AddressError, scrubbed
from mlmodel.sources.base import SMALL, Kind
from mlmodel.sources.remote.store import ANSWER, MAX_HELD, Item, Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PAGE = 1 << 22
"""Bytes of an index page that are read."""
MAX_LINKS = 20_000
"""Links of an index page that are followed."""
MAX_REDIRECTS = 5
_ARCHIVE = "an archive of the model (.zip, .tar.gz) can be read"
NO_INDEX = f"the server lists no files there (an index page with links); {_ARCHIVE}"
_BEGINNING = 1 << 20
"""Bytes at the beginning of a file that are read from a server without ranges, and the rest left."""
_TRIES = 3
PAUSE = 0.2
"""Seconds before the second try; four times as many before the third."""
_TRANSIENT = (429, 500, 502, 503, 504)
_LINK = lazy_pattern(r"""<a\s[^>]{0,2000}?href\s*=\s*["']?([^"'\s>]{1,2000})""", re.IGNORECASE)
_CONTENT_RANGE = lazy_pattern(r"bytes (?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19})")


class Answer(Record):
    """What a server answers."""

    status: int
    headers: Mapping[str, str]
    """By names in lower case."""
    content: bytes
    """No more of it than was wanted."""
    url: str
    """Where it came from in the end."""


class DroppedError(Exception):
    """A connection that ended before the answer did: worth another try."""


class RangeStore(Store):
    """Files that are read with HTTP."""

    def __init__(self, shown: str) -> None:
        super().__init__(shown)
        self._gives_ranges = True
        self._whole: OrderedDict[str, bytes] = OrderedDict()
        """Files that a server without ranges sent in full; the last one, or some small ones."""

    @abstractmethod
    def _get(self, path: str, headers: Mapping[str, str], most: int) -> Answer:
        """GET a file; at most so many bytes of what comes, and the rest is not waited for.

        Raises:
            DroppedError: the connection ended too early.
            StoreError: the server cannot be asked.
        """

    def _got(self, path: str, headers: Mapping[str, str], most: int) -> Answer:
        """As :meth:`_get`, tried again where that may help.

        Raises:
            StoreError: the server sends no file.
        """
        import time

        for number in range(_TRIES):
            try:
                answer = self._get(path, {"Accept-Encoding": "identity", **headers}, most)
            except DroppedError as error:
                if number + 1 == _TRIES:
                    raise StoreError(f"the connection ends too early: {scrubbed(error)}", down=True) from None
            else:
                if answer.status not in _TRANSIENT or number + 1 == _TRIES:
                    return self._checked(answer)
            time.sleep(PAUSE * 4**number)
        raise StoreError("the connection ends too early", down=True)  # not reached

    @staticmethod
    def _checked(answer: Answer) -> Answer:
        _check_encoding(answer.headers.get("content-encoding", ""))
        if answer.status in (200, 206, 416):
            return answer
        if answer.status in (404, 410):
            raise StoreError("there is nothing of that name", missing=True)
        if answer.status in (401, 403, 407):
            raise StoreError(f"access is refused (status {answer.status})")
        raise StoreError(f"the server answers with status {answer.status}", down=answer.status in _TRANSIENT)

    def _probe(self, path: str) -> Item | None:
        """What a file is, by its first bytes; small ones are kept."""
        try:
            answer = self._got(path, {"Range": f"bytes=0-{SMALL - 1}"}, SMALL)
        except StoreError as error:
            if error.missing:
                return None
            raise
        stamp = answer.headers.get("etag") or answer.headers.get("last-modified")
        size = _total(answer)
        if size is None:  # it is made while it is sent
            answer = self._got(path, {}, MAX_PAGE)
            size = len(answer.content)
            if size == MAX_PAGE:
                raise StoreError("the server does not say how long it is", limit=True)
            self._keep(path, answer.content)
            return Item(path, Kind.FILE, size, stamp)
        if size <= SMALL:
            if len(answer.content) != size:
                raise StoreError(
                    f"the server sends {len(answer.content):,} bytes where it said that there are {size:,}"
                )
            self._keep(path, answer.content)
        return Item(path, Kind.FILE, size, stamp)

    def _keep(self, path: str, content: bytes) -> None:
        self._whole[path] = content
        while sum(map(len, self._whole.values())) > max(len(content), 1 << 22):
            self._whole.popitem(last=False)

    def _range(self, path: str, start: int, size: int, total: int) -> bytes:
        kept = self._whole.get(path)
        if kept is not None and len(kept) == total:
            return kept[start : start + size]
        if not self._gives_ranges:
            return self._without_ranges(path, start, size, total)
        answer = self._got(path, {"Range": f"bytes={start}-{start + size - 1}"}, size)
        if answer.status == 200:
            self._gives_ranges = False
            if start == 0:
                self._check_total(answer, total)
                return answer.content
            return self._without_ranges(path, start, size, total)
        self._check_total(answer, total)
        match = _CONTENT_RANGE.match(answer.headers.get("content-range", ""))
        if match is None or match[1] is None or int(match[1]) != start:
            raise StoreError("the server sends another part of it than it was asked for")
        return answer.content

    @staticmethod
    def _check_total(answer: Answer, total: int) -> None:
        now = _total(answer)
        if now is not None and now != total:
            raise StoreError(f"the server says that it has {now:,} bytes, and said {total:,} before")

    def _without_ranges(self, path: str, start: int, size: int, total: int) -> bytes:
        """A part of a file, of which everything before it has to be fetched, too."""
        if start + size <= _BEGINNING:
            wanted = start + size
        elif total <= MAX_HELD:
            wanted = total
        else:
            raise StoreError(
                f"the server does not give parts of it, and {total:,} bytes are more than {MAX_HELD:,} that can be held",
                limit=True,
            )
        answer = self._got(path, {}, wanted)
        self._check_total(answer, total)
        if len(answer.content) != wanted:
            raise StoreError(
                f"the server sends {len(answer.content):,} bytes where it said that there are {wanted:,}"
            )
        if wanted == total:
            self._keep(path, answer.content)
        return answer.content[start : start + size]


def _total(answer: Answer) -> int | None:
    """The length of a file, as the server says it; None where it does not."""
    match = _CONTENT_RANGE.match(answer.headers.get("content-range", ""))
    if match is not None:
        return int(match[3])
    length = answer.headers.get("content-length", "")
    return int(length) if answer.status == 200 and length.isdecimal() and len(length) < 20 else None


class HttpStore(RangeStore):
    """Files on a web server.

    Args:
        address: a folder that has an index page, or a file.
        shown: the address as messages have it.
        options: what fsspec's file system is made with.

    Raises:
        AddressError: the packages for it are not installed.
    """

    def __init__(self, address: str, shown: str, options: Mapping[str, Any]) -> None:
        super().__init__(shown)
        try:
            import fsspec
            from fsspec.implementations.http import HTTPFileSystem  # noqa: F401 - whether aiohttp is there
        except ImportError:
            raise AddressError(
                f"{urlsplit(address).scheme}:// needs fsspec and aiohttp: pip install 'mlmodel[remote]'"
            ) from None
        self._address = quote(address, safe="%/:=&?~#+!$,;'@()*[]")
        self._fs = fsspec.filesystem(urlsplit(address).scheme, **options)

    def _url(self, path: str) -> str:
        if not path:
            return self._address
        return f"{re.split('[?#]', self._address, maxsplit=1)[0].rstrip('/')}/{quote(path.lstrip('/'))}"

    def _get(self, path: str, headers: Mapping[str, str], most: int) -> Answer:
        from fsspec.asyn import sync

        answer: Answer = sync(self._fs.loop, self._answer, self._url(path), headers, most)
        return answer

    async def _answer(self, url: str, headers: Mapping[str, str], most: int) -> Answer:
        import aiohttp
        from yarl import URL

        session = await self._fs.set_session()
        limit = aiohttp.ClientTimeout(total=ANSWER + most / (1 << 18), sock_connect=10)
        try:
            async with session.get(
                URL(url, encoded=True),
                headers=headers,
                timeout=limit,
                max_redirects=MAX_REDIRECTS,
                **self._fs.kwargs,
            ) as answer:
                _check_redirects([str(one.url) for one in (*answer.history, answer)])
                _check_encoding(answer.headers.get("Content-Encoding", ""))
                chunks: list[bytes] = []
                left = most
                while left > 0:
                    chunk = await answer.content.read(min(left, 1 << 20))
                    if not chunk:
                        break
                    chunks.append(chunk)
                    left -= len(chunk)
                found = {name.lower(): value for name, value in answer.headers.items()}
                if left == 0:
                    answer.close()  # what follows is not waited for
                return Answer(answer.status, found, b"".join(chunks), str(answer.url))
        except aiohttp.NonHttpUrlRedirectClientError:
            raise StoreError("the server redirects to another scheme") from None
        except aiohttp.TooManyRedirects:
            raise StoreError(f"the server redirects more than {MAX_REDIRECTS} times") from None
        except (asyncio.TimeoutError, TimeoutError):
            raise StoreError("it does not answer in time", down=True) from None
        except aiohttp.ClientConnectorError as error:
            raise StoreError(f"no connection: {scrubbed(error)}", down=True) from None
        except aiohttp.InvalidURL:
            raise StoreError("this is no address of a web server") from None
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            raise DroppedError(f"{type(error).__name__}: {error}") from None

    def _look(self, path: str) -> Item | None:
        item = self._probe(path)
        return item._replace(path=path) if item is not None else None

    def _list(self, folder: str) -> list[Item]:
        names = self._links(folder)
        if self.is_model and not folder and "MLmodel" not in names:
            raise StoreError(f"the page there links to no MLmodel file; {_ARCHIVE}")
        inside = f"{folder}/" if folder else ""
        files = sorted(name for name in names if not name.endswith("/"))
        found = [Item(inside + name[:-1], Kind.DIRECTORY, 0) for name in sorted(names) if name.endswith("/")]
        for item in self._probes([inside + name for name in files]):
            if isinstance(item, StoreError):
                raise item
            if item is not None:
                found.append(item)
        return found

    def _probes(self, paths: list[str]) -> list[Item | StoreError | None]:
        import functools

        from mlmodel.sources.remote.deadlines import all_within

        found = all_within(ANSWER, [functools.partial(self._probe, path) for path in paths])
        return [
            one if not isinstance(one, Exception) or isinstance(one, StoreError) else self._explained(one)
            for one in found
        ]

    def _links(self, folder: str) -> set[str]:
        """The names that the index page of a folder links to, folders with a slash at their end."""
        try:
            answer = self._got(f"{folder}/", {}, MAX_PAGE)
        except StoreError as error:
            if error.missing:
                return set()
            raise
        if not answer.headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml")):
            raise StoreError(NO_INDEX)
        if len(answer.content) >= MAX_PAGE:
            raise StoreError(f"its index page has more than {MAX_PAGE:,} bytes", limit=True)
        place = urlsplit(answer.url)
        base = place.path if place.path.endswith("/") else place.path.rpartition("/")[0] + "/"
        names: set[str] = set()
        for link in _LINK.findall(answer.content.decode("utf-8", "replace")):
            try:
                target = urlsplit(urljoin(answer.url, unescape(link)))
            except ValueError:
                continue  # a link to nowhere
            if target.netloc != place.netloc or target.query or not target.path.startswith(base):
                continue
            name, slash, rest = target.path[len(base) :].partition("/")
            plain = unquote(name)
            if name and not rest and plain not in (".", "..") and "/" not in plain:
                names.add(plain + slash)
            if len(names) > MAX_LINKS:
                raise StoreError(f"its index page has more than {MAX_LINKS:,} links", limit=True)
        return names


def _check_encoding(encoding: str) -> None:
    if encoding.lower() not in ("", "identity"):
        raise StoreError("the server sends it compressed, though it was asked not to")


def _check_redirects(urls: list[str]) -> None:
    if urls[0].startswith("https:") and not all(url.startswith("https:") for url in urls):
        raise StoreError("the server redirects from https to http")
