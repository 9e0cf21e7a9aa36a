"""A model directory that appears whole, and valid, or not at all."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from mlmodel.common import scratch
from mlmodel.common.errors import MlmodelError
from mlmodel.findings import Severity, Verdict
from mlmodel.flavors import Flavor, Request, Saved, UnsuitableError, chat_types, flavor_named, flavor_of
from mlmodel.flavors.python_function import LoaderModule
from mlmodel.inference.function_signature import warn_of_params
from mlmodel.standard import schemas
from mlmodel.standard.releases import covered
from mlmodel.standard.targets import parse
from mlmodel.writer import (
    agents,
    copying,
    dependencies,
    example,
    inferred_code,
    observed_outputs,
    requirement_lines,
    settings,
    signature_section,
    targeted,
    uv_project,
)
from mlmodel.writer import environment as environments
from mlmodel.writer import lock as locking
from mlmodel.writer.environment import Environment
from mlmodel.writer.mlmodel_file import emit
from mlmodel.writer.requirement_lines import Lines

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
    conda_env: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    uv_project_path: str | os.PathLike[str] | None = None,
    uv_groups: Sequence[str] = (),
    uv_extras: Sequence[str] = (),
    code_paths: Sequence[str | os.PathLike[str]] | None = None,
    infer_code_paths: bool = False,
    extra_files: Sequence[str | os.PathLike[str]] | None = None,
    artifacts: Mapping[str, str | os.PathLike[str]] | None = None,
    loader_module: str | None = None,
    data_path: str | os.PathLike[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    model_config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    streamable: bool | None = None,
    resources: Mapping[str, Any] | Sequence[Any] | str | os.PathLike[str] | None = None,
    auth_policy: Mapping[str, Any] | Any = None,
    prompts: Sequence[Any] | None = None,
    pyfunc_predict_fn: str | None = None,
    flavor: str | None = None,
    serialization: str | None = None,
    model_uuid: str | None = None,
    lock: bool = False,
    predict: bool = False,
    check_example: bool = True,
    target: str | Sequence[str] = (),
) -> Report:
    """Write a model as a directory that MLflow loads and that conforms to the standard.

    With the same model, arguments and installed distributions, and ``SOURCE_DATE_EPOCH`` set, the bytes are the same;
    not so with ``skops``, whose files hold the time and addresses in memory.

    Args:
        model: an object of a library that has a flavor (:mod:`mlmodel.flavors`); None with ``loader_module``.
        path: the directory to make; must not exist.
        signature: what :func:`mlmodel.infer_signature` returns, or a mapping of ``inputs``, ``outputs`` and ``params`` to
            JSON texts or None.  None has the inputs inferred from the example; False states none.
        input_example: what :func:`mlmodel.infer_signature` takes as inputs, or a pair of that and a mapping of params.
        params: the params that ``predict`` takes, with their defaults.
        pip_requirements: requirement lines, or a file of them, instead of those that are found;
            names of modules (``json``, ``cv2``) are refused.
        extra_pip_requirements: requirement lines, or a file of them, beside those that are found.
        conda_env: the environment as conda has it, or a YAML file of it, instead of requirements.
        uv_project_path: a project with ``uv.lock``, whose locked versions are required instead of those that are
            found; the lock goes into the directory.
        uv_groups: groups of that project to require, too.
        uv_extras: extras of that project to require, too.
        code_paths: files and folders that are copied into ``code/``.
        infer_code_paths: copy the modules that the model imports, and no distribution brings, into ``code/``.
        extra_files: files that are kept beside the model, for flavors that record them.
        artifacts: files and folders that a Python model takes along, by the names it knows them under.
        loader_module: the module whose ``_load_pyfunc`` loads the model from ``data_path``; there is no object then.
        data_path: the file or folder that the loader module is given.
        metadata: free-form values for the MLmodel file.
        model_config: settings that the loader hands to a Python model, or a YAML file of them.
        streamable: whether the model can answer in pieces; found out, where not given.
        resources: what the model uses on a platform: a list of MLflow's resources, what MLflow writes of them, or a
            YAML file of that.
        auth_policy: how the model gets at it: MLflow's ``AuthPolicy``, or what it writes of it.
        prompts: URIs of registered prompts that the model uses, or MLflow's ``PromptVersion``.
        pyfunc_predict_fn: the method that answers, for scikit-learn; ``predict``, where not given.
        flavor: the flavor to write, for a file that sets a model of ``langchain`` or ``llama_index``; that of the
            object, where not given.
        serialization: the form of the serialized object, for scikit-learn ``pickle``, ``cloudpickle`` or ``skops``;
            the one that most releases read, where not given.
        model_uuid: 32 hexadecimal digits; derived from everything that the directory holds, where not given.
        lock: write ``requirements.lock``, too, with the hashes of all files that are installed; asks the package
            index (extra ``load``).
        predict: record the outputs of the signature from the answer to the input example, in a confined process.
        check_example: have the model answer the input example, where there is one, in a confined process, and write
            nothing if it fails; where MLflow is installed, which loads it there.
        target: the readers and products that the model is for, each as ``NAME`` or ``NAME==VERSION``: a form is written
            that all of them read, or nothing.

    Returns:
        What the validator says of the directory, and of its targets; it is valid.

    Raises:
        FileExistsError: there is something at ``path``.
        TargetError: a word names no target (:mod:`mlmodel.standard.target_errors`).
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
    given = {"conda_env": conda_env, "pip_requirements": pip_requirements}
    given["extra_pip_requirements"] = extra_pip_requirements
    if uv_project_path is None and (uv_groups or uv_extras):
        raise WriteError("uv_groups and uv_extras are of a project; give its uv_project_path, too")
    _refuse_contradictions(given, loader_module, data_path, model, code_paths, infer=infer_code_paths)
    if loader_module is not None:
        model = LoaderModule(loader_module, None if data_path is None else os.fspath(data_path))
    writing = flavor_of(model) if flavor is None else flavor_named(flavor)
    if writing is None:
        what = f"{type(model).__module__}.{type(model).__qualname__}" if flavor is None else repr(flavor)
        raise WriteError(f"no flavor writes {what}")
    parent, name = os.path.split(destination)
    os.makedirs(parent, exist_ok=True)
    scratch.sweep(parent)
    with contextlib.ExitStack() as leaving:
        # Beside the target, so that a rename within one file system makes it appear.
        folder = os.path.join(leaving.enter_context(scratch.folder(parent)), name)
        os.mkdir(folder)
        try:
            saved = writing.save(
                model,
                folder,
                Request(
                    serialization,
                    _paths(artifacts),
                    example.split(input_example)[0],
                    pyfunc_predict_fn,
                ),
            )
            loaders = () if loader_module is None else (loader_module,)
            if infer_code_paths:
                has_code = inferred_code.copy(folder, saved.files, loaders)
            else:
                copying.code(code_paths or (), folder)
                has_code = bool(code_paths)
            chat = chat_types.of(model) or agents.in_code(folder, saved.python_function)
            # The classes of MLflow for chats all have a method for that.
            saved = _configured(saved, model_config, True if chat and streamable is None else streamable)
            saved = _with_extra_files(saved, writing, extra_files, folder)
            if pyfunc_predict_fn and (saved.python_function or {}).get("predict_fn") != pyfunc_predict_fn:
                raise UnsuitableError(f"pyfunc_predict_fn is not for {writing.name}, which records none")
            written = _head(saved, writing.name, code=has_code)
            if resources is not None:
                written["resources"] = settings.resources(resources)
            if auth_policy is not None:
                written["auth_policy"] = settings.auth_policy(auth_policy)
            if prompts is not None:
                written["prompts"] = settings.prompts(prompts)
            if chat is not None:
                signature, input_example, metadata = agents.stated(
                    chat, written["mlflow_version"], signature, input_example, metadata
                )
            if input_example is not None:
                files, written["saved_input_example_info"] = example.files(input_example)
                _put(folder, files)
            said = signature_section.stated(signature, input_example, params)
            if said is not None:
                written["signature"] = said
                # A file that gives a model is checked as what was written (MLM337).
                if writing.name == "python_function" and chat is None and not said["params"]:
                    warn_of_params(model)
            if metadata is not None:
                written["metadata"] = settings.mapping("metadata", metadata)
            release = written["mlflow_version"]
            conda = None
            if conda_env is not None:
                conda, wanted = environments.of_conda(conda_env, release)
            elif pip_requirements is not None:
                wanted = requirement_lines.read("pip_requirements", pip_requirements)
            elif uv_project_path is not None:
                # What loading takes, in the versions of the lock as far as it has them.
                taken = dependencies.requirements(folder, (), saved.needs, release)
                locked = uv_project.requirements(uv_project_path, uv_groups, uv_extras)
                wanted = Lines(requirement_lines.joined(taken, locked))
            else:
                found = dependencies.requirements(folder, saved.files, saved.needs, release, loaders)
                wanted = Lines(tuple(found))
            if extra_pip_requirements is not None:
                more = requirement_lines.read("extra_pip_requirements", extra_pip_requirements)
                wanted = Lines(
                    requirement_lines.joined(wanted.requirements, more.requirements), more.constraints
                )
            wanted = environments.with_mlflow(wanted, release)
            dependencies.refuse_names_of_modules(wanted.requirements)
            if uv_project_path is not None:
                uv_project.copy(uv_project_path, folder)
            _put(folder, Environment.here(*wanted, conda).files())
            if lock:
                _put(folder, {locking.NAME: locking.lock(wanted.requirements)})
            written["utc_time_created"] = _now()
            if predict:
                _put(folder, {"MLmodel": _emitted(written)})
                written["signature"] = _observed(folder, written.get("signature"))
            elif check_example and input_example is not None:
                _put(folder, {"MLmodel": _emitted(written)})
                _answered(folder)
            if targets and "signature" in written:
                written["signature"] = targeted.signature(written["signature"], targets)
            if model_uuid is not None and not isinstance(model_uuid, str):
                raise UnsuitableError(f"model_uuid is {model_uuid!r}, and must be 32 hexadecimal digits")
            written["model_uuid"] = model_uuid or _identity(folder, emit(written))
            _put(folder, {"MLmodel": _emitted(written)})
            report = _checked(folder, destination, targets)
            os.rename(folder, destination)
        except _REASONS as error:
            raise WriteError(" ".join(str(error).split())) from error
    return report


