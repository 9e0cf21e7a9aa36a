"""The bytecode of an environment's libraries: compiled ahead, handed over, kept, and never of the model's making."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmodel.model.model import Model
from mlmodel.runtime import bytecode, compiler, probe_job, probe_runner
from mlmodel.runtime.load_options import LoadOptions
from mlmodel.sources.directory import ModelDirectory
from tests.runtime import tiny

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing is confined elsewhere")

# -- which modules an import leads to ----------------------------------------------------------------

NAME = st.from_regex(r"[a-z]{1,3}_", fullmatch=True)  # no keyword
NAMES = st.lists(NAME, min_size=1, max_size=3).map(".".join)


def names(source: str, package: str = "p.q") -> list[str]:
    return list(compiler.imports(compile(source, "module.py", "exec"), package))


def prefixes(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: number + 1]) for number in range(len(parts))]


@given(st.lists(NAMES, min_size=1, max_size=40))
def test_plain_imports(modules: list[str]) -> None:
    source = "".join(f"import {module}\n" for module in modules)
    assert names(source) == [name for module in modules for name in prefixes(module)]


@given(NAMES, st.lists(NAME, min_size=1, max_size=300))
def test_imports_of_names(module: str, items: list[str]) -> None:
    """More constants than one byte numbers."""
    values = "".join(f"v{number} = {number}.5\n" for number in range(300))
    source = f"{values}from {module} import ({', '.join(items)})\n"
    assert names(source) == [*prefixes(module), *(f"{module}.{item}" for item in items)]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from . import a", ["p", "p.q", "p.q.a"]),
        ("from .m import a", ["p", "p.q", "p.q.m", "p.q.m.a"]),
        ("from ..m import *", ["p", "p.m"]),
        ("try:\n    import a\nexcept ImportError:\n    a = None", ["a"]),
        ("def f():\n    import a", []),
        ("class C:\n    import a", []),
        ("if TYPE_CHECKING:\n    import a\n    from b import c\nimport d", ["d"]),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b", ["b"]),
        ("TYPE_CHECKING = False\nimport d", ["d"]),
        ("import typing\nx = y if TYPE_CHECKING else z\nimport d", ["typing", "d"]),
    ],
)
def test_where_imports_stand(source: str, found: list[str]) -> None:
    assert names(source) == found


# -- the script --------------------------------------------------------------------------------------


def packages(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def compiled(site: Path, kept: Path, **work: Any) -> list[str]:
    """The modules of a folder that have bytecode after the script has run."""
    until = kept.parent / "until"
    plan = {"folders": [str(site)], "later": [], "whole": [], "until": str(until), **work}
    path = kept.parent / "job.json"
    path.write_text(json.dumps(plan))
    command = [sys.executable, "-I", "-S", "-X", f"pycache_prefix={kept}", bytecode.COMPILER, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("", "")
    inside = Path(str(kept) + str(site))
    return sorted(str(p.relative_to(inside)).partition(".")[0] for p in inside.rglob("*.pyc"))


LOUD = "print('executed')\n"
FILES = {
    "a/__init__.py": LOUD + "from . import b\nimport c.d, math\n",
    "a/b.py": LOUD + "import broken, missing, deep\n",
    "a/unused.py": LOUD,
    "a/tests/test.py": LOUD,
    "c/d.py": LOUD,
    "broken.py": "def f(:\n",
    "deep.py": "x = " + "(" * 5000,
}


def test_it_follows_imports_and_runs_nothing(tmp_path: Path) -> None:
    site = packages(tmp_path / "site", FILES)
    assert compiled(site, tmp_path / "kept", roots=["a"]) == ["a/__init__", "a/b", "c/d"]


def test_whole_packages_and_single_files(tmp_path: Path) -> None:
    site = packages(tmp_path / "site", FILES)
    whole = compiled(site, tmp_path / "whole", roots=["c.d"], whole=["a"])
    assert whole == ["a/__init__", "a/b", "a/unused", "c/d"]
    assert compiled(site, tmp_path / "files", files=[str(site / "a" / "unused.py")]) == ["a/unused"]


def test_what_the_probe_begins_with_comes_last(tmp_path: Path) -> None:
    files = {
        "m.py": "import one.x, two, n\n",
        "n.py": "",
        "one/__init__.py": "",
        "one/x.py": "",
        "two.py": "",
    }
    site = packages(tmp_path / "site", files)
    kept = tmp_path / "kept"
    assert compiled(site, kept, roots=["m"], later=["one", "two"]) == [
        "m",
        "n",
        "one/__init__",
        "one/x",
        "two",
    ]
    inside = Path(str(kept) + str(site))  # beside it, there is what the script itself imports
    times = {path.name.partition(".")[0]: path.stat().st_mtime_ns for path in inside.rglob("*.pyc")}
    assert max(times["m"], times["n"]) <= times["two"] <= min(times["__init__"], times["x"])


def test_it_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    site = packages(tmp_path / "site", FILES)
    (tmp_path / "until").touch()
    assert compiled(site, tmp_path / "kept", roots=["a"], later=["c"], whole=["c"]) == []


# -- a run of the probe ------------------------------------------------------------------------------


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """Where a library of many modules is imported only when the model predicts."""
    folder = tmp_path / "environment"
    many = {f"many/m{number}.py": "" for number in range(bytecode.FEW)}
    everything = "".join(f"import many.m{number}\n" for number in range(bytecode.FEW))
    tiny.environment(folder, {**many, "many/__init__.py": "", "many/all.py": everything})
    return folder


def ran(model: Path, environment: Path) -> probe_runner.Result:
    python = tiny.interpreter(environment)
    work = probe_job.job(Model(ModelDirectory(str(model))))
    return probe_runner.run(work, str(model), 0, python, str(environment), LoadOptions(recreate=True))


def kept(environment: Path) -> set[str]:
    found = Path(bytecode.folder(str(environment))).rglob("*.pyc")
    return {path.name.partition(".")[0] for path in found if "site-packages" in str(path)}


@linux
def test_bytecode_is_kept_after_the_first_run(
    tmp_path: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLMODEL_CACHE", str(tmp_path / "cache"))
    first = ran(tiny.model(tmp_path), environment)
    assert first.run.passed("predict")
    assert "scoring_server" in kept(environment)
    assert not list((tmp_path / "cache" / "runs").iterdir())
    before = {path: path.stat().st_mtime_ns for path in environment.rglob("*.pyc")}
    assert ran(tmp_path / "model", environment).run.passed("predict")
    assert {path: path.stat().st_mtime_ns for path in environment.rglob("*.pyc")} == before


@linux
@pytest.mark.parametrize("processors", [1, 2])
def test_what_is_imported_late_is_compiled_for_the_next_run(
    processors: int, tmp_path: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLMODEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(bytecode, "_processors", lambda: processors)
    model = tiny.model(tmp_path, "__import__('many.all') and [1.0 for row in data]")
    assert ran(model, environment).run.passed("predict")
    assert {"all", "m0", f"m{bytecode.FEW - 1}"} <= kept(environment)


@linux
def test_no_bytecode_is_of_the_models_making(
    tmp_path: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of its own modules, nor where it writes itself into the folder, which it finds by name."""
    monkeypatch.setenv("MLMODEL_CACHE", str(tmp_path / "cache"))
    attack = """\
import os, sys
told = []
for folder in (sys.pycache_prefix, os.path.join(sys.prefix, "bytecode")):
    try:
        open(os.path.join(folder, "planted.cpython-311.pyc"), "wb").close()
    except OSError as error:
        told.append(error.errno)
"""
    model = tiny.model(tmp_path, code=attack + tiny.CODE.format(body="[len(told), told[-1]]"))
    for _ in range(2):
        assert ran(model, environment).run.passed("predict")
        assert not list(environment.rglob("planted*"))
        assert "tiny" not in {path.name.partition(".")[0] for path in environment.rglob("*.pyc")}


