"""The structures of Windows that confinement fills in, as the headers of the Windows SDK lay them out.

From ``winnt.h``, ``processthreadsapi.h``, ``winbase.h`` and ``psapi.h``.  The widths are fixed, unlike those of
``ctypes.wintypes``, of which ``DWORD`` has 8 bytes on Linux; so the layout is the same wherever it is looked at,
and tests compare it with what a C compiler makes of mingw-w64's headers.
"""

from __future__ import annotations

import ctypes

DWORD = ctypes.c_uint32
WORD = ctypes.c_uint16
HANDLE = ctypes.c_void_p
SIZE = ctypes.c_size_t
TIME = ctypes.c_int64
"""Hundreds of nanoseconds."""


class BasicLimits(ctypes.Structure):
    """``JOBOBJECT_BASIC_LIMIT_INFORMATION``."""

    _fields_ = (
        ("PerProcessUserTimeLimit", TIME),
        ("PerJobUserTimeLimit", TIME),
        ("LimitFlags", DWORD),
        ("MinimumWorkingSetSize", SIZE),
        ("MaximumWorkingSetSize", SIZE),
        ("ActiveProcessLimit", DWORD),
        ("Affinity", SIZE),
        ("PriorityClass", DWORD),
        ("SchedulingClass", DWORD),
    )


class ExtendedLimits(ctypes.Structure):
    """``JOBOBJECT_EXTENDED_LIMIT_INFORMATION``."""

    _fields_ = (
        ("BasicLimitInformation", BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", SIZE),
        ("JobMemoryLimit", SIZE),
        ("PeakProcessMemoryUsed", SIZE),
        ("PeakJobMemoryUsed", SIZE),
    )


class Accounting(ctypes.Structure):
    """``JOBOBJECT_BASIC_ACCOUNTING_INFORMATION``."""

    _fields_ = (
        ("TotalUserTime", TIME),
        ("TotalKernelTime", TIME),
        ("ThisPeriodTotalUserTime", TIME),
        ("ThisPeriodTotalKernelTime", TIME),
        ("TotalPageFaultCount", DWORD),
        ("TotalProcesses", DWORD),
        ("ActiveProcesses", DWORD),
        ("TotalTerminatedProcesses", DWORD),
    )


class Startup(ctypes.Structure):
    """``STARTUPINFOW``."""

    _fields_ = (
        ("cb", DWORD),
        ("lpReserved", ctypes.c_void_p),
        ("lpDesktop", ctypes.c_void_p),
        ("lpTitle", ctypes.c_void_p),
        ("dwX", DWORD),
        ("dwY", DWORD),
        ("dwXSize", DWORD),
        ("dwYSize", DWORD),
        ("dwXCountChars", DWORD),
        ("dwYCountChars", DWORD),
        ("dwFillAttribute", DWORD),
        ("dwFlags", DWORD),
        ("wShowWindow", WORD),
        ("cbReserved2", WORD),
        ("lpReserved2", ctypes.c_void_p),
        ("hStdInput", HANDLE),
        ("hStdOutput", HANDLE),
        ("hStdError", HANDLE),
    )


class StartupExtended(ctypes.Structure):
    """``STARTUPINFOEXW``."""

    _fields_ = (("StartupInfo", Startup), ("lpAttributeList", ctypes.c_void_p))


class Started(ctypes.Structure):
    """``PROCESS_INFORMATION``."""

    _fields_ = (("hProcess", HANDLE), ("hThread", HANDLE), ("dwProcessId", DWORD), ("dwThreadId", DWORD))


class Sid(ctypes.Structure):
    """``SID_AND_ATTRIBUTES``, and ``TOKEN_MANDATORY_LABEL`` and ``TOKEN_USER``, which have nothing else in them."""

    _fields_ = (("Sid", ctypes.c_void_p), ("Attributes", DWORD))


class Memory(ctypes.Structure):
    """``PROCESS_MEMORY_COUNTERS``."""

    _fields_ = (
        ("cb", DWORD),
        ("PageFaultCount", DWORD),
        ("PeakWorkingSetSize", SIZE),
        ("WorkingSetSize", SIZE),
        ("QuotaPeakPagedPoolUsage", SIZE),
        ("QuotaPagedPoolUsage", SIZE),
        ("QuotaPeakNonPagedPoolUsage", SIZE),
        ("QuotaNonPagedPoolUsage", SIZE),
        ("PagefileUsage", SIZE),
        ("PeakPagefileUsage", SIZE),
    )


# -- numbers -----------------------------------------------------------------------------------------------

LIMIT_FLAGS = {
    "JOB_OBJECT_LIMIT_JOB_TIME": 0x4,
    "JOB_OBJECT_LIMIT_ACTIVE_PROCESS": 0x8,
    "JOB_OBJECT_LIMIT_PROCESS_MEMORY": 0x100,
    "JOB_OBJECT_LIMIT_JOB_MEMORY": 0x200,
    "JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION": 0x400,
    "JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE": 0x2000,
}
"""The limits of a job; all of them are set.  Breaking away is not among them, and so not allowed."""
UI_FLAGS = {
    "JOB_OBJECT_UILIMIT_HANDLES": 0x1,
    "JOB_OBJECT_UILIMIT_READCLIPBOARD": 0x2,
    "JOB_OBJECT_UILIMIT_WRITECLIPBOARD": 0x4,
    "JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS": 0x8,
    "JOB_OBJECT_UILIMIT_DISPLAYSETTINGS": 0x10,
    "JOB_OBJECT_UILIMIT_GLOBALATOMS": 0x20,
    "JOB_OBJECT_UILIMIT_DESKTOP": 0x40,
    "JOB_OBJECT_UILIMIT_EXITWINDOWS": 0x80,
}
CREATION_FLAGS = {
    "CREATE_SUSPENDED": 0x4,
    "DETACHED_PROCESS": 0x8,
    "CREATE_UNICODE_ENVIRONMENT": 0x400,
    "EXTENDED_STARTUPINFO_PRESENT": 0x80000,
}
"""How a process is created: without a console, of which the host would be one process more."""
TOKEN_RIGHTS = {
    "TOKEN_ASSIGN_PRIMARY": 0x1,
    "TOKEN_DUPLICATE": 0x2,
    "TOKEN_QUERY": 0x8,
    "TOKEN_ADJUST_DEFAULT": 0x80,
}
"""What we do with our own token and with the weaker one made of it."""
NUMBERS = {
    "JobObjectBasicAccountingInformation": 1,
    "JobObjectBasicUIRestrictions": 4,
    "JobObjectExtendedLimitInformation": 9,
    "PROC_THREAD_ATTRIBUTE_HANDLE_LIST": 0x20002,
    "STARTF_USESTDHANDLES": 0x100,
    "DISABLE_MAX_PRIVILEGE": 1,
    "TokenUser": 1,
    "TokenDefaultDacl": 6,
    "TokenIntegrityLevel": 25,
    "SE_GROUP_INTEGRITY": 0x20,
    "SE_FILE_OBJECT": 1,
    "DACL_SECURITY_INFORMATION": 0x4,
    "LABEL_SECURITY_INFORMATION": 0x10,
    "PROTECTED_DACL_SECURITY_INFORMATION": 0x80000000,
    "SDDL_REVISION_1": 1,
    "WAIT_TIMEOUT": 0x102,
    "ERROR_NOT_ENOUGH_QUOTA": 1816,
}
