"""Mutated MLmodel files: what typing, merging, copying and converting do to a file that a real MLflow wrote.

Everything is drawn from one seeded :class:`random.Random`, so a number names a mutant for good.
"""

from __future__ import annotations

import copy
import itertools
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.differential.values import (
    ADDITIONS,
    DATETIMES,
    DEFAULTS,
    DTYPES,
    ITEMS,
    NAMES,
    NESTED,
    REQUIRED,
    SHAPES,
    TYPES,
    VALUES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Seed:
    """A real MLmodel file; with its model's directory, where that is kept too."""

    name: str
    text: str
    directory: Path | None = None


@dataclass(frozen=True)
class Mutant:
    """A changed MLmodel file, and what was done to it."""

    seed: Seed
    content: bytes
    story: str


def seeds() -> list[Seed]:
    """Every seed, those with a directory first."""
    here = Path(__file__).parent
    directories = [
        here.parent / "base",
        *sorted(path for path in (here / "seeds").iterdir() if path.is_dir()),
    ]
    found = [Seed(path.name, (path / "MLmodel").read_text(encoding="utf-8"), path) for path in directories]
    files = sorted((here / "seeds").glob("*.MLmodel"))
    return found + [Seed(path.stem, path.read_text(encoding="utf-8")) for path in files]


def mutants(number: int, seed: int, among: list[Seed]) -> Iterator[Mutant]:
    """``number`` different mutants of the seeds ``among``, the same for the same ``seed``.

    A third are of the seeds that have a directory.
    """
    rng = random.Random(seed)
    loadable = [each for each in among if each.directory is not None]
    seen: set[bytes] = set()
    while len(seen) < number:
        mutant = mutate(rng, rng.choice(loadable if rng.random() < 1 / 3 else among))
        if mutant.content not in seen:
            seen.add(mutant.content)
            yield mutant


def sweep(seed: Seed) -> Iterator[Mutant]:
    """One mutant of a seed for each value that a signature may go wrong in, alone in its place."""
    for section, item in _items():
        tree = yaml.safe_load(seed.text)
        tree["signature"] = {"inputs": None, "outputs": None, section: json.dumps([item])}
        text = yaml.safe_dump(tree, sort_keys=False)
        yield Mutant(seed, text.encode(), f"{section} = {_shown(item)}")


def _items() -> Iterator[tuple[str, dict[str, Any]]]:
    """Items of a signature, each with its section."""
    for dtype in DTYPES:
        yield "inputs", {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": [-1]}}
    for shape in SHAPES:
        yield "inputs", {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": shape}}
        for default in (None, 1, [1]):
            yield "params", {"name": "a", "type": "long", "default": default, "shape": shape}
    for type_ in TYPES:
        yield "inputs", {"type": type_}
        for shape, default in itertools.product(
            (None, [-1]), DEFAULTS if type_ in TYPES[:9] else (None, "x")
        ):
            yield "params", {"name": "a", "type": type_, "default": default, "shape": shape}
    for name in NAMES:
        yield "inputs", {"type": "double", "name": name}
        yield "params", {"type": "double", "name": name, "default": None}
    for required in REQUIRED:
        yield "inputs", {"type": "double", "name": "a", "required": required}
        yield "inputs", {"type": "array", "items": {"type": "double"}, "required": required}
    for nested in NESTED:
        yield "inputs", {"type": "array", "items": nested}
        yield "inputs", {"type": "map", "values": nested}
        yield "inputs", {"type": "object", "properties": {"a": nested}}
        for value in DEFAULTS:
            properties = {"a": nested}
            yield "params", {"name": "p", "type": "object", "properties": properties, "default": {"a": value}}
    for date in DATETIMES:
        yield "params", {"name": "a", "type": "datetime", "default": date}


def mutate(rng: random.Random, seed: Seed) -> Mutant:
    """One mutant of a seed: its text changed, or one to three of its values."""
    if rng.random() < 0.2:
        story, content = _change_text(rng, seed.text)
        return Mutant(seed, content, story)
    tree = yaml.safe_load(seed.text)
    signature = tree.get("signature")
    stories = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if isinstance(signature, dict) and signature is tree.get("signature") and rng.random() < 0.55:
            stories.append(_change_signature(rng, signature))
        else:
            stories.append(rng.choices((_change_tree, _add_key), (3, 1))[0](rng, tree))
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=rng.random() < 0.3)
    return Mutant(seed, text.encode("utf-8", "surrogatepass"), "; ".join(stories))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# -- trees -------------------------------------------------------------------------------------------


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every mapping or list with each of its keys or indexes."""
    found = []
    pending = [tree]
    while pending:
        node = pending.pop()
        below = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
        for key, value in below:
            found.append((node, key))
            if isinstance(value, (dict, list)):
                pending.append(value)
    return found


def _change_tree(rng: random.Random, tree: Any) -> str:
    """One change at one place of a tree of mappings and lists."""
    places = _places(tree)
    if not places:
        return _retype_root(rng, tree)
    node, key = rng.choice(places)
    change = rng.choices(
        (_drop, _retype, _rename, _reorder, _nest, _unnest, _swap, _double), (4, 8, 3, 1, 2, 2, 1, 1)
    )[0]
    return change(rng, tree, node, key)


def _retype_root(rng: random.Random, tree: Any) -> str:
    if isinstance(tree, dict):
        tree["x"] = rng.choice(VALUES)
    else:
        tree.append(rng.choice(VALUES))
    return "fill an empty root"


def _drop(_rng: random.Random, _tree: Any, node: Any, key: Any) -> str:
    del node[key]
    return f"drop {key!r}"


def _retype(rng: random.Random, _tree: Any, node: Any, key: Any) -> str:
    value = copy.deepcopy(rng.choice(VALUES))
    node[key] = value
    return f"set {key!r} to {_shown(value)}"


def _rename(rng: random.Random, tree: Any, node: Any, key: Any) -> str:
    if not isinstance(node, dict):
        return _retype(rng, tree, node, key)
    new = misspelled(rng, key)
    items = [(new if each == key else each, value) for each, value in node.items()]
    node.clear()
    node.update(items)
    return f"rename {key!r} to {new!r}"


def misspelled(rng: random.Random, key: Any) -> Any:
    """A key as a person or a tool may get it wrong."""
    text = str(key)
    at = rng.randrange(len(text) + 1)
    return rng.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + rng.choice("abcxyz_-. é") + text[at:],
            text[: max(at - 1, 0)] + text[at : at + 1] + text[max(at - 1, 0) : at] + text[at + 1 :],
            text.upper(),
            text.title(),
            text + " ",
            text + "s",
            "_" + text,
            text.replace("_", "-"),
            "",
            7,
            None,
            True,
        )
    )


def _reorder(rng: random.Random, tree: Any, node: Any, key: Any) -> str:
    if isinstance(node, dict):
        items = list(node.items())
        rng.shuffle(items)
        node.clear()
        node.update(items)
    else:
        rng.shuffle(node)
    del tree, key
    return "reorder"


def _nest(rng: random.Random, _tree: Any, node: Any, key: Any) -> str:
    node[key] = rng.choice(([node[key]], {str(key): node[key]}, {"value": node[key]}))
    return f"nest {key!r}"


def _unnest(rng: random.Random, tree: Any, node: Any, key: Any) -> str:
    """Lift the children of a value to where it stands, or put one of them in its place."""
    value = node[key]
    if isinstance(node, dict) and isinstance(value, dict) and rng.random() < 0.6:
        del node[key]
        node.update(value)
        return f"lift the children of {key!r}"
    if isinstance(value, (dict, list)) and value:
        below = list(value.values()) if isinstance(value, dict) else value
        node[key] = rng.choice(below)
        return f"put a child in the place of {key!r}"
    return _drop(rng, tree, node, key)


def _swap(rng: random.Random, tree: Any, node: Any, key: Any) -> str:
    other, other_key = rng.choice(_places(tree))
    mine, theirs = copy.deepcopy(node[key]), copy.deepcopy(other[other_key])
    other[other_key] = mine
    node[key] = theirs
    return f"swap {key!r} and {other_key!r}"


def _double(rng: random.Random, _tree: Any, node: Any, key: Any) -> str:
    value = copy.deepcopy(node[key])
    if isinstance(node, list):
        node.insert(rng.randrange(len(node) + 1), value)
    else:
        node[misspelled(rng, key)] = value
    return f"double {key!r}"


def _add_key(rng: random.Random, tree: Any) -> str:
    """Add, or overwrite, one key that some reader looks at."""
    path, key, values = rng.choice(ADDITIONS)
    place = tree
    for step in path:
        place = place.get(step) if isinstance(place, dict) else None
    if not isinstance(place, dict):
        return _change_tree(rng, tree)
    value = copy.deepcopy(rng.choice(values))
    place[key] = value
    return f"add {'.'.join((*path, key))} = {_shown(value)}"


# -- the signature -----------------------------------------------------------------------------------


def _change_signature(rng: random.Random, signature: Any) -> str:
    """One change in one of the JSON texts of a signature, or of the text itself."""
    names = [name for name in signature if isinstance(signature[name], str) and signature[name][:1] in "[{"]
    if not names:
        name = rng.choice(("inputs", "outputs", "params"))
        signature[name] = json.dumps([copy.deepcopy(rng.choice(ITEMS))])
        return f"{name} = {_shown(signature[name])}"
    name = rng.choice(names)
    if rng.random() < 0.1:
        signature[name] = _change_json_text(rng, signature[name])
        return f"{name}: text becomes {_shown(signature[name])}"
    try:
        data = json.loads(signature[name])
    except ValueError:
        signature[name] = "[]"
        return f"{name} is emptied"
    story = _change_items(rng, data)
    signature[name] = json.dumps(data, default=str)
    return f"{name}: {story}"


def _change_items(rng: random.Random, data: Any) -> str:
    items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    if not items or rng.random() < 0.25:
        return _change_tree(rng, data) if _places(data) and rng.random() < 0.6 else _change_list(rng, data)
    item = rng.choice(items)
    specs = [(each, key) for each, key in _places(item)]
    tensors = [each for each, key in specs if key == "shape" and isinstance(each, dict) and "dtype" in each]
    choices: list[tuple[dict[str, Any], str, tuple[Any, ...]]] = [
        (item, "name", NAMES),
        (item, "required", REQUIRED),
        (item, "optional", (True, False, None)),
    ]
    choices += [(each, "type", TYPES) for each, key in specs if key == "type"] * 2
    choices += [
        (each, "items", NESTED) for each, key in specs if key == "items" and isinstance(each, dict)
    ] * 2
    choices += [
        (each, "values", NESTED) for each, key in specs if key == "values" and isinstance(each, dict)
    ] * 2
    choices += [
        (each[key], "x", NESTED) for each, key in specs if key == "properties" and isinstance(each[key], dict)
    ]
    choices += [(each, "required", REQUIRED) for each, key in specs if key == "required"]
    choices += [(tensor, "dtype", DTYPES) for tensor in tensors] * 6
    choices += [(tensor, "shape", SHAPES) for tensor in tensors] * 3
    if "default" in item:
        datetimes = "datetime" in (item.get("type"), item.get("dtype"))
        choices += [(item, "default", DATETIMES if datetimes else DEFAULTS)] * 8
        choices += [(item, "shape", SHAPES), (item, "shape", ([-1], None)), (item, "type", TYPES)]
        choices += [(item, "dtype", TYPES)]
    place, key, values = rng.choice(choices)
    value = copy.deepcopy(rng.choice(values))
    place[key] = value
    return f"set {key!r} to {_shown(value)}"


def _change_list(rng: random.Random, data: Any) -> str:
    """Items added, doubled, emptied, or all of one kind."""
    if not isinstance(data, list):
        return "nothing"
    kind = rng.randrange(6)
    if kind == 0:
        data.clear()
        return "clear"
    if kind == 1 and data:
        data.append(copy.deepcopy(rng.choice(data)))
        return "double an item"
    if kind == 2:
        for item in data:
            if isinstance(item, dict):
                item.pop("name", None)
        return "no names"
    if kind == 3:
        for item in data:
            if isinstance(item, dict):
                item.pop("required", None)
        return "no required"
    item = copy.deepcopy(rng.choice(ITEMS))
    if kind == 4:
        data[:] = [item]
        return f"only {_shown(item)}"
    data.insert(rng.randrange(len(data) + 1), item)
    return f"add {_shown(item)}"


def _change_json_text(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    depth = rng.choice((20, 90, 200))
    deep = "[" + '{"type": "array", "items": ' * depth + '{"type": "long"}' + "}" * depth + "]"
    return rng.choice(
        (
            text[:at],
            text[:at] + text[at + 1 :],
            text[:at] + rng.choice("\"'[]{},:x") + text[at:],
            text.replace('"', "'"),
            text.replace("}]", "},]"),
            text.replace("true", "True"),
            text + text,
            "\ufeff" + text,
            f" {text}\n",
            text.replace('"name": ', '"name": "x", "name": '),
            text.replace("[{", "{", 1),
            text.replace("true", "NaN"),
            text.replace("-1", "- 1"),
            text.replace("-1", "-01"),
            deep,
            json.dumps(text),
            "null",
            "{}",
            "5",
            '"x"',
            "[null]",
            "[1]",
            "[[]]",
            "// none\n" + text,
            text.replace("a", "\x07"),
            text.replace("a", "\ud800"),
        )
    )


# -- text --------------------------------------------------------------------------------------------


def _change_text(rng: random.Random, text: str) -> tuple[str, bytes]:
    """One change of the file's text, as an editor, a merge or a download makes it."""
    changes: tuple[Callable[[random.Random, str], str | bytes], ...] = (
        _truncate,
        _truncate,
        _drop_line,
        _drop_line,
        _double_line,
        _double_line,
        _indent_line,
        _indent_line,
        _swap_lines,
        _insert,
        _insert,
        _insert,
        _unquote,
        _tag,
        _tag,
        _merge,
        _encode,
        _wrap,
    )
    change = rng.choice(changes)
    changed = change(rng, text)
    content = changed if isinstance(changed, bytes) else changed.encode("utf-8", "surrogatepass")
    return change.__name__.strip("_").replace("_", " "), content


def _truncate(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text))]


