#!/usr/bin/python3
"""Runs the tests of the confinement on an emulated aarch64 machine, with Debian's kernel and Python.

``python tools/emulated.py [bookworm | trixie]`` needs Debian's qemu-system-arm and mmdebstrap, and takes a quarter of an
hour.  Packages are unpacked, not set up: the machine's one file system is in memory, its first process is this script.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = "base-files,coreutils,dash,linux-image-arm64,linux-libc-dev,procps,python3,python3-pytest"
LEFT_OUT = (
    "usr/lib/modules",
    "lib/modules",
    "usr/lib/linux-image",
    "usr/share/doc",
    "usr/share/locale",
    "boot",
)
TESTS = [f"tests/runtime/test_{name}.py" for name in ("seccomp", "denial_probes", "confinement", "exploits")]
FACTOR = "6"
"""How many times slower than usual the tests may be."""
USER = 1000
DONE = "every test passed"


def main() -> int:
    """Make the machine, run it, show what it says; 0 if the tests passed."""
    suite = sys.argv[1] if len(sys.argv) > 1 else "bookworm"
    qemu, mmdebstrap = shutil.which("qemu-system-aarch64"), shutil.which("mmdebstrap")
    if qemu is None or mmdebstrap is None:
        sys.exit("apt-get install qemu-system-arm mmdebstrap")
    with tempfile.TemporaryDirectory(prefix="emulated-") as folder:
        packages, kernel, disk = (os.path.join(folder, name) for name in ("packages.tar", "kernel", "disk"))
        command = [
            mmdebstrap,
            "--quiet",
            "--variant=extract",
            "--architectures=arm64",
            f"--include={PACKAGES}",
        ]
        subprocess.run([*command, suite, packages], check=True)
        with tarfile.open(packages) as tar, open(disk, "wb") as out:
            fill(out, tar, kernel)
        machine = [qemu, *"-machine virt -cpu cortex-a72 -m 2G -nographic -no-reboot -net none".split()]
        boot = ["-kernel", kernel, "-initrd", disk, "-append", "console=ttyAMA0 quiet nowatchdog panic=-1"]
        passed = False
        with subprocess.Popen(
            [*machine, *boot], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace"
        ) as running:
            assert running.stdout is not None
            for line in running.stdout:
                print(line, end="", flush=True)
                passed = passed or line.strip() == DONE
    return 0 if passed else 1


def fill(out: BinaryIO, tar: tarfile.TarFile, kernel: str) -> None:
    """Write the first file system: the packages, the checkout, and this script as what the kernel starts."""
    for member in tar:
        name = member.name.removeprefix("./")
        content = tar.extractfile(member) if member.isreg() or member.islnk() else None
        if name.startswith("boot/vmlinuz") and content is not None:
            with open(kernel, "wb") as file:
                shutil.copyfileobj(content, file)
        if name.startswith(LEFT_OUT) or member.isdev():
            continue
        if member.isdir():
            entry(out, name, stat.S_IFDIR | member.mode)
        elif member.issym():
            entry(out, name, stat.S_IFLNK | 0o777, os.fsencode(member.linkname))
        elif content is not None:
            entry(out, name, stat.S_IFREG | member.mode, content.read())
    for name in ("proc", "sys", "dev", "tmp", "repository"):
        entry(out, name, stat.S_IFDIR | 0o755)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "validator", "tests", "pyproject.toml"],  # noqa: S607
        check=True, capture_output=True, text=True, cwd=ROOT,
    ).stdout.split("\0")  # fmt: skip
    folders = {str(parent) for path in listed for parent in Path(path).parents if path}
    for folder in sorted(folders - {"."}):
        entry(out, f"repository/{folder}", stat.S_IFDIR | 0o755)
    for path in listed:
        if (ROOT / path).is_file():
            entry(out, f"repository/{path}", stat.S_IFREG | 0o644, (ROOT / path).read_bytes())
    users = f"root:x:0:0::/root:/bin/sh\nuser:x:{USER}:{USER}::/:/bin/sh\n"
    entry(out, "etc/passwd", stat.S_IFREG | 0o644, users.encode())
    entry(out, "init", stat.S_IFREG | 0o755, Path(__file__).read_bytes())
    entry(out, "TRAILER!!!", 0)


def entry(out: BinaryIO, name: str, mode: int, data: bytes = b"") -> None:
    """One entry of an archive as the kernel reads it (Documentation/driver-api/early-userspace/buffer-format.rst)."""
    path = name.encode() + b"\0"
    numbers = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + path
    out.write(head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4))


def inside() -> None:
    """What the emulated machine does."""
    libc = ctypes.CDLL(None, use_errno=True)
    for kind, place in (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/tmp")):  # noqa: S108
        libc.mount(kind.encode(), place.encode(), kind.encode(), 0, None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up, set_flags = 1, 0x8914  # IFF_UP, SIOCSIFFLAGS
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", up))
    system = os.uname()
    print(system.sysname, system.release, system.machine, "Python", sys.version, flush=True)
    subprocess.run([sys.executable, "-m", "compileall", "-q", os.path.dirname(os.__file__)], check=False)
    command = [
        sys.executable,
        *"-m pytest --noconftest -q -rs --color=no -o addopts= -p no:cacheprovider".split(),
        *TESTS,
    ]
    variables = {"PATH": os.defpath, "MLMODEL_TEST_SLOW": FACTOR, "PYTHONDONTWRITEBYTECODE": "1"}
    passed = True
    for user in (0, USER):
        print(f"as {user}:", flush=True)
        done = subprocess.run(
            command, check=False, cwd="/repository", env=variables, user=user, group=user, extra_groups=[]
        )
        passed = passed and done.returncode == 0
    print(DONE if passed else "not every test passed", flush=True)
    os.sync()
    power_off = 0x4321FEDC
    libc.reboot(power_off)


if __name__ == "__main__":
    if os.getpid() == 1:
        inside()
    else:
        sys.exit(main())
