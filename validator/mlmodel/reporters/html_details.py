"""What a model directory says, as tables: flavors, signature, environment, and what its objects import and call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.reporters.html_graph import graph
from mlmodel.reporters.html_markup import escaped, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.inspection import InspectedObject

_MOST = 200
"""Rows of a table."""
_PARTS = 8
"""Objects of a model that are shown."""


def details(path: str) -> Iterator[str]:
    """Sections of HTML about a model directory, read anew; nothing where it cannot be read."""
    from mlmodel import description
    from mlmodel.common.errors import MlmodelError
    from mlmodel.model.model import Model
    from mlmodel.sources.base import UnopenedError, UnreadableError
    from mlmodel.sources.opening import open_source

    unread: list[dict[str, str]] = []
    try:
        model = Model(open_source(path))
        flavors = model.flavors
        signature = description.signature(model, unread)
        environment = description.environment(model, unread)
    except (UnreadableError, UnopenedError, MlmodelError, OSError):
        return
    if flavors:
        yield _section("Flavors", _flavors(flavors))
    if signature:
        yield _section("Signature", "".join(_signature(signature)))
    if any(environment.values()):
        yield _section("Environment", "".join(_environment(environment)))
    parts = list(_parts(path))
    if parts:
        yield _section("Serialized objects", "".join(_objects(parts)))


def _section(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>{content}</details>\n"


def _flavors(flavors: dict[str, Any]) -> str:
    rows = [
        (
            f"<code>{escaped(name)}</code>",
            f"<code>{escaped(key)}</code>",
            f"<code>{escaped(_short(value))}</code>",
        )
        for name, conf in sorted(flavors.items())
        for key, value in conf.items()
        if value is not None
    ]
    return table(("flavor", "key", "value"), rows[:_MOST], "What the flavors say")


def _signature(signature: dict[str, Any]) -> Iterator[str]:
    for section in ("inputs", "outputs"):
        items = signature.get(section)
        if items:
            rows = [_column(index, item) for index, item in enumerate(items[:_MOST])]
            yield table(("name", "type", "required"), rows, _counted(section.capitalize(), items))
    params = signature.get("params")
    if params:
        rows = [
            (_name(index, item), f"<code>{escaped(item.get('type'))}</code>", _code(item.get("default")))
            for index, item in enumerate(params[:_MOST])
        ]
        yield table(("name", "type", "default"), rows, _counted("Params", params))


def _counted(title: str, items: list[Any]) -> str:
    return title if len(items) <= _MOST else f"{title}: the first {_MOST:,} of {len(items):,}"


def _column(index: int, item: dict[str, Any]) -> tuple[str, str, str]:
    if item.get("type") == "tensor":
        text = f"tensor of {item.get('dtype')}, shape {item.get('shape')}"
        return _name(index, item), f"<code>{escaped(text)}</code>", "yes"
    return _name(index, item), f"<code>{escaped(_type(item))}</code>", "yes" if item.get("required") else "no"


def _name(index: int, item: dict[str, Any]) -> str:
    name = item.get("name")
    return _code(name) if name is not None else f"number {index + 1}"


def _type(item: dict[str, Any]) -> str:
    if isinstance(item.get("items"), dict):
        return f"array of {_type(item['items'])}"
    if isinstance(item.get("values"), dict):
        return f"map of {_type(item['values'])}"
    return str(item.get("type"))


def _environment(environment: dict[str, Any]) -> Iterator[str]:
    if environment["python"]:
        yield f"<p>Python <strong>{escaped(environment['python'])}</strong></p>"
    conda = environment.get("conda") or {}
    sources = (
        ("requirements.txt", environment["requirements"]),
        ("python_env.yaml, to build", environment["build"]),
        ("conda packages", conda.get("packages")),
        ("conda.yaml, pip", conda.get("pip")),
    )
    names = [name for name, lines in sources if lines]
    listed: dict[str, dict[str, str]] = {}
    for name, lines in sources:
        for line in lines or ():
            distribution, rest = _split(line)
            listed.setdefault(distribution, {})[name] = rest
    if listed:
        rows = [
            (_code(distribution), *(_code(found.get(name)) for name in names))
            for distribution, found in sorted(listed.items())[:_MOST]
        ]
        yield table(("distribution", *map(escaped, names)), rows, "Requirements")


def _split(line: str) -> tuple[str, str]:
    """A requirement's name, and its versions and marker."""
    for index, letter in enumerate(line):
        if letter in "=<>!~; [@" and index:
            return line[:index], line[index:].strip()
    return line, "any version"


def _code(value: object) -> str:
    return f"<code>{escaped(_short(value))}</code>" if value is not None else "&#8211;"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:200] + "..."


def _parts(path: str) -> Iterator[InspectedObject]:
    from mlmodel import inspection
    from mlmodel.common.errors import MlmodelError
    from mlmodel.sources.base import UnopenedError, UnreadableError

    try:
        for part in inspection.inspect(path):
            if part.imports or part.calls or part.remarks:
                yield part
    except (UnreadableError, UnopenedError, MlmodelError, OSError):
        return


def _objects(parts: list[InspectedObject]) -> Iterator[str]:
    for number, part in enumerate(parts[:_PARTS]):
        facts = [part.form, *([f"protocol {part.protocol}"] if part.protocol is not None else [])]
        facts += [f"{part.size:,} bytes"] if part.size is not None else []
        facts += [f"written with {name} {version}" for name, version in part.versions.items()]
        yield f"<h4><code>{escaped(part.path)}</code></h4><p>{escaped(', '.join(facts))}</p>"
        yield graph(part)
        yield _names(part, number)
    if len(parts) > _PARTS:
        yield f"<p>... and {len(parts) - _PARTS:,} more objects</p>"


def _names(part: InspectedObject, number: int) -> str:
    """The same as the graph, for whoever reads text."""
    rows = [
        (escaped(group), ", ".join(f"<code>{escaped(name)}</code>" for name in names[:_MOST]))
        for group, names in part.imports.items()
    ]
    calls = [
        (
            f"<code>{escaped(_short(used.text))}</code>",
            escaped(used.opcode),
            f"{used.times:,}",
            f"{used.offset:,}",
        )
        for used in part.calls[:_MOST]
    ]
    text = table(("distribution", "names"), rows, f"Imports of object {number + 1}") if rows else ""
    if calls:
        text += table(("call", "opcode", "times", "first at byte"), calls, f"Calls of object {number + 1}")
    remarks = "".join(
        f"<li>byte {said.offset:,}: {escaped(said.kind)}: {escaped(said.message)}</li>"
        for said in part.remarks[:_MOST]
    )
    return text + (f"<ul>{remarks}</ul>" if remarks else "")