def _some_line(rng: random.Random, text: str) -> tuple[list[str], int]:
    lines = text.splitlines(keepends=True)
    return lines, rng.randrange(len(lines))


def _drop_line(rng: random.Random, text: str) -> str:
    lines, at = _some_line(rng, text)
    del lines[at]
    return "".join(lines)


def _double_line(rng: random.Random, text: str) -> str:
    lines, at = _some_line(rng, text)
    lines.insert(rng.choice((at, rng.randrange(len(lines)))), lines[at])
    return "".join(lines)


def _indent_line(rng: random.Random, text: str) -> str:
    lines, at = _some_line(rng, text)
    line = lines[at]
    lines[at] = rng.choice(
        (line.lstrip(), "  " + line, " " + line, "\t" + line, line.replace("  ", "\t"), line[1:])
    )
    return "".join(lines)


def _swap_lines(rng: random.Random, text: str) -> str:
    lines, at = _some_line(rng, text)
    other = rng.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]
    return "".join(lines)


def _insert(rng: random.Random, text: str) -> str:
    """A character, or a piece of YAML syntax, somewhere."""
    pieces: tuple[str, ...] = (
        *"\t\x00\x07\x7f\x85\xa0é☃\u2028\ufeff\ufffe\U0001f600\r\n:-#'\"[]{}&*!|>%@`,?\\",
        "\ud800", ": ", " #", "- ", "\n---\n", "\n...\n", "\n...\nx: 1\n", "\n\n", "\n# comment\n", "? x\n: y\n", "<<: ",
        "&a ", "*a ", "!x ", "\r\n", "null", "~", "\n- 1\n", "\n? [a]\n: b\n", "=\n",
    )  # fmt: skip
    at = rng.randrange(len(text) + 1)
    if rng.random() < 0.4:
        ends = [0, *(match.end() for match in re.finditer(r": |\n", text))]
        at = rng.choice(ends)
    return text[:at] + rng.choice(pieces) + text[at:]


