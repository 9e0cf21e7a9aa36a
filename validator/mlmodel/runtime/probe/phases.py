"""The phases of the probe, and its beginning and end."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
import time
import warnings

from .channel import Channel, Logs, Skip, note
from .examples import as_json, plain_example, plain_params, served
from .exceptions import described
from .readers import READERS
from .value_summaries import first, kind, same, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MAX_MISSING = 40
VERSION = 1


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
        self.phase("import", self.import_classes, about="its classes")
        gc.freeze()
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
        for more in self.job["served"]:  # which loading and serving import
            with contextlib.suppress(Exception):  # where it is needed, it is tried again
                importlib.import_module(more)
        return {"version": getattr(sys.modules.get("mlflow"), "__version__", None), "file": module.__file__}

    def import_classes(self) -> None:
        """Import the modules of the classes that serialized objects name, of packages that are imported already.

        Only there is it sure that the model's own code, which is not on the import path yet, has no module of that name.
        """
        for module in self.job["classes"]:
            if module.partition(".")[0] in sys.modules:
                with contextlib.suppress(Exception):  # it is tried again, and told of
                    importlib.import_module(module)

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


def peak_bytes() -> int | None:
    """The most memory that the process has had, None where nobody counts."""
    if resource is None:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


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
