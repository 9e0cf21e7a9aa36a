"""Landlock: which files a process may read, write and run (Linux 5.13 and later), by system calls.

Imported by the launcher, which runs with ``-I -S``: standard library only.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from typing import NamedTuple

_CREATE, _ADD, _RESTRICT = 444, 445, 446
EXECUTE, WRITE, READ, LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHARACTER, _MAKE_BLOCK = 1 << 6, 1 << 11
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
_OF_FILES = EXECUTE | WRITE | READ | _TRUNCATE | _IOCTL
OWN = (1 << 20) - 1 & ~(EXECUTE | _MAKE_CHARACTER | _MAKE_BLOCK | _IOCTL)
"""What may be done in a folder of one's own: everything with files, nothing with devices, of which root could make one."""


class Rule(NamedTuple):
    """What may be done at a path and below it."""

    path: str
    rights: int


def version(libc: ctypes.CDLL) -> int:
    """The version of the interface, 0 where the kernel has none or refuses to tell."""
    found: int = libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return max(found, 0)


def everything(abi: int) -> int:
    """All rights to files that a version knows."""
    bits = {1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)
    return int((1 << bits) - 1)


def restrict(libc: ctypes.CDLL, rules: list[Rule]) -> bool:
    """Allow what the rules say and nothing else; whether the kernel has put it into force.

    No TCP, no signals and no abstract Unix sockets to processes outside, where the kernel knows of them.
    Before version 3 (Linux 6.2) it knows nothing of truncation; the filter of system calls refuses what that leaves open.
    """
    abi = version(libc)
    if abi < 1:
        return False
    handled = everything(abi)
    attributes = struct.pack("QQQ", handled, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    buffer = ctypes.create_string_buffer(attributes, 24)
    ruleset = libc.syscall(_CREATE, buffer, ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    for rule in rules:
        _allow(libc, ruleset, rule, handled)
    restricted = libc.syscall(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)
    return bool(restricted == 0)


def _allow(libc: ctypes.CDLL, ruleset: int, rule: Rule, handled: int) -> None:
    try:
        place = os.open(rule.path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no permission
    try:
        rights = rule.rights & handled
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_FILES
        attributes = ctypes.create_string_buffer(struct.pack("=Qi", rights, place), 12)
        libc.syscall(_ADD, ctypes.c_int(ruleset), ctypes.c_int(1), attributes, ctypes.c_uint32(0))
    finally:
        os.close(place)
