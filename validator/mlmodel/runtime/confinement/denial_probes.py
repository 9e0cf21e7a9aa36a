"""Attempts at what should be refused, and whether it is.

Imported by the launcher, which runs with ``-I -S``: standard library only.

On Linux no socket can be had but those of a pair.  On macOS it can, and the kernel is asked when it is bound, connects or sends
(``network-bind``, ``network-outbound``), so that these have to be tried: with nothing listening, what is allowed answers
``ECONNREFUSED``, and what is denied ``EPERM``.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import os
import signal
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Attempt = Callable[[], object]

REFUSED = frozenset(
    {errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOSYS, errno.EAFNOSUPPORT, errno.EOPNOTSUPP}
)
_OWN = f"mlmodel-{os.getpid()}"
"""What names in the scratch folder begin with, which another process may share: that which compiles ahead."""
LISTENER = f"{_OWN}.socket"
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


def listen(kind: int = socket.SOCK_STREAM) -> socket.socket | None:
    """A socket to connect or send to, made before it is forbidden; None where the folder takes none."""
    listener = socket.socket(socket.AF_UNIX, kind)
    try:
        listener.bind(LISTENER)
        if kind == socket.SOCK_STREAM:
            listener.listen(1)
    except OSError:
        listener.close()
        return None
    return listener


class Listeners:
    """The sockets that must not be reached: one with a path in the scratch folder, on Linux one with an abstract name."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self.abstract = b""
        """The abstract name."""
        linux = sys.platform.startswith("linux")
        path = listen(socket.SOCK_DGRAM if linux else socket.SOCK_STREAM)
        if path is not None:
            self._sockets.append(path)
        if linux:
            unnamed = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._sockets.append(unnamed)
            unnamed.bind("")  # the kernel chooses
            self.abstract = unnamed.getsockname()

    def close(self) -> None:
        """Take them away."""
        for listener in self._sockets:
            listener.close()
        with contextlib.suppress(OSError):
            os.unlink(LISTENER)


def of_linux(policy: dict[str, Any], listeners: Listeners) -> dict[str, Attempt]:
    """The attempts that are made on Linux alone, by the names of their proofs."""
    watcher = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    return {
        "attributes": lambda: os.listxattr(policy["canary"]),
        "watch": lambda: os.close(_called(libc.inotify_init1(0))),
        # Without such a call a disk answers ENOTTY, as the filter does for it.
        "control": lambda: every(lambda: _control(libc, policy["readable"]), more=frozenset({errno.ENOTTY})),
        "lease": lambda: _lease(libc, policy["readable"]),
        "interfaces": lambda: every(lambda: _interfaces(libc), more=frozenset({errno.ENOTTY})),
        "datagram": lambda: every(
            lambda: _send(LISTENER),
            lambda: _send(listeners.abstract),
        ),
        "descriptor": _pass,
        "exec memory": lambda: _execute_memory(libc),
        "exec loader": lambda: _execute_loader(policy),
        # As it is, so that nothing changes where that is allowed.
        "schedule": lambda: os.sched_setscheduler(
            watcher, os.sched_getscheduler(watcher), os.sched_getparam(watcher)
        ),
        "outlive": lambda: _called(libc.prctl(1, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)),
        "addresses": lambda: every(lambda: _map(policy["address_space"]), more=frozenset({errno.ENOMEM})),
        "memory file": lambda: os.close(_memory_file(libc)),
        "shared memory": lambda: every(
            lambda: mmap.mmap(-1, 1 << 16).close(),
            lambda: os.close(os.open("/dev/zero", os.O_RDONLY)),
        ),
        "pinned memory": lambda: _pin(libc),
        "reserved disk": lambda: _reserve(libc),
        "file size": lambda: every(lambda: _fill(policy["disk"]), more=frozenset({errno.EFBIG})),
        "unnamed file": lambda: os.close(os.open(os.curdir, os.O_TMPFILE | os.O_WRONLY, 0o600)),
    }


