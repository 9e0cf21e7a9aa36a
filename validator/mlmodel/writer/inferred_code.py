"""``infer_code_paths``: the modules of the author's own that a model imports, found without importing any.

MLflow loads the model and copies what was imported from below the working directory.  Here the modules are those that
serialized objects name and that Python files import, and in turn those that these import; they are looked for where
Python would look, and what an installed distribution or Python itself brings is left out.
"""

from __future__ import annotations

import ast
import os
import shutil
import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

from mlmodel.documents import python_source
from mlmodel.writer.copying import CODE
from mlmodel.writer.dependencies import brought, imported_modules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def copy(folder: str, files: Iterable[str], loaders: Iterable[str] = ()) -> bool:
    """Copy the modules into ``code/``; whether there are any.

    Args:
        folder: the model directory in the making.
        files: its serialized objects, and Python that loading runs.
        loaders: further modules that loading imports.
    """
    files = tuple(files)
    objects = [file for file in files if not file.endswith(".py")]
    pending = [*imported_modules(folder, objects), *loaders]
    for file in files:
        if file.endswith(".py"):
            pending += _imports(os.path.join(folder, file), file)
    found: dict[str, str] = {}
    while pending:
        module = pending.pop()
        for name, path in _files(module).items():
            if name not in found:
                found[name] = path
                pending += _imports(path, name)
    for name, path in found.items():
        target = os.path.join(folder, CODE, *name.split("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(path, target)
    return bool(found)


def _files(module: str) -> Mapping[str, str]:
    """The files that importing a module of the author's own runs, by their paths below a folder of ``sys.path``."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in ("__main__", "mlflow", "") or brought(top):
        return {}
    found: dict[str, str] = {}
    where: list[str] | None = None
    parts: list[str] = []
    for part in module.split("."):
        parts.append(part)
        spec = PathFinder.find_spec(".".join(parts), where)
        if spec is None:
            break  # an attribute of the module before
        is_package = spec.submodule_search_locations is not None
        if spec.origin is not None and spec.origin.endswith(".py"):
            found["/".join(parts) + ("/__init__.py" if is_package else ".py")] = spec.origin
        if not is_package:
            break
        where = list(spec.submodule_search_locations or ())
    return found


def _imports(path: str, name: str) -> Iterator[str]:
    """What a file imports, in functions, too, and what it takes out of packages, which may be modules."""
    with open(path, "rb") as stream:
        tree = python_source.parse(stream.read()).tree
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from python_source.named(node, f"{CODE}/{name}")
