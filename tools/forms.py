"""Writes ``conformance/cases/forms/``: the fault of each error rule in other forms, and its near miss in the same form.

``python tools/forms.py`` takes the examples of the rule pages and changes them mechanically: another directory as the base, of
another era or flavor; the same document in flow style, with byte order mark, CRLF, anchors, quoted keys; files moved below
folders; the environment in other files; a fault in the outputs instead of the inputs.  ``tests/conformance/forms.yaml`` has
those that no change of form gives.  A form is kept where the reference validator reports the rule, and it alone as an error,
for the changed bad example, and nothing for the changed near miss.  ``--check`` only compares.

A case of this area holds no files: it names another case as its ``base``, and the steps that make it of that.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import shutil
import stat
import sys
import tempfile
import zlib
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "validator")]

from mlmodel.conformance import suite  # noqa: E402
from mlmodel.standard.rules import catalogue  # noqa: E402
from tests.overlay import BASE, Fence, change  # noqa: E402
from tools.cases import CASES, PAGES, Example, expectation, of_page, step_of_file  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HAND = ROOT / "tests" / "conformance" / "forms.yaml"
AREA = "forms"
MOST = 6
"""Pairs a rule, at most; the page's own example comes to them."""
PER_KIND = {"base": 2, "depth": 2, "file": 1, "encoding": 2}
FIRST = {
    "signature": ("outputs", "in-object", "in-array", "spaced-json"),
    "environment": ("included", "conda-alone", "remarks"),
    "input-example": ("reindented",),
    "serialized-objects": ("gzip", "xz", "bzip2", "zlib"),
}
"""The forms that change what the rules of a chapter are about; they are tried before all others."""
META = ("conda.yaml", "python_env.yaml", "requirements.txt")
"""The files of the environment, which have their names."""


class UnfitError(Exception):
    """A change does not apply to a directory."""


class Form(NamedTuple):
    """A change of form: what it is called, and what it does."""

    name: str
    kind: str
    title: str
    change: Callable[[Path], None] | None = None
    base: str | None = None
    """The case whose directory the example's fences change instead of ``tests/base/``."""
    before: tuple[str, ...] = ()
    """Setup lines that make another base of ``tests/base/``."""


# -- documents ---------------------------------------------------------------------------------------------


