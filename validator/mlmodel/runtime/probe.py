"""Loads a model and predicts with it, inside the model's own environment.

A script, run by the interpreter of that environment as ``python -I -B probe.py JOB.json``.  It needs nothing but
the standard library of Python 3.7 or later and imports nothing of ours.  What it sees goes, as JSON lines, to the
descriptor that the job names; standard output and standard error belong to the libraries of the model.

Every phase says that it begins before it begins, so that whoever finds the process dead knows where it died.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import importlib
import json
import os
import sys
import time
import traceback
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Reader = Callable[[str, dict[str, Any]], Any]

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MAX_TEXT = 4000
MAX_TRACEBACK = 20000
MAX_WARNINGS = 40
MAX_MISSING = 40
MAX_COLUMNS = 1000
VERSION = 1


class Skip(Exception):  # noqa: N818 -- no error: the phase has nothing to do
    """A phase does not apply; its text says why."""


class Channel:
    """The pipe to the validator."""

    def __init__(self, descriptor: int) -> None:
        if os.name == "nt":
            import msvcrt

            descriptor = msvcrt.open_osfhandle(descriptor, os.O_WRONLY)  # type: ignore[attr-defined]
        self._file = os.fdopen(descriptor, "w", encoding="ascii")

    def send(self, **event: Any) -> None:
        """Write one line."""
        self._file.write(json.dumps(event) + "\n")
        self._file.flush()


class Probe:
    """One run over one model."""

    def __init__(self, job: dict[str, Any], channel: Channel) -> None:
        self.job = job
        self.channel = channel
        self.folder = job["model"]
        self.installed: dict[str, str | None] = {}
        self.native: Any = None
        self.pyfunc: Any = None
        self.example: Any = None
        self.params: Any = None
        self.answer: Any = None

    # -- phases ----------------------------------------------------------------------------------

    def run(self) -> None:
        """Every phase in order; what builds on a failed one is left out."""
        self.phase("versions", self.versions)
        # What imports make stays: looking for garbage in it takes a tenth of the time and finds none.
        gc.disable()
        for module, distribution in self.job["imports"]:
            if self.installed.get(distribution, "unknown") is not None:
                self.phase("import", importlib.import_module, module, about=module)
        served = self.job["pyfunc"] and self.phase("import", self.import_mlflow, about="mlflow.pyfunc")
        gc.enable()
        self.hand_over()
        self.phase("read", self.read)
        self.enter_code()
        self.phase("resolve", self.resolve)
        native = self.job["native"]
        if native is not None:
            self.phase("load", self.load_native, about=native["flavor"])
        if served:
            self.phase("load", self.load_pyfunc, about="mlflow.pyfunc")
        if self.model is not None:
            if self.phase("example", self.read_example) and self.phase("predict", self.predict):
                self.phase("output", self.output)
                self.phase("one-row", self.one_row)
                self.phase("again", self.again)
            self.phase("serve", self.serve)
        files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        self.channel.send(event="done", files=[f for f in files if isinstance(f, str) and f.endswith(".py")])

    @property
    def model(self) -> Any:
        """What predicts: the model as servers load it, else the object itself."""
        return self.pyfunc if self.pyfunc is not None else self.native

    def phase(self, name: str, work: Callable[..., Any], *arguments: Any, about: str | None = None) -> bool:
        """Run one phase and tell of it; whether it went well."""
        self.channel.send(event="start", phase=name, about=about)
        noted: list[dict[str, str]] = []
        result: dict[str, Any] = {"event": "end", "phase": name, "about": about, "outcome": "passed"}
        begin = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.showwarning = lambda message, category, *_, **__: note(noted, category.__name__, message)
            watch = Logs(noted)
            try:
                detail = work(*arguments)
                if isinstance(detail, dict):
                    result["detail"] = detail
            except Skip as reason:
                result["outcome"] = "skipped"
                result["detail"] = {"reason": str(reason)}
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 -- SystemExit of a library too
                result["outcome"] = "failed"
                result["error"] = described(error, self.folder)
            watch.close()
        result["seconds"] = round(time.perf_counter() - begin, 4)
        result["peak_bytes"] = peak_bytes()
        result["warnings"] = noted
        self.channel.send(**result)
        return bool(result["outcome"] == "passed")

    def versions(self) -> dict[str, Any]:
        """The versions of everything installed that the validator asks about."""
        try:
            from importlib import metadata
        except ImportError:  # Python 3.7
            raise Skip("Python 3.7 cannot tell") from None
        for name in self.job["distributions"]:
            try:
                self.installed[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                self.installed[name] = None
        return {"installed": self.installed}

    def hand_over(self) -> None:
        """Give the bytecode of the libraries to the validator, for the next run in this environment.

        Nothing of the model has run yet; the folder is out of reach before anything does.
        """
        folder = self.job["bytecode"]
        if folder is None:
            return
        sys.dont_write_bytecode = True
        with open(folder + ".ready", "w", encoding="ascii"):
            pass
        while os.path.isdir(folder):
            time.sleep(0.005)

    def read(self) -> Any:
        """Read the files of the model that the flavors name, without making anything of them."""
        size = 0
        for path in self.job["files"]:
            with open(os.path.join(self.folder, path), "rb") as file:
                while True:
                    block = file.read(1 << 20)
                    size += len(block)
                    if not block:
                        break
        return {"bytes": size}

    def enter_code(self) -> None:
        """Put the model's own code on the import path, as MLflow does."""
        code = self.job["code"]
        if code:
            sys.path.insert(0, os.path.join(self.folder, code))

    def resolve(self) -> dict[str, Any]:
        """Find every class and function that the serialized objects name."""
        missing = []
        for module, name in self.job["globals"]:
            try:
                found = importlib.import_module(module)
                for part in name.split(".") if name else ():
                    found = getattr(found, part)
            except Exception as error:  # noqa: BLE001 -- whatever an import raises
                missing.append({"module": module, "name": name, "error": described(error, self.folder)})
                if len(missing) == MAX_MISSING:
                    break
        if not self.job["globals"]:
            raise Skip("no serialized object names any")
        return {"count": len(self.job["globals"]), "missing": missing}

    def load_native(self) -> dict[str, Any]:
        """Load the object with the library of its format."""
        native = self.job["native"]
        path = os.path.join(self.folder, native["path"])
        self.native = READERS[native["format"]](path, native)
        return {"type": kind(self.native)}

    def import_mlflow(self) -> dict[str, Any]:
        """Import what serves models; the first thing that fails in an environment that does not fit it."""
        module = importlib.import_module("mlflow.pyfunc")
        for more in (self.job["loader"], "mlflow.pyfunc.scoring_server"):  # which loading and serving import
            with contextlib.suppress(Exception):  # where it is needed, it is tried again
                importlib.import_module(more)
        return {"version": getattr(sys.modules.get("mlflow"), "__version__", None), "file": module.__file__}

    def load_pyfunc(self) -> dict[str, Any]:
        """Load the model as servers do."""
        from mlflow import pyfunc

        self.pyfunc = pyfunc.load_model(self.folder)
        return {"type": kind(self.pyfunc)}

    # -- predict ---------------------------------------------------------------------------------

    def read_example(self) -> dict[str, Any]:
        """Read the stored example as the recorded release does, without MLflow as its form says."""
        if self.job["example"] is None:
            raise Skip("the model has no stored example that says what it is")
        if self.pyfunc is None and not callable(getattr(self.model, self.job["predict"], None)):
            raise Skip(f"the object has no method {self.job['predict']}")
        self.example, self.params = self.stored()
        return {"input": summary(self.example), "params": sorted(self.params) if self.params else None}

    def stored(self) -> tuple[Any, Any]:
        """The example, read anew: a model may have changed the last one."""
        if self.pyfunc is None:
            return plain_example(self.job["example"], self.folder)
        from mlflow.models import Model

        model = Model.load(self.folder)
        if hasattr(model, "load_input_example"):
            data = model.load_input_example(self.folder)
        else:
            from mlflow.models.utils import _read_example

            data = _read_example(model, self.folder)
        return data, plain_params(self.job["example"], self.folder)

    def call(self, data: Any, params: Any = None) -> Any:
        """One prediction."""
        if self.pyfunc is None:
            return getattr(self.model, self.job["predict"])(data)
        if params:
            return self.pyfunc.predict(data, params=params)
        return self.pyfunc.predict(data)

    def predict(self) -> dict[str, Any]:
        """Predict on the stored example."""
        self.answer = self.call(self.example, self.params)
        return {"output": summary(self.answer)}

    def output(self) -> dict[str, Any]:
        """Whether the answer can be sent to anybody."""
        if self.pyfunc is None:
            raise Skip("not loaded with mlflow.pyfunc")
        return {"output": summary(self.answer), "json": as_json(self.answer)}

    def one_row(self) -> dict[str, Any]:
        """Predict on the first row alone."""
        data, params = self.stored()
        answer = self.call(first(data), params)
        return {"output": summary(answer)}

    def again(self) -> dict[str, Any]:
        """Predict on the same example again: whether the answer is the same."""
        data, params = self.stored()
        return {"same": same(self.answer, self.call(data, params))}

    def serve(self) -> dict[str, Any]:
        """Predict on the stored request, read as the scoring server reads it."""
        path = self.job["serving"]
        if path is None:
            raise Skip("the model has no stored request")
        if self.pyfunc is None:
            raise Skip("not loaded with mlflow.pyfunc")
        with open(os.path.join(self.folder, path), encoding="utf-8") as file:
            request = json.load(file)
        data, params = served(request, self.pyfunc)
        answer = self.call(data, params)
        return {"output": summary(answer), "json": as_json(answer)}


