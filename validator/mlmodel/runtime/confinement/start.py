"""The start of the program to confine, told apart from every other by where its arguments are in memory.

A filter of system calls sees addresses and not what is there.  So the path, the arguments and the variables are put at
addresses that are chosen at random, and the filter lets ``execve`` pass with these three alone.  When the program has
started, its memory is another, and no trace of them is left in it: it would have to try 2^100 and more.

Imported by the launcher, which runs with ``-I -S``: standard library only.
"""

from __future__ import annotations

import ctypes
import os
import sys

_PAGE = 65536
"""Bytes of a page, at most."""
_PRIVATE, _ANONYMOUS, _EXACTLY = 0x2, 0x20, 0x100000  # MAP_*; the last one is MAP_FIXED_NOREPLACE
_LOWEST, _BITS = 1 << 32, {"x86_64": 46, "aarch64": 38}
"""Where memory may be: kernels give 47 bits of addresses, on aarch64 sometimes 39."""


class Start:
    """A program with its arguments and variables.

    Args:
        command: its path and its arguments.
        environment: its variables.
    """

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._command = command
        self._environment = environment
        self.addresses: tuple[int, ...] = ()
        """Of the path, of the arguments and of the variables; none where the system is not Linux."""
        if not sys.platform.startswith("linux"):
            return
        variables = [f"{name}={value}" for name, value in environment.items()]
        self._texts = [
            [ctypes.create_string_buffer(os.fsencode(text)) for text in texts]
            for texts in (command, variables)
        ]
        lists = [(ctypes.c_void_p * (len(texts) + 1))(*map(ctypes.addressof, texts)) for texts in self._texts]
        self.addresses = tuple(map(_hidden, (os.fsencode(command[0]) + b"\0", *map(bytes, lists))))

    def go(self) -> None:
        """Become the program.

        Raises:
            OSError: it cannot be run.
        """
        if not self.addresses:
            os.execve(self._command[0], self._command, self._environment)  # noqa: S606
        libc = ctypes.CDLL(None, use_errno=True)
        libc.execve(*map(ctypes.c_void_p, self.addresses))
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), self._command[0])


def _hidden(content: bytes) -> int:
    """The address of a copy, at random."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
    size = -(-(len(content) + _PAGE) // _PAGE) * _PAGE
    highest = 1 << _BITS.get(os.uname().machine, 38)
    for _ in range(100):
        number = int.from_bytes(os.urandom(8), "little") % (highest - _LOWEST - size)
        base, offset = divmod(_LOWEST + number, _PAGE)
        base *= _PAGE
        found = libc.mmap(base, size, 3, _PRIVATE | _ANONYMOUS | _EXACTLY, -1, 0)
        if found == base:
            address: int = base + min(offset, size - len(content))
            ctypes.memmove(address, content, len(content))
            return address
        if found not in (None, ctypes.c_void_p(-1).value):  # a kernel before 4.17 puts it where it likes
            libc.munmap(ctypes.c_void_p(found), ctypes.c_size_t(size))
    raise OSError("there is no room for the program")
