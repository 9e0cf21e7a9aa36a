"""What is to be said of a document that describes an object: skops, Keras, TorchScript.

Its reader imports every name in it.  What is restored, called or handed over must be what such documents hold: a module of
the library that reads them, or a reviewed class of another; a function, only where it computes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlmodel.pickles import behavior, references, states
from mlmodel.pickles.allowlist import CLASSES, Permission, effect_of, is_plain_method, known
from mlmodel.pickles.argument_forms import is_class_form
from mlmodel.pickles.observations import Kind, Remark
from mlmodel.pickles.symbols import CallResult, Global, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.class_manifests import Use
    from mlmodel.pickles.containers import DeclaredClasses

_KERAS = frozenset({"keras", "tf_keras"})
_KERAS_ROOMS = frozenset(
    {"utils", "config", "saving", "datasets", "applications", "callbacks", "export", "tree", "distribution"}
)
"""Modules of Keras that no configuration of a model names: they load, download, write or switch checks off."""
_KERAS_ACTIONS = frozenset(
    {
        "load_model",
        "save_model",
        "load_weights",
        "model_from_json",
        "model_from_yaml",
        "model_from_config",
        "clone_model",
        "get_file",
    }
)
_TENSORFLOW_EFFECTS = (
    r"(?:\w+\.)*(?:py_function|numpy_function|py_func|load_library|load_op_library|read_file|write_file|write_graph|matching_files"
    r"|(?:\w*_)?tfrecord\w*)|(?:\w+\.)*(?:gfile|saved_model)\.\w.*"
    r"|raw_ops\.\w*(?:File|Save|Restore|PyFunc|Reader|Writer|Socket|TextLine|TFRecord|Iterator)\w*"
)
"""Functions of TensorFlow that read, write, connect or run Python when a layer calls them."""
_BUILTIN_EFFECTS = frozenset(
    {
        "eval",
        "exec",
        "compile",
        "open",
        "__import__",
        "input",
        "breakpoint",
        "getattr",
        "setattr",
        "delattr",
        "exit",
        "quit",
        "globals",
        "locals",
        "vars",
        "help",
        "print",
        "memoryview",
        "type",
        "__build_class__",
        "copyright",
        "credits",
        "license",
    }
)
_CONTAINERS = frozenset(
    {
        "builtins.dict",
        "builtins.list",
        "builtins.set",
        "builtins.tuple",
        "builtins.frozenset",
        "builtins.str",
        "builtins.int",
        "builtins.float",
        "builtins.bool",
        "builtins.complex",
        "builtins.NoneType",
        "builtins.slice",
        "builtins.bytes",
        "builtins.bytearray",
        "collections.OrderedDict",
        "collections.defaultdict",
        "functools.partial",
    }
)
_PURE_MODULES = frozenset(
    {"math", "cmath", "statistics", "_operator", "operator", "numbers", "decimal", "fractions"}
)
_CALLING = frozenset({"call", "methodcaller", "attrgetter", "setitem", "delitem"})
"""Functions of ``operator`` that call or look up what their arguments say."""
_METHOD_EFFECTS = frozenset(
    {
        "eval",
        "query",
        "apply",
        "applymap",
        "map",
        "pipe",
        "agg",
        "aggregate",
        "transform_to_file",
        "tofile",
        "dump",
        "dumps",
        "save",
        "savez",
        "savetxt",
        "load",
        "system",
        "popen",
        "exec",
        "write",
        "writelines",
        "write_text",
        "write_bytes",
        "unlink",
        "rmdir",
        "remove",
        "rename",
        "replace_file",
        "open",
        "connect",
        "send",
        "request",
        "urlopen",
        "run",
        "call",
        "check_output",
    }
)


def judge_document(found: DeclaredClasses) -> Iterator[Remark]:
    """Everything to say of a document, each thing once."""
    said: set[str] = set()
    remarks = [remark for use in found.uses for remark in _of_use(found.form, use)]
    for module, name, node in found.states:
        if f"{module}.{name}" not in _CONTAINERS:
            remarks += _of_object(module, name, _state(node))
    for remark in remarks:
        if remark.message not in said:
            said.add(remark.message)
            yield remark


def _of_use(form: str, use: Use) -> Iterator[Remark]:
    if use.role == "code":
        message = "has a Lambda layer: code of the author, which loading or predicting runs"
        yield Remark(Kind.RUNS_CODE, message, 0)
    elif use.role == "operator":
        yield _executes(
            f"calls {use.module}.{use.name}, which opens files or connects, when it is loaded or predicts"
        )
    elif use.role == "foreign operator":
        yield _unexplained(
            f"calls {use.module}.{use.name}, compiled code of a library that nobody has reviewed"
        )
    elif use.role == "native":
        yield _executes(f"has compiled code, {use.name}, which loading it loads into the process")
    elif use.role == "unpickled":
        yield _executes(
            f"has the layer {use.name}, whose configuration holds a pickle, which loading it restores"
        )
    elif use.role == "program":
        yield _executes(f"has the layer {use.name} load the program {use.detail[:200]!r}")
    elif use.role == "file":
        yield _of_file(use)
    elif form == "keras":
        remark = _of_keras(use)
        if remark is not None:
            yield remark
    elif use.role == "method":
        remark = _of_method(use)
        if remark is not None:
            yield remark
    else:
        yield from _of_skops(use)


def _of_file(use: Use) -> Remark:
    return _executes(f"has its layer {use.name} read the file {use.detail[:200]!r}")


def _of_method(use: Use) -> Remark | None:
    last = use.detail.rpartition(".")[2]
    if is_plain_method(last):
        return None
    if last in _METHOD_EFFECTS or last.startswith(("to_", "read_", "__", "from_")):
        return _executes(
            f"has {last!r} called of an object when the model predicts: it may evaluate text, or read or write a file"
        )
    return None


# -- Keras ---------------------------------------------------------------------------------------


def _of_keras(use: Use) -> Remark | None:
    full = f"{use.module}.{use.name}"
    parts = full.split(".")
    top = parts[0]
    if use.role == "function" and top == "tensorflow":
        effect = re.fullmatch(_TENSORFLOW_EFFECTS, full[len("tensorflow.") :][:500], re.IGNORECASE)
        return _executes(_calls_tensorflow(full)) if effect is not None else None
    if top in _KERAS:
        rooms = {part for part in parts[1:-1] if part not in ("src", "api", "_tf_keras", "keras")}
        first = next((part for part in parts[1:-1] if part not in ("src", "api", "_tf_keras", "keras")), None)
        if (
            first in _KERAS_ROOMS
            or parts[-1] in _KERAS_ACTIONS
            or (rooms & _KERAS_ROOMS and (use.role == "function" or not is_class_form(parts[-1])))
        ):
            return _executes(
                f"names {full}, which is no part of a model: it loads, writes or downloads, or switches checks off"
            )
        return None
    if use.module == "builtins" and use.role == "function":
        # Keras writes its own functions so, and those of the author by their name.
        return (
            _executes(f"names {full}: Keras calls it when the model predicts")
            if use.name in _BUILTIN_EFFECTS
            else None
        )
    what = known(use.module, use.name)
    if what.permission is Permission.EFFECT or effect_of(full) is not None:
        return _executes(f"names {full}, which runs or opens something: Keras imports and calls it")
    if what.permission in (Permission.STANDARD, Permission.DOTTED):
        return _executes(
            f"names {full} of the standard library: it is no layer, and Keras imports and calls it"
        )
    if what.permission in (Permission.FUNCTION, Permission.ARGUMENTS):
        return _executes(
            f"names {full}, a function of a library: it is no layer, and Keras imports and calls it"
        )
    if what.permission is Permission.UNKNOWN and references.is_suspicious(use.module, use.name):
        return _executes(f"names {full}, which has the name of what runs, opens or imports")
    if what.permission in (Permission.UNKNOWN, Permission.LOCAL) and top != "builtins":
        return _unexplained(f"names {full}, which nobody has reviewed")
    return None


def _calls_tensorflow(full: str) -> str:
    return f"calls {full}, which reads, writes, connects or runs Python when the model predicts"


# -- skops ---------------------------------------------------------------------------------------


def _of_skops(use: Use) -> Iterator[Remark]:
    full = f"{use.module}.{use.name}"
    if full in _CONTAINERS or (use.module in _PURE_MODULES and use.name not in _CALLING):
        return
    if use.role == "call":
        remark = _of_called(full, known(use.module, use.name).permission)
        if remark is not None:
            yield remark
    elif use.role in ("function", "type"):
        yield from references.judge_reference(use.module, use.name)
    else:
        yield from _of_object(use.module, use.name, ())


def _of_object(module: str, name: str, state: tuple[Value, ...] | None) -> Iterator[Remark]:
    if known(module, name).permission is not Permission.ARGUMENTS or behavior.of(module, name) is None:
        yield from references.judge_object(module, name, state=state)
        return
    # A class that pickles may call with some arguments: here it is not called.
    for wrong in (
        *states.made_faults(module, name),
        *(states.restored_faults(module, name) if state != () else ()),
    ):
        yield _executes(f"restores {module}.{name}, {wrong}")
    fault = states.keys_fault(module, name, state) if state != () else None
    if fault is not None:
        yield _executes(f"restores {module}.{name}: {fault}")


def _of_called(full: str, permission: Permission) -> Remark | None:
    if permission in (Permission.VALUE, Permission.CONSTRUCTOR, Permission.COMPILED):
        return None
    if full.startswith("numpy.") and permission in (Permission.CLASS, Permission.NEW, Permission.ARGUMENTS):
        return None
    if permission in CLASSES and permission is not Permission.ACTIVE:
        return _unexplained(f"calls {full}, a class whose own code then runs")
    if permission in (Permission.UNKNOWN, Permission.LOCAL):
        return _unexplained(f"calls {full}, which nobody has reviewed")
    return _executes(f"calls {full} while the object is made")


def _state(node: object) -> tuple[Value, ...] | None:
    """The dictionary that an object of skops is given, as keys and values in turn; None where it is none."""
    if node is None:
        return ()
    content = node.get("content") if isinstance(node, dict) else None
    if not isinstance(node, dict) or node.get("__loader__") != "DictNode" or not isinstance(content, dict):
        return None
    return tuple(value for key, item in content.items() for value in (_value("str", key), _of_node(item)))


def _of_node(node: object) -> Value:
    loader = node.get("__loader__") if isinstance(node, dict) else None
    if isinstance(node, dict) and loader == "JsonNode" and isinstance(node.get("content"), str):
        try:
            value = json.loads(node["content"])
        except (ValueError, RecursionError):
            return _value("unknown", None)
        return _value("None" if value is None else type(value).__name__, value)
    if loader in ("NdArrayNode", "MaskedArrayNode"):
        made = CallResult(Global("numpy", "ndarray", 4, "GLOBAL", 0), "REDUCE")
        return _value("result", made)
    return _value("unknown", None)


def _value(kind: str, value: Any) -> Value:
    return Value(kind, value, 0, 0)


def _executes(message: str) -> Remark:
    return Remark(Kind.EXECUTES, message, 0)


def _unexplained(message: str) -> Remark:
    return Remark(Kind.UNEXPLAINED, message, 0)