# -- what a phase tells ----------------------------------------------------------------------------


class Logs:
    """Warnings that MLflow logs and does not raise, such as that versions differ."""

    def __init__(self, noted: list[dict[str, str]]) -> None:
        import logging

        self._logger = logging.getLogger("mlflow")
        self._handler = logging.Handler(logging.WARNING)
        self._handler.emit = lambda record: note(  # type: ignore[method-assign]
            noted, record.name, record.getMessage()
        )
        self._logger.addHandler(self._handler)

    def close(self) -> None:
        """Listen no more."""
        self._logger.removeHandler(self._handler)


def note(noted: list[dict[str, str]], category: str, message: object) -> None:
    """Keep a warning, each once."""
    entry = {"category": category, "message": cut(str(message), MAX_TEXT)}
    if entry not in noted and len(noted) < MAX_WARNINGS:
        noted.append(entry)


def cut(text: str, most: int) -> str:
    """The beginning of a text, with nothing in it that ASCII JSON could not carry."""
    return text if len(text) <= most else text[:most] + " ..."


def described(error: BaseException, folder: str) -> dict[str, Any]:
    """An exception as data, with the frames of the traceback that are not this script's."""
    own = os.path.abspath(__file__)
    frames = [
        {
            "file": short(frame.filename, folder),
            "line": frame.lineno,
            "function": frame.name,
            "source": cut(frame.line or "", 300),
            "own": is_own(frame.filename, folder),
        }
        for frame in traceback.extract_tb(error.__traceback__)
        if os.path.abspath(frame.filename) != own
    ]
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
    }


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
    """Whether a frame is of the model's author: in the model, or of code that is no file here."""
    return path.startswith(os.path.join(folder, "")) or (
        not path.startswith("<frozen") and not os.path.exists(path)
    )


