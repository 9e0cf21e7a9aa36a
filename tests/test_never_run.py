"""The static stage runs nothing of a model, imports nothing of it, writes nothing and asks nobody.

Python's own audit events (PEP 578) tell: a hook that is set before the validator is imported sees every import,
every file that is opened, every process and every socket.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

import mlmodel
from mlmodel.standard import data
from tests.attacks import config
from tests.command import environment
from tests.overlay import make_model

# Like the script that pip makes: the folder of the script, not the current one, is where Python looks first.
SCRIPT = """
import json, os, sys

events = []

def hook(name, arguments):
    if name == "open":
        events.append((name, os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else "", arguments[2]))
    elif name == "import":
        events.append((name, arguments[0], arguments[1] or ""))
    elif name in ("exec", "compile"):
        code = arguments[0] if name == "exec" else arguments[1]
        events.append((name, str(getattr(code, "co_filename", code)), ""))
    else:
        events.append((name, str(arguments[0]) if arguments else "", ""))

sys.addaudithook(hook)
from mlmodel.cli.validate import command
code = 0
try:
    command(prog_name="mlmodel-validate")
except SystemExit as stop:
    code = stop.code
sys.stdout.flush()
seen = {"code": code, "events": events[:], "modules": sorted(sys.modules)}
sys.stderr.write(json.dumps(seen))
"""

NEVER = (
    *(
        "socket.",
        "ssl.",
        "urllib.",
        "http.",
        "ftplib.",
        "smtplib.",
        "webbrowser.",
        "mmap.",
        "ctypes.",
        "gc.",
        "pty.",
    ),
    *(
        "subprocess.",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.fork",
        "os.kill",
        "os.startfile",
    ),
    *(
        "os.remove",
        "os.rename",
        "os.mkdir",
        "os.rmdir",
        "os.truncate",
        "os.link",
        "os.symlink",
        "os.chmod",
        "os.chown",
    ),
    *("os.utime", "os.putenv", "os.chdir", "shutil.", "tempfile.", "pickle.", "sqlite3."),
)
"""Events that nothing static causes, by how they begin."""
UNWANTED = {
    *(
        "numpy",
        "pandas",
        "cloudpickle",
        "mlflow",
        "jsonschema",
        "referencing",
        "sklearn",
        "torch",
        "packaging",
    ),
    *(
        "pickle",
        "multiprocessing",
        "concurrent.futures",
        "asyncio",
        "ssl",
        "urllib.request",
    ),
    *("difflib", "tomllib", "importlib.metadata", "runpy", "zipfile", "tempfile"),
}
"""Modules that a valid model does not need; what click and ``jsonschema_rs`` import, as ``socket``, is never used."""


@dataclass(frozen=True)
class Seen:
    """What one run did."""

    code: int
    events: list[tuple[str, str, int | str]]
    modules: set[str]
    output: str

    def of(self, name: str) -> list[tuple[str, int | str]]:
        return [(what, more) for event, what, more in self.events if event == name]


def run(folder: Path, *arguments: str | Path, cwd: Path | None = None) -> Seen:
    script = folder / "bin" / "script.py"
    script.parent.mkdir(exist_ok=True)
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-B", script, *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=cwd or folder,
        env=environment(),
        timeout=100,
    )
    seen = json.loads(done.stderr)
    events = [(name, what, more) for name, what, more in seen["events"]]
    return Seen(seen["code"], events, set(seen["modules"]), done.stdout)


def own_folders() -> list[str]:
    """Where Python, its packages and this one have their files."""
    paths = [sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values(), *mlmodel.__path__]
    trees = map(data.tree, ("schemas", "rules", "annex"))
    return [os.path.realpath(path) for path in (*paths, *trees)]


def within(path: str, folders: list[str]) -> bool:
    real = os.path.realpath(path)
    return any(real == folder or real.startswith(folder + os.sep) for folder in folders)


class Bomb:
    """Unpickles into a file: proof that something was run."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.canary),)


SHADOWS = (
    "yaml",
    "click",
    "json",
    "jsonschema_rs",
    "packaging",
    "mlmodel",
    "evil",
    "sitecustomize",
    "numpy",
    "conftest",
)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def evil(tmp_path: Path, canary: Path) -> Path:
    """A model that leaves a canary as soon as anything of it runs."""
    model = make_model(tmp_path / "model")
    content = config()
    content["flavors"]["python_function"].update(loader_module="evil", code="code", data="data")
    content["flavors"]["evil"] = {"loader_module": "evil", "code": "code"}
    (model / "MLmodel").write_text(yaml.safe_dump(content), encoding="utf-8")
    bomb = pickle.dumps(Bomb(canary))
    for name in ("model.pkl", "python_model.pkl", "data/model.joblib", "data/x.pkl"):
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).write_bytes(bomb)
    with zipfile.ZipFile(model / "data" / "model.pth", "w") as archive:
        archive.writestr("model/data.pkl", bomb)
    (model / "code").mkdir()
    source = f"import os\nos.mkdir({str(canary)!r})\n"
    for folder in (model, model / "code"):
        for name in SHADOWS:
            (folder / f"{name}.py").write_text(source, encoding="utf-8")
        (folder / "setup.py").write_text(source, encoding="utf-8")
        (folder / "evil.pth").write_text(f"import os; os.mkdir({str(canary)!r})\n", encoding="utf-8")
    (model / "requirements.txt").write_text(f"-e .\n-r {canary}\nevil @ file://{model}\n", encoding="utf-8")
    return model


