"""A small writer of models from code, with a defect: ``writer.py DEFECT``; with ``none`` it is right.

It imports nothing of ours.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

ENVIRONMENT = {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}


def spec(item: dict[str, Any]) -> dict[str, Any]:
    """A column, a tensor or a param as the MLmodel file has it."""
    kept = {key: value for key, value in item.items() if key != "name" or value is not None}
    if item["type"] == "tensor":
        kept["tensor-spec"] = {key: kept.pop(key) for key in ("dtype", "shape")}
    return kept


def files(request: dict[str, Any]) -> dict[str, Any]:
    """What the directory holds beside the code."""
    requirements = ["mlflow==3.17.2", *request.get("requirements", ())]
    function = {
        "env": ENVIRONMENT,
        "loader_module": "mlflow.pyfunc.model",
        "model_code_path": "model.py",
        "python_model": "model.py",
        "python_version": "3.11.7",
    }
    mlmodel: dict[str, Any] = {
        "flavors": {"python_function": function},
        "mlflow_version": "3.17.2",
        "model_uuid": "0123456789abcdef0123456789abcdef",
        "utc_time_created": "2026-11-20 10:00:00.000000",
    }
    found: dict[str, Any] = {"MLmodel": mlmodel}
    if "signature" in request:
        mlmodel["signature"] = {
            section: json.dumps([spec(item) for item in request["signature"][section]])
            for section in request["signature"]
        }
    if "metadata" in request:
        mlmodel["metadata"] = request["metadata"]
    if "example" in request:
        split = request["example"].get("dataframe_split")
        mlmodel["saved_input_example_info"] = {
            "artifact_path": "input_example.json",
            "serving_input_path": "serving_input_example.json",
            **({"type": "dataframe", "pandas_orient": "split"} if split else {"type": "ndarray"}),
        }
        found["input_example.json"] = split or request["example"]["inputs"]
        found["serving_input_example.json"] = request["example"]
    found["requirements.txt"] = "\n".join(requirements) + "\n"
    found["python_env.yaml"] = {
        "python": "3.11.7",
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": ["-r requirements.txt"],
    }
    pip = ["python=3.11.7", "pip", {"pip": requirements}]
    found["conda.yaml"] = {"name": "mlflow-env", "channels": ["conda-forge"], "dependencies": pip}
    return found


def write(defect: str, request: dict[str, Any], given: Path, target: Path) -> dict[str, Any]:
    """Write the directory, as far as the defect allows."""
    if defect == "nothing":
        return {"outcome": "ok"}
    occupied = target.exists()
    if occupied and defect not in ("overwrites", "leaves-it"):
        return {"outcome": "reject", "reason": "it exists"}
    if defect == "refuses":
        return {"outcome": "reject", "reason": "no"}
    if defect == "other-signature" and "signature" in request:
        request = {**request, "signature": {"inputs": [{"name": "z", "type": "double", "required": True}]}}
    if defect in ("signature", "metadata", "example", "requirements"):
        request = {key: value for key, value in request.items() if key != defect}
    found = files(request)
    if defect == "invalid":
        del found["MLmodel"]["flavors"]["python_function"]["loader_module"]
    if defect == "elsewhere":
        (target.parent / "log.txt").write_text("written", encoding="utf-8")
    if defect == "changes-what-is-given":
        (given / "model.py").write_text("pass\n", encoding="utf-8")
    target.mkdir(exist_ok=True)
    for name, content in found.items():
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        if name == "MLmodel":  # JSON is YAML but for numbers as 1e-09, which are strings there
            text = yaml.safe_dump(content, allow_unicode=True)
        (target / name).write_text(text, encoding="utf-8")
    shutil.copy(given / "model.py", target / "model.py")
    return {"outcome": "reject" if defect == "leaves-it" and occupied else "ok"}


def main() -> None:
    defect = sys.argv[1]
    for line in sys.stdin:
        request = json.loads(line)
        reply: dict[str, Any] = {}
        if request["op"] == "hello":
            about = {"name": "small writer", "version": "1", "language": "Python"}
            reply = {"implementation": about, "roles": ["writer"], "features": ["python-code"]}
        if request["op"] == "write" and defect == "lies":
            reply = {"outcome": "unsupported"}
        elif request["op"] == "write":
            reply = write(defect, request["request"], Path(request["given"]), Path(request["target"]))
        print(json.dumps({"id": request["id"], **reply}), flush=True)
        if request["op"] == "bye":
            return


if __name__ == "__main__":
    main()
