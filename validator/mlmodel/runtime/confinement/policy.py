"""What a confined interpreter may reach: its own installation, what it is given, and a little of the system."""

from __future__ import annotations

import glob
import os
import re
import sys
from typing import Any

from mlmodel.common.records import Record


class System(Record):
    """What of a system a confined interpreter may reach."""

    read: tuple[str, ...]
    """What libraries read."""
    devices: tuple[str, ...]
    loaders: tuple[str, ...]
    """Patterns of what has to be run to start an interpreter, beside itself; below its prefix where they are relative."""
    shared_prefixes: tuple[str, ...] = ()
    """Folders with much beside an interpreter that is in them, keys among it, as the home folder has."""
    variables: tuple[tuple[str, str], ...] = ()
    """Environment variables that have to be others."""


LINUX = System(
    read=(
        "/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/opt/lib",
        "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/localtime", "/etc/timezone",
        "/etc/mime.types", "/etc/os-release", "/etc/ssl/openssl.cnf", "/etc/ssl/certs", "/etc/python3", "/etc/fonts",
        "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems", "/proc/version",
        "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/osrelease", "/sys/devices/system", "/sys/fs/cgroup",
        "/dev/urandom", "/dev/random",
    ),
    # Not /dev/zero: what is mapped of it and shared is memory that counts for nobody.
    devices=("/dev/null", "/dev/full"),
    # What starts a program that is linked with shared libraries.
    loaders=("/lib*/ld-linux*.so*", "/lib*/*/ld-linux*.so*", "/lib/ld-musl-*.so*", "/usr/lib*/ld-linux*.so*"),
)  # fmt: skip
MACOS = System(
    read=(
        "/usr/lib", "/usr/share", "/System/Library", "/System/Cryptexes", "/System/Volumes/Preboot/Cryptexes",
        "/Library/Apple", "/Library/Frameworks",
        # The loader's cache before macOS 11, programs that Rosetta has translated, and the time zones.
        "/private/var/db/dyld", "/private/var/db/oah", "/private/var/db/timezone",
        "/private/etc/passwd", "/private/etc/group", "/private/etc/localtime", "/private/etc/ssl",
        "/dev/urandom", "/dev/random",
        # Libraries of Homebrew, on Apple's processors and on Intel's, and of MacPorts.
        *(
            f"{prefix}/{part}"
            for prefix in ("/opt/homebrew", "/usr/local")
            for part in ("Cellar", "opt", "lib", "Frameworks", "etc/openssl@3/openssl.cnf", "etc/openssl@3/cert.pem")
        ),
        "/opt/local/lib", "/opt/local/libexec", "/opt/local/Library/Frameworks", "/opt/local/etc/openssl",
    ),
    devices=("/dev/null", "/dev/zero"),
    # The python3 of a framework becomes this program (CPython's Mac/Tools/pythonw.c).
    loaders=("Resources/Python*.app/Contents/MacOS/Python*",),
    shared_prefixes=("/usr/local", "/opt/homebrew", "/opt/local"),
    # There is no locale C.UTF-8, and the names of users are told by a service that is out of reach.
    variables=(("LANG", "en_US.UTF-8"), ("LOGNAME", "nobody")),
)  # fmt: skip
SYSTEM = MACOS if sys.platform == "darwin" else LINUX
"""The one that this is."""


class Limits(Record):
    """What a confined process may use."""

    wall: float
    """Seconds."""
    memory: int
    """Bytes that are resident."""
    address_space: int | None
    """Bytes of addresses; None for no limit."""
    disk: int
    """Bytes in its scratch folder."""


