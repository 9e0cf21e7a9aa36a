"""seccomp: which system calls a process may make, as a filter of the kernel's packet language.

Imported by the launcher, which runs with ``-I -S``: standard library only.  Numbers are those of the kernel's
``asm/unistd`` for x86-64 and aarch64; None where that machine has no such call.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_LOAD, _EQUAL, _AT_LEAST, _SET, _RETURN, _AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCH, _ARGUMENT = 0, 4, 16
_X32 = 0x40000000
_CLONE_THREAD, _CLONE_FILES = 0x10000, 0x400
_UNSHARE_FILES = 0x2  # CLOSE_RANGE_UNSHARE
_ONLY_WRITE, _READ_WRITE, _CREATE, _TRUNCATE = 0o1, 0o2, 0o100, 0o1000  # O_*, the same on both machines
_NAMELESS = 0o20000000  # __O_TMPFILE, the part of O_TMPFILE that no other flag has
_WRITING = _ONLY_WRITE | _READ_WRITE | _CREATE | _TRUNCATE
_CONTROLS = (
    0x5401, 0x802C542A, 0x5413, 0x540F,  # TCGETS, TCGETS2, TIOCGWINSZ, TIOCGPGRP: whether it is a terminal, and how wide
    0x541B, 0x5421, 0x5450, 0x5451,  # FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
    0x40049409,  # FICLONE, into a file that was opened for writing
)  # fmt: skip
"""What a descriptor may be asked by ``ioctl``.

Every disk and driver has calls of its own here, and many of them take a descriptor that was opened for reading: flags,
versions and encryption of files, room for them, the addresses of this machine of a pair of sockets.
"""
_COMMANDS = (
    0, 1, 2, 3, 4, 1027, 1028, 1030,  # F_DUPFD, _GETFD, _SETFD, _GETFL, _SETFL, _DUPFD_QUERY, _CREATED_QUERY, _DUPFD_CLOEXEC
    5, 6, 7, 36, 37, 38,  # F_GETLK, _SETLK, _SETLKW, and those of open file descriptions
    9, 11, 16, 1025, 1035, 1037,  # F_GETOWN, _GETSIG, _GETOWN_EX, _GETLEASE, _GET_RW_HINT, _GET_FILE_RW_HINT
    1031, 1032, 1033, 1034,  # F_SETPIPE_SZ, _GETPIPE_SZ, _ADD_SEALS, _GET_SEALS
)  # fmt: skip
"""What ``fcntl`` may do.

