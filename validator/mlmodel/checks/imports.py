"""Chapter 5, the environment files: what the model's pickles and code import, against what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.common.texts import quoted
from mlmodel.documents import location_of
from mlmodel.environment import distributions, recorded, saved_versions, versions
from mlmodel.findings import Location
from mlmodel.model import loader_documents, loader_items
from mlmodel.standard import schemas
from mlmodel.standard.data import table
from mlmodel.standard.rules import new_finding
from mlmodel.standard.standard_library import is_standard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.environment.code import Code
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model


class Need(Record):
    """A module that loading the model imports."""

    module: str
    place: Location
    who: str
    """What imports it."""


def _needs(model: Model, code: Code | None) -> Iterator[Need]:
    """Everything that loading imports, the model's own modules included."""
    roots: set[str] = set()
    for stream in recorded.of(model).pickles:
        for module, name, offset in stream.globals:
            roots.add(module)
            who = f"{stream.file} (byte {offset:,}: {name})" if offset else stream.file
            yield Need(module, Location(stream.file), who)
    conf = model.flavors.get("python_function", {})
    loader = conf.get("loader_module")
    if isinstance(loader, str) and model.mlmodel is not None:
        roots.add(loader)
        for module in _loader_imports(model, loader):
            place = location_of(model.mlmodel, ("flavors", "python_function", "loader_module"))
            yield Need(module, place, f"the loader module {loader}")
    if code is not None:
        script = conf.get("model_code_path")
        files = [script.replace("\\", "/").rsplit("/", 1)[-1]] if isinstance(script, str) else []
        for found in code.reached(roots, files):
            yield Need(found.module, found.place, str(found.place.file))
    yield from _of_own_modules(model)
    if "spark" in model.flavors:
        from mlmodel.model import spark_stages

        for stage in spark_stages.of(model):
            if not stage.is_of_jvm:
                yield Need(stage.name.rpartition(".")[0], stage.place, f"the stage {quoted(stage.name)}")


def _of_own_modules(model: Model) -> Iterator[Need]:
    """What the Python files import that documents name (``auto_map``), other than each other."""
    modules = [item for item in loader_documents.of(model) if isinstance(item, loader_items.OwnModule)]
    if not modules:
        return
    from mlmodel.environment.code import Code

    beside = {item.file.rpartition("/")[2].removesuffix(".py") for item in modules}
    for found in Code(model, None).reached((), [item.file for item in modules if item.is_there]):
        if found.module.partition(".")[0] not in beside:
            yield Need(found.module, found.place, str(found.place.file))


def _loader_imports(model: Model, loader: str) -> Iterator[str]:
    """The modules that a loader imports: of its flavor's distributions that no file lists, or itself."""
    if loader.partition(".")[0] != "mlflow":
        yield loader
        return
    for flavor in model.flavors:
        about = (schemas.flavor_schema(flavor) or {}).get("x-flavor", {})
        if loader in about.get("loader-modules", ()) and flavor != "python_function":
            for name in about.get("distributions", ()):
                if name not in recorded.of(model).names:
                    yield from distributions.main_module(name)


def _code(model: Model) -> Code | None:
    """The model's own Python files, None where it has none."""
    conf = model.flavors.get("python_function", {})
    # The loaders of other flavors put theirs on the path, too: a model that cannot predict has no python_function.
    named = [
        code for flavor in (conf, *model.flavors.values()) if isinstance(code := flavor.get("code"), str)
    ]
    if not named and not isinstance(conf.get("model_code_path"), str):
        return None
    from mlmodel.environment.code import Code

    return Code(model, named[0] if named else None)


def undeclared(model: Model) -> Iterator[Finding]:
    """MLM404, MLM405, MLM464: every module that loading imports is installed, or in the model's own code."""
    environment = recorded.of(model)
    if not environment.listings and environment.conda is None:
        return  # MLM401
    code = _code(model)
    needs: dict[str, Need] = {}
    for need in _needs(model, code):
        top = need.module.partition(".")[0]
        if not (top in _NEVER or top in needs or top.startswith("__torch__")):
            needs[top] = need
    unlisted: dict[str, Need] = {}
    for top, need in needs.items():
        if distributions.is_common(top, environment.names) or (code is not None and code.has(top)):
            continue
        holders = distributions.providers(top)
        if holders & environment.names or versions.normal(top) in environment.names:
            continue
        if is_standard(top, environment.python) or distributions.is_namespace(top):
            continue
        installed = distributions.reach(environment)
        if holders & installed.names:
            unlisted[min(holders & installed.names)] = need
        elif distributions.maker(top) is not None or not (
            installed.unknown if holders else installed.open or not model.directory.listed_all
        ):  # else somebody may bring it
            yield _missing(model, top, need, holders)
    if unlisted:
        yield from _only_by_mlflow(model, unlisted)


_NEVER = frozenset({"__main__", "__mp_main__", "mlflow", ""})


def _missing(model: Model, top: str, need: Need, holders: frozenset[str]) -> Finding:
    maker = distributions.maker(top)
    if maker is not None:
        message = (
            f"{need.who} imports {quoted(need.module)}, which {maker} made on the author's machine of code that it"
            " fetched: no distribution holds it"
        )
        hint = "put that code into the model with code_paths, and save again"
        return new_finding("MLM405", message, need.place, hint)
    if holders:
        message = (
            f"{need.who} imports {quoted(top)}, and nothing in the environment files is known to install it"
        )
        return new_finding("MLM404", message, need.place, _listing_hint(model, holders))
    if is_standard(top, None):
        python = _text(recorded.of(model).python)
        message = (
            f"{need.who} imports {quoted(top)}, which the standard library of Python {python} does not have"
        )
        return new_finding("MLM404", message, need.place)
    message = (
        f"{need.who} imports {quoted(top)}: it is not in the model's code, and no distribution that the environment"
        " files list is known to hold it"
    )
    return new_finding(
        "MLM405", message, need.place, "save the model with code_paths, or list the distribution"
    )


