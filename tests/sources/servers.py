"""Servers on loopback that hand out the files of a folder: a web server with ranges, and an object store.

An object store that keeps what it has in memory cannot hold models of gigabytes; this one sends files as they are on disk,
sparse ones too.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

RANGE = re.compile(r"bytes=(\d+)-(\d*)$")


class Files(BaseHTTPRequestHandler):
    """Files with ranges, and index pages of folders; the first component of a path is skipped in an object store."""

    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.respond(body=False)

    def do_GET(self) -> None:
        self.respond(body=True)

    def respond(self, *, body: bool) -> None:
        self.server.requests.append((self.command, self.path, self.headers.get("Range")))
        place = urlsplit(self.path)
        path = self.server.root / unquote(place.path).strip("/")
        if path.is_dir():
            self.folder(path, body=body)
        elif path.is_file():
            self.file(path, body=body)
        else:
            self.say(404, b"not here", "text/plain")

    def folder(self, path: Path, *, body: bool) -> None:
        if not urlsplit(self.path).path.endswith("/"):
            self.send_response(301)
            self.send_header("Location", f"{urlsplit(self.path).path}/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        names = sorted(f"{item.name}/" if item.is_dir() else item.name for item in path.iterdir())
        links = "".join(
            f'<li><a href="{quote(name)}">{html.escape(name)}</a></li>' for name in ["../", *names]
        )
        self.say(200, f"<html><body><ul>{links}</ul></body></html>".encode(), "text/html", body=body)

    def file(self, path: Path, *, body: bool) -> None:
        size = path.stat().st_size
        start, end = 0, size
        match = RANGE.match(self.headers.get("Range", "")) if self.server.ranges else None
        if match is not None:
            start, end = int(match[1]), min(size, int(match[2]) + 1 if match[2] else size)
            if start >= size:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        self.send_response(206 if match is not None else 200)
        if match is not None:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.send_header("Content-Length", str(end - start))
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("ETag", f'"{tag(path)}"')
        self.send_header("Last-Modified", formatdate(path.stat().st_mtime, usegmt=True))
        self.end_headers()
        if not body:
            return
        with path.open("rb") as file:
            file.seek(start)
            while start < end:
                content = file.read(min(1 << 20, end - start))
                try:
                    self.wfile.write(content)
                except ConnectionError:
                    return
                start += len(content)
                self.server.count(len(content))

    def say(self, status: int, content: bytes, kind: str, *, body: bool = True) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)


class Objects(Files):
    """An object store: the folders of the root are its buckets."""

    def respond(self, *, body: bool) -> None:
        place = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(place.query, keep_blank_values=True).items()}
        self.server.requests.append((self.command, self.path, self.headers.get("Range")))
        path = self.server.root / unquote(place.path).strip("/")
        if "list-type" in query:
            self.listing(path, query)
        elif path.is_file():
            self.file(path, body=body)
        elif path.is_dir() and path.parent == self.server.root:
            self.say(200, b"", "application/xml", body=body)
        else:
            self.say(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml", body=body)

    def listing(self, bucket: Path, query: dict[str, str]) -> None:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        files = {file.relative_to(bucket).as_posix(): file for file in bucket.rglob("*") if file.is_file()}
        keys, common = [], set()
        for key in sorted(files):
            if key.startswith(prefix):
                rest = key[len(prefix) :]
                if delimiter and delimiter in rest:
                    common.add(prefix + rest.partition(delimiter)[0] + delimiter)
                else:
                    keys.append(key)
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{files[key].stat().st_size}</Size>"
            f'<ETag>"{tag(files[key])}"</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>'
            for key in keys
        )
        folders = "".join(
            f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in sorted(common)
        )
        text = (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>false</IsTruncated><KeyCount>{len(keys)}</KeyCount>{contents}{folders}</ListBucketResult>"
        )
        self.say(200, text.encode(), "application/xml")


def tag(path: Path) -> str:
    status = path.stat()
    return hashlib.sha256(f"{path} {status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:32]


class Server(ThreadingHTTPServer):
    """What serves, and what was asked of it."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler: type[BaseHTTPRequestHandler], root: Path, *, ranges: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.root = root
        self.ranges = ranges
        self.requests: list[tuple[str, str, str | None]] = []
        self.sent = 0
        self._lock = threading.Lock()

    def handle_error(self, *_: Any) -> None:
        """A client that goes away early is no error here."""

    def count(self, size: int) -> None:
        with self._lock:
            self.sent += size

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], root: Path | None = None, *, ranges: bool = True
) -> Iterator[Server]:
    server = Server(handler, root or Path(os.devnull), ranges=ranges)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
