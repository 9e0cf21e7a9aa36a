"""Loads hostile pickles, and tells what each does: ``acting.py FOLDER``, with the interpreter of an environment that has their libraries.

Each is loaded, used as a model that predicts, and dropped, in a child process in an empty folder, under limits and an audit hook, which
writes down the first thing that must not happen, and ends the process before it is done; the modules that it names are imported
before.  ``calendar.main``, which stands for whatever an attacker would have called, is replaced by what says that it was.  Of a text
(``.formula``) it is what evaluating it as patsy does.  A line of JSON: by the name of the file, what that was.
"""

from __future__ import annotations

import calendar
import contextlib
import gc
import importlib
import json
import os
import pickle
import pickletools
import resource
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")
FORBIDDEN = frozenset(
    "os.system subprocess.Popen os.exec os.posix_spawn os.spawn os.remove os.rename os.rmdir os.mkdir os.chmod os.link os.symlink os.putenv shutil.rmtree shutil.move"
    " socket.connect socket.bind socket.getaddrinfo tempfile.mkstemp sqlite3.connect ftplib.connect".split()
)
SOURCES = ("__import__", "import os", "open(", "_parse_args", "eval(", "exec(", "np.l")
LIBRARIES = frozenset(
    "sklearn scipy numpy pandas statsmodels lightgbm joblib imblearn pmdarima patsy fsspec jinja2 sympy dill tblib optuna polars mlflow"
    " torch networkx gensim skorch sklearn_crfsuite xgboost cloudpickle pydantic numba pyarrow dateutil formulaic skmultilearn pytz imodels".split()
)
SECONDS = 20


def loaded(path: Path) -> str | None:
    """What loading a file does that it must not; in a child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _load(path.read_bytes(), writer, path.suffix == ".formula")
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said or None


def _import(files: Iterable[Path]) -> None:
    """The modules of libraries that pickles name."""
    for path in files:
        for _, argument, _ in _opcodes(path.read_bytes()):
            module = argument.partition(" ")[0] if isinstance(argument, str) else ""
            if module.partition(".")[0] in LIBRARIES and all(
                part.isidentifier() for part in module.split(".")
            ):
                with contextlib.suppress(BaseException):
                    importlib.import_module(module)


def _used(data: bytes) -> None:
    """Load an object, and predict with it as a reader would."""
    made: Any = pickle.loads(data)
    import pandas

    table = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    for method in ("predict", "transform", "__call__", "__iter__"):
        with contextlib.suppress(Exception):
            found = getattr(made, method)
            next(iter(found())) if method == "__iter__" else found(table)


def _opcodes(data: bytes) -> list[tuple[Any, Any, Any]]:
    with contextlib.suppress(Exception):
        return list(pickletools.genops(data))
    return []


def _evaluates(data: bytes) -> Callable[[], object]:
    import numpy
    import patsy

    column = numpy.arange(9.0)
    names = dict.fromkeys("abcxyz", column)
    return lambda: patsy.dmatrices(data.decode(), names)


def _load(data: bytes, out: int, is_formula: bool) -> None:
    act = _evaluates(data) if is_formula else lambda: _used(data)
    os.chdir(tempfile.mkdtemp())
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(SECONDS)

    def told(what: str) -> None:
        os.write(out, what[:200].encode("utf-8", "replace"))
        os._exit(0)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in FORBIDDEN:
            told(f"{event} {arguments!r}")
        elif (
            event == "open"
            and isinstance(arguments[2], int)
            and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        ):
            told(f"writes {arguments[0]!r}")
        elif event == "open" and str(arguments[0]) in ("file", "x", "/etc/passwd"):
            told(f"opens {arguments[0]!r}")
        elif (
            event == "compile"
            and not os.path.isabs(str(arguments[1]))
            and any(word in str(arguments[0]) for word in SOURCES)
        ):
            told(f"compiles {arguments[0]!r}")

    calendar.main = lambda *_: told("calls calendar.main")  # type: ignore[attr-defined]
    Path("x").write_bytes(b"")
    sys.addaudithook(hook)
    try:
        act()
    except BaseException:
        pass
    os._exit(0)


def main() -> None:
    """Every file of a folder."""
    files = sorted(Path(sys.argv[1]).iterdir())
    _import(files)
    gc.collect()
    gc.freeze()
    print(json.dumps({path.name: loaded(path) for path in files}))


if __name__ == "__main__":
    main()