def _listing_hint(model: Model, holders: frozenset[str]) -> str:
    """What to add: the version that the MLmodel file records, where one of the distributions is the flavor's own."""
    for saved in saved_versions.of(model):
        if saved.distribution in holders:
            return f"add {saved.distribution}=={saved.public} to requirements.txt and to the pip list, the version that saved the model"
    flavors = (schemas.flavor_schema(flavor) or {} for flavor in model.flavors)
    own = {name for schema in flavors for name in schema.get("x-flavor", {}).get("distributions", ())}
    names = " or ".join(sorted(holders & own or holders)[:3])
    return f"add {names} to requirements.txt, with its version"


def _text(python: tuple[int, ...] | None) -> str:
    return ".".join(str(number) for number in python or ())


def _only_by_mlflow(model: Model, unlisted: dict[str, Need]) -> Iterator[Finding]:
    others = distributions.reach(recorded.of(model), distributions.MLFLOW)
    saved = {
        one.distribution: one.public
        for one in saved_versions.of(model)
        if one.pointer[1] != "python_function"
    }
    for name, need in unlisted.items():
        if name in saved:
            message = f"{need.who} imports {name}, which no file lists: others bring it, in any version"
        elif (
            others.open
            or name in others.names
            or name in distributions.closure(unlisted.keys() - {name}).names
        ):
            continue
        else:
            message = f"{need.who} imports {name}, which no file lists: mlflow brings it, in any version"
        hint = (
            f"pin {name}=={saved[name]}"
            if name in saved
            else f"pin {name} to the version that saved the model"
        )
        yield new_finding("MLM464", message, need.place, hint)


def main_references(model: Model) -> Iterator[Finding]:
    """MLM409: a pickle that looks for its classes in the script that made it."""
    for stream in recorded.of(model).pickles:
        for module, name, offset in stream.globals:
            if module in ("__main__", "__mp_main__"):
                message = f"byte {offset:,} wants {name!r} from the script that saved the model ({module}), which no server runs"
                yield new_finding(
                    "MLM409",
                    message,
                    Location(stream.file),
                    "save with cloudpickle, or move it into a module under code_paths",
                )
                break


def numpy_generation(model: Model) -> Iterator[Finding]:
    """MLM406: a pickle of NumPy 2 is not read with NumPy 1."""
    for stream in recorded.of(model).pickles:
        found = {module.split(".")[2] for module, _, _ in stream.globals if module.startswith("numpy._core.")}
        if not found:
            continue
        known = table("pickle-generations.json")["numpy-core"]
        needed = "2" if found.difference(known["modules"]) else known["since"]
        for listing in recorded.of(model).listings:
            for entry in (
                *listing.named("numpy"),
                *(entry for entry in listing.constraints if entry.name == "numpy"),
            ):
                if (
                    recorded.of(model).applies(entry)
                    and entry.clauses
                    and not any(
                        versions.allows(entry.clauses, known) for known in _numpy_from(needed, entry.pin)
                    )
                ):
                    module = f"numpy._core.{min(found)}"
                    message = f"{stream.file} was saved with NumPy 2 ({module}), and {quoted(entry.safe)} installs NumPy 1"
                    yield new_finding("MLM406", message, entry.place, "pin the NumPy that saved the model")


def _numpy_from(needed: str, pin: str | None) -> list[str]:
    """Releases of NumPy that can read the pickle; a pinned one is added where it is late enough."""
    numpy = table("pickle-generations.json")["numpy-core"]
    known = [*numpy["releases-of-numpy-2"], *(numpy["releases"] if needed != "2" else ())]
    first, pinned = versions.release(needed), versions.release(versions.public(pin or ""))
    if pin is not None and first is not None and pinned is not None and pinned >= first:
        known.append(pin)
    return known


def pickle_protocol(model: Model) -> Iterator[Finding]:
    """MLM407: the recorded Python knows the protocol."""
    python = recorded.of(model).python
    if python is None or "pickle5" in recorded.of(model).names:
        return
    for stream in recorded.of(model).pickles:
        text = table("pickle-generations.json")["protocols"].get(str(stream.protocol))
        first = versions.release(text) if text is not None else None
        if first is not None and python[:2] < first:
            message = f"pickle protocol {stream.protocol} needs Python {_text(first)}, and Python {_text(python)} is recorded"
            yield new_finding("MLM407", message, Location(stream.file))


def byte_code(model: Model) -> Iterator[Finding]:
    """MLM408: functions that were pickled as byte code run on the Python that made them."""
    environment = recorded.of(model)
    saved = next((python for python in environment.pythons if python.file == "MLmodel"), None)
    installed = environment.python
    if saved is None or saved.numbers is None or installed is None or saved.numbers[:2] == installed[:2]:
        return
    for stream in recorded.of(model).pickles:
        if stream.by_value:
            message = (
                f"{stream.file} holds byte code of Python {saved.text} ({saved.place.label}), and the environment files"
                f" install Python {_text(installed)}"
            )
            yield new_finding("MLM408", message, Location(stream.file))


CHECKS = (undeclared, main_references, numpy_generation, pickle_protocol, byte_code)
