"""The language-neutral trees of this distribution: schemas, annexes, rule pages, conformance cases."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SOURCES = {
    "schemas": "schemas",
    "annex": os.path.join("spec", "annex"),
    "rules": os.path.join("spec", "rules"),
    "targets": os.path.join("spec", "targets"),
    "conformance": "conformance",
}


@cache
def tree(name: str) -> str:
    """The directory of a data tree: in an installed wheel, or else in a checkout.

    The wheel has the conformance cases as an archive, which is unpacked into a folder that goes away with the process.

    Raises:
        FileNotFoundError: neither holds it, so the installation is broken.
    """
    packaged = os.path.join(_PACKAGE, "_data", name)
    if os.path.isdir(packaged):
        return packaged
    checkout = os.path.join(os.path.dirname(os.path.dirname(_PACKAGE)), _SOURCES[name])
    if os.path.isdir(checkout):
        return checkout
    if os.path.isfile(f"{packaged}.zip"):
        return _unpacked(f"{packaged}.zip")
    raise FileNotFoundError(f"{name} is neither in {packaged} nor in {checkout}")


def _unpacked(archive: str) -> str:
    import atexit
    import shutil
    import tempfile
    import zipfile

    folder = tempfile.mkdtemp(prefix="mlmodel-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    return folder


def annex(path: str) -> dict[str, Any]:
    """A table of ``spec/annex/``, which the caller keeps."""
    import json  # a pickle without any name needs none of this

    content: dict[str, Any] = json.loads(read("annex", path))
    return content


@cache
def table(path: str) -> dict[str, Any]:
    """A table of ``spec/annex/``, read once: nobody changes it."""
    return annex(path)


def read(name: str, path: str) -> str:
    """The text of one file of a data tree."""
    with open(os.path.join(tree(name), *path.split("/")), encoding="utf-8") as file:
        return file.read()
