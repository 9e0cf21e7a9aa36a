"""Model directories in archives, read in place: nothing is unpacked to a disk.

A zip is read member by member.  A tar that is not compressed likewise; a compressed one is decompressed as a stream, once for
its listing, and again for each large member.  What unpacking would write elsewhere, write twice or make a device of is no
file of the model, and told as a defect.
"""

from __future__ import annotations

import functools
import io
import os
import stat
import tarfile
import zipfile
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Protocol

from mlmodel.common.records import Record
from mlmodel.sources.base import (
    MAPPED_FROM,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_LINKS,
    SMALL,
    Defect,
    Entry,
    Kind,
    Source,
    UnopenedError,
    UnreadableError,
    too_large,
)
from mlmodel.sources.ranges import RangedBytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

MAX_MEMBER = 1 << 28
"""Bytes of one member that are held in memory at once: 256 MiB.  Larger compressed ones have to be unpacked first."""
MAX_UNPACKED = 1 << 32
"""Bytes that are decompressed for one archive, members that are looked at twice counted twice: 4 GiB."""
MAX_CENTRAL_DIRECTORY = 1 << 26
"""Bytes of a zip's list of members."""
MAX_DEFECTS = 20
"""Defects that are told of one archive, and one that says that there are more."""
_CHUNK = 1 << 20
_ENCRYPTED = 0x1


class _Member(Record):
    name: str
    kind: Kind
    size: int
    mode: int
    link: str | None
    """Where a link leads, relative to the root of the archive; None for what is no link."""
    item: zipfile.ZipInfo | tarfile.TarInfo


class Server(Protocol):
    """What serves an archive that is not on this machine."""

    failure: str | None


