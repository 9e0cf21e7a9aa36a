"""What confinement asks of Windows: jobs, tokens, labels and processes, by ctypes.  Not to be imported elsewhere."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
from ctypes import c_void_p
from typing import TYPE_CHECKING, Any

from mlmodel.runtime.confinement import winstructs as w

assert sys.platform == "win32"

import msvcrt  # noqa: E402 -- known on Windows only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmodel.runtime.confinement.policy import Limits

_HANDLE, _DWORD, _POINTER, _TEXT, _SIZE = w.HANDLE, w.DWORD, c_void_p, ctypes.c_wchar_p, w.SIZE
_BOOL = ctypes.c_int32
_N = w.NUMBERS


def _functions(library: str, table: dict[str, tuple[Any, tuple[Any, ...]]]) -> Any:
    """Functions with the types of their arguments, so that no handle is cut to 32 bits."""
    found = ctypes.WinDLL(library, use_last_error=True)
    for name, (result, arguments) in table.items():
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    return found


_kernel = _functions(
    "kernel32",
    {
        "AssignProcessToJobObject": (_BOOL, (_HANDLE, _HANDLE)),
        "CloseHandle": (_BOOL, (_HANDLE,)),
        "CreateJobObjectW": (_HANDLE, (_POINTER, _TEXT)),
        "CreateProcessW": (
            _BOOL,
            (_TEXT, _POINTER, _POINTER, _POINTER, _BOOL, _DWORD, _POINTER, _TEXT, _POINTER, _POINTER),
        ),
        "DeleteProcThreadAttributeList": (None, (_POINTER,)),
        "GetCurrentProcess": (_HANDLE, ()),
        "GetExitCodeProcess": (_BOOL, (_HANDLE, _POINTER)),
        "InitializeProcThreadAttributeList": (_BOOL, (_POINTER, _DWORD, _DWORD, _POINTER)),
        "IsProcessInJob": (_BOOL, (_HANDLE, _HANDLE, _POINTER)),
        "K32GetProcessMemoryInfo": (_BOOL, (_HANDLE, _POINTER, _DWORD)),
        "LocalFree": (_HANDLE, (_HANDLE,)),
        "QueryInformationJobObject": (_BOOL, (_HANDLE, _DWORD, _POINTER, _DWORD, _POINTER)),
        "ResumeThread": (_DWORD, (_HANDLE,)),
        "SetInformationJobObject": (_BOOL, (_HANDLE, _DWORD, _POINTER, _DWORD)),
        "TerminateJobObject": (_BOOL, (_HANDLE, _DWORD)),
        "TerminateProcess": (_BOOL, (_HANDLE, _DWORD)),
        "UpdateProcThreadAttribute": (
            _BOOL,
            (_POINTER, _DWORD, _SIZE, _POINTER, _SIZE, _POINTER, _POINTER),
        ),
        "WaitForSingleObject": (_DWORD, (_HANDLE, _DWORD)),
    },
)
_security = _functions(
    "advapi32",
    {
        "ConvertSidToStringSidW": (_BOOL, (_POINTER, _POINTER)),
        "ConvertStringSecurityDescriptorToSecurityDescriptorW": (_BOOL, (_TEXT, _DWORD, _POINTER, _POINTER)),
        "ConvertStringSidToSidW": (_BOOL, (_TEXT, _POINTER)),
        "CreateProcessAsUserW": (
            _BOOL,
            (
                _HANDLE,
                _TEXT,
                _POINTER,
                _POINTER,
                _POINTER,
                _BOOL,
                _DWORD,
                _POINTER,
                _TEXT,
                _POINTER,
                _POINTER,
            ),
        ),
        "CreateRestrictedToken": (
            _BOOL,
            (_HANDLE, _DWORD, _DWORD, _POINTER, _DWORD, _POINTER, _DWORD, _POINTER, _POINTER),
        ),
        "GetSecurityDescriptorDacl": (_BOOL, (_POINTER, _POINTER, _POINTER, _POINTER)),
        "GetSecurityDescriptorSacl": (_BOOL, (_POINTER, _POINTER, _POINTER, _POINTER)),
        "GetTokenInformation": (_BOOL, (_HANDLE, _DWORD, _POINTER, _DWORD, _POINTER)),
        "OpenProcessToken": (_BOOL, (_HANDLE, _DWORD, _POINTER)),
        "SetNamedSecurityInfoW": (_DWORD, (_TEXT, _DWORD, _DWORD, _POINTER, _POINTER, _POINTER, _POINTER)),
        "SetTokenInformation": (_BOOL, (_HANDLE, _DWORD, _POINTER, _DWORD)),
    },
)


def _good(result: object) -> None:
    """Raise what Windows says of a call that failed."""
    if not result:
        raise ctypes.WinError(ctypes.get_last_error())


class Owned:
    """A handle that is closed with its owner, or memory that is freed."""

    def __init__(self, value: int | None = None, *, memory: bool = False) -> None:
        self.value = _POINTER(value)
        self._end = _kernel.LocalFree if memory else _kernel.CloseHandle

    def close(self) -> None:
        """Give it back, once."""
        if self.value:
            self._end(self.value)
            self.value = _POINTER()

    def __enter__(self) -> c_void_p:
        return self.value

    def __exit__(self, *_: object) -> None:
        self.close()

    __del__ = close


class Process:
    """A process that was started here."""

    def __init__(self, handle: Owned) -> None:
        self._handle = handle

    def wait(self, seconds: float) -> int | None:
        """Its exit status, None while it runs."""
        if _kernel.WaitForSingleObject(self._handle.value, int(seconds * 1000)) == _N["WAIT_TIMEOUT"]:
            return None
        status = _DWORD()
        _good(_kernel.GetExitCodeProcess(self._handle.value, ctypes.byref(status)))
        return status.value

    def memory(self) -> int:
        """Bytes of it that are resident, 0 once it has ended."""
        found = w.Memory(cb=ctypes.sizeof(w.Memory))
        _kernel.K32GetProcessMemoryInfo(self._handle.value, ctypes.byref(found), found.cb)
        return int(found.WorkingSetSize)


class Job:
    """Processes that end together, of which there is only one at a time."""

    def __init__(self, limits: Limits, seconds: int) -> None:
        self.layers = ["job"]
        self._handle = Owned(_kernel.CreateJobObjectW(None, None))
        _good(self._handle.value)
        most = limits.address_space or 2 * limits.memory
        wanted = w.ExtendedLimits(ProcessMemoryLimit=most, JobMemoryLimit=most)
        wanted.BasicLimitInformation.LimitFlags = sum(w.LIMIT_FLAGS.values())
        wanted.BasicLimitInformation.ActiveProcessLimit = 1
        wanted.BasicLimitInformation.PerJobUserTimeLimit = seconds * 10_000_000
        self._set("JobObjectExtendedLimitInformation", wanted)
        inside = _BOOL()
        _good(_kernel.IsProcessInJob(_kernel.GetCurrentProcess(), None, ctypes.byref(inside)))
        # A job that limits the user interface takes no process that is in another job, as a child of ours would be.
        if not inside:
            self._set("JobObjectBasicUIRestrictions", _DWORD(sum(w.UI_FLAGS.values())))
            self.layers.append("user interface")

    def _set(self, kind: str, value: Any) -> None:
        _good(
            _kernel.SetInformationJobObject(
                self._handle.value, _N[kind], ctypes.byref(value), ctypes.sizeof(value)
            )
        )

    def active(self) -> int:
        """How many processes are in it."""
        found = w.Accounting()
        _good(
            _kernel.QueryInformationJobObject(
                self._handle.value,
                _N["JobObjectBasicAccountingInformation"],
                ctypes.byref(found),
                ctypes.sizeof(found),
                None,
            )
        )
        return int(found.ActiveProcesses)

    def end(self) -> None:
        """End every process in it."""
        _kernel.TerminateJobObject(self._handle.value, 1)

    def close(self) -> None:
        """End every process in it, and be no more."""
        self._handle.close()

    def start(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        folder: str,
        output: int,
        passed: Sequence[int],
        token: Owned | None,
    ) -> Process:
        """Start a program in it, which gets nothing but some handles.

        Args:
            command: the program, by its path, and its arguments.
            environment: all of its environment variables.
            folder: where it starts.
            output: the handle for its standard output and error.
            passed: more handles that it gets.
            token: what it may do; as much as we when None.
        """
        with open(os.devnull, "rb") as nothing:
            nil = inheritable(nothing.fileno())
            inherited = _Inherited([nil, output, *passed])
            startup = w.StartupExtended(lpAttributeList=inherited.pointer)
            startup.StartupInfo.cb = ctypes.sizeof(startup)
            startup.StartupInfo.dwFlags = _N["STARTF_USESTDHANDLES"]
            startup.StartupInfo.hStdInput = nil
            startup.StartupInfo.hStdOutput = startup.StartupInfo.hStdError = output
            started = w.Started()
            arguments = (
                command[0],
                ctypes.create_unicode_buffer(subprocess.list2cmdline(command)),
                None,
                None,
                1,  # handles are inherited: those of the list
                sum(w.CREATION_FLAGS.values()),
                ctypes.create_unicode_buffer(
                    "".join(f"{name}={value}\0" for name, value in sorted(environment.items()))
                ),
                folder,
                ctypes.byref(startup),
                ctypes.byref(started),
            )
            with contextlib.closing(inherited):
                if token is None:
                    _good(_kernel.CreateProcessW(*arguments))
                else:
                    _good(_security.CreateProcessAsUserW(token.value, *arguments))
        with Owned(started.hThread) as thread:
            process = Owned(started.hProcess)
            try:
                _good(_kernel.AssignProcessToJobObject(self._handle.value, process.value))
            except OSError:
                _kernel.TerminateProcess(process.value, 1)  # it has not run
                raise
            _kernel.ResumeThread(thread)
        return Process(process)


class _Inherited:
    """The list of attributes for a process to be that says which handles it gets; no other is inherited then."""

    def __init__(self, handles: list[int]) -> None:
        self._handles = (_HANDLE * len(handles))(*handles)
        size = _SIZE()
        _kernel.InitializeProcThreadAttributeList(None, 1, 0, ctypes.byref(size))
        self._buffer = ctypes.create_string_buffer(size.value)
        self.pointer = ctypes.addressof(self._buffer)
        _good(_kernel.InitializeProcThreadAttributeList(self.pointer, 1, 0, ctypes.byref(size)))
        _good(
            _kernel.UpdateProcThreadAttribute(
                self.pointer,
                0,
                _N["PROC_THREAD_ATTRIBUTE_HANDLE_LIST"],
                ctypes.byref(self._handles),
                ctypes.sizeof(self._handles),
                None,
                None,
            )
        )

    def close(self) -> None:
        """The process is made."""
        _kernel.DeleteProcThreadAttributeList(self.pointer)


def inheritable(descriptor: int) -> int:
    """The handle of a descriptor, which a process can be given."""
    handle = msvcrt.get_osfhandle(descriptor)
    os.set_handle_inheritable(handle, True)
    return handle


# -- tokens and labels -------------------------------------------------------------------------------------


def weaker() -> Owned:
    """Our token without privileges, without being an administrator, and of low integrity.

    Administrators are in the default list of who may reach what an elevated process makes, and the user is not;
    so the user is put there, as PostgreSQL's ``pg_ctl`` does.
    """
    token = Owned()
    with Owned() as own, _sid("S-1-5-32-544") as administrators, _sid("S-1-16-4096") as low:
        _good(
            _security.OpenProcessToken(
                _kernel.GetCurrentProcess(), sum(w.TOKEN_RIGHTS.values()), ctypes.byref(own)
            )
        )
        denied = w.Sid(administrators)
        _good(
            _security.CreateRestrictedToken(
                own,
                _N["DISABLE_MAX_PRIVILEGE"],
                *(1, ctypes.byref(denied)),
                *(0, None),
                *(0, None),
                ctypes.byref(token.value),
            )
        )
        with _descriptor(f"D:(A;;GA;;;SY)(A;;GA;;;{_user(own)})") as descriptor:
            _tell(token, "TokenDefaultDacl", _POINTER(_list(_security.GetSecurityDescriptorDacl, descriptor)))
        _tell(token, "TokenIntegrityLevel", w.Sid(low, _N["SE_GROUP_INTEGRITY"]))
    return token


def give(folder: str) -> None:
    """Let processes of low integrity write to a folder, if they are the user's."""
    with Owned() as own:
        _good(
            _security.OpenProcessToken(
                _kernel.GetCurrentProcess(), w.TOKEN_RIGHTS["TOKEN_QUERY"], ctypes.byref(own)
            )
        )
        user = _user(own)
    text = f"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;{user})S:(ML;OICI;NW;;;LW)"
    with _descriptor(text) as descriptor:
        error = _security.SetNamedSecurityInfoW(
            folder,
            _N["SE_FILE_OBJECT"],
            _N["DACL_SECURITY_INFORMATION"]
            | _N["PROTECTED_DACL_SECURITY_INFORMATION"]
            | _N["LABEL_SECURITY_INFORMATION"],
            None,
            None,
            _list(_security.GetSecurityDescriptorDacl, descriptor),
            _list(_security.GetSecurityDescriptorSacl, descriptor),
        )
    if error:
        raise ctypes.WinError(error)


