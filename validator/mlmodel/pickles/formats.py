"""The formats that files of serialized objects have, told by their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record

if TYPE_CHECKING:
    from mlmodel.pickles.operands import Buffer

TAR_BLOCK = 512
"""Bytes of a header of a tar archive."""
_LZMA_START = b"\x5d\0"
"""How joblib knows the files of the old LZMA format."""
_ZIP_END = b"PK\5\6"
_ZIP_TAIL = 22 + 0xFFFF
"""Bytes of the record that ends a zip archive, with the longest comment."""


class ContainerFormat(Record):
    """A format that files of serialized objects have."""

    name: str
    magic: tuple[bytes, ...]
    """How its files begin."""
    reader: str | None
    """The method of :class:`Opener` that looks into it; None where the format is only recognized."""
    first_byte_may_be_opcode: bool = True
    """Whether a pickle may begin so, too: then the file is read as one as well."""


FORMATS = (
    ContainerFormat("zip", (b"PK\3\4", b"PK\5\6"), "_zip", first_byte_may_be_opcode=False),
    ContainerFormat("gzip", (b"\x1f\x8b",), "_compressed"),
    ContainerFormat("bzip2", (b"BZh",), "_compressed"),
    ContainerFormat("xz", (b"\xfd7zXZ\0",), "_compressed"),
    ContainerFormat("lz4", (b"\x04\x22\x4d\x18",), "_compressed"),
    ContainerFormat("zfile", (b"ZF",), "_zfile"),
    ContainerFormat("npy", (b"\x93NUMPY",), "_npy", first_byte_may_be_opcode=False),
    ContainerFormat("HDF5", (b"\x89HDF\r\n\x1a\n",), "_hdf5", first_byte_may_be_opcode=False),
    ContainerFormat("Zstandard", (b"\x28\xb5\x2f\xfd",), None),
    ContainerFormat("7-Zip", (b"7z\xbc\xaf\x27\x1c",), None),
    ContainerFormat("RAR", (b"Rar!\x1a\x07",), None),
)
"""Recognized by their first bytes.  Those that are not (zlib, the old LZMA, tar) follow in :func:`format_of`."""
_ZLIB = ContainerFormat("zlib", (), "_compressed")
_LZMA = ContainerFormat("lzma", (), "_compressed")
_TAR = ContainerFormat("tar", (), "_tar")
_HDF5 = ContainerFormat("HDF5", (b"\x89HDF\r\n\x1a\n",), "_hdf5")
"""As it stands behind a user block, which may be anything."""
_USER_BLOCK = 512
_LARGEST_USER_BLOCK = 1 << 30


def format_of(head: bytes) -> ContainerFormat | None:
    """The format that the first bytes of a file have; None for a pickle and for everything else."""
    for known in FORMATS:
        if head.startswith(known.magic):
            return known
    if is_zlib(head):
        return _ZLIB
    if is_lzma(head):
        return _LZMA
    return _TAR if is_tar_header(head) else None


def behind_user_block(data: Buffer, start: int, end: int) -> ContainerFormat | None:
    """HDF5, whose first bytes may stand behind a block of 512 bytes, or twice as many, and so on, that it does not look into."""
    size = _USER_BLOCK
    while start + size < end and size <= _LARGEST_USER_BLOCK:
        if (
            data[start + size] == _HDF5.magic[0][0]
            and bytes(data[start + size : start + size + 8]) == _HDF5.magic[0]
        ):
            return _HDF5
        size *= 2
    return None


def is_zlib(head: bytes) -> bool:
    """Whether a zlib header stands here (RFC 1950, 2.2)."""
    return len(head) > 1 and head[0] & 0x0F == 8 and head[0] <= 0x78 and (head[0] << 8 | head[1]) % 31 == 0


def is_lzma(head: bytes) -> bool:
    """Whether a header of the old LZMA format stands here: one that begins as joblib wants it, or one that liblzma
    recognizes where it has to guess."""
    if len(head) < 13 or head[0] > 224:
        return False
    if head.startswith(_LZMA_START):
        return True
    dictionary = int.from_bytes(head[1:5], "little")
    size = int.from_bytes(head[5:13], "little")
    rest = dictionary & (dictionary - 1)
    round_ = dictionary and (not rest or (not rest & (rest - 1) and rest << 1 == dictionary ^ rest))
    return bool(round_) and (size == (1 << 64) - 1 or size < 1 << 38)


def is_tar_header(head: bytes) -> bool:
    """Whether these are the first bytes of a tar archive: a header whose checksum is right.

    Writers of old sum the bytes as signed numbers; ``tarfile`` takes both sums.
    """
    if len(head) < TAR_BLOCK:
        return False
    stored = tar_number(head[148:156])
    if stored is None:
        return False
    rest = head[:148] + head[156:TAR_BLOCK]
    unsigned = sum(rest) + 8 * 0x20
    return stored in (unsigned, unsigned - 256 * sum(byte > 127 for byte in rest))


def tar_number(field: bytes) -> int | None:
    """A number of a header: octal digits up to a NUL, or binary behind a mark (``tarfile.nti``)."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    if field[:1] == b"\xff":
        return int.from_bytes(field[1:], "big") - (1 << 8 * (len(field) - 1))
    try:
        return int(field.split(b"\0", 1)[0].decode("ascii").strip() or "0", 8)
    except ValueError:
        return None


def zip_end(data: Buffer, start: int, end: int) -> int:
    """The offset of the record that ends an archive, -1 where there is none."""
    return data.rfind(_ZIP_END, max(start, end - _ZIP_TAIL), end)