Not F_SETOWN, by which a descriptor sends any signal to its "owner"; not F_NOTIFY and F_SETLEASE, which tell of others
that open a file, and have them wait; not F_SET_RW_HINT, which changes files that may be read.
"""
_OPTIONS = (
    1,  # PR_SET_PDEATHSIG: it ends with who watches it
    4,  # PR_SET_DUMPABLE: who watches it can look at it
    62,  # PR_SCHED_CORE: which processes may run beside another
)
_NO_SUCH_CALL = 470
"""The first number that no call had when this list was read through (Linux 6.17); what came later is not there."""
_MAP_SHARED, _MAP_ANONYMOUS, _MAP_HUGE = 0x1, 0x20, 0x40000
_OF_SOCKETS, _SEND_BUFFER, _SEND_BUFFER_FORCE = 1, 7, 32  # SOL_SOCKET, SO_SNDBUF, SO_SNDBUFFORCE
_UNIX, _STREAM, _TYPES = 1, 1, 0xF  # AF_UNIX, SOCK_STREAM, and the bits of a type that are no flags
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

Numbers = tuple["int | None", "int | None"]

NETWORK: tuple[Numbers, ...] = (
    (41, 198),  # socket; of socketpair streams stay, which reach nobody
    (46, 211), (307, 269),  # sendmsg, sendmmsg: an open file in a message is one that nobody can count
    (42, 203), (49, 200), (50, 201), (43, 202), (288, 242),  # connect, bind, listen, accept, accept4
)  # fmt: skip
PROCESSES: tuple[Numbers, ...] = (
    (57, None), (58, None),  # fork, vfork
    (322, 281),  # execveat
)  # fmt: skip
METADATA: tuple[Numbers, ...] = (
    (90, None), (91, 52), (268, 53), (452, 452),  # chmod, fchmod, fchmodat, fchmodat2
    (92, None), (93, 55), (94, None), (260, 54),  # chown, fchown, lchown, fchownat
    (132, None), (235, None), (261, None), (280, 88),  # utime, utimes, futimesat, utimensat
    (188, 5), (189, 6), (190, 7), (197, 14), (198, 15), (199, 16), (463, 463), (466, 466),  # xattr
    (469, 469),  # file_setattr
    (76, 45),  # truncate; ftruncate needs a file that was opened for writing
)  # fmt: skip
KERNEL: tuple[Numbers, ...] = (
    (101, 117), (310, 270), (311, 271), (312, 272), (440, 440),  # ptrace, process_vm_*, kcmp, process_madvise
    (272, 97), (308, 268),  # unshare, setns
    (165, 40), (166, 39), (155, 41), (161, 51),  # mount, umount2, pivot_root, chroot
    (428, 428), (429, 429), (430, 430), (431, 431), (432, 432), (433, 433), (442, 442), (467, 467),  # the new mount calls
    (321, 280), (298, 241), (323, 282), (300, 262),  # bpf, perf_event_open, userfaultfd, fanotify_init
    (141, 140), (251, 30),  # setpriority, ioprio_set
    (443, 443),  # quotactl_fd
    (256, 238), (279, 239), (448, 448), (212, 18),  # migrate_pages, move_pages, process_mrelease, lookup_dcookie
    (248, 217), (249, 218), (250, 219),  # add_key, request_key, keyctl
    (175, 105), (313, 273), (176, 106), (246, 104), (320, 294), (169, 142),  # modules, kexec, reboot
    (167, 224), (168, 225), (103, 116), (163, 89), (179, 60),  # swapon, swapoff, syslog, acct, quotactl
    (303, 264), (304, 265),  # name_to_handle_at, open_by_handle_at
    (29, 194), (30, 196), (31, 195), (64, 190), (65, 193), (66, 191), (220, 192),  # shm*, sem*
    (68, 186), (69, 189), (70, 188), (71, 187), (240, 180), (241, 181),  # msg*, mq_open, mq_unlink
    (164, 170), (227, 112), (159, 171), (305, 266),  # settimeofday, clock_settime, adjtimex, clock_adjtime
    (170, 161), (171, 162), (172, None), (173, None),  # sethostname, setdomainname, iopl, ioperm
    (434, 434), (424, 424), (438, 438),  # pidfd_open, pidfd_send_signal, pidfd_getfd
    (129, 138), (297, 240), (200, 130),  # rt_sigqueueinfo, rt_tgsigqueueinfo, tkill
)  # fmt: skip
ABSENT: tuple[Numbers, ...] = (
    (435, 435),  # clone3: libraries then use clone, of which the flags can be seen
    (425, 425), (426, 426), (427, 427),  # io_uring
    (437, 437),  # openat2: programs then use openat, of which the flags can be seen
    (253, None), (294, 26), (254, 27),  # inotify_*, which tells names in folders that cannot be listed
    (447, 447),  # memfd_secret
    (206, 0), (154, None),  # io_setup, which takes from a number of the whole system; modify_ldt
    # Memory that counts for nobody: pages that pipes and sockets keep when nobody has them mapped any more.
    (275, 76), (276, 77), (278, 75), (40, 71),  # splice, tee, vmsplice, sendfile; programs then read and write
)  # fmt: skip
UNSUPPORTED: tuple[Numbers, ...] = (
    (285, 47),  # fallocate, which fills a disk sooner than anybody can look; programs then write zeros
    (444, 444), (445, 445), (446, 446),  # landlock_*: rules of one's own, of which the kernel keeps as many as are made
)  # fmt: skip
MEMORY_FILE: Numbers = (
    319,
    279,
)  # memfd_create: memory that no limit counts, and programs that no rule for files stops
ATTRIBUTES: tuple[Numbers, ...] = (
    (191, 8), (192, 9), (193, 10), (464, 464),  # getxattr, lgetxattr, fgetxattr, getxattrat
    (194, 11), (195, 12), (196, 13), (465, 465),  # listxattr, llistxattr, flistxattr, listxattrat
)  # fmt: skip
"""Calls that read what Landlock does not know of, in any file; programs take it that a disk has none."""
WRITES: tuple[Numbers, ...] = (
    (82, None), (264, 38), (316, 276), (87, None), (263, 35), (83, None), (258, 34), (84, None),  # rename ... rmdir
    (86, None), (265, 37), (88, None), (266, 36), (133, None), (259, 33), (85, None),  # link ... creat
)  # fmt: skip
"""Calls that change files, for a kernel without Landlock."""
_CLONE: Numbers = (56, 220)
_KILL_CALL: Numbers = (62, 129)
_TGKILL: Numbers = (234, 131)
_IOCTL: Numbers = (16, 29)
_FCNTL: Numbers = (72, 25)
_PRLIMIT: Numbers = (302, 261)
_PRCTL: Numbers = (157, 167)
_SOCKETPAIR: Numbers = (53, 199)
_CLOSE_RANGE: Numbers = (436, 436)
_MMAP: Numbers = (9, 222)
_SETSOCKOPT: Numbers = (54, 208)
_EXECUTE: Numbers = (59, 221)
SCHEDULING: tuple[Numbers, ...] = (
    (144, 119),
    (142, 118),
    (314, 274),
)  # sched_setscheduler, _setparam, _setattr
_AFFINITY: Numbers = (203, 122)
_OPEN: Numbers = (2, None)
_OPENAT: Numbers = (257, 56)


class Step(NamedTuple):
    """One instruction of the filter."""

    code: int
    value: int
    yes: int = 0
    no: int = 0


def program(machine: str, pid: int, start: Sequence[int], *, read_only: bool) -> bytes | None:
    """The filter for a machine, None where its numbers are not known.

    Args:
        machine: as ``os.uname().machine`` says.
        pid: of the process, which alone may get signals and limits.
        start: the three addresses that are the arguments of the only ``execve`` that is allowed.
        read_only: refuse every change of a file, too.
    """
    if machine not in _MACHINES:
        return None
    column, arch = _MACHINES[machine]
    steps = [
        Step(_LOAD, _ARCH),
        Step(_EQUAL, arch, 1, 0),
        Step(_RETURN, _KILL),
        Step(_LOAD, _NUMBER),
    ]
    if column == 0:
        steps += [Step(_AT_LEAST, _X32, 0, 1), Step(_RETURN, _KILL)]
    steps += [Step(_AT_LEAST, _NO_SUCH_CALL, 0, 1), Step(_RETURN, _ERROR | errno.ENOSYS)]
    groups = [
        (NETWORK, errno.EACCES),
        (PROCESSES, errno.EPERM),
        (METADATA, errno.EPERM),
        (KERNEL, errno.EPERM),
    ]
    groups += [
        ((*ATTRIBUTES, *UNSUPPORTED), errno.EOPNOTSUPP),
        ((*ABSENT, MEMORY_FILE), errno.ENOSYS),
        *([(WRITES, errno.EROFS)] if read_only else []),
    ]
    for calls, error in groups:
        for call in calls:
            steps += _refuse(call[column], error)
    # Threads with descriptors of their own could hold files that are not seen among those of the process.
    threads = (Step(_SET, _CLONE_THREAD, 0, 1), Step(_SET, _CLONE_FILES, 1, 0))
    steps += _unless(_CLONE[column], 0, threads, errno.EPERM)
    steps += _execute(_EXECUTE[column], start)
    steps += _pair(_SOCKETPAIR[column])
    for signalled in (_KILL_CALL, _TGKILL):
        steps += _unless(signalled[column], 0, (Step(_EQUAL, pid, 1, 0),), errno.EPERM)
    own = (Step(_EQUAL, 0, 2, 0), Step(_EQUAL, pid, 1, 0))
    steps += _unless(_PRLIMIT[column], 0, own, errno.EPERM)
    for scheduled in SCHEDULING:
        steps += _unless(scheduled[column], 0, own, errno.EPERM)
    # Thread pools bind threads to processors by their numbers, and fail where they cannot: nothing is done, and no word said.
    steps += _unless(_AFFINITY[column], 0, own, 0)
    steps += _if(_PRCTL[column], 0, _OPTIONS, errno.EPERM)
    steps += _if_set(_CLOSE_RANGE[column], 2, _UNSHARE_FILES, errno.EPERM)
    steps += _unless(_IOCTL[column], 1, _any(_CONTROLS), errno.ENOTTY)
    steps += _unless(_FCNTL[column], 1, _any(_COMMANDS), errno.EPERM)
    steps += _mapping(_MMAP[column])
    steps += _buffer(_SETSOCKOPT[column])
    for opened, argument in ((_OPEN, 1), (_OPENAT, 2)):
        if read_only:
            steps += _if_set(opened[column], argument, _WRITING, errno.EROFS)
        else:
            steps += _opening(opened[column], argument)
    steps.append(Step(_RETURN, _ALLOW))
    return b"".join(struct.pack("HBBI", step.code, step.yes, step.no, step.value) for step in steps)


def _refuse(number: int | None, error: int) -> list[Step]:
    return [] if number is None else [Step(_EQUAL, number, 0, 1), Step(_RETURN, _ERROR | error)]


def _about(number: int | None, argument: int, inside: list[Step]) -> list[Step]:
    """Steps that look at an argument of one call; they end in an answer, or load the number again."""
    if number is None:
        return []
    body = [Step(_LOAD, _ARGUMENT + 8 * argument), *inside]
    return [Step(_EQUAL, number, 0, len(body)), *body]


def _unless(number: int | None, argument: int, tests: tuple[Step, ...], error: int) -> list[Step]:
    """Refuse a call unless one of the tests, which jump over the refusal, holds for an argument."""
    return _about(number, argument, [*tests, Step(_RETURN, _ERROR | error), Step(_RETURN, _ALLOW)])


def _any(values: Sequence[int]) -> tuple[Step, ...]:
    """Tests that jump over the refusal behind the last one."""
    return tuple(Step(_EQUAL, value, len(values) - place, 0) for place, value in enumerate(values))


def _if(number: int | None, argument: int, values: tuple[int, ...], error: int) -> list[Step]:
    """Refuse a call with one of these values as an argument."""
    inside = []
    for value in values:
        inside += [Step(_EQUAL, value, 0, 1), Step(_RETURN, _ERROR | error)]
    return _about(number, argument, [*inside, Step(_RETURN, _ALLOW)])


def _if_set(number: int | None, argument: int, bits: int, error: int) -> list[Step]:
    """Refuse a call with one of these bits set in an argument."""
    return _about(
        number, argument, [Step(_SET, bits, 0, 1), Step(_RETURN, _ERROR | error), Step(_RETURN, _ALLOW)]
    )


def _execute(number: int | None, start: Sequence[int]) -> list[Step]:
    """Refuse to run any program but the one whose path, arguments and variables are at these addresses.

    Which these are nobody knows any more once that program runs: they were chosen at random, of more than can be tried.
    """
    if number is None:
        return []
    body: list[Step] = []
    for argument, address in enumerate(start):
        for part, word in enumerate((address & 0xFFFFFFFF, address >> 32)):
            body += [
                Step(_LOAD, _ARGUMENT + 8 * argument + 4 * part),
                Step(_EQUAL, word, 1, 0),
                Step(_RETURN, _ERROR | errno.EACCES),
            ]
    body.append(Step(_RETURN, _ALLOW))
    return [Step(_EQUAL, number, 0, len(body)), *body]


def _pair(number: int | None) -> list[Step]:
    """Refuse pairs of sockets but streams: the others can send to any address, and so can other families."""
    if number is None:
        return []
    body = [
        Step(_LOAD, _ARGUMENT),
        Step(_EQUAL, _UNIX, 1, 0),
        Step(_RETURN, _ERROR | errno.EACCES),
        Step(_LOAD, _ARGUMENT + 8),
        Step(_AND, _TYPES),
        Step(_EQUAL, _STREAM, 1, 0),
        Step(_RETURN, _ERROR | errno.EACCES),
        Step(_RETURN, _ALLOW),
    ]
    return [Step(_EQUAL, number, 0, len(body)), *body]


def _mapping(number: int | None) -> list[Step]:
    """Refuse memory that is shared and of no file, and that of huge pages which are set aside.

    What is shared stays when all but a page of it is mapped no more, and then is neither resident nor among the addresses.
    """
    return _about(
        number,
        3,
        [
            Step(_SET, _MAP_HUGE, 0, 1),
            Step(_RETURN, _ERROR | errno.ENOMEM),
            Step(_SET, _MAP_ANONYMOUS, 0, 2),
            Step(_SET, _MAP_SHARED, 0, 1),
            Step(_RETURN, _ERROR | errno.EPERM),
            Step(_RETURN, _ALLOW),
        ],
    )


def _buffer(number: int | None) -> list[Step]:
    """Leave the buffers of sockets as large as they are, which is how they are counted: nothing is done, and no word said."""
    return _about(
        number,
        1,
        [
            Step(_EQUAL, _OF_SOCKETS, 0, 4),
            Step(_LOAD, _ARGUMENT + 16),
            Step(_EQUAL, _SEND_BUFFER, 1, 0),
            Step(_EQUAL, _SEND_BUFFER_FORCE, 0, 1),
            Step(_RETURN, _ERROR | 0),
            Step(_RETURN, _ALLOW),
        ],
    )


def _opening(number: int | None, argument: int) -> list[Step]:
    """Refuse to make a file without a name, to truncate one without opening it for writing, and to open it for neither (3).

    Landlock before Linux 6.2 looks at neither: what may be read could be emptied by ``O_RDONLY | O_TRUNC``, and what
    may not even be read, by ``3 | O_TRUNC``.
    """
    return _about(
        number,
        argument,
        [
            Step(_SET, _NAMELESS, 0, 1),
            Step(_RETURN, _ERROR | errno.EOPNOTSUPP),
            Step(_SET, _ONLY_WRITE, 0, 1),
            Step(_SET, _READ_WRITE, 2, 3),
            Step(_SET, _READ_WRITE, 2, 0),
            Step(_SET, _TRUNCATE, 0, 1),
            Step(_RETURN, _ERROR | errno.EACCES),
            Step(_RETURN, _ALLOW),
        ],
    )


def install(libc: ctypes.CDLL, code: bytes) -> bool:
    """Put a filter into force; whether the kernel has."""
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))

    filter_ = Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    set_seccomp, mode_filter = 22, 2
    return bool(libc.prctl(set_seccomp, ctypes.c_ulong(mode_filter), ctypes.byref(filter_), 0, 0) == 0)
