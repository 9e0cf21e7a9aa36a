"""Chapter 7, serialized objects: names in documents that loaders import, call or fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.texts import quoted
from mlmodel.model import loader_documents
from mlmodel.model.loader_items import Action, HubModule, ImportedName, OwnModule
from mlmodel.standard.rules import new_finding
from mlmodel.standard.standard_library import is_standard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.loader_items import Item
    from mlmodel.model.model import Model

_HINT = "do not load it; find out who wrote it"
_LOOK = "read that code first; load the model only from a source that you trust"
_MAX_NAME = 500
_CLASS = lazy_pattern(r"_*[A-Z]\w*")


def documents(model: Model) -> Iterator[Finding]:
    """MLM007, MLM606, MLM613, MLM617, MLM630-MLM632: what documents have a loader import, run or fetch."""
    lost: dict[str, OwnModule] = {}
    running: dict[str, OwnModule] = {}
    fetched: dict[tuple[str, str | None], HubModule] = {}
    for item in loader_documents.of(model):
        if isinstance(item, OwnModule):
            (running if item.is_there else lost).setdefault(item.file, item)
        elif isinstance(item, HubModule):
            fetched.setdefault((item.repository, item.revision), item)
        else:
            yield from _of_item(item)
    for hub in fetched.values():
        yield _of_hub(hub)
    for file, item in lost.items():
        message = f"{item.what} is in {quoted(file)}, which is not there"
        hint = "save the model with the Python files of its repository beside config.json"
        yield new_finding("MLM007", message, item.place, hint)
    if running:
        yield _running(list(running.values()))


def _running(items: list[OwnModule]) -> Finding:
    files = ", ".join(quoted(item.file) for item in items[:5])
    more = f" and {len(items) - 5:,} more" if len(items) > 5 else ""
    how = "asks on the terminal, and then runs" if all(item.asks for item in items) else "runs"
    message = f"loading {how} Python of this directory that no code path names: {files}{more}"
    return new_finding("MLM630", message, items[0].place, _LOOK)


def _of_item(item: Item) -> Iterator[Finding]:
    if isinstance(item, ImportedName):
        yield from _of_name(item)
    elif isinstance(item, Action):
        rule, hint = ("MLM613", _HINT) if item.is_certain else ("MLM606", _LOOK)
        yield new_finding(rule, item.message, item.place, hint)


def _of_hub(item: HubModule) -> Finding:
    name = quoted(item.repository)
    if item.revision is None:
        message = f"{item.what} is fetched from the repository {name}, in whatever state it is then, and run"
        return new_finding(
            "MLM631", message, item.place, "save the model with these files in it, or pin code_revision"
        )
    message = f"{item.what} is fetched from the repository {name} at {quoted(item.revision)}, and run"
    return new_finding("MLM632", message, item.place, "save the model with these files in it")


def _of_name(item: ImportedName) -> Iterator[Finding]:
    is_module = item.what.startswith("the module")
    why = _danger(item.name, is_module=is_module)
    if is_module:
        if f"{item.name}." in item.libraries:
            return
        top = item.name.partition(".")[0]
        if why is None and any(one.startswith(f"{top}.") for one in item.libraries):
            why = "that library has no such module"
    elif f"{item.name}.".startswith(item.libraries):
        if _CLASS.fullmatch(item.name.rpartition(".")[2]):
            return
        why = "it is no class"
    name = quoted(item.name)
    if why is None:
        message = f"{item.what} is {name}: the loader imports it, and nobody has reviewed it"
        yield new_finding("MLM606", message, item.place, _LOOK)
    elif is_module:
        yield new_finding("MLM617", f"{name} is no module to read a model with: {why}", item.place, _HINT)
    else:
        library = item.libraries[0].rstrip(".")
        kind = "none of the classes" if f"{item.name}.".startswith(item.libraries) else "not"
        message = (
            f"{item.what} is {name}, which is {kind} of {library}: the loader imports and calls it, and {why}"
        )
        yield new_finding("MLM613", message, item.place, _HINT)


def _danger(name: str, *, is_module: bool) -> str | None:
    """Why a name must not be imported and called; None for one of a library that is not known."""
    from mlmodel.pickles.allowlist import Permission, known

    if len(name) > _MAX_NAME or not all(part.isidentifier() for part in name.split(".")):
        return "no class has this name"
    top = name.partition(".")[0]
    if is_standard(top, None):
        return "it is part of Python"
    module, _, attribute = name.rpartition(".")
    permission = known(module or name, attribute if module else "").permission
    if permission is Permission.EFFECT:
        return "it runs, imports or opens something"
    if permission in (Permission.FUNCTION, Permission.DOTTED) and not is_module:
        return "it is a function"
    if top in (
        "torch",
        "numpy",
        "pandas",
        "sklearn",
        "scipy",
        "mlflow",
        "transformers",
        "joblib",
        "cloudpickle",
    ):
        return f"it is of {top}"
    return None


CHECKS = (documents,)