def limits(wall: float, memory: int | None, size: int) -> Limits:
    """The limits for a model of a size in bytes: the user's, else ones that no honest model of that size meets.

    Memory that a process maps and gives back is not resident, and held all the same where it is shared; so addresses
    are limited, too, to what libraries were seen to reserve beyond what they use (TensorFlow 1.7 GB, CatBoost 2.2 GB).
    """
    gigabyte = 1 << 30
    resident = memory or 4 * gigabyte + 3 * size
    return Limits(wall, resident, resident + 4 * gigabyte + size, gigabyte // 4)


def threads() -> int:
    """Threads that a confined process may have: libraries start some for each processor."""
    return 64 + 2 * (os.cpu_count() or 1)


def installation(python: str) -> list[str]:
    """The folders that an interpreter and its environment are in, found out without starting it."""
    folders = []
    folder = os.path.dirname(os.path.dirname(os.path.abspath(python)))
    configuration = os.path.join(folder, "pyvenv.cfg")
    homes = [os.path.dirname(os.path.realpath(python))]
    if os.path.isfile(configuration):
        folders.append(folder)
        with open(configuration, encoding="utf-8", errors="replace") as file:
            homes += re.findall(r"^home\s*=\s*(\S.*?)\s*$", file.read(65536), re.MULTILINE)
    folders += [os.path.dirname(home) for home in homes]  # bin/ stands in the prefix
    home = os.path.expanduser("~")
    crowded = {"/", home, os.path.join(home, ".local"), *SYSTEM.shared_prefixes}
    found = []
    for path in dict.fromkeys(folders):
        parts = ("bin", "lib", "lib64") if path in crowded else ("",)
        found += [os.path.join(path, part).rstrip("/") for part in parts]
    return found


def variables(scratch: str) -> dict[str, str]:
    """The environment variables of a confined process; nothing is inherited.

    One thread a library, because numbers of threads are limited; joblib in this process, because others cannot be
    started; hubs offline, because there is no network and asking takes long.
    """
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
    )
    return {
        **(
            of_windows(scratch)
            if os.name == "nt"
            else {"PATH": os.defpath, "HOME": scratch, "TMPDIR": scratch}
        ),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        **threads,
        "MALLOC_ARENA_MAX": "2",
        "MPLCONFIGDIR": scratch,
        "NUMBA_CACHE_DIR": scratch,
        "JOBLIB_MULTIPROCESSING": "0",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        **dict(SYSTEM.variables),
    }


def of_windows(scratch: str) -> dict[str, str]:
    """The same on Windows, and what its own libraries and Python's ``platform`` look at; none of it is the user's."""
    names = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "NUMBER_OF_PROCESSORS", "OS", "PROCESSOR_ARCHITECTURE", "PROCESSOR_IDENTIFIER")  # fmt: skip
    root = os.environ.get("SYSTEMROOT", r"C:\Windows")
    return {
        **{name: os.environ[name] for name in names if name in os.environ},
        "PATH": f"{root}\\System32;{root}",
        **dict.fromkeys(("USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP"), scratch),
    }


def program(command: list[str]) -> tuple[list[str], dict[str, str]]:
    """A command of Windows without the launcher of a virtual environment, and the variables it sets.

    The launcher would start the interpreter as its child, which is refused.  The variable is the one by which it
    tells the interpreter where it belongs (``PC/launcher.c`` of CPython, 3.7.2 and later; uv's does so, too).
    """
    python = os.path.abspath(command[0])
    configuration = os.path.join(os.path.dirname(os.path.dirname(python)), "pyvenv.cfg")
    try:
        with open(configuration, encoding="utf-8", errors="replace") as file:
            home = re.search(r"^home\s*=\s*(\S.*?)\s*$", file.read(65536), re.MULTILINE)
    except OSError:
        return command, {}
    if home is None:
        return command, {}
    return [os.path.join(home[1], os.path.basename(python)), *command[1:]], {"__PYVENV_LAUNCHER__": python}


def rules(python: str, read: list[str], scratch: str) -> dict[str, Any]:
    """The paths of a policy."""
    return {
        "read": [*SYSTEM.read, *installation(python), *read],
        "write": [scratch],
        "devices": list(SYSTEM.devices),
        "execute": [os.path.realpath(python), *_loaders(python)],
    }


def _loaders(python: str) -> list[str]:
    prefix = glob.escape(os.path.dirname(os.path.dirname(os.path.realpath(python))))
    patterns = [os.path.join(prefix, pattern) for pattern in SYSTEM.loaders]
    return sorted({os.path.realpath(path) for pattern in patterns for path in glob.glob(pattern)})