def _unquote(rng: random.Random, text: str) -> str:
    found = list(re.finditer(r"'[^']*'", text))
    if not found:
        return text.replace("'", "")
    match = rng.choice(found)
    return text[: match.start()] + match[0].strip("'") + text[match.end() :]


def _tag(rng: random.Random, text: str) -> str:
    """A tag, an anchor, or another scalar before or in place of a value."""
    found = list(re.finditer(r"(?<=: )[^\n'{\[]+$", text, re.MULTILINE))
    if not found:
        return "!x " + text
    match = rng.choice(found)
    tags = (
        "!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp", "!!seq", "!!map", "!!set",
        "!!omap", "!!pairs", "!!python/name:os.system", "!!python/object/apply:os.getcwd []", "!!python/tuple",
        "!custom", "!", "&a", "!<tag:yaml.org,2002:str>", "!!merge", "!!value", "!!python/str", "!!yaml",
    )  # fmt: skip
    scalars = (
        "~", "yes", "off", "No", "1e3", "1_000", "010", "0o10", "0x1F", "12:30:45", ".inf", ".NaN", "=", "<<", "1.0.0",
        "2024-02-29", "2024-02-30", "2024-02-29T12:30:15Z", "+1", "0b1", "0b2", "1__0", "-", "?", ":", "_", "190:20:30",
        "'", '"', "[", "{", "*a", "&a b", "%x", "@x", "`x`", "|", ">", "|2\n     x", "x: y", "x #y", "- x", "[a, b]",
        "{a: b}", "{a}", "[a: b]", "'it''s'", r'"\x41\u263a\/"', r'"\q"', "2024-02-29 25:00:00", "9" * 5000, "0x", "1e400",
        "0.", ".5", "-.5", "+.inf", "1.5e", "0x_", "1:60", "!!int abc", "!!float x", "!!bool maybe", "!!null x",
        "!!binary '%%'", "!!timestamp x", "!!int ''", "!!float ''",
    )  # fmt: skip
    if rng.random() < 0.5:
        return text[: match.start()] + rng.choice(tags) + " " + text[match.start() :]
    return text[: match.start()] + rng.choice(scalars) + text[match.end() :]


