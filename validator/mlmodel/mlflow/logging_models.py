"""``log_model`` of MLflow, with the directory validated before anything is logged."""

from __future__ import annotations

import inspect
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from mlmodel.common.errors import MlmodelError
from mlmodel.findings import Severity, Verdict

if TYPE_CHECKING:
    from types import ModuleType

    from mlmodel.findings import Report
    from mlmodel.validation import Options

_MOST = 5
"""Findings that are told in one line."""
_IDENTITY = frozenset({"artifact_path", "run_id", "model_uuid", "model_id", "utc_time_created"})
"""Attributes of a ``mlflow.models.Model`` that are those of the logged model, and not of what was saved."""


class InvalidModelError(MlmodelError, ValueError):
    """The model was not logged, because its directory does not conform."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report
        """What the validator found."""


def log_model(
    flavor: ModuleType,
    model: Any = None,
    name: str | None = None,
    *,
    on_invalid: str = "refuse",
    options: Options | None = None,
    **more: Any,
) -> Any:
    """Save a model with a flavor of MLflow, validate the directory, and log it: ``log_model(mlflow.sklearn, model, "name")``.

    Nothing reaches the tracking server before the directory was found valid: no run, no logged model, no file.

    The flavor is an argument, and not part of the name as in ``mlflow.sklearn.log_model``, because that is the point at
    which MLflow itself takes flavors from elsewhere: ``mlflow.models.Model.log`` logs what any module with a
    ``save_model`` writes.  Here it gets one that hands over the directory that was validated.  So every flavor works,
    those of others included, no function of MLflow is replaced, and other threads log as they always did.

    Args:
        flavor: the module, ``mlflow.sklearn``.
        model: what the flavor's ``save_model`` takes as the model; ``python_model`` of ``mlflow.pyfunc``.  None where it
            is named otherwise in ``more``.
        name: the name of the logged model; ``artifact_path`` before MLflow 3.
        on_invalid: ``refuse`` raises an error; ``tag`` logs the model all the same, and in either case sets the tags
            ``mlmodel.verdict`` and, where there are errors, ``mlmodel.errors`` with their rules, of the logged model;
            before MLflow 3 of the run, with the name of the model behind: ``mlmodel.verdict.NAME``.
        options: of the validation.
        more: what the flavor's ``log_model`` takes.

    Returns:
        The ``ModelInfo`` of MLflow.

    Raises:
        InvalidModelError: the directory is not valid, or could not be judged, and it is to be refused.
        ValueError: ``on_invalid`` is neither.
    """
    if on_invalid not in ("refuse", "tag"):
        raise ValueError(f"on_invalid is {on_invalid!r}, and must be 'refuse' or 'tag'")
    import mlflow
    from mlflow.models import Model

    from mlmodel.validation import validate

    of_log = inspect.signature(Model.log).parameters
    saving = {key: value for key, value in more.items() if key not in of_log}
    logging = {key: value for key, value in more.items() if key in of_log}
    if model is not None:
        saving[_model_parameter(flavor)] = model
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        saved = Model(**_stated(logging))
        flavor.save_model(path=path, mlflow_model=saved, **saving)
        # The flavors load the model to find its requirements, which may compile its code.
        for parent, folders, _ in os.walk(path):
            if "__pycache__" in folders:
                shutil.rmtree(os.path.join(parent, "__pycache__"))
        report = validate(path, options) if options is not None else validate(path)
        errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
        if report.verdict is not Verdict.VALID and on_invalid == "refuse":
            raise InvalidModelError(_why(report), report)
        called = {"name": name} if "name" in of_log else {}
        called["artifact_path"] = None if "name" in of_log else name
        info = Model.log(flavor=_Validated(flavor, path, saved), **called, **logging, **saving)
    if on_invalid == "tag":
        tags = {"mlmodel.verdict": report.verdict.name.lower()}
        if errors:
            tags["mlmodel.errors"] = ", ".join(sorted({finding.rule for finding in errors}))
        _tag(mlflow, info, tags)
    return info


class _Validated:
    """A flavor, as ``Model.log`` takes it, whose model is saved already."""

    def __init__(self, flavor: ModuleType, path: str, saved: Any) -> None:
        self.__name__ = flavor.__name__
        self._flavor = flavor
        self._path = path
        self._saved = saved

    def __getattr__(self, name: str) -> Any:
        return getattr(self._flavor, name)

    def save_model(self, path: str, mlflow_model: Any, **_: Any) -> None:
        """Copy the directory, and have its MLmodel file name the model that is logged."""
        shutil.copytree(self._path, path, dirs_exist_ok=True)
        known = {key: value for key, value in vars(self._saved).items() if key not in _IDENTITY}
        vars(mlflow_model).update(known)
        mlflow_model.save(os.path.join(path, "MLmodel"))


def _model_parameter(flavor: ModuleType) -> str:
    """What a flavor's ``save_model`` calls the model: its first parameter that is no path."""
    names = inspect.signature(flavor.save_model).parameters
    if "python_model" in names:
        return "python_model"
    return next(name for name in names if name not in ("path", "mlflow_model"))


def _stated(logging: dict[str, Any]) -> dict[str, Any]:
    """What ``Model.log`` gives to the model that it makes."""
    found = {
        key: logging[key] for key in ("metadata", "resources", "auth_policy") if logging.get(key) is not None
    }
    if logging.get("prompts") is not None:
        found["prompts"] = [getattr(prompt, "uri", prompt) for prompt in logging["prompts"]]
    return found


def _why(report: Report) -> str:
    said = [
        f"{finding.rule} {finding.location.label}: {finding.message}".replace("\n", " ")
        for finding in report.findings
        if finding.severity is Severity.ERROR
    ]
    more = f"; and {len(said) - _MOST:,} more" if len(said) > _MOST else ""
    return f"the model is not logged, since it is not valid: {'; '.join(said[:_MOST])}{more}"


def _tag(mlflow: Any, info: Any, tags: dict[str, str]) -> None:
    client = mlflow.MlflowClient()
    if getattr(info, "model_id", None) is not None:
        client.set_logged_model_tags(info.model_id, tags)
    else:
        # A run may have several models.
        for key, value in tags.items():
            client.set_tag(info.run_id, f"{key}.{info.artifact_path}", value)