def short(path: str, folder: str) -> str:
    """A file as a person names it: relative to the model, or to the site-packages it is in."""
    path = path.replace("\\", "/")
    folder = folder.replace("\\", "/").rstrip("/") + "/"
    if path.startswith(folder):
        return path[len(folder) :]
    for mark in ("/site-packages/", "/dist-packages/"):
        if mark in path:
            return path.rpartition(mark)[2]
    return path.rpartition("/")[2]


def peak_bytes() -> int | None:
    """The most memory that the process has had, None where nobody counts."""
    if resource is None:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def kind(value: Any) -> str:
    """The full name of a value's type."""
    return f"{type(value).__module__}.{type(value).__name__}"


def summary(value: Any) -> dict[str, Any]:
    """The form of a value: its kind, and of tables and arrays names, dtypes and shape."""
    found: dict[str, Any] = {"type": kind(value)}
    if hasattr(value, "columns") and hasattr(value, "dtypes") and hasattr(value, "shape"):
        names = [str(name) for name in list(value.columns)[:MAX_COLUMNS]]
        dtypes = [str(dtype) for dtype in list(value.dtypes)[:MAX_COLUMNS]]
        found.update(form="table", names=names, dtypes=dtypes, shape=list(value.shape))
    elif hasattr(value, "dtype") and hasattr(value, "shape"):
        form = "series" if hasattr(value, "iloc") else "array"
        found.update(form=form, dtype=str(value.dtype), shape=[int(size) for size in value.shape])
    elif isinstance(value, dict):
        items = list(value.items())[:MAX_COLUMNS]
        found.update(form="mapping", items={str(key): leaf(each) for key, each in items}, length=len(value))
    elif isinstance(value, (list, tuple)):
        kinds = sorted({kind(each) for each in value[:MAX_COLUMNS]})
        found.update(form="list", items=kinds[:20], length=len(value))
    else:
        found["form"] = "other"
    return found