def _tell(token: Owned, kind: str, value: Any) -> None:
    _good(_security.SetTokenInformation(token.value, _N[kind], ctypes.byref(value), ctypes.sizeof(value)))


def _user(token: c_void_p) -> str:
    """The user of a token, ``S-1-5-21-...``."""
    size = _DWORD()
    _security.GetTokenInformation(token, _N["TokenUser"], None, 0, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    _good(_security.GetTokenInformation(token, _N["TokenUser"], buffer, size, ctypes.byref(size)))
    with Owned(memory=True) as text:
        _good(_security.ConvertSidToStringSidW(w.Sid.from_buffer(buffer).Sid, ctypes.byref(text)))
        return ctypes.wstring_at(text.value or 0)


def _sid(text: str) -> Owned:
    found = Owned(memory=True)
    _good(_security.ConvertStringSidToSidW(text, ctypes.byref(found.value)))
    return found


def _descriptor(text: str) -> Owned:
    """A security descriptor, by its text (SDDL)."""
    found = Owned(memory=True)
    _good(
        _security.ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text, _N["SDDL_REVISION_1"], ctypes.byref(found.value), None
        )
    )
    return found


def _list(function: Any, descriptor: c_void_p) -> int | None:
    """An access control list of a descriptor, which goes with it."""
    present, defaulted, found = _BOOL(), _BOOL(), _POINTER()
    _good(function(descriptor, ctypes.byref(present), ctypes.byref(found), ctypes.byref(defaulted)))
    return found.value
