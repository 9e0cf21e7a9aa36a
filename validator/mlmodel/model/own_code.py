"""Python of a model directory, or of a hub, that loading imports or runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.model import loader_documents
from mlmodel.model.loader_items import HubModule, OwnModule
from mlmodel.model.model import fact

if TYPE_CHECKING:
    from mlmodel.model.model import Model


@fact
def of(model: Model) -> tuple[str, ...]:
    """The keys that name such code, each with its value, ``code: code``; and the files that documents name."""
    found = [
        f"{key}: {conf[key]}"
        for conf in model.flavors.values()
        for key in ("code", "model_code_path")
        if isinstance(conf.get(key), str) and conf[key]
    ]
    loader = model.flavors.get("python_function", {}).get("loader_module")
    if isinstance(loader, str) and loader.partition(".")[0] != "mlflow":
        found.append(f"loader_module: {loader}")
    for item in loader_documents.of(model):
        if isinstance(item, OwnModule) and item.is_there:
            found.append(item.file)
        elif isinstance(item, HubModule):
            found.append(f"code of {item.repository}")
    return tuple(dict.fromkeys(found))