def leaf(value: Any) -> dict[str, Any]:
    """The form of a value in a mapping."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        shape = [int(size) for size in value.shape]
        return {"type": kind(value), "dtype": str(value.dtype), "shape": shape}
    return {"type": kind(value)}


# -- readers of serialized objects -----------------------------------------------------------------


def read_with(module: str) -> Reader:
    """A reader that is the ``load`` of a module with the interface of pickle."""

    def read(path: str, _: dict[str, Any]) -> Any:
        with open(path, "rb") as file:
            return importlib.import_module(module).load(file)

    return read


def read_joblib(path: str, _: dict[str, Any]) -> Any:
    """Read what joblib wrote."""
    import joblib

    return joblib.load(path)


def read_skops(path: str, native: dict[str, Any]) -> Any:
    """Read what skops wrote; the types beyond its own that may be built are those that the model names."""
    import skops.io

    return skops.io.load(path, trusted=native.get("trusted") or [])


READERS = {
    "pickle": read_with("pickle"),
    "cloudpickle": read_with("cloudpickle"),  # cloudpickle's imports are part of what is proven
    "joblib": read_joblib,
    "skops": read_skops,
}


# -- examples --------------------------------------------------------------------------------------


def document(example: dict[str, Any], folder: str) -> Any:
    """The JSON of the stored example."""
    with open(os.path.join(folder, example["path"]), encoding="utf-8") as file:
        return json.load(file)


def plain_params(example: dict[str, Any], folder: str) -> Any:
    """The params that are stored with the example."""
    if not example["has_params"]:
        return None
    data = document(example, folder)
    return data.get("params") if isinstance(data, dict) else None


def plain_example(example: dict[str, Any], folder: str) -> tuple[Any, Any]:
    """The example and its params, made as its form says, without MLflow."""
    data = document(example, folder)
    params = None
    if example["has_params"] and isinstance(data, dict) and "inputs" in data:
        data, params = data["inputs"], data.get("params")
    form = example["type"]
    if form == "dataframe":
        import pandas

        if isinstance(data, dict):
            data = pandas.DataFrame(data["data"], columns=data.get("columns"), index=data.get("index"))
        else:
            data = pandas.DataFrame(data)
    elif form == "ndarray":
        import numpy

        if isinstance(data, dict) and set(data) == {"inputs"}:
            data = data["inputs"]
        if isinstance(data, dict):
            data = {name: numpy.array(value) for name, value in data.items()}
        else:
            data = numpy.array(data)
    elif form.startswith("sparse_matrix"):
        import scipy.sparse

        build = scipy.sparse.csr_matrix if form.endswith("csr") else scipy.sparse.csc_matrix
        data = build((data["data"], data["indices"], data["indptr"]), shape=data["shape"])
    return data, params


def first(data: Any) -> Any:
    """The first row of an example."""
    if hasattr(data, "iloc"):
        rows, one = len(data), data.iloc[:1]
    elif hasattr(data, "shape") and len(data.shape):
        rows, one = data.shape[0], data[:1]
    elif isinstance(data, dict) and data and all(hasattr(each, "shape") for each in data.values()):
        if not all(len(each.shape) for each in data.values()):
            raise Skip("the example has no rows")
        rows, one = max(each.shape[0] for each in data.values()), {k: each[:1] for k, each in data.items()}
    elif isinstance(data, list):
        rows, one = len(data), data[:1]
    else:
        raise Skip("the example has no rows")
    if rows < 2:
        raise Skip("the example has one row" if rows else "the example is empty")
    return one


def same(one: Any, other: Any) -> bool | None:
    """Whether two answers are the same; None where that cannot be told."""
    try:
        if hasattr(one, "equals"):
            return bool(one.equals(other))
        if hasattr(one, "dtype") and hasattr(one, "shape"):
            import numpy

            if one.dtype.kind in "fc":
                return bool(numpy.array_equal(numpy.nan_to_num(one), numpy.nan_to_num(other)))
            return bool(numpy.array_equal(one, other))
        if isinstance(one, dict):
            return isinstance(other, dict) and set(one) == set(other) and every(one, other, list(one))
        if isinstance(one, (list, tuple)):
            return len(one) == len(other) and every(one, other, range(len(one)))
        if not overrides_eq(one) or hasattr(one, "__next__"):
            return None
        return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 -- NaN
    except Exception:  # noqa: BLE001 -- values of any class
        return None


def overrides_eq(value: Any) -> bool:
    """Whether values of a class can be the same without being one object."""
    return getattr(type(value), "__eq__", None) is not getattr(object, "__eq__", None)


def every(one: Any, other: Any, keys: Iterable[Any]) -> bool | None:
    """Whether all values are the same; None where one of them cannot be told."""
    answers = [same(one[key], other[key]) for key in keys]
    return False if False in answers else None if None in answers else True


def served(request: Any, model: Any) -> tuple[Any, Any]:
    """A request as data and params, by the scoring server's own functions where this release has them."""
    from mlflow.pyfunc import scoring_server

    data, params = request, None
    llm = not isinstance(request, dict) or not (
        set(request) & {"dataframe_split", "dataframe_records", "instances", "inputs"}
    )
    if isinstance(request, dict) and "params" in request and not llm:
        data = {key: value for key, value in request.items() if key != "params"}
        params = request["params"]
    if llm:
        return copy.deepcopy(request), None  # the whole request is the input
    schema = model.metadata.get_input_schema()
    return scoring_server.infer_and_parse_data(data, schema), params


def as_json(value: Any) -> str | None:
    """Whether the scoring server can write an answer: None, or the reason why not."""
    if hasattr(value, "__next__"):
        return None
    try:
        from io import StringIO

        from mlflow.pyfunc import scoring_server

        scoring_server.predictions_to_json(value, StringIO())
    except ImportError:
        return None
    except Exception as error:  # noqa: BLE001 -- values of any class
        return cut(f"{type(error).__name__}: {error}", 500)
    return None


def main() -> None:
    """Read the job, run the phases, and leave without running anything that libraries want to run at the end."""
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    channel = Channel(job["report"])
    channel.send(
        event="hello",
        version=VERSION,
        python=".".join(map(str, sys.version_info[:3])),
        executable=sys.executable,
    )
    Probe(job, channel).run()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