def _refuse_contradictions(
    environment: Mapping[str, Any],
    loader_module: str | None,
    data_path: Any,
    model: object,
    code_paths: Any,
    *,
    infer: bool,
) -> None:
    """Refuse arguments that say two things, as MLflow's writers do."""
    given = [name for name, value in environment.items() if value is not None]
    if len(given) > 1:
        raise WriteError(f"{' and '.join(given)} both state the requirements; give one of them")
    if infer and code_paths:
        raise WriteError("infer_code_paths finds what code_paths lists; give one of them")
    if loader_module is None:
        if data_path is not None:
            raise WriteError("data_path is what a loader_module is given; give that, too")
        if model is None:
            raise WriteError("the model is None; give an object, or a loader_module")
    elif model is not None:
        raise WriteError("a loader_module loads the model from data_path; give None in place of the object")


def _configured(saved: Saved, config: Any, streamable: bool | None) -> Saved:
    """What a flavor wrote, with the settings that were given."""
    more: dict[str, Any] = {}
    if config is not None:
        more["config"] = settings.mapping("model_config", config)
    if streamable is not None:
        if not isinstance(streamable, bool):
            raise UnsuitableError(f"streamable is {streamable!r}, and must be True, False or None")
        more["streamable"] = streamable
    if not more:
        return saved
    if saved.python_function is None:
        raise UnsuitableError(f"{', '.join(more)} is for models that predict, which this one does not")
    return saved._replace(python_function={**saved.python_function, **more})


