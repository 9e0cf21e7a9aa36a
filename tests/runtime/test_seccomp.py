"""The numbers of the system calls that the filter names, on both machines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlmodel.runtime.confinement import seccomp

TABLE = Path(__file__).with_name("system_calls.txt")
HEADERS = (  # of Debian's linux-libc-dev; aarch64 has the generic numbers
    Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    Path("/usr/include/asm-generic/unistd.h"),
)
DEFINED = re.compile(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", re.MULTILINE)
NEWEST = 452  # calls from here on are missing in headers of kernels before 6.6


def table() -> dict[str, tuple[int | None, ...]]:
    """The numbers by name, as committed."""
    lines = [
        line.split() for line in TABLE.read_text(encoding="ascii").splitlines() if not line.startswith("#")
    ]
    return {
        name: tuple(None if number == "-" else int(number) for number in numbers) for name, *numbers in lines
    }


def named() -> list[tuple[int | None, ...]]:
    """Every call that the filter names."""
    found: list[tuple[int | None, ...]] = []
    for value in vars(seccomp).values():
        if isinstance(value, tuple) and value and all(isinstance(each, tuple) for each in value):
            found += value
    found += [seccomp._CLONE, seccomp._KILL_CALL, seccomp._TGKILL, seccomp._IOCTL]
    found += [seccomp.MEMORY_FILE, seccomp._PRCTL, seccomp._SOCKETPAIR, seccomp._CLOSE_RANGE]
    found += [seccomp._EXECUTE, seccomp._AFFINITY, seccomp._MMAP, seccomp._SETSOCKOPT]
    return [*found, seccomp._FCNTL, seccomp._PRLIMIT, seccomp._OPEN, seccomp._OPENAT]


def test_every_call_has_the_number_of_each_machine() -> None:
    assert sorted(named(), key=str) == sorted(table().values(), key=str)


@pytest.mark.parametrize("column", [0, 1], ids=["x86-64", "aarch64"])
def test_the_table_is_that_of_the_kernel(column: int) -> None:
    header = HEADERS[column]
    if not header.is_file():
        pytest.skip(f"no {header.name} here")
    kernel = {name: int(number) for name, number in DEFINED.findall(header.read_text(encoding="utf-8"))}
    for name, numbers in table().items():
        if numbers[0] is not None and numbers[0] >= NEWEST and name not in kernel:
            continue
        assert kernel.get(name) == numbers[column], name