@linux
def test_a_model_that_lies_about_its_imports(
    tmp_path: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it names is compiled only where it is a module of the environment."""
    monkeypatch.setenv("MLMODEL_CACHE", str(tmp_path / "cache"))
    outside = packages(tmp_path / "outside", {f"m{number}.py": "" for number in range(bytecode.FEW)})
    inside = environment / "bytecode" / ".." / "lib"
    lie = f"""\
import json, os, sys
names = ["/\\0.py", "x.py", "", *(f"{outside}/m{{n}}.py" for n in range(40)), *(f"{inside}/m{{n}}.py" for n in range(40))]
for line in open("job.json"):
    report = json.loads(line)["report"]
os.write(report, json.dumps({{"event": "done", "files": names}}).encode() + b"\\n")
"""
    model = tiny.model(tmp_path, code=lie + tiny.CODE.format(body="[1.0 for row in data]"))
    for _ in range(2):
        assert ran(model, environment).run.files[0] == "/\0.py"
        assert not list(tmp_path.rglob("m1.*pyc"))


@linux
def test_a_probe_that_dies_keeps_nobody_waiting(
    tmp_path: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLMODEL_CACHE", str(tmp_path / "cache"))
    (site,) = environment.rglob("site-packages")
    (site / "mlflow" / "__init__.py").write_text("import os\nos._exit(7)\n")
    result = ran(tiny.model(tmp_path), environment)
    assert (result.run.done, result.end.status) == (False, 7)
    assert not os.path.exists(bytecode.folder(str(environment)))


@linux
def test_where_what_is_moved_stays_open_it_is_copied(
    tmp_path: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows: nothing is handed over, and what is compiled after the run is copied."""
    monkeypatch.setenv("MLMODEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(bytecode, "_MOVES", False)
    model = tiny.model(tmp_path, "__import__('many.all') and [1.0 for row in data]")
    for _ in range(2):
        assert ran(model, environment).run.passed("predict")
        assert {"all", "scoring_server"} <= kept(environment)
