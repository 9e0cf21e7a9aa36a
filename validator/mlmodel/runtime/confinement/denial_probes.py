"""Attempts at what should be refused, and whether it is.

Imported by the launcher, which runs with ``-I -S``: standard library only.

On Linux no socket can be had.  On macOS it can, and the kernel is asked when it is bound, connects or sends
(``network-bind``, ``network-outbound``), so that these have to be tried: with nothing listening, what is allowed answers
``ECONNREFUSED``, and what is denied ``EPERM``.
"""

from __future__ import annotations

import errno
import os
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Attempt = Callable[[], object]

REFUSED = frozenset({errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOSYS, errno.EAFNOSUPPORT})
LISTENER = "mlmodel.socket"
"""The name of a socket in the scratch folder, where the rules for files would allow everything."""
_NOBODY = 9
"""A port where nothing listens: that of the service which would throw everything away."""


def refused(attempt: Attempt, more: frozenset[int] = frozenset()) -> bool:
    """Whether something that should be refused is, with an error that says so or one of some more."""
    try:
        attempt()
    except OSError as error:
        return error.errno in REFUSED | more
    return False


def every(*attempts: Attempt, more: frozenset[int] = frozenset()) -> None:
    """Several attempts as one, which is refused where all of them are; without any there is nothing to refuse."""
    if attempts and all(refused(attempt, more) for attempt in attempts):
        raise PermissionError(errno.EPERM, "every attempt is refused")


def listen() -> socket.socket | None:
    """A socket to connect to, made before it is forbidden; None where the folder takes none."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(LISTENER)
        listener.listen(1)
    except OSError:
        listener.close()
        return None
    return listener


def of_macos(policy: dict[str, Any]) -> dict[str, Attempt]:
    """The attempts that are others on macOS than on Linux, by the names of their proofs."""
    forbidden = policy["forbidden"]
    return {
        "write environment": lambda: _environment(forbidden, _readable(policy)),
        "tcp": _tcp,
        "udp": _udp,
        "unix": _unix,
    }


def create(folder: str) -> None:
    """Make a file in a folder, and take it away."""
    path = os.path.join(folder, f".mlmodel-{os.getpid()}")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    os.unlink(path)


def truncate(path: str) -> None:
    """Empty a file that may be read, without opening it for writing: Landlock before Linux 6.2 lets that pass."""
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError:
        return  # where it cannot be read, nothing is shown
    os.close(os.open(path, os.O_RDONLY | os.O_TRUNC))


def _readable(policy: dict[str, Any]) -> list[str]:
    """Files that may be read."""
    paths = [*policy["execute"], *policy["read"], os.path.join(policy["forbidden"], "pyvenv.cfg")]
    return [path for path in dict.fromkeys(paths) if os.path.isfile(path)]


def _environment(folder: str, files: list[str]) -> None:
    """Write in a folder, or get at a file through a second name in the scratch folder."""
    every(lambda: create(folder), lambda: _links(files))


def _links(files: list[str]) -> None:
    # On another disk there can be no second name.
    every(*[lambda path=path: _link(path) for path in files], more=frozenset({errno.EXDEV}))


def _link(path: str) -> None:
    os.link(path, "linked")
    os.unlink("linked")


def _tcp() -> None:
    every(
        _with(socket.AF_INET, socket.SOCK_STREAM, lambda one: one.connect(("127.0.0.1", _NOBODY))),
        _with(socket.AF_INET6, socket.SOCK_STREAM, lambda one: one.connect(("::1", _NOBODY))),
        _with(socket.AF_INET, socket.SOCK_STREAM, lambda one: one.bind(("127.0.0.1", 0))),
    )


def _udp() -> None:
    every(
        _with(socket.AF_INET, socket.SOCK_DGRAM, lambda one: one.sendto(b"", ("127.0.0.1", _NOBODY))),
        _with(socket.AF_INET6, socket.SOCK_DGRAM, lambda one: one.sendto(b"", ("::1", _NOBODY))),
        _with(socket.AF_INET, socket.SOCK_DGRAM, lambda one: one.bind(("127.0.0.1", 0))),
    )


def _unix() -> None:
    every(
        _with(socket.AF_UNIX, socket.SOCK_STREAM, lambda one: one.connect(LISTENER)),
        _with(socket.AF_UNIX, socket.SOCK_STREAM, lambda one: one.bind(LISTENER + ".own")),
    )


def _with(family: int, kind: int, work: Callable[[socket.socket], object]) -> Attempt:
    def attempt() -> None:
        with socket.socket(family, kind) as one:
            one.settimeout(1)
            work(one)

    return attempt
