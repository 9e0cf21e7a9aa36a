"""Exceptions as data."""

from __future__ import annotations

import os
import re
import traceback

from .channel import MAX_TEXT, cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_TRACEBACK = 20000


_FROZEN = re.compile(r"<frozen (?!importlib|zipimport|runpy)([\w.]+)>")
"""A module of the standard library that is part of the interpreter (3.11 and later), as ``os`` is; not what imports."""
_COMPILED = (".pyx", ".pxd", ".pxi", "stringsource")
"""How the names of sources that are compiled into libraries end; they are no files where these are installed."""


def described(error: BaseException, folder: str) -> dict[str, Any]:
    """An exception as data, with the frames of the traceback that are not the probe's."""
    frames = framed(error, folder)
    chain = list(chained(error))
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 -- a broken __str__
        text = "(its text cannot be had)"
    full = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return {
        "type": type(error).__name__,
        "module": type(error).__module__,
        "message": cut(text, MAX_TEXT),
        "name": getattr(error, "name", None) if isinstance(error, (ImportError, AttributeError)) else None,
        "errno": getattr(error, "errno", None) if isinstance(error, OSError) else None,
        "frames": frames[-12:],
        "traceback": full if len(full) <= MAX_TRACEBACK else "... " + full[-MAX_TRACEBACK:],
        "causes": causes(error.__cause__ or error.__context__),
        "origin": origin(chain, folder),
        "raised": raised(chain, folder),
        "home": any(of_home(each) for each in chain),
    }


def framed(error: BaseException, folder: str) -> list[dict[str, Any]]:
    """The frames of the traceback of an exception that are not the probe's."""
    ours = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")
    return [
        {
            "file": short(frame.filename, folder),
            "line": frame.lineno,
            "function": frame.name,
            "source": cut(frame.line or "", 300),
            "own": is_own(frame.filename, folder),
        }
        for frame in traceback.extract_tb(error.__traceback__)
        if not os.path.abspath(frame.filename).startswith(ours)
    ]


def chained(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and those that it came from, as Python shows them, the first one last."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(seen) < 20:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def origin(chain: list[BaseException], folder: str) -> dict[str, Any] | None:
    """The innermost frame of the author's code, in the exception that the others came from or in one of these."""
    frames = (frame for error in reversed(chain) for frame in reversed(framed(error, folder)))
    return next((frame for frame in frames if frame["own"]), None)


def raised(chain: list[BaseException], folder: str) -> dict[str, Any] | None:
    """The frame that raised the exception that the others came from, beside Python's own import system."""
    frames = (frame for error in reversed(chain) for frame in reversed(framed(error, folder)))
    return next((frame for frame in frames if not frame["file"].startswith("<frozen")), None)


def of_home(error: BaseException) -> bool:
    """Whether it is that a file of the home folder is not there."""
    name = getattr(error, "filename", None) if isinstance(error, FileNotFoundError) else None
    return isinstance(name, str) and name.startswith(os.path.join(os.path.expanduser("~"), ""))


def causes(error: BaseException | None) -> list[dict[str, Any]]:
    """The types and texts of what the exception came from."""
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(found) < 5:
        seen.add(id(error))
        name = getattr(error, "name", None) if isinstance(error, ImportError) else None
        found.append({"type": type(error).__name__, "message": cut(str(error), 500), "name": name})
        error = error.__cause__ or error.__context__
    return found


def is_own(path: str, folder: str) -> bool:
    """Whether a frame is of the model's author: in the model, or of code that is no file here, as of a notebook."""
    if path.startswith(os.path.join(folder, "")):
        return True
    if path.startswith("<"):
        return path.startswith(("<ipython", "<stdin", "<command"))
    return not path.endswith(_COMPILED) and not os.path.exists(path)


def short(path: str, folder: str) -> str:
    """A file as a person names it: relative to the model, or to the site-packages it is in."""
    frozen = _FROZEN.match(path)
    if frozen is not None:
        return frozen[1].replace(".", "/") + ".py"
    path = path.replace("\\", "/")
    folder = folder.replace("\\", "/").rstrip("/") + "/"
    if path.startswith(folder):
        return path[len(folder) :]
    for mark in ("/site-packages/", "/dist-packages/"):
        if mark in path:
            return path.rpartition(mark)[2]
    return path.rpartition("/")[2]
