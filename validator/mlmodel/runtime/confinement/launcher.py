"""Confines itself, proves it, and becomes the program to confine.

A script: ``python -I -S -B launcher.py POLICY.json``, with our own interpreter, before any code of an environment.
The order matters: what is imported must be imported before files are out of reach, namespaces come before
Landlock (which forbids mounts), and seccomp last; on macOS Seatbelt stands for them all.  Then it tries what should be
refused and writes the answers, one line of JSON, to the descriptor of the policy; who does not get that line knows
that nothing has started.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # -I leaves it out

import denial_probes
import landlock
import seatbelt
import seccomp
from start import Start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NO_NEW_PRIVS, _PDEATHSIG, _DROP_BOUND = 38, 1, 24
_NAMESPACES = 0x10000000 | 0x40000000 | 0x08000000 | 0x04000000  # user, net, ipc, uts


def namespaces(libc: ctypes.CDLL) -> bool:
    """A user, network, IPC and host name namespace of its own; whether the kernel gives them."""
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(_NAMESPACES) != 0:
        return False
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"65534 {uid} 1"),
            ("gid_map", f"65534 {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    except OSError:
        return True  # without a name inside, which takes nothing away
    return True


def powerless(libc: ctypes.CDLL) -> bool:
    """Give up root's privileges for good: those held, and those that a program would get when it starts."""
    for capability in range(64):
        if libc.prctl(_DROP_BOUND, ctypes.c_ulong(capability), 0, 0, 0) != 0:
            break  # there are no more, or they were not ours to drop
    version_3, own = 0x20080522, 0
    header = (ctypes.c_uint32 * 2)(version_3, own)
    none = (ctypes.c_uint32 * 6)()
    return bool(libc.capset(header, none) == 0)


def limits(policy: dict[str, Any]) -> None:
    """What a process may use; what the system does not know of is left out.

    Addresses are not limited on macOS, where every program has more of them than any limit leaves; the parent
    watches the memory.
    """
    wanted = {
        "RLIMIT_CPU": policy["cpu"],
        "RLIMIT_AS": None if sys.platform == "darwin" else policy["address_space"],
        "RLIMIT_FSIZE": policy["disk"],
        "RLIMIT_NOFILE": 1024,
        "RLIMIT_CORE": 1,  # by 0, programs that are given what is left of a process would still be started
        "RLIMIT_NPROC": _tasks() + policy["threads"],
        "RLIMIT_MEMLOCK": 1 << 20,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_SIGPENDING": 1024,
    }
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is None or value is None:
            continue
        _, hard = resource.getrlimit(number)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(number, (most, most))
        except (OSError, ValueError):
            continue


def _tasks() -> int:
    """How many threads the user has: the limit counts them all."""
    count = 0
    uid = os.getuid()
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return 512
    for name in names:
        try:
            if os.stat(f"/proc/{name}").st_uid == uid:
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return count


def confine(policy: dict[str, Any], start: Start) -> list[str]:
    """Put every layer on that the system has, in order; which ones it has."""
    layers = []
    off = policy["without"]
    if "limits" not in off:
        limits(policy)
        layers.append("limits")
    if sys.platform == "darwin" and "seatbelt" not in off:
        why_not = seatbelt.apply(seatbelt.library(), seatbelt.profile(policy, os.getpid()))
        if why_not is None:
            layers.append("seatbelt")
        else:
            sys.stderr.write(f"seatbelt: {why_not}\n")
    if not sys.platform.startswith("linux"):
        return layers
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != policy["parent"]:  # who watches it died before that
        os._exit(98)
    if "namespaces" not in off and namespaces(libc):
        layers.append("namespaces")
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    if "capabilities" not in off and powerless(libc):
        layers.append("capabilities")
    has_landlock = False
    if "landlock" not in off:
        reading = landlock.READ | landlock.LIST
        rules = [landlock.Rule(path, reading) for path in policy["read"]]
        rules += [landlock.Rule(path, landlock.OWN) for path in policy["write"]]
        rules += [landlock.Rule(path, landlock.READ | landlock.WRITE) for path in policy["devices"]]
        rules += [landlock.Rule(path, landlock.READ | landlock.EXECUTE) for path in policy["execute"]]
        has_landlock = landlock.restrict(libc, rules)
        if has_landlock:
            layers.append("landlock")
    code = seccomp.program(os.uname().machine, os.getpid(), start.addresses, read_only=not has_landlock)
    if "seccomp" not in off and code is not None and seccomp.install(libc, code):
        layers.append("seccomp")
    return layers


def proofs(policy: dict[str, Any], listeners: denial_probes.Listeners) -> dict[str, bool]:
    """What is refused, found out by trying: everything that ``promises.py`` has for this system."""
    canary, forbidden = policy["canary"], policy["forbidden"]
    tries: dict[str, Callable[[], object]] = {
        "read": lambda: os.close(os.open(canary, os.O_RDONLY)),
        "write": lambda: os.close(os.open(canary, os.O_WRONLY | os.O_APPEND)),
        "write environment": lambda: denial_probes.create(forbidden),
        "truncate": lambda: denial_probes.truncate(policy["readable"]),
        "chmod": lambda: os.chmod(canary, 0o600),
        "tcp": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        "unix": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close(),
        "fork": _fork,
        "exec": lambda: denial_probes.execute([canary]),
        "signal": lambda: os.kill(os.getppid(), 0),
    }
    if sys.platform == "darwin":
        tries.update(denial_probes.of_macos(policy))
    elif sys.platform.startswith("linux"):
        tries.update(denial_probes.of_linux(policy, listeners))
    return {name: denial_probes.refused(attempt) for name, attempt in tries.items()}


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def main() -> None:
    """Read the policy, confine, prove, report, and go on as the program."""
    with open(sys.argv[1], encoding="utf-8") as file:
        policy = json.load(file)
    os.chdir(policy["folder"])
    start = Start(policy["command"], policy["environment"])
    listeners = denial_probes.Listeners()
    layers = confine(policy, start)
    proven = proofs(policy, listeners)
    listeners.close()
    os.write(policy["status"], (json.dumps({"layers": layers, "proofs": proven}) + "\n").encode("ascii"))
    if all(proven.get(name) for name in policy["needed"]):
        os.close(policy["status"])
        start.go()  # as what the parent wants confined
    os._exit(99)


if __name__ == "__main__":
    main()
