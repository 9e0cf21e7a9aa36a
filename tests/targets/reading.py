"""Reads model directories with the code of one reader, in an environment that has it.

Run as a script: ``python reading.py READER < paths``.  For each path one line of JSON: ``[path, null]``, or ``[path, error]``.
Only what looks at a directory is called: no model is loaded, nothing is deployed.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

REGION = "us-east-1"


def _mlflow(path: str) -> None:
    """``Model.load``, and the signature as what it describes."""
    from mlflow.models import Model

    _ = Model.load(path).signature


def _pyfunc(path: str) -> Any:
    """What every reader through ``mlflow.pyfunc`` asks first."""
    from mlflow.models import Model

    model = Model.load(path)
    if "python_function" not in model.flavors:
        raise ValueError('Model does not have the "python_function" flavor')
    return model


def _mlserver(path: str) -> None:
    """``MLflowRuntime._sync_metadata``."""
    from mlserver_mlflow.metadata import to_metadata_tensors

    signature = _pyfunc(path).signature
    if signature is not None:
        to_metadata_tensors(signature.inputs)
        to_metadata_tensors(signature.outputs)


def _bentoml(path: str) -> None:
    """``bentoml.mlflow.import_model``, into a store that ``BENTOML_HOME`` names."""
    import bentoml

    bentoml.models.delete(bentoml.mlflow.import_model("model", path).tag)


def _mlflow_serve(path: str) -> None:
    """What ``mlflow models serve`` and the container find out before they make the environment."""
    from mlflow.utils.virtualenv import _get_python_env

    _pyfunc(path)
    _get_python_env(Path(path))


def _databricks_uc(path: str) -> None:
    """``UcModelRegistryStore._validate_model_signature``."""
    from mlflow.store._unity_catalog.registry.rest_store import UcModelRegistryStore

    UcModelRegistryStore._validate_model_signature(object.__new__(UcModelRegistryStore), path)


def _package_file(name: str, file: str) -> Any:
    """A module of a package, without the package around it: only its own lines are wanted."""
    for folder in sys.path:
        path = os.path.join(folder, *file.split("/"))
        if os.path.isfile(path):
            spec = importlib.util.spec_from_file_location(name, path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise ImportError(file)


def _sasctl(path: str) -> None:
    """``MLFlowModel.read_mlflow_model_file``."""
    module = sys.modules.get("sasctl_model") or _package_file("sasctl_model", "sasctl/pzmm/mlflow_model.py")
    sys.modules["sasctl_model"] = module
    module.MLFlowModel.read_mlflow_model_file(Path(path))


def _stand_in(name: str, **values: Any) -> None:
    module = types.ModuleType(name)
    module.__dict__.update(values)
    sys.modules[name] = module


def _retrieve(**asked: Any) -> str:
    """Stands for the service's list of images: one for each version that is named."""
    if not asked.get("version"):
        raise ValueError("no version")
    return f"image:{asked['framework']}-{asked['version']}"


def _sagemaker(path: str) -> None:
    """``_select_container_for_mlflow_model``, and the search for a SavedModel."""
    if "sagemaker_utils" not in sys.modules:
        base = "sagemaker/serve/model_format/mlflow"
        constants = _package_file("sagemaker_constants", f"{base}/constants.py")
        _stand_in("sagemaker.core.helper.session_helper", Session=object)
        _stand_in("sagemaker.core.common_utils", validate_path_within_directory=None)
        _stand_in("sagemaker.core", image_uris=types.SimpleNamespace(retrieve=_retrieve))
        _stand_in("sagemaker.serve.utils.types", ModelServer=None)
        _stand_in("sagemaker.serve.detector.image_detector", _cast_to_compatible_version=lambda _, v: (v,))
        sys.modules["sagemaker.serve.model_format.mlflow.constants"] = constants
        for name in ("sagemaker", "sagemaker.serve", "sagemaker.serve.model_format"):
            _stand_in(name, __path__=[])
        for name in ("sagemaker.serve.model_format.mlflow", "sagemaker.core.helper"):
            _stand_in(name, __path__=[])
        sys.modules["sagemaker_utils"] = _package_file("sagemaker_utils", f"{base}/utils.py")
    utils = sys.modules["sagemaker_utils"]
    metadata = utils._get_all_flavor_metadata(utils._generate_mlflow_artifact_path(path, "MLmodel"))
    flavor = utils._get_deployment_flavor(metadata)
    utils._select_container_for_mlflow_model(path, flavor, REGION, "ml.m5.large")
    if flavor in ("keras", "tensorflow"):
        found = utils._get_saved_model_path_for_tensorflow_and_keras_flavor(path)
        if found is None:
            raise ValueError("TensorFlow Serving finds no model")


def _snowflake(path: str) -> None:
    """``ModelSignature.from_mlflow_sig``, and the dependencies as the handler asks for them."""
    import mlflow
    from snowflake.ml.model.model_signature import ModelSignature

    signature = _pyfunc(path).signature
    if not os.path.exists(mlflow.pyfunc.get_model_dependencies(path, format="conda")):
        raise ValueError("Cannot load MLFlow model dependencies.")
    ModelSignature.from_mlflow_sig(signature)


def _azureml(path: str) -> None:
    """The part of the score script that runs before the model is loaded; ``AZUREML_SCRIPT`` names the script."""
    name = "inference_schema.parameter_types"
    if name not in sys.modules:
        anything = type("Anything", (), {"__init__": lambda *_, **__: None})
        _stand_in("inference_schema", __path__=[])
        _stand_in(name, __path__=[])
        for part, kind in (
            ("abstract", "Abstract"),
            ("numpy", "Numpy"),
            ("standard_py", "StandardPython"),
            ("pandas", "Pandas"),
        ):
            _stand_in(f"{name}.{part}_parameter_type", **{f"{kind}ParameterType": anything})
        same: Callable[..., Any] = lambda *_, **__: lambda function: function  # noqa: E731
        _stand_in("inference_schema.schema_decorators", input_schema=same, output_schema=same)
        _stand_in("azureml", __path__=[])
        _stand_in("azureml.ai", __path__=[])
        _stand_in("azureml.ai.monitoring", Collector=None)
    _pyfunc(path)
    os.environ["AZUREML_MODEL_DIR"], os.environ["MLFLOW_MODEL_FOLDER"] = os.path.split(path)
    script = Path(os.environ["AZUREML_SCRIPT"]).read_text(encoding="utf-8")
    before, mark, _ = script.partition("\ndef get_parameter_type(")
    assert mark, "the script has another form"
    exec(compile(before, "mlflow_score_script.py", "exec"), {"__name__": "script"})  # noqa: S102 - what is read here


READERS: dict[str, Callable[[str], None]] = {
    "mlflow": _mlflow,
    "mlserver": _mlserver,
    "bentoml": _bentoml,
    "mlflow-serve": _mlflow_serve,
    "databricks-uc": _databricks_uc,
    "sasctl": _sasctl,
    "sagemaker": _sagemaker,
    "snowflake": _snowflake,
    "azureml": _azureml,
}


def main() -> None:
    """Read every path of the standard input."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    read = READERS[sys.argv[1]]
    for line in sys.stdin:
        path = line.rstrip("\n")
        try:
            read(path)
        except Exception as error:
            print(json.dumps([path, f"{type(error).__name__}: {error}"[:200]]), flush=True)
        else:
            print(json.dumps([path, None]), flush=True)


if __name__ == "__main__":
    main()