class ArchiveSource(Source):
    """One model directory inside an archive.

    Args:
        path: the archive.
        opened: opens it for reading, should it not be a file of this machine.
    """

    def __init__(self, path: str, opened: Callable[[], IO[bytes]] | None = None) -> None:
        super().__init__(path)
        self._opened: Callable[[], IO[bytes]] = opened or functools.partial(open, path, "rb")  # type: ignore[assignment]
        self._elsewhere = opened is not None
        self._store: Server | None = None
        self._stamp: str | None = None
        self._unpacked = 0
        self._defects: list[Defect] = []
        self._members: dict[str, _Member] = {}
        self._held: tuple[str, bytes] | None = None
        """The large member that was decompressed last."""
        self._open_archive()
        self._collect()
        self.prefix = self._find_root()
        """Path of the model directory inside the archive, with a slash at its end; empty at the top."""

    def served_by(self, store: Server, stamp: str | None) -> None:
        """Say where the archive is, should it not be a file of this machine, and the stamp that it has there."""
        self._store = store
        self._stamp = stamp

    @property
    def failure(self) -> str | None:
        """Why the server of the archive is not asked any more; None as long as it is."""
        return self._store.failure if self._store is not None else None

    def fingerprint(self) -> str | None:
        """Length and time, or stamp, of the archive."""
        if self._store is not None:
            return self._stamp
        status = os.stat(self.root)
        return f"{status.st_size} {status.st_mtime_ns}"

    # -- what a kind of archive offers -----------------------------------------------------------

    def _open_archive(self) -> None:
        raise NotImplementedError

    def _items(self) -> Iterator[_Member]:
        raise NotImplementedError

    def _stream(self, member: _Member) -> AbstractContextManager[IO[bytes]]:
        """The content of a member."""
        raise NotImplementedError

    def _stored_at(self, member: _Member) -> int | None:
        """Where in the archive the bytes of a member stand as they are; None where they are compressed."""
        raise NotImplementedError

    # -- members -> entries ----------------------------------------------------------------------

    def _collect(self) -> None:
        for count, member in enumerate(self._items()):
            if count == MAX_ENTRIES:
                self.unlisted[""] = f"more than {MAX_ENTRIES:,} names"
                break
            name = member.name.replace("\\", "/") if os.sep == "\\" else member.name
            parts = [part for part in name.split("/") if part not in ("", ".")]
            if name.startswith("/") or ".." in parts or "\0" in name or ":" in parts[:1]:
                self._defect(
                    "MLM035", f"the archive has a member {name[:200]!r}, which leads out of it", None
                )
            elif len(parts) > MAX_DEPTH:
                self.unlisted.setdefault("/".join(parts[:MAX_DEPTH]), f"more than {MAX_DEPTH} folders deep")
            elif parts:
                self._add("/".join(parts), parts, member)

    def _add(self, path: str, parts: list[str], member: _Member) -> None:
        for end in range(1, len(parts)):
            folder = "/".join(parts[:end])
            above = self._members.get(folder)
            if above is None:
                self._members[folder] = _Member(
                    folder, Kind.DIRECTORY, 0, stat.S_IFDIR | 0o755, None, member.item
                )
            elif above.kind is not Kind.DIRECTORY or above.link is not None:
                self._defect(
                    "MLM035",
                    f"{folder} is a file or a link in the archive, and a folder for {path[:200]}",
                    path,
                )
                return
        known = self._members.get(path)
        if known is not None and not (known.kind is member.kind is Kind.DIRECTORY):
            self._defect(
                "MLM036",
                f"the archive holds {path[:200]} twice; which one is unpacked depends on the tool",
                path,
            )
        self._members[path] = member

    def _defect(self, rule: str, message: str, path: str | None) -> None:
        if len(self._defects) < MAX_DEFECTS:
            self._defects.append(Defect(rule, message, path))
        elif len(self._defects) == MAX_DEFECTS:
            self._defects.append(Defect(rule, "and more of this kind", None))

    def _find_root(self) -> str:
        """The folder of the archive that holds the MLmodel file nearest to the top.

        Raises:
            UnopenedError: there is none, or two are equally near.
        """
        homes = sorted(
            (path.count("/"), path[: -len("MLmodel")])
            for path in self._members
            if f"/{path}".endswith("/MLmodel")
        )
        if not homes:
            raise UnopenedError("the archive holds no MLmodel file", "MLM001")
        nearest = [home for depth, home in homes if depth == homes[0][0]]
        if len(nearest) > 1:
            names = ", ".join(home.rstrip("/") or "." for home in nearest[:5])
            raise UnopenedError(
                f"the archive holds {len(nearest)} models, none nearer to the top than the others: {names}",
                "MLM037",
            )
        return nearest[0]

    @property
    def defects(self) -> tuple[Defect, ...]:
        """Members that unpacking would put elsewhere, twice, or make devices of."""
        self.entries  # noqa: B018 - listing finds the rest
        return tuple(self._defects)

    def _list_all(self) -> tuple[dict[str, Entry], bool]:
        inside = self.prefix
        found = {
            path[len(inside) :]: self._entry(path[len(inside) :], member)
            for path, member in self._members.items()
            if path.startswith(inside)
        }
        return found, not self.unlisted

    def _entry(self, path: str, member: _Member) -> Entry:
        if member.link is None:
            return Entry(path, member.kind, member.size if member.kind is Kind.FILE else 0, member.mode)
        target = self._follow(self.prefix + path)
        if target is None or not f"{target}/".startswith(self.prefix):
            return Entry(path, Kind.OUTSIDE, 0, member.mode)
        behind = self._members.get(target)
        if behind is None:
            return Entry(path, Kind.MISSING, 0, member.mode)
        return Entry(path, behind.kind, behind.size, member.mode)

    def _follow(self, path: str) -> str | None:
        """Where the links on a path of the archive lead; None where they lead out, or in a circle."""
        pending, found, links = path.split("/")[::-1], list[str](), 0
        while pending:
            part = pending.pop()
            if part == "..":
                if not found:
                    return None
                found.pop()
                continue
            if part in ("", "."):
                continue
            member = self._members.get("/".join([*found, part]))
            if member is None or member.link is None:
                found.append(part)
                continue
            links += 1
            if links > MAX_LINKS or member.link.startswith("/"):
                return None
            found = []
            pending += member.link.split("/")[::-1]
        return "/".join(found)

    def _look_further(self, path: str, parts: list[str]) -> Entry:
        target = self._follow(self.prefix + path)
        if target is None or (".." in parts and not f"{target}/".startswith(self.prefix)):
            return Entry(path, Kind.OUTSIDE, 0, 0)
        member = self._members.get(target)
        if member is None or not target.startswith(self.prefix):
            return Entry(path, Kind.MISSING, 0, 0)
        return Entry(path, member.kind, member.size if member.kind is Kind.FILE else 0, member.mode)

    # -- bytes -----------------------------------------------------------------------------------

    def _member(self, path: str) -> _Member:
        entry = self.look(path)
        self._count_read(path)
        if entry.kind is not Kind.FILE:
            raise UnreadableError(path, f"not a readable file ({entry.kind.value})")
        target = self._follow(self.prefix + entry.path)
        member = self._members.get(target or "")
        if member is None or member.kind is not Kind.FILE:
            raise UnreadableError(path, "not a readable file")
        return member

    def _fetch(self, path: str, start: int, size: int, *, whole: bool) -> bytes:
        member = self._member(path)
        if whole and member.size > size:
            raise too_large(path, member.size, size)
        begin = start if start >= 0 else max(0, member.size + start)
        wanted = max(0, min(size, member.size - begin))
        at = self._stored_at(member)
        if at is not None:
            return self._at(path, at + begin, wanted)
        if self._held is not None and self._held[0] == member.name:
            return self._held[1][begin : begin + wanted]
        if begin + wanted > MAX_MEMBER:
            raise self._beyond(path)
        return self._decompressed(path, member, begin + wanted)[begin:]

    def _map(self, path: str) -> bytes | RangedBytes:
        member = self._member(path)
        at = self._stored_at(member)
        if at is not None and member.size <= MAPPED_FROM:
            return self._at(path, at, member.size)
        if at is not None:
            return RangedBytes(member.size, lambda start, size: self._at(path, at + start, size))
        if self._held is not None and self._held[0] == member.name:
            return self._held[1]
        if member.size > MAX_MEMBER:
            raise self._beyond(path)
        content = self._decompressed(path, member, member.size)
        self._held = member.name, content
        return content

    def chunks(self, path: str) -> Iterator[bytes]:
        """All bytes of a member of any size, one piece after the other."""
        member = self._member(path)
        if self._stored_at(member) is not None:
            yield from super().chunks(path)
            return
        with self._stream(member) as stream:
            yield from self._pieces(path, member, stream)

    def _pieces(self, path: str, member: _Member, stream: IO[bytes]) -> Iterator[bytes]:
        left = member.size
        while left > 0:
            try:
                chunk = stream.read(min(left, _CHUNK))
            except UnreadableError:
                raise
            except Exception as error:  # noqa: BLE001 - zipfile, tarfile and the decompressors have no common error
                raise UnreadableError(path, _unpacking(error)) from None
            if not chunk:
                raise UnreadableError(path, "it is shorter than the archive says")
            self._spend(path, len(chunk))
            left -= len(chunk)
            yield chunk

    @staticmethod
    def _beyond(path: str) -> UnreadableError:
        reason = f"more than {MAX_MEMBER:,} bytes of it are compressed in an archive: unpack the archive to judge it"
        return UnreadableError(path, reason, limit=True)

    def _at(self, path: str, offset: int, size: int) -> bytes:
        if size > MAX_MEMBER:
            raise too_large(path, size, MAX_MEMBER)
        try:
            with self._opened() as file:
                file.seek(offset)
                content = file.read(size)
        except OSError as error:
            raise UnreadableError(path, error.strerror or str(error)) from None
        if len(content) < size:
            raise UnreadableError(path, "the archive ends before it")
        return content

    def _decompressed(self, path: str, member: _Member, size: int) -> bytes:
        """The first ``size`` bytes of a compressed member, which must have as many."""
        chunks: list[bytes] = []
        left = size
        try:
            with self._stream(member) as stream:
                while left > 0:
                    chunk = stream.read(min(left, _CHUNK))
                    if not chunk:
                        break
                    self._spend(path, len(chunk))
                    chunks.append(chunk)
                    left -= len(chunk)
        except UnreadableError:
            raise
        except Exception as error:  # noqa: BLE001 - zipfile, tarfile and the decompressors have no common error
            raise UnreadableError(path, _unpacking(error)) from None
        if left:
            raise UnreadableError(path, "it is shorter than the archive says")
        return b"".join(chunks)

    def _spend(self, path: str, count: int) -> None:
        self._unpacked += count
        if self._unpacked > MAX_UNPACKED:
            raise UnreadableError(
                path, f"more than {MAX_UNPACKED:,} bytes would have to be unpacked", limit=True
            )


