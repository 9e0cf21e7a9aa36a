"""Python of a model directory that loading imports or runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.model.model import fact

if TYPE_CHECKING:
    from mlmodel.model.model import Model


@fact
def of(model: Model) -> tuple[str, ...]:
    """The keys that name such code, each with its value: ``code: code``."""
    found = [
        f"{key}: {conf[key]}"
        for conf in model.flavors.values()
        for key in ("code", "model_code_path")
        if isinstance(conf.get(key), str) and conf[key]
    ]
    loader = model.flavors.get("python_function", {}).get("loader_module")
    if isinstance(loader, str) and loader.partition(".")[0] != "mlflow":
        found.append(f"loader_module: {loader}")
    return tuple(dict.fromkeys(found))
