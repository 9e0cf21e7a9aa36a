"""Calls of a pickle as a person would write them: ``os.system("true")``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.pickles.symbols import CallResult, Global

if TYPE_CHECKING:
    from mlmodel.pickles.symbols import Call, Value

_MOST_ARGUMENTS = 8
_MOST_TEXT = 80
_MOST = 200


def spelled(call: Call) -> str:
    """The call, with its arguments as far as they are known."""
    arguments = call.arguments
    if call.opcode in ("NEWOBJ", "NEWOBJ_EX") and arguments and arguments[0].kind == "global":
        arguments = arguments[1:]
    inside = "..." if arguments is None else ", ".join(map(_value, arguments[:_MOST_ARGUMENTS]))
    if arguments is not None and len(arguments) > _MOST_ARGUMENTS:
        inside += ", ..."
    text = f"{named(call.callee)}({inside})"
    return text if len(text) <= _MOST else text[: _MOST - 4] + "...)"


def named(symbol: Global | CallResult | None) -> str:
    """What a thing is called."""
    if isinstance(symbol, Global):
        return ".".join(symbol.target) if symbol.target is not None else "<computed>"
    if isinstance(symbol, CallResult):
        return f"{named(symbol.by)}(...)"
    return "<unknown>"


def _value(value: Value) -> str:
    content = value.value
    if value.kind == "tuple":
        items = content if isinstance(content, tuple) else ()
        inside = ", ".join(map(_value, items[:_MOST_ARGUMENTS]))
        return f"({inside},)" if len(items) == 1 else f"({inside})"
    if isinstance(content, (Global, CallResult)):
        return named(content)
    if value.kind == "str":
        text = str(content)
        quoted = '"' + text[:_MOST_TEXT].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        return quoted + ("..." if len(text) > _MOST_TEXT else "")
    if value.kind in ("int", "float", "bool") and content is not None:
        return str(content)
    if value.kind == "None":
        return "None"
    return f"<{value.kind}>"