class _Literal(str):
    """A string that is written as a block."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """YAML in the form that is asked for."""

    aliases = False

    def ignore_aliases(self, data: Any) -> bool:
        return not (self.aliases and isinstance(data, str) and len(data) > 3)


_Dumper.add_representer(
    _Literal, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:str", str(data), style="|")
)


class _Quoting(_Dumper):
    """Every string in double quotes, keys too."""


_Quoting.add_representer(
    str, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:str", data, style='"')
)


class _Aliasing(_Dumper):
    """A string that was there before is an alias."""

    aliases = True


def _documents(folder: Path) -> Iterator[tuple[Path, Any]]:
    """The YAML documents of a directory that are mappings."""
    found = False
    for name in ("MLmodel", "conda.yaml", "python_env.yaml"):
        path = folder / name
        if not path.is_file() or path.is_symlink():
            continue
        try:
            data = yaml.safe_load(path.read_bytes().decode())
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        if isinstance(data, dict):
            found = True
            yield path, data
    if not found:
        raise UnfitError


def _rewritten(folder: Path, text_of: Callable[[Any], str]) -> None:
    for path, data in list(_documents(folder)):
        path.write_bytes(text_of(data).encode())


def _flow(folder: Path) -> None:
    _rewritten(
        folder,
        lambda data: yaml.dump(data, Dumper=_Dumper, default_flow_style=True, width=10**6, sort_keys=False),
    )


def _json(folder: Path) -> None:
    try:
        _rewritten(folder, lambda data: json.dumps(data, indent=1) + "\n")
    except (TypeError, ValueError):
        raise UnfitError from None


def _quoted(folder: Path) -> None:
    _rewritten(folder, lambda data: yaml.dump(data, Dumper=_Quoting, sort_keys=False))


def _interned(value: Any, seen: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _interned(item, seen) for key, item in value.items()}
    if isinstance(value, list):
        return [_interned(item, seen) for item in value]
    return seen.setdefault(value, value) if isinstance(value, str) else value


def _anchors(folder: Path) -> None:
    def text(data: Any) -> str:
        found: str = yaml.dump(_interned(data, {}), Dumper=_Aliasing, sort_keys=False)
        return found

    _rewritten(folder, text)
    if "*id" not in (folder / "MLmodel").read_text(encoding="utf-8"):
        raise UnfitError


def _blocks(folder: Path) -> None:
    def block(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: block(item) for key, item in value.items()}
        if isinstance(value, list):
            return [block(item) for item in value]
        return _Literal(value) if isinstance(value, str) and len(value) > 12 else value

    _rewritten(folder, lambda data: yaml.dump(block(data), Dumper=_Dumper, sort_keys=False))


def _reversed(folder: Path) -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(item) for key, item in reversed(value.items())}
        return value

    _rewritten(folder, lambda data: yaml.dump(turned(data), Dumper=_Dumper, sort_keys=False, indent=4))


def _commented(folder: Path) -> None:
    for path, _ in list(_documents(folder)):
        body = path.read_text(encoding="utf-8")
        path.write_bytes(f"# written by hand\n---\n{body.rstrip()}\n# the end\n...\n".encode())


def _texts(folder: Path) -> list[Path]:
    found = [
        path
        for path in folder.iterdir()
        if path.name == "MLmodel" or path.suffix in (".yaml", ".txt", ".json")
    ]
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _crlf(folder: Path) -> None:
    for path in _texts(folder):
        content = path.read_bytes()
        if b"\r" in content or b"\0" in content:
            raise UnfitError
        path.write_bytes(content.replace(b"\n", b"\r\n"))


def _byte_order_mark(folder: Path) -> None:
    for path, _ in list(_documents(folder)):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def _reindented(folder: Path) -> None:
    """The JSON of a directory on many lines, with escapes; that inside the signature, too."""
    changed = False
    for path in folder.glob("*.json"):
        try:
            data = json.loads(path.read_bytes())
        except ValueError:
            continue
        path.write_text(json.dumps(data, indent=3) + "\n\n", encoding="utf-8")
        changed = True
    if not changed:
        raise UnfitError


# -- signatures --------------------------------------------------------------------------------------------


def _signature(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "MLmodel"
    if not path.is_file():
        raise UnfitError
    try:
        data = yaml.safe_load(path.read_bytes().decode())
        edit(data["signature"])
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise UnfitError from None
    path.write_text(yaml.dump(data, Dumper=_Dumper, sort_keys=False), encoding="utf-8")


def _outputs(folder: Path) -> None:
    def edit(signature: dict[str, Any]) -> None:
        signature["inputs"], signature["outputs"] = signature.get("outputs"), signature["inputs"]
        if signature["inputs"] is None:
            signature["inputs"] = '[{"type": "double", "name": "a", "required": true}]'

    _signature(folder, edit)


def _nested(wrap: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Path], None]:
    def edit(signature: dict[str, Any]) -> None:
        specs = json.loads(signature["inputs"])
        if not isinstance(specs[-1], dict) or specs[-1].get("type") == "tensor":
            raise UnfitError
        specs[-1] = wrap(specs[-1])
        signature["inputs"] = json.dumps(specs)

    return lambda folder: _signature(folder, edit)


def _in_object(spec: dict[str, Any]) -> dict[str, Any]:
    inner = {key: value for key, value in spec.items() if key != "name"}
    name = str(spec.get("name", "inner"))
    return {"type": "object", "name": "nested", "required": True, "properties": {name: inner}}


def _in_array(spec: dict[str, Any]) -> dict[str, Any]:
    items = {key: value for key, value in spec.items() if key not in ("name", "required")}
    return {"type": "array", "name": "listed", "required": True, "items": items}


def _spaced_signature(folder: Path) -> None:
    def edit(signature: dict[str, Any]) -> None:
        changed = False
        for name, text in signature.items():
            if isinstance(text, str):
                signature[name] = json.dumps(json.loads(text), indent=2)
                changed = True
        if not changed:
            raise UnfitError

    _signature(folder, edit)


# -- files -------------------------------------------------------------------------------------------------


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, str):
        for old, new in names.items():
            if value == old or value.startswith(f"{old}/"):
                return new + value[len(old) :]
    return value


def _moved(folder: Path) -> None:
    """Everything that the MLmodel file names, two folders deeper; what is no file of the standard goes with it."""
    path = folder / "MLmodel"
    try:
        data = yaml.safe_load(path.read_bytes().decode())
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        raise UnfitError from None
    keep = {"MLmodel", *META}
    info = data.get("saved_input_example_info") if isinstance(data, dict) else None
    if isinstance(info, dict):
        keep |= {value for value in info.values() if isinstance(value, str)}
    others = [item for item in folder.iterdir() if item.name not in keep and not item.name.endswith(".json")]
    if not others or any(item.name in ("metadata", "code.py") for item in others):
        raise UnfitError
    deep = folder / "parts" / "of-it"
    deep.mkdir(parents=True)
    for item in others:
        item.rename(deep / item.name)
    names = {item.name: f"parts/of-it/{item.name}" for item in others}
    path.write_text(yaml.dump(_renamed(data, names), Dumper=_Dumper, sort_keys=False), encoding="utf-8")


def _included(folder: Path) -> None:
    """The requirements in a file that requirements.txt includes."""
    path = folder / "requirements.txt"
    if not path.is_file() or path.is_symlink():
        raise UnfitError
    (folder / "listed").mkdir()
    path.rename(folder / "listed" / "runtime.txt")
    path.write_text("# kept elsewhere\n-r listed/runtime.txt\n", encoding="utf-8")


def _in_conda(folder: Path) -> None:
    """The requirements in the conda environment alone, as MLflow 1 kept them."""
    listed, conda, model = folder / "requirements.txt", folder / "conda.yaml", folder / "MLmodel"
    try:
        lines = [line for line in listed.read_text(encoding="utf-8").splitlines() if line.strip()]
        data = yaml.safe_load(conda.read_text(encoding="utf-8"))
        mlmodel = yaml.safe_load(model.read_text(encoding="utf-8"))
        (pip,) = (item for item in data["dependencies"] if isinstance(item, dict))
        mlmodel["flavors"]["python_function"]["env"] = "conda.yaml"
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        raise UnfitError from None
    if any(line.endswith("\\") for line in lines):
        raise UnfitError
    pip["pip"] = lines
    conda.write_text(yaml.dump(data, Dumper=_Dumper, sort_keys=False), encoding="utf-8")
    model.write_text(yaml.dump(mlmodel, Dumper=_Dumper, sort_keys=False), encoding="utf-8")
    listed.unlink()
    (folder / "python_env.yaml").unlink(missing_ok=True)


def _remarks(folder: Path) -> None:
    """Comments, blanks and blank lines in requirements.txt."""
    path = folder / "requirements.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UnfitError from None
    if any(line.endswith("\\") for line in lines):
        raise UnfitError
    body = "\n\n".join(
        f"# next\n  {line}  # kept" if line.strip() and not line.startswith("#") else line for line in lines
    )
    path.write_text(body, encoding="utf-8")


def _one_flavor(folder: Path) -> None:
    """Only python_function."""
    path = folder / "MLmodel"
    try:
        data = yaml.safe_load(path.read_bytes().decode())
        flavors = data["flavors"]
        others = [name for name in flavors if name != "python_function"]
        if not others or "python_function" not in flavors:
            raise UnfitError
        for name in others:
            del flavors[name]
    except (OSError, yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError):
        raise UnfitError from None
    path.write_text(yaml.dump(data, Dumper=_Dumper, sort_keys=False), encoding="utf-8")


def _company(folder: Path) -> None:
    """Other files beside, of no concern."""
    (folder / "NOTES.md").write_text("# Notes\n", encoding="utf-8")
    (folder / "reports").mkdir()
    (folder / "reports" / "scores.csv").write_text("a,b\n1,2\n", encoding="utf-8")


def _compressed(compress: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        path = folder / "model.pkl"
        if not path.is_file() or path.is_symlink():
            raise UnfitError
        path.write_bytes(compress(path.read_bytes()))

    return do


FORMS = (
    Form("era-1", "base", "in a model saved by MLflow 1.0", base="mlflow/1.0.0-sklearn"),
    Form(
        "era-1-code",
        "base",
        "in a model saved by MLflow 1.30",
        base="mlflow/1.30.1-pyfunc-artifacts-code-example",
    ),
    Form(
        "python-model",
        "base",
        "in a Python model saved by MLflow 2.22",
        base="mlflow/2.22.5-pyfunc-example-params-dataframe",
    ),
    Form(
        "model-from-code",
        "base",
        "in a model from code, MLflow 3.17",
        base="mlflow/3.17.2-pyfunc-chat-model-from-code",
    ),
    Form(
        "era-3",
        "base",
        "in a Python model saved by MLflow 3.4",
        base="mlflow/3.4.0-pyfunc-example-params-dataframe",
    ),
    Form("two-flavors", "base", "in a model saved by MLflow 1.10", base="mlflow/1.10.0-sklearn-two-flavors"),
    Form(
        "statsmodels",
        "base",
        "in a model of statsmodels",
        before=(
            "unset MLmodel /flavors/sklearn",
            "set MLmodel /flavors/statsmodels {code: null, data: model.pkl, statsmodels_version: 0.14.4}",
            "set MLmodel /flavors/python_function/loader_module mlflow.statsmodels",
            "unset MLmodel /flavors/python_function/model_path",
            "set MLmodel /flavors/python_function/data model.pkl",
            'replace requirements.txt "scikit-learn==1.9.1" "statsmodels==0.14.4\\nscikit-learn==1.9.1"',
        ),
    ),
    Form(
        "release-3",
        "base",
        "recorded by MLflow 3.17",
        before=(
            "set MLmodel /mlflow_version 3.17.2",
            "set MLmodel /model_id null",
            "set MLmodel /prompts null",
            "replace requirements.txt mlflow==2.15.0 mlflow==3.17.2",
            "replace conda.yaml mlflow==2.15.0 mlflow==3.17.2",
        ),
    ),
    Form("outputs", "depth", "in the outputs", _outputs),
    Form("in-object", "depth", "inside of an object", _nested(_in_object)),
    Form("in-array", "depth", "inside of an array", _nested(_in_array)),
    Form("moved", "depth", "with the files two folders deeper", _moved),
    Form("included", "file", "in a file that requirements.txt includes", _included),
    Form("conda-alone", "file", "with the requirements in conda.yaml alone", _in_conda),
    Form("one-flavor", "file", "with python_function as the only flavor", _one_flavor),
    Form(
        "gzip",
        "encoding",
        "with the object compressed by gzip",
        _compressed(lambda data: gzip.compress(data, mtime=0)),
    ),
    Form("xz", "encoding", "with the object compressed by xz", _compressed(lzma.compress)),
    Form("bzip2", "encoding", "with the object compressed by bzip2", _compressed(bz2.compress)),
    Form("zlib", "encoding", "with the object compressed by zlib", _compressed(zlib.compress)),
    Form("spaced-json", "encoding", "with the signature on many lines", _spaced_signature),
    Form("anchors", "encoding", "with anchors and aliases", _anchors),
    Form("flow", "encoding", "in flow style", _flow),
    Form("json", "encoding", "as JSON", _json),
    Form("quoted", "encoding", "with keys and strings in quotes", _quoted),
    Form("blocks", "encoding", "with strings as blocks", _blocks),
    Form("reversed", "encoding", "with the keys in another order", _reversed),
    Form("commented", "encoding", "between comments and markers", _commented),
    Form("crlf", "encoding", "with CRLF line breaks", _crlf),
    Form("byte-order-mark", "encoding", "with a byte order mark", _byte_order_mark),
    Form("remarks", "encoding", "with comments and blanks in requirements.txt", _remarks),
    Form("reindented", "encoding", "with JSON files on many lines", _reindented),
    Form("company", "file", "with other files beside", _company),
)


def _ordered(rule: str) -> list[Form]:
    """The forms to try: those of the chapter, then of each kind in turn, beginning elsewhere for each rule."""
    start = int(rule[3:])
    first = FIRST.get(catalogue()[rule].chapter, ())
    found = [form for name in first for form in FORMS if form.name == name]
    for kind in ("depth", "base", "encoding", "file"):
        those = [form for form in FORMS if form.kind == kind and form.name not in first]
        shift = start % len(those) if kind in ("base", "encoding") else 0
        found += those[shift:] + those[:shift]
    return found


@cache
def _sources() -> dict[str, suite.Case]:
    """The cases that others are made of, by id."""
    every = suite.cases(str(CASES.parent))
    return {case.id: case for case in every if case.id.startswith(("rules/", "mlflow/"))}


# -- directories -------------------------------------------------------------------------------------------


def _made(form: Form, blocks: list[Fence], target: Path, cases: dict[str, suite.Case]) -> Path:
    """The directory of an example in a form.

    Raises:
        UnfitError: the form does not apply.
    """
    if form.base is None:
        shutil.copytree(BASE, target)
        for path in (target, *target.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    else:
        suite.materialise(cases[form.base], str(target))
    try:
        change(target, [*([Fence("setup", body="\n".join(form.before))] if form.before else []), *blocks])
        if form.change is not None:
            form.change(target)
    except (
        OSError,
        AssertionError,
        KeyError,
        TypeError,
        IndexError,
        ValueError,
        AttributeError,
        yaml.YAMLError,
    ):
        raise UnfitError from None
    return target


def _entries(top: Path) -> dict[str, tuple[str, Any, int]]:
    """What is in a directory: for each path its kind, its content, its mode."""
    found: dict[str, tuple[str, Any, int]] = {}
    for path in sorted(top.rglob("*")):
        name = path.relative_to(top).as_posix()
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_symlink():
            found[name] = ("symlink", os.readlink(path), 0)
        elif path.is_dir():
            found[name] = ("dir", None, mode)
        elif path.is_fifo():
            found[name] = ("fifo", None, 0)
        else:
            found[name] = ("file", path.read_bytes(), mode)
    return found


def steps(finished: Path, base: Path) -> list[dict[str, str]]:
    """What makes a directory of another one."""
    wanted, given = _entries(finished), _entries(base)
    found: list[dict[str, str]] = []
    gone: list[str] = []
    for name, (kind, _, _) in given.items():
        if any(name.startswith(f"{other}/") for other in gone):
            continue
        if (
            name not in wanted
            or wanted[name][0] != kind
            or (kind == "symlink" and wanted[name] != given[name])
        ):
            gone.append(name)
            found.append({"do": "remove", "path": name})
    kept = {
        name: entry
        for name, entry in given.items()
        if not any(name == g or name.startswith(f"{g}/") for g in gone)
    }
    for name, entry in wanted.items():
        kind, content, mode = entry
        old = kept.get(name)
        if old == entry:
            continue
        if kind == "symlink":
            found.append({"do": "symlink", "path": name, "target": content})
        elif kind == "fifo":
            found.append({"do": "fifo", "path": name})
        elif kind == "dir":
            empty = not any(other.startswith(f"{name}/") for other in wanted)
            if old is None and empty:
                found.append({"do": "mkdir", "path": name})
        elif old is None or old[1] != content:
            found.append(step_of_file(name, content))
        default = 0o755 if kind == "dir" else 0o644
        if kind in ("dir", "file") and mode != (old[2] if old else default):
            found.append({"do": "chmod", "path": name, "mode": f"{mode:o}"})
    return found


class Made(NamedTuple):
    """A case without its folder."""

    id: str
    raw: dict[str, Any]


def _body(case: dict[str, Any]) -> str:
    return json.dumps(case, indent=2, ensure_ascii=False) + "\n"


def _pair(
    example: Example, form: Form, scratch: Path, cases: dict[str, suite.Case], title: dict[str, str]
) -> list[Made]:
    """The bad case and its near miss in a form.

    Raises:
        UnfitError: the form does not apply, or shows something else.
    """
    made = []
    for ending, blocks in example.blocks.items():
        name = f"{example.name}-{form.name}-{ending}"
        finished = _made(form, blocks, scratch / name, cases)
        expected = expectation(finished, example.rule, ())
        rules = {item["rule"] for item in expected["findings"]}
        if ending == "near-miss":
            if expected["verdict"] != "valid" or rules:
                raise UnfitError
            expected["forbidden"] = [example.rule]
        elif expected["verdict"] != "invalid" or rules != {example.rule}:
            raise UnfitError
        page = f"rules/{example.name}-{ending}"
        options = []
        for base in filter(None, (page, form.base)):
            folder = scratch / f"{name}-of-{base.replace('/', '-')}"
            suite.materialise(cases[base], str(folder))
            options.append((base, steps(finished, folder)))
        base, done = min(options, key=lambda option: len(json.dumps(option[1])))
        if not done:
            raise UnfitError  # nothing of the form is left: the example is a whole document
        other = "near-miss" if ending == "bad" else "bad"
        raw = {
            "id": f"{AREA}/{name}",
            "title": title[ending],
            "why": example.why,
            "section": example.section,
            "rules": [example.rule],
            "twin": f"{AREA}/{example.name}-{form.name}-{other}",
            "since": "0.1",
            "origin": "form",
            "base": base,
            "setup": done,
            "expect": {"validate": expected},
        }
        made.append(Made(f"{AREA}/{name}", raw))
    return made


def _of_rule(page: Path) -> tuple[str, list[Made]]:
    """The cases of a rule, and its id."""
    example = of_page(page)
    if example is None or catalogue()[example.rule].severity.label != "error" or example.targets:
        return page.stem, []
    cases = _sources()
    page_chapter = catalogue()[example.rule].chapter
    found: list[Made] = []
    seen: set[str] = set()
    counts = dict.fromkeys(PER_KIND, 0)
    with tempfile.TemporaryDirectory() as scratch:
        hand = (yaml.safe_load(HAND.read_text(encoding="utf-8")) if HAND.is_file() else None) or {}
        for entry in hand.get(example.rule, ()):
            blocks = {
                ending: [Fence("setup", body="\n".join(entry[key]))]
                for key, ending in (("bad", "bad"), ("good", "near-miss"))
            }
            form = Form(entry["form"], "hand", "", base=entry.get("base"))
            titles = {"bad": entry["title"], "near-miss": entry["good-title"]}
            try:
                found += _pair(example._replace(blocks=blocks), form, Path(scratch), cases, titles)
            except UnfitError:
                raise SystemExit(
                    f"{HAND.name}: {example.rule} {entry['form']} does not show the rule alone"
                ) from None
        for form in _ordered(example.rule):
            if len(found) >= 2 * MOST:
                break
            if form.name not in FIRST.get(page_chapter, ()) and counts[form.kind] >= PER_KIND[form.kind]:
                continue
            titles = {ending: f"{title}, {form.title}" for ending, title in example.titles.items()}
            try:
                pair = _pair(example, form, Path(scratch), cases, titles)
            except UnfitError:
                continue
            key = json.dumps([made.raw["setup"] for made in pair])
            if key not in seen:
                seen.add(key)
                counts[form.kind] += 1
                found += pair
    return example.rule, found


def main() -> None:
    """Write or compare."""
    pages = sorted(PAGES.glob("MLM*.md"))
    with ProcessPoolExecutor(2) as pool:
        rules = dict(pool.map(_of_rule, pages))
    wanted = {made.id.partition("/")[2]: _body(made.raw) for found in rules.values() for made in found}
    area = CASES / AREA
    old = {path.parent.name: path.read_text(encoding="utf-8") for path in area.glob("*/case.json")}
    changed = sorted(name for name in wanted.keys() | old.keys() if wanted.get(name) != old.get(name))
    if "--count" in sys.argv[1:]:
        for rule, found in rules.items():
            print(rule, len(found) // 2, *(made.id.split("/")[1] for made in found[::2]))
        return
    if "--check" in sys.argv[1:]:
        if changed:
            raise SystemExit(f"run tools/forms.py: {', '.join(changed[:5])}")
        return
    for name in changed:
        shutil.rmtree(area / name, ignore_errors=True)
        if name in wanted:
            (area / name).mkdir(parents=True)
            (area / name / "case.json").write_text(wanted[name], encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
