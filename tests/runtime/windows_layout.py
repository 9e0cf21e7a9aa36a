"""C source that compiles only where the headers of Windows agree with our structures and numbers.

``x86_64-w64-mingw32-gcc -fsyntax-only`` over what this prints; the package is Debian's ``gcc-mingw-w64-x86-64``.
"""

from __future__ import annotations

import ctypes

from mlmodel.runtime.confinement import denial_probes_windows, windows, winstructs

STRUCTURES = {
    winstructs.BasicLimits: ("JOBOBJECT_BASIC_LIMIT_INFORMATION", 64),
    winstructs.ExtendedLimits: ("JOBOBJECT_EXTENDED_LIMIT_INFORMATION", 144),
    winstructs.Accounting: ("JOBOBJECT_BASIC_ACCOUNTING_INFORMATION", 48),
    winstructs.Startup: ("STARTUPINFOW", 104),
    winstructs.StartupExtended: ("STARTUPINFOEXW", 112),
    winstructs.Started: ("PROCESS_INFORMATION", 24),
    winstructs.Sid: ("SID_AND_ATTRIBUTES", 16),
    winstructs.Memory: ("PROCESS_MEMORY_COUNTERS", 72),
}
"""Each with its name in C and the size that it has there, for 64 bits."""
SAME = ("TOKEN_MANDATORY_LABEL", "TOKEN_USER")
"""What has nothing in it but ``SID_AND_ATTRIBUTES``."""
TABLES = (
    winstructs.LIMIT_FLAGS,
    winstructs.UI_FLAGS,
    winstructs.CREATION_FLAGS,
    winstructs.TOKEN_RIGHTS,
    winstructs.NUMBERS,
)
OTHERS = {
    "ERROR_ACCESS_DENIED": 5,
    "ERROR_PRIVILEGE_NOT_HELD": 1314,
    "ERROR_NOT_ENOUGH_QUOTA": windows.NOT_ENOUGH_QUOTA,
    "WSAEACCES": 10013,
    "PROCESS_TERMINATE": denial_probes_windows.RIGHTS[0],
    "PROCESS_CREATE_THREAD": denial_probes_windows.RIGHTS[1],
    "PROCESS_VM_WRITE": denial_probes_windows.RIGHTS[2],
    "(DWORD)STATUS_ACCESS_VIOLATION": 0xC0000005,
    "(DWORD)STATUS_STACK_OVERFLOW": 0xC00000FD,
    "(DWORD)STATUS_ILLEGAL_INSTRUCTION": 0xC000001D,
    "(DWORD)STATUS_INTEGER_DIVIDE_BY_ZERO": 0xC0000094,
    "(DWORD)STATUS_STACK_BUFFER_OVERRUN": 0xC0000409,
    "ERROR_LOCK_VIOLATION": 33,
    "ERROR_IO_PENDING": 997,
    "LOCKFILE_FAIL_IMMEDIATELY": 1,
    "LOCKFILE_EXCLUSIVE_LOCK": 2,
    "sizeof(OVERLAPPED)": 32,
}
HEAD = """\
#define _WIN32_WINNT 0x0A00
#include <stddef.h>
#include <winsock2.h>
#include <windows.h>
#include <psapi.h>
#include <aclapi.h>
#include <sddl.h>
"""


def source() -> str:
    """One assertion a line."""
    lines = [HEAD]
    for structure, (name, size) in STRUCTURES.items():
        lines.append(f'_Static_assert(sizeof({name}) == {size}, "size of {name}");')
        for field, *_ in structure._fields_:
            found = getattr(structure, field)
            lines.append(f'_Static_assert(offsetof({name}, {field}) == {found.offset}, "{name}.{field}");')
            lines.append(f'_Static_assert(sizeof((({name} *)0)->{field}) == {found.size}, "{name}.{field}");')
    lines += [
        f'_Static_assert(sizeof({name}) == {ctypes.sizeof(winstructs.Sid)}, "{name}");' for name in SAME
    ]
    numbers = {name: value for table in (*TABLES, OTHERS) for name, value in table.items()}
    lines += [f'_Static_assert(({name}) == {value:#x}, "{name}");' for name, value in numbers.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(source())
