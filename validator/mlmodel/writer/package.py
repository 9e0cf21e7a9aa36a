"""A model directory that appears whole, and valid, or not at all."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from mlmodel.common import scratch
from mlmodel.common.errors import MlmodelError
from mlmodel.findings import Severity, Verdict
from mlmodel.flavors import Request, Saved, UnsuitableError, flavor_of
from mlmodel.standard.releases import covered
from mlmodel.standard.targets import parse
from mlmodel.writer import dependencies, example, observed_outputs, signature_section, targeted
from mlmodel.writer import lock as locking
from mlmodel.writer.environment import Environment
from mlmodel.writer.mlmodel_file import emit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmodel.findings import Report


_BLOCK = 1 << 20
"""Bytes of a file that are in memory at once."""
_REASONS = (
    UnsuitableError,
    dependencies.MisnamedError,
    dependencies.UnknownModuleError,
    dependencies.UnreadableCodeError,
    example.UnusableExampleError,
    locking.LockError,
    observed_outputs.PredictionFailedError,
    signature_section.InvalidSignatureError,
)
"""What keeps a model from being written, told in one line."""


class WriteError(MlmodelError, ValueError):
    """Nothing was written: the model cannot be written as asked, or what came out is not valid."""

    def __init__(self, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report
        """What the validator found, where that is the reason."""


def write_model(
    model: object,
    path: str | os.PathLike[str],
    *,
    signature: Mapping[str, str | None] | Any = None,
    input_example: object = None,
    params: Mapping[str, Any] | None = None,
    pip_requirements: Sequence[str] | str | os.PathLike[str] | None = None,
    extra_pip_requirements: Sequence[str] | str | os.PathLike[str] | None = None,
    code_paths: Sequence[str | os.PathLike[str]] = (),
    artifacts: Mapping[str, str | os.PathLike[str]] | None = None,
    metadata: Mapping[str, Any] | None = None,
    model_config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    streamable: bool | None = None,
    resources: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    auth_policy: Mapping[str, Any] | None = None,
    serialization: str | None = None,
    model_uuid: str | None = None,
    lock: bool = False,
    predict: bool = False,
    check_example: bool = False,
    target: str | Sequence[str] = (),
) -> Report:
    """Write a model as a directory that MLflow loads and that conforms to the standard.

    With the same model, arguments and installed distributions, and ``SOURCE_DATE_EPOCH`` set, the bytes are the same;
    not so with ``skops``, whose files hold the time and addresses in memory.

    Args:
        model: an object of a library that has a flavor (:mod:`mlmodel.flavors`).
        path: the directory to make; must not exist.
        signature: what :func:`mlmodel.infer_signature` returns, or a mapping of ``inputs``, ``outputs`` and ``params`` to
            JSON texts or None.  None has the inputs inferred from the example; False states none.
        input_example: what :func:`mlmodel.infer_signature` takes as inputs, or a pair of that and a mapping of params.
        params: the params that ``predict`` takes, with their defaults.
        pip_requirements: requirement lines, or a file of them, instead of those that are found;
            names of modules (``json``, ``cv2``) are refused.
        extra_pip_requirements: requirement lines, or a file of them, beside those that are found.
        code_paths: files and folders that are copied into ``code/``.
        artifacts: files and folders that a Python model takes along, by the names it knows them under.
        metadata: free-form values for the MLmodel file.
        model_config: settings that the loader hands to a Python model, or a YAML file of them.
        streamable: whether the model can answer in pieces; found out, where not given.
        resources: what the model uses on a platform, as MLflow writes it, or a YAML file of it.
        auth_policy: how the model gets at it, as MLflow writes it.
        serialization: the form of the serialized object, for scikit-learn ``pickle``, ``cloudpickle`` or ``skops``;
            the one that most releases read, where not given.
        model_uuid: 32 hexadecimal digits; derived from everything that the directory holds, where not given.
        lock: write ``requirements.lock``, too, with the hashes of all files that are installed; asks the package
            index (extra ``load``).
        predict: record the outputs of the signature from the answer to the input example, in a confined process.
        check_example: have the model answer the input example in a confined process, and write nothing if it fails;
            where MLflow is installed, which loads it there.
        target: the readers and products that the model is for, each as ``NAME`` or ``NAME==VERSION``: a form is written
            that all of them read, or nothing.

    Returns:
        What the validator says of the directory, and of its targets; it is valid.

    Raises:
        FileExistsError: there is something at ``path``.
        TargetError: a word names no target (:mod:`mlmodel.standard.targets`).
        WriteError: the model cannot be written so; nothing was.
    """
    targets = (target,) if isinstance(target, str) else tuple(target)
    for word in targets:
        parse(word)
    destination = os.path.abspath(os.fspath(path))
    if os.path.lexists(destination):
        raise FileExistsError(f"{os.fspath(path)} exists; a model is never written over another")
    if isinstance(model, type):
        raise WriteError(f"{model.__qualname__} is a class; give an object of it")
    if pip_requirements is not None and extra_pip_requirements is not None:
        raise WriteError("pip_requirements replaces what extra_pip_requirements adds to; give one of them")
    flavor = flavor_of(model)
    if flavor is None:
        raise WriteError(f"no flavor writes {type(model).__module__}.{type(model).__qualname__}")
    parent, name = os.path.split(destination)
    os.makedirs(parent, exist_ok=True)
    scratch.sweep(parent)
    with contextlib.ExitStack() as leaving:
        # Beside the target, so that a rename within one file system makes it appear.
        folder = os.path.join(leaving.enter_context(scratch.folder(parent)), name)
        os.mkdir(folder)
        try:
            saved = flavor.save(
                model,
                folder,
                Request(serialization, _paths(artifacts or {}), example.split(input_example)[0]),
            )
            _copy(code_paths, folder)
            saved = _configured(saved, model_config, streamable)
            written = _head(saved, flavor.name, code=bool(code_paths))
            for key, value in (("resources", resources), ("auth_policy", auth_policy)):
                if value is not None:
                    written[key] = _mapping(key, value)
            if input_example is not None:
                files, written["saved_input_example_info"] = example.files(input_example)
                _put(folder, files)
            said = signature_section.stated(signature, input_example, params)
            if said is not None:
                written["signature"] = said
            if metadata is not None:
                written["metadata"] = _plain("metadata", metadata)
            release = written["mlflow_version"]
            if pip_requirements is not None:
                wanted = _lines(pip_requirements)
                dependencies.refuse_names_of_modules(wanted)
            else:
                wanted = dependencies.requirements(folder, saved.files, saved.needs, release)
                wanted += [line for line in _lines(extra_pip_requirements or ()) if line not in wanted]
            _put(folder, Environment.here(wanted).files())
            if lock:
                _put(folder, {locking.NAME: locking.lock(wanted)})
            written["utc_time_created"] = _now()
            if predict:
                _put(folder, {"MLmodel": _emitted(written)})
                written["signature"] = _observed(folder, written.get("signature"))
            elif check_example and input_example is not None:
                _put(folder, {"MLmodel": _emitted(written)})
                _answered(folder)
            if targets and "signature" in written:
                written["signature"] = targeted.signature(written["signature"], targets)
            written["model_uuid"] = model_uuid or _identity(folder, emit(written))
            _put(folder, {"MLmodel": _emitted(written)})
            report = _checked(folder, destination, targets)
            os.rename(folder, destination)
        except _REASONS as error:
            raise WriteError(str(error)) from error
    return report


def _lines(requirements: Sequence[str] | str | os.PathLike[str]) -> list[str]:
    """Requirement lines; those of a file where one is named."""
    if isinstance(requirements, (str, os.PathLike)):
        path = os.fspath(requirements)
        try:
            with open(path, encoding="utf-8") as stream:
                requirements = stream.read().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UnsuitableError(f"the requirements in {path} cannot be read: {error}") from error
    return [line.strip() for line in requirements if line.strip() and not line.lstrip().startswith("#")]


def _mapping(name: str, value: Mapping[str, Any] | str | os.PathLike[str]) -> Any:
    """A mapping, or that of a YAML file."""
    if isinstance(value, (str, os.PathLike)):
        import yaml

        try:
            with open(value, encoding="utf-8") as stream:
                value = yaml.safe_load(stream)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UnsuitableError(f"{name} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise UnsuitableError(
            f"{name} is {type(value).__name__}, and must be a dictionary or the path of a YAML file"
        )
    return _plain(name, value)


def _configured(saved: Saved, config: Any, streamable: bool | None) -> Saved:
    """What a flavor wrote, with the settings that were given."""
    more: dict[str, Any] = {}
    if config is not None:
        more["config"] = _mapping("model_config", config)
    if streamable is not None:
        more["streamable"] = streamable
    if not more:
        return saved
    if saved.python_function is None:
        raise UnsuitableError(f"{', '.join(more)} is for models that predict, which this one does not")
    return saved._replace(python_function={**saved.python_function, **more})


def _head(saved: Saved, name: str, *, code: bool) -> dict[str, Any]:
    import platform

    folder = "code" if code else None
    flavors: dict[str, Any] = {}
    if saved.python_function is not None:
        function = {
            "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
            **saved.python_function,
            "python_version": platform.python_version(),
            **({"code": folder} if folder else {}),
        }
        flavors["python_function"] = dict(sorted(function.items()))
    if saved.flavor is not None:
        flavors[name] = dict(sorted({**saved.flavor, "code": folder}.items()))
    return {"flavors": flavors, "mlflow_version": _mlflow()}


def _paths(artifacts: Mapping[str, str | os.PathLike[str]]) -> dict[str, str]:
    found = {name: os.path.abspath(os.fspath(path)) for name, path in artifacts.items()}
    for name, path in found.items():
        if not os.path.exists(path):
            raise UnsuitableError(f"{os.fspath(artifacts[name])}, the artifact {name}, does not exist")
    return found


def _emitted(written: Mapping[str, Any]) -> bytes:
    return emit(dict(sorted(written.items())))


def _observed(folder: str, signature: Mapping[str, str | None] | None) -> dict[str, str | None]:
    """The signature with what the model in the folder answers."""
    from mlmodel.runtime.load_options import LoadOptions

    stated = signature or {"inputs": None, "params": None}
    return {
        "inputs": stated["inputs"],
        "outputs": observed_outputs.outputs(folder, LoadOptions()),
        "params": stated["params"],
    }


def _answered(folder: str) -> None:
    """Have the model in the folder answer its example, where MLflow is there to load it, and can be confined."""
    from importlib.util import find_spec

    if find_spec("mlflow") is None:
        return
    from mlmodel.runtime.load_options import LoadOptions

    observed_outputs.check(folder, LoadOptions())


def _plain(name: str, value: Mapping[str, Any]) -> Any:
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError) as error:
        raise UnsuitableError(f"{name} must be what JSON can hold: {error}") from error


def _mlflow() -> str:
    """The installed release, if it writes what we write: the forms of examples changed with 2.16.2."""
    try:
        installed = version("mlflow")
    except PackageNotFoundError:
        return covered().writer
    from packaging.version import Version

    return installed if Version(installed) >= Version("2.16.2") else covered().writer


def _now() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        moment = datetime.fromtimestamp(int(epoch), timezone.utc) if epoch else datetime.now(timezone.utc)
    except (ValueError, OverflowError, OSError):
        raise UnsuitableError(f"SOURCE_DATE_EPOCH is {epoch!r}, and not a number of seconds") from None
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def _copy(paths: Sequence[str | os.PathLike[str]], folder: str) -> None:
    for path in paths:
        source = os.path.abspath(os.fspath(path))
        target = os.path.join(folder, "code", os.path.basename(source))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.lexists(target):
            raise UnsuitableError(f"two of code_paths are called {os.path.basename(source)}")
        if os.path.isdir(source):
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        elif os.path.isfile(source):
            shutil.copyfile(source, target)
        else:
            raise UnsuitableError(f"{os.fspath(path)}, one of code_paths, does not exist")


def _put(folder: str, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(data)


def _identity(folder: str, head: bytes) -> str:
    """An id of 32 hexadecimal digits from everything that the directory holds and says."""
    digest = hashlib.sha256(head)
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            digest.update(os.path.relpath(path, folder).replace(os.sep, "/").encode() + b"\0")
            digest.update(_digest(path))
    return digest.hexdigest()[:32]


def _digest(path: str) -> bytes:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _checked(folder: str, destination: str, targets: tuple[str, ...]) -> Report:
    from mlmodel.validation import Options, validate

    report = dataclasses.replace(validate(folder, Options(targets=targets)), path=destination)
    if report.verdict is not Verdict.VALID:
        said = [
            f"{finding.rule} {finding.location.label}: {finding.message}"
            for finding in report.findings
            if finding.severity is Severity.ERROR
        ]
        raise WriteError("what would be written is not valid: " + "; ".join(said[:5]), report)
    return report