def test_the_canary_sings(evil: Path, canary: Path) -> None:
    pickle.loads((evil / "model.pkl").read_bytes())  # noqa: S301
    assert canary.exists()
    shutil.rmtree(canary)
    subprocess.run([sys.executable, "-c", "import evil"], check=True, cwd=evil)
    assert canary.exists()


@pytest.mark.parametrize("format_", ["text", "json", "github"])
@pytest.mark.parametrize("inside", [False, True], ids=["from outside", "from inside"])
def test_nothing_of_a_model_runs(
    format_: str, inside: bool, evil: Path, canary: Path, tmp_path: Path
) -> None:
    seen = run(tmp_path, "--format", format_, "-v", "." if inside else evil, cwd=evil if inside else None)
    assert seen.code in (0, 1)
    assert "MLM207" in seen.output
    assert not canary.exists()
    model = [os.path.realpath(evil)]
    assert not [name for name, _, _ in seen.events if name.startswith(NEVER)]
    assert not [file for _, file in seen.of("import") if file and within(str(file), model)]
    assert not [file for event in ("exec", "compile") for file, _ in seen.of(event) if within(file, model)]
    assert "evil" not in seen.modules


@pytest.mark.parametrize("format_", ["text", "json", "github"])
def test_only_what_is_its_own_is_opened(format_: str, evil: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret", encoding="utf-8")
    (evil / "link").symlink_to(tmp_path / "outside")
    (evil / "data" / "up").symlink_to("../../outside")
    seen = run(tmp_path, "--format", format_, evil, cwd=tmp_path)
    opened = [(path, flags) for path, flags in seen.of("open") if path]
    assert opened
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    assert not [path for path, flags in opened if isinstance(flags, int) and flags & writing]
    allowed = [*own_folders(), os.path.realpath(evil), str(tmp_path / "bin")]
    others = [path for path, _ in opened if not within(path, allowed)]
    assert not [path for path in others if os.path.basename(path) not in ("pyproject.toml", "mlmodel.toml")]
    listed = [path for event in ("os.listdir", "os.scandir") for path, _ in seen.of(event)]
    assert not [path for path in listed if not within(path, allowed)]


@pytest.mark.parametrize("format_", ["text", "json", "github"])
def test_what_a_valid_model_does_not_need_is_not_imported(format_: str, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "input_example.json").write_text(
        '{"columns": ["a", "b"], "data": [[1.5, 2.5]]}', encoding="utf-8"
    )
    seen = run(tmp_path, "--format", format_, "--no-config", model)
    assert seen.code == 0
    assert seen.modules & UNWANTED == set()
    reporters = {name for name in seen.modules if name.endswith("_format")}
    others = {f"mlmodel.reporters.{name}_format" for name in ("text", "json", "github")} - {
        f"mlmodel.reporters.{format_}_format",
        "mlmodel.reporters.text_format" if format_ == "github" else "",  # shares its words
    }
    assert reporters & others == set()


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.mkdir [{canary}]",
        "flavors: {{a: !!python/object/new:os.mkdir [{canary}]}}",
        "a: !!python/name:os.mkdir\nb: !!python/module:evil",
        "a: !!python/object/apply:subprocess.check_output [[mkdir, {canary}]]",
    ],
)
@pytest.mark.parametrize("file", ["MLmodel", "conda.yaml", "python_env.yaml", "registered_model_meta"])
def test_tags_construct_nothing(file: str, text: str, evil: Path, canary: Path, tmp_path: Path) -> None:
    (evil / file).write_text(text.format(canary=json.dumps(str(canary))), encoding="utf-8")
    seen = run(tmp_path, evil)
    assert seen.code == 1
    assert not canary.exists()
    assert not [name for name, _, _ in seen.events if name.startswith(NEVER)]


def test_dash_m_does_not_look_into_the_current_folder(evil: Path, canary: Path) -> None:
    (evil / "mlmodel.py").unlink()  # Python itself would take it for the program
    done = subprocess.run(
        [sys.executable, "-m", "mlmodel", "validate", "."],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=evil,
        env=environment(),
        timeout=100,
    )
    assert done.returncode in (0, 1), done.stderr
    assert not canary.exists()
