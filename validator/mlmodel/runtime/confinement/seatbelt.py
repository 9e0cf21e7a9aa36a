"""Seatbelt: what a process of macOS may read, write, run and reach, by a profile that its kernel keeps to.

Imported by the launcher, which runs with ``-I -S``: standard library only.

``sandbox_init`` is Apple's (its man page is in section 3), deprecated since OS X 10.8 without a successor for programs
that are no apps, and stays in force in whatever program the process becomes.  Apple documents neither the language
of profiles nor their operations.  What is known of them here is from the profiles that Chromium, Firefox, Bazel,
Homebrew and Codex publish, and from reports about them:

* the last rule that matches decides (Bazel), and paths are those of the files, behind every link;
* ``(deny default)`` leaves ``process-info*`` open (Firefox, WebKit), and that, like the sysctl ``kern.procargs2``, tells
  the environment of other processes;
* a hard link into a folder that may be written makes a file writable that may only be read, unless ``file-link`` is
  denied, which belongs to no other operation;
* the loader of programs reads ``/`` itself, without which every program is aborted before it begins (macOS 26).

None of this has been run on a Mac by us.  So nothing is believed because a profile was accepted: the launcher tries.
"""

from __future__ import annotations

import ctypes
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

LIBRARIES = ("/usr/lib/libSystem.B.dylib", "/usr/lib/libsandbox.1.dylib")
LOADER = "/System/Library/Sandbox/Profiles/dyld-support.sb"
"""Apple's own rules for what its loader reads (macOS 13 and later), which change with the system."""
_CLOSED = "file-write* mach-lookup network* process-exec* process-fork process-info* signal"
"""What is denied once more, after Apple's rules, whatever these are."""
_GET_PATH, _EVENTS_ONLY = 50, 0x8000
"""``F_GETPATH`` of ``fcntl`` and ``O_EVTONLY`` of ``open``, which Python has no names for everywhere."""


def quoted(text: str) -> str:
    """A string of a profile, where only a quotation mark and a backslash mean something."""
    if "\0" in text:
        raise ValueError("a profile would end at a null character")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def canonical(path: str) -> str:
    """A path as the kernel has it: no links, and letters as they are written on a disk that ignores their case."""
    path = os.path.realpath(path)
    if sys.platform != "darwin":
        return path
    import fcntl

    try:
        descriptor = os.open(path, _EVENTS_ONLY)
    except OSError:
        return path
    try:
        return os.fsdecode(fcntl.fcntl(descriptor, _GET_PATH, bytes(1024)).split(b"\0", 1)[0])
    except OSError:
        return path
    finally:
        os.close(descriptor)


def profile(policy: dict[str, Any], pid: int) -> str:
    """The profile for a policy, as a text.

    Args:
        policy: its paths to ``read``, ``write`` and ``execute``, and its ``devices``.
        pid: of the process, which alone it may look at and signal.
    """
    programs = _filters(policy["execute"])
    read = " ".join(['(literal "/")', *_filters(policy["read"]), *programs])
    rules = ["(version 1)", "(deny default)"]
    if os.path.exists(LOADER):
        rules.append(f"(import {quoted(os.path.basename(LOADER))})")
    rules += [
        f"(deny {_CLOSED})",
        "(if (defined? 'file-link) (deny file-link))",
        # What a file is called, how large it is and where a link leads can be seen on Linux, too.
        "(allow file-read-metadata)",
        "(if (defined? 'file-test-existence) (allow file-test-existence))",
        f"(allow file-read* file-map-executable {read})",
        "(allow signal (target self))",
        "(allow process-info* (target self))",
        "(allow sysctl-read)",
        '(deny sysctl-read (sysctl-name-prefix "kern.proc"))',
        f'(allow sysctl-read (sysctl-name "kern.proc.pid.{pid}"))',
        # LLVM's OpenMP, which scikit-learn brings along, aborts where it cannot register itself.
        f'(allow ipc-posix-shm* (ipc-posix-name "/__KMP_REGISTERED_LIB_{pid}"))',
    ]
    for operations, filters in (
        ("file-read* file-write*", _filters(policy["write"])),
        ("file-read* file-write-data file-ioctl", _filters(policy["devices"])),
        ("process-exec*", programs),
    ):
        if filters:  # without any, a rule is about everything
            rules.append(f"(allow {operations} {' '.join(filters)})")
    return "\n".join(rules) + "\n"


def _filters(paths: Iterable[str]) -> list[str]:
    """A filter for each path: itself, and all below it where it is a folder."""
    found = dict.fromkeys(way for path in paths for way in (os.path.realpath(path), canonical(path)))
    # What is not there needs no permission.
    return [
        f"({'subpath' if os.path.isdir(path) else 'literal'} {quoted(path)})"
        for path in found
        if os.path.exists(path)
    ]


def library() -> Any:
    """The library of the system that has ``sandbox_init``; None where it has none."""
    for path in LIBRARIES:
        try:
            system = ctypes.CDLL(path)
        except OSError:
            continue
        if hasattr(system, "sandbox_init"):
            return system
    return None


def apply(system: Any, text: str) -> str | None:
    """Put a profile into force, for good; None where the kernel has, else why not."""
    if system is None:
        return "this system has no sandbox_init"
    system.sandbox_init.argtypes = (ctypes.c_char_p, ctypes.c_uint64, ctypes.POINTER(ctypes.c_char_p))
    system.sandbox_init.restype = ctypes.c_int
    system.sandbox_free_error.argtypes = (ctypes.c_char_p,)
    system.sandbox_free_error.restype = None
    error = ctypes.c_char_p()
    of_a_text = 0
    if system.sandbox_init(os.fsencode(text), of_a_text, ctypes.byref(error)) == 0:
        return None
    why = (error.value or b"").decode("utf-8", "replace").strip()
    if error:
        system.sandbox_free_error(error)
    return why or "sandbox_init failed without a reason"