class ZipSource(ArchiveSource):
    """A model directory in a zip."""

    def _open_archive(self) -> None:
        try:
            with self._opened() as file:
                file.seek(0, os.SEEK_END)
                length = file.tell()
                file.seek(max(0, length - (1 << 16) - 22))
                end = file.read()
            at = end.rfind(b"PK\5\6")
            if at >= 0 and int.from_bytes(end[at + 12 : at + 16], "little") in range(
                MAX_CENTRAL_DIRECTORY, 0xFFFFFFFF
            ):
                raise UnopenedError(
                    f"the archive's list of members is larger than {MAX_CENTRAL_DIRECTORY:,} bytes"
                )
            self._zip = zipfile.ZipFile(self._opened() if self._elsewhere else self.root)
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise UnopenedError(f"the archive cannot be read as a zip: {error}") from None

    def _items(self) -> Iterator[_Member]:
        for info in self._zip.infolist():
            mode = info.external_attr >> 16
            if info.is_dir():
                yield _Member(info.filename, Kind.DIRECTORY, 0, stat.S_IFDIR | 0o755, None, info)
            elif stat.S_ISLNK(mode):
                yield self._link(info)
            elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                yield _Member(info.filename, Kind.SPECIAL, 0, stat.S_IFMT(mode) | 0o644, None, info)
            else:
                yield _Member(info.filename, Kind.FILE, info.file_size, stat.S_IFREG | 0o644, None, info)

    def _link(self, info: zipfile.ZipInfo) -> _Member:
        try:
            with self._zip.open(info) as stream:
                target = stream.read(4096).decode("utf-8", "replace")
        except Exception:  # noqa: BLE001 - a damaged link leads nowhere
            target = "/"
        leads = _beside(info.filename, target)
        return _Member(
            info.filename,
            Kind.SPECIAL,
            0,
            stat.S_IFLNK | 0o777,
            leads,
            info,
        )

    @contextmanager
    def _stream(self, member: _Member) -> Iterator[IO[bytes]]:
        assert isinstance(member.item, zipfile.ZipInfo)
        if member.item.flag_bits & _ENCRYPTED:
            raise ValueError("it is encrypted")
        with self._zip.open(member.item) as stream:
            yield stream

    def _stored_at(self, member: _Member) -> int | None:
        info = member.item
        assert isinstance(info, zipfile.ZipInfo)
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & _ENCRYPTED or member.size <= SMALL:
            return None
        try:
            with self._opened() as file:
                file.seek(info.header_offset)
                header = file.read(30)
        except OSError:
            return None
        if len(header) < 30 or header[:4] != b"PK\3\4":
            return None
        names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        return info.header_offset + 30 + names


