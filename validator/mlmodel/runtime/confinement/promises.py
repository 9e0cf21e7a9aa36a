"""What the words ``files``, ``network``, ``processes`` and ``limits`` promise, and what is tried for each of them.

The table of chapter 75 of the standard, the one of the README and ``load.tried`` of the JSON report are made of this.
What is not tried is not promised.  Imported by the launcher, which runs with ``-I -S``: standard library only.
"""

from __future__ import annotations

from mlmodel.common.records import Record

LINUX, MACOS, WINDOWS = "Linux", "macOS", "Windows"
_UNIX = (LINUX, MACOS)
_ALL = (LINUX, MACOS, WINDOWS)


class Promise(Record):
    """Something that a confined process must not be able to do."""

    protects: str
    """The word of the report that stands for it."""
    name: str
    """Of the attempt."""
    tried: str
    """The attempt, as a sentence goes on after "to"."""
    systems: tuple[str, ...] = _ALL
    """Where it is tried."""


PROMISES = (
    Promise("files", "read", "read a file outside"),
    Promise("files", "write", "write to it"),
    Promise("files", "chmod", "change its mode"),
    Promise("files", "write environment", "create a file in the environment"),
    Promise("files", "truncate", "empty a file that may be read", _UNIX),
    Promise("files", "attributes", "list the extended attributes of a file outside", (LINUX,)),
    Promise("files", "watch", "be told of changes in other folders (inotify)", (LINUX,)),
    Promise("files", "control", "change what a disk keeps of a file that may be read (ioctl)", (LINUX,)),
    Promise("files", "lease", "have others wait for a file that may be read (lease)", (LINUX,)),
    Promise("network", "tcp", "reach another machine over TCP"),
    Promise("network", "udp", "reach another machine over UDP"),
    Promise("network", "unix", "connect to a Unix socket", _UNIX),
    Promise(
        "network", "datagram", "send to a Unix socket, by path and by abstract name, from a socket of a pair", (LINUX,)
    ),
    Promise("network", "descriptor", "send an open file through a socket", (LINUX,)),
    Promise("network", "interfaces", "ask a socket of a pair for the addresses of the machine", (LINUX,)),
    Promise("processes", "fork", "start a process", _UNIX),
    Promise("processes", "child", "start a process", (WINDOWS,)),
    Promise("processes", "exec", "run another program: a file", _UNIX),
    Promise("processes", "exec memory", "run a program that is in memory only", (LINUX,)),
    Promise("processes", "exec loader", "have the dynamic loader run a program", (LINUX,)),
    Promise("processes", "signal", "signal another process", _UNIX),
    Promise("processes", "reach", "open another process", (WINDOWS,)),
    Promise("processes", "schedule", "change how another process is scheduled", (LINUX,)),
    Promise("processes", "outlive", "outlive the process that watches it", (LINUX,)),
    Promise("limits", "addresses", "map more memory than is allowed", (LINUX,)),
    Promise("limits", "memory file", "keep data in a file of memory, which no limit counts", (LINUX,)),
    Promise("limits", "shared memory", "keep data in shared memory, which may be mapped no more", (LINUX,)),
    Promise("limits", "pinned memory", "keep memory in a pipe that is mapped no more (vmsplice)", (LINUX,)),
    Promise("limits", "reserved disk", "take room on the disk without writing (fallocate)", (LINUX,)),
    Promise("limits", "file size", "make a file larger than the disk limit", (LINUX,)),
    Promise("limits", "unnamed file", "make a file without a name, which nobody can count", (LINUX,)),
)  # fmt: skip


def protected(system: str) -> dict[str, tuple[str, ...]]:
    """What has to be refused for each word on a system; a word that nothing is tried for is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for promise in PROMISES:
        if system in promise.systems:
            found[promise.protects] = (*found.get(promise.protects, ()), promise.name)
    return found


def table() -> list[str]:
    """The lines of the table in Markdown."""
    lines = ["| Protected | Tried, and refused | Where |", "| --- | --- | --- |"]
    for promise in PROMISES:
        where = "everywhere" if promise.systems == _ALL else ", ".join(promise.systems)
        lines.append(f"| {promise.protects} | to {promise.tried} | {where} |")
    return lines