def _with_extra_files(saved: Saved, flavor: Flavor, paths: Any, folder: str) -> Saved:
    if not paths:
        return saved
    schema = schemas.flavor_schema(flavor.name)
    if saved.flavor is None or (schema is not None and copying.EXTRA not in schema["properties"]):
        hint = "; a Python model takes artifacts" if saved.flavor is None else ""
        raise UnsuitableError(f"extra_files is not for {flavor.name}, which records none{hint}")
    return saved._replace(flavor={**saved.flavor, copying.EXTRA: copying.extra_files(paths, folder)})


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


def _paths(artifacts: Mapping[str, str | os.PathLike[str]] | None) -> dict[str, str]:
    if artifacts is None:
        return {}
    if not isinstance(artifacts, dict):
        raise UnsuitableError(f"artifacts is {type(artifacts).__name__}, and must be a dictionary of paths")
    found: dict[str, str] = {}
    for name, path in artifacts.items():
        if not isinstance(name, str) or not isinstance(path, (str, os.PathLike)):
            raise UnsuitableError(f"artifacts: {name!r} and {path!r} must be a name and a path")
        found[name] = os.path.abspath(os.fspath(path))
        if not os.path.exists(found[name]):
            raise UnsuitableError(f"{os.fspath(path)}, the artifact {name}, does not exist")
    return found


def _emitted(written: Mapping[str, Any]) -> bytes:
    return emit(dict(sorted(written.items())))


def _observed(folder: str, signature: Mapping[str, str | None] | None) -> dict[str, str | None]:
    """The signature with what the model in the folder answers."""
    from mlmodel.runtime.load_options import LoadOptions

    stated = signature or {"inputs": None, "params": None}
    return {
        "inputs": stated["inputs"],
        "outputs": observed_outputs.outputs(folder, LoadOptions(trust=True)),
        "params": stated["params"],
    }


def _answered(folder: str) -> None:
    """Have the model in the folder answer its example, where MLflow is there to load it, and can be confined."""
    from importlib.util import find_spec

    if find_spec("mlflow") is None:
        return
    from mlmodel.runtime.load_options import LoadOptions

    observed_outputs.check(folder, LoadOptions(trust=True))


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