class TarSource(ArchiveSource):
    """A model directory in a tar, compressed or not."""

    def _open_archive(self) -> None:
        with self._opened() as file:
            start = file.read(6)
        self._mode = _tar_mode(start)
        if self._mode == "r|zst" and not _has_zstandard():
            raise UnopenedError("it is compressed with Zstandard, which Python reads since 3.14")

    def _archive(self, stack: ExitStack) -> tarfile.TarFile:
        file = stack.enter_context(self._opened())
        return stack.enter_context(tarfile.open(fileobj=file, mode=self._mode))  # type: ignore[call-overload,no-any-return]

    def _items(self) -> Iterator[_Member]:
        try:
            with ExitStack() as stack:
                archive = self._archive(stack)
                for info in archive:
                    self._check_pace(archive)
                    yield self._item(archive, info)
                self._finish(archive)
        except (tarfile.TarError, OSError, EOFError, ValueError, ArithmeticError) as error:
            raise UnopenedError(f"the archive cannot be read as a tar: {error}") from None
        except Exception as error:
            if type(error).__module__.partition(".")[0] in ("zlib", "lzma", "_lzma", "bz2", "compression"):
                raise UnopenedError(f"the archive cannot be read as a tar: {error}") from None
            raise

    def _finish(self, archive: tarfile.TarFile) -> None:
        """Read a compressed stream to its end, where it says that it is whole."""
        stream = archive.fileobj
        while self._mode != "r:" and stream is not None and stream.read(_CHUNK):
            self._spend(".", _CHUNK)
        decompressor = getattr(stream, "cmp", None)
        if self._mode != "r:" and not getattr(decompressor, "eof", True):
            raise UnopenedError(
                "the archive cannot be read as a tar: it ends before its compressed stream does"
            )

    def _check_pace(self, archive: tarfile.TarFile) -> None:
        if self._mode != "r:" and archive.offset > MAX_UNPACKED:
            raise UnopenedError(f"more than {MAX_UNPACKED:,} bytes would have to be unpacked")

    def _item(self, archive: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
        mode = 0o644
        if info.isreg():
            member = _Member(info.name, Kind.FILE, info.size, stat.S_IFREG | mode, None, info)
            if self._mode != "r:" and info.size <= min(SMALL, self._room):
                self._keep(archive, info)
            return member
        if info.isdir():
            return _Member(info.name, Kind.DIRECTORY, 0, stat.S_IFDIR | 0o755, None, info)
        if info.issym():
            folder = info.name.strip("/").rpartition("/")[0]
            leads = (
                info.linkname if info.linkname.startswith("/") or not folder else f"{folder}/{info.linkname}"
            )
            return _Member(info.name, Kind.SPECIAL, 0, stat.S_IFLNK | 0o777, leads, info)
        if info.islnk():
            return _Member(info.name, Kind.SPECIAL, 0, stat.S_IFREG | mode, info.linkname, info)
        return _Member(info.name, Kind.SPECIAL, 0, stat.S_IFCHR | mode, None, info)

    def _keep(self, archive: tarfile.TarFile, info: tarfile.TarInfo) -> None:
        """Hold the content of a small member of a stream, so that the stream is not read again for it."""
        stream = archive.extractfile(info)
        if stream is not None:
            content = stream.read(SMALL)
            if len(content) == info.size:
                self._kept_members[info.name] = content
                self._room -= len(content)

    @property
    def _kept_members(self) -> dict[str, bytes]:
        kept: dict[str, bytes] = self.__dict__.setdefault("_kept_by_name", {})
        return kept

    def _fetch(self, path: str, start: int, size: int, *, whole: bool) -> bytes:
        kept = self._kept_members.get(self._member(path).name)
        if kept is None:
            return super()._fetch(path, start, size, whole=whole)
        if whole and len(kept) > size:
            raise too_large(path, len(kept), size)
        return kept[start : start + size] if start >= 0 else kept[start:][:size]

    @contextmanager
    def _stream(self, member: _Member) -> Iterator[IO[bytes]]:
        assert isinstance(member.item, tarfile.TarInfo)
        with ExitStack() as stack:
            archive = self._archive(stack)
            for info in archive:
                self._check_pace(archive)
                if info.offset == member.item.offset:
                    yield archive.extractfile(info) or io.BytesIO()
                    return
        yield io.BytesIO()

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Every regular file; those of a compressed archive in the order in which they stand there, in one pass."""
        if self._mode == "r:":
            yield from super().files()
            return
        wanted = {path: entry for path, entry in self.entries.items() if entry.kind is Kind.FILE}
        found: dict[int, str] = {}
        for path in wanted:
            member = self._members[self.prefix + path]
            if member.link is None and isinstance(member.item, tarfile.TarInfo):
                found[member.item.offset] = path
        with ExitStack() as stack:
            archive = self._archive(stack)
            for info in archive:
                self._check_pace(archive)
                path = found.get(info.offset, "")
                stream = archive.extractfile(info) if path else None
                if stream is not None:
                    yield path, self._pieces(path, self._members[self.prefix + path], stream)
        for path in wanted.keys() - set(found.values()):  # links to files
            yield path, self.chunks(path)

    def _stored_at(self, member: _Member) -> int | None:
        info = member.item
        assert isinstance(info, tarfile.TarInfo)
        return info.offset_data if self._mode == "r:" and info.sparse is None else None


def _unpacking(error: Exception) -> str:
    return f"it cannot be unpacked: {type(error).__name__}: {error}"[:300]


def _beside(name: str, target: str) -> str:
    """Where a link leads, relative to the root of the archive; an absolute target stays as it is."""
    folder = name.strip("/").rpartition("/")[0]
    return target if target.startswith("/") or not folder else f"{folder}/{target}"


def _tar_mode(start: bytes) -> str:
    if start[:2] == b"\x1f\x8b":
        return "r|gz"
    if start[:3] == b"BZh":
        return "r|bz2"
    if start == b"\xfd7zXZ\0":
        return "r|xz"
    return "r|zst" if start[:4] == b"\x28\xb5\x2f\xfd" else "r:"


def _has_zstandard() -> bool:
    import sys

    return sys.version_info >= (3, 14)


def open_archive(path: str, opened: Callable[[], IO[bytes]] | None = None) -> ArchiveSource:
    """The model in an archive.

    Args:
        path: the archive, by whose ending its form is known.
        opened: opens it for reading, should it not be a file of this machine.

    Raises:
        UnopenedError: it cannot be read, or holds no model, or several.
    """
    return (ZipSource if path.lower().endswith(".zip") else TarSource)(path, opened)