def _control(libc: ctypes.CDLL, path: str) -> None:
    """Set the generation of a file to what it is."""
    get_version, set_version = 0x80087601, 0x40087602  # FS_IOC_GETVERSION, FS_IOC_SETVERSION
    number = ctypes.c_long(0)
    file = os.open(path, os.O_RDONLY)
    try:
        _called(libc.ioctl(file, ctypes.c_ulong(get_version), ctypes.byref(number)))
        _called(libc.ioctl(file, ctypes.c_ulong(set_version), ctypes.byref(number)))
    finally:
        os.close(file)


def _lease(libc: ctypes.CDLL, path: str) -> None:
    set_lease, for_reading = 1024, 0  # F_SETLEASE, F_RDLCK
    file = os.open(path, os.O_RDONLY)
    try:
        _called(libc.fcntl(file, set_lease, ctypes.c_long(for_reading)))
    finally:
        os.close(file)


def _interfaces(libc: ctypes.CDLL) -> None:
    get_addresses = 0x8912  # SIOCGIFCONF, here with no room for an answer
    one, other = socket.socketpair()
    with one, other:
        _called(libc.ioctl(one.fileno(), ctypes.c_ulong(get_addresses), ctypes.create_string_buffer(16)))


def _pin(libc: ctypes.CDLL) -> None:
    reader, writer = os.pipe()
    page = ctypes.create_string_buffer(b"x")
    part = (ctypes.c_void_p * 2)(ctypes.addressof(page), 1)  # a struct iovec
    try:
        _called(libc.vmsplice(writer, part, ctypes.c_ulong(1), ctypes.c_uint(0)))
    finally:
        os.close(reader)
        os.close(writer)


def _reserve(libc: ctypes.CDLL) -> None:
    """Reserve a block; ``posix_fallocate`` would write where it cannot be reserved."""
    path = f"{_OWN}.reserved"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        _called(libc.fallocate(descriptor, 0, ctypes.c_long(0), ctypes.c_long(1)))
    finally:
        os.close(descriptor)
        os.unlink(path)


def _called(answer: int) -> int:
    """The answer of a function of the C library.

    Raises:
        OSError: it failed.
    """
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def _send(address: str | bytes) -> None:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        one.sendto(b"", address)


def _pass() -> None:
    one, other = socket.socketpair()
    with one, other:
        socket.send_fds(one, [b"x"], [1])


def _memory_file(libc: ctypes.CDLL) -> int:
    if not hasattr(libc, "memfd_create"):  # glibc before 2.27
        raise PermissionError(errno.ENOSYS, "no such function")
    return _called(libc.memfd_create(b"", ctypes.c_uint(0)))


def _execute_memory(libc: ctypes.CDLL) -> None:
    memory = _memory_file(libc)
    try:
        execute([f"/proc/self/fd/{memory}"])
    finally:
        os.close(memory)


def _execute_loader(policy: dict[str, Any]) -> None:
    """Have a loader of programs run one that may not be run; where there is none, nobody can."""
    attempts = [lambda path=path: execute([path, policy["canary"]]) for path in policy["execute"][1:]]
    if attempts:
        every(*attempts)
    raise PermissionError(errno.EPERM, "every loader is refused")


def execute(command: list[str]) -> None:
    """Run a program: in a child where there can be one, else in the place of this process, which then says no more."""
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        os.execv(command[0], command)  # noqa: S606 -- refused; else whoever waits for an answer gets none
        return
    if child == 0:
        try:
            os.closerange(0, 3)
            os.execv(command[0], command)  # noqa: S606
        except OSError as error:
            os.write(writer, str(error.errno).encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    if answer:
        raise OSError(int(answer), os.strerror(int(answer)))


def _map(size: int | None) -> None:
    """Map as much as is allowed in all, with a part of that taken already; nothing of it is used."""
    private_anonymous_noreserve = 0x4022
    if size is not None:
        mmap.mmap(-1, size, private_anonymous_noreserve, mmap.PROT_READ).close()


def _fill(most: int) -> None:
    """Make a file that is one byte too large; it takes a block on the disk."""
    path = f"{_OWN}.large"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, b"x", most)
    finally:
        os.close(descriptor)
        os.unlink(path)


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
    os.link(path, f"{_OWN}.linked")
    os.unlink(f"{_OWN}.linked")


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