def _merge(rng: random.Random, text: str) -> str:
    """Conflict markers, merge keys, aliases."""
    lines, at = _some_line(rng, text)
    kind = rng.randrange(5)
    if kind == 0:
        lines[at : at + 1] = ["<<<<<<< HEAD\n", lines[at], "=======\n", lines[at], ">>>>>>> theirs\n"]
    elif kind == 1:
        return "base: &base\n  python_function: {loader_module: x}\n" + text.replace(
            "flavors:\n", "flavors:\n  <<: *base\n"
        )
    elif kind == 2:
        return text.replace("flavors:\n", "flavors:\n  <<: {python_function: {}}\n")
    elif kind == 3:
        return text.replace("flavors:", "flavors: &all") + "copy: *all\n"
    else:
        return text.replace("flavors:\n", "flavors:\n  <<: 5\n")
    return "".join(lines)


def _encode(rng: random.Random, text: str) -> bytes:
    text = text.replace("model", "modèle", 1) if rng.random() < 0.5 else text
    encoding = rng.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"))
    return text.encode(encoding)


def _wrap(rng: random.Random, text: str) -> str | bytes:
    """Another kind of file, or the text inside of another."""
    tree = yaml.safe_load(text)
    return rng.choice(
        (
            b"",
            b"\n",
            b"# nothing\n",
            b"---\n",
            b"null\n",
            b"[]\n",
            b"{}\n",
            b"5\n",
            b"text\n",
            b"\x80\x04\x95",
            b"PK\x03\x04",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            f"---\n{text}---\n{text}",
            f"---\n{text}...\n",
            f"%YAML 1.2\n---\n{text}",
            f"%YAML 1.1\n---\n{text}",
            f"%YAML 3.0\n---\n{text}",
            f"```yaml\n{text}```\n",
            f"- {text}",
            text.replace("\n", "\r\n"),
            text.replace("\n", "\r"),
            text.replace("\n", "\n\n"),
            json.dumps(tree, indent=2),
            json.dumps(tree, indent="\t"),
            repr(tree),
            f"model:\n{re.sub('^', '  ', text, flags=re.MULTILINE)}",
            yaml.safe_dump([tree]),
            yaml.safe_dump(tree, default_flow_style=True),
            yaml.safe_dump(tree, default_style='"'),
            yaml.safe_dump(tree, default_style="|"),
            re.sub(r"^ +", "", text, flags=re.MULTILINE),
        )
    )
