"""Python of the directory that loaders run: what hides it, what it replaces, and that it is told once."""

from __future__ import annotations

import importlib.util
import marshal
from pathlib import Path

import pytest

from mlmodel import Severity, validate
from mlmodel.loading import load
from mlmodel.loading.errors import LoadError
from mlmodel.model import byte_code
from mlmodel.validation import Options
from tests.overlay import apply, make_model

SOURCE = "import helper\n\n\ndef run(value):\n    return helper.answer(value)\n"
OTHER = "import os\n\n\ndef run(value):\n    return os.getcwd()\n"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    target = make_model(tmp_path / "model")
    apply(target, "set MLmodel /flavors/python_function/code code")
    (target / "code").mkdir()
    return target


def rules(target: Path) -> set[str]:
    return {finding.rule for finding in validate(target).findings}


def pyc(source: str, flags: int = 0, size: int | None = None) -> bytes:
    """Byte code as this Python writes it, with one of the three headers of PEP 552."""
    code = compile(source, "module.py", "exec", dont_inherit=True)
    if flags:
        rest = importlib.util.source_hash(SOURCE.encode())
    else:
        rest = bytes(4) + (len(SOURCE) if size is None else size).to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + flags.to_bytes(4, "little") + rest + marshal.dumps(code)


def place(target: Path, content: bytes, name: str = "code/__pycache__/module.cpython-311.pyc") -> None:
    (target / "code/module.py").write_text(SOURCE)
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    (target / name).write_bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        pyc(OTHER, flags=1),
        pyc(SOURCE, flags=1),
        pyc(OTHER, flags=3),
        pyc(OTHER),
        pyc(SOURCE + "\n__import__('os').system('id')\n"),
        pyc("from subprocess import run"),
        pyc("class A:\n    def run(self):\n        import socket\n        socket.create_connection\n"),
        pyc("run = lambda value: exec(value)\n"),
        pyc("def run(value):\n    def inner():\n        import ctypes\n    return inner()\n"),
        pyc("run = [open(name) for name in ()]\n"),
        pyc(SOURCE.replace("value)\n", "'rm -r /srv')\n"), size=len(SOURCE)),
    ],
)
def test_byte_code_that_hides_its_source(content: bytes, model: Path) -> None:
    place(model, content)
    assert "MLM633" in rules(model)
    with pytest.raises(LoadError):
        load(model)


def test_a_text_of_the_source_is_no_name_of_it(model: Path) -> None:
    source = SOURCE + "import os\nNAMES = ['system']\n"
    (model / "code/module.py").write_text(source)
    (model / "code/__pycache__").mkdir()
    hidden = pyc(source.replace("NAMES = ['system']", "NAMES = os.system"), size=len(source))
    (model / "code/__pycache__/module.cpython-311.pyc").write_bytes(hidden)
    assert "MLM633" in rules(model)


def test_beside_a_model_from_code(tmp_path: Path) -> None:
    target = make_model(tmp_path / "model")
    (target / "module.py").write_text(SOURCE)
    (target / "__pycache__").mkdir()
    (target / "__pycache__/module.cpython-311.pyc").write_bytes(pyc(OTHER, flags=1))
    assert "MLM633" in rules(target)


@pytest.mark.parametrize(
    "content",
    [
        pyc(SOURCE),
        pyc(SOURCE, flags=3),
        pyc(OTHER, size=7),  # of another source: Python compiles this one anew
        b"no byte code",
        pyc(SOURCE)[:-30],
        pyc(OTHER)[:16] + b"\xff" * 40,
        pyc(SOURCE)[:12] + b"",
    ],
)
def test_honest_byte_code(content: bytes, model: Path) -> None:
    place(model, content)
    assert "MLM633" not in rules(model)


HONEST = '''"""A module."""

from __future__ import annotations

import os.path as path
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class A(Generic[T]):
    """Doc."""

    __private: int = 0
    other: list[int] = field(default_factory=list)

    def method(self, *args, key=None, **kwargs):
        assert self.__private == 0, f"{self.other!r:>10}"
        with open(path.join("a", "b")) as file:
            return [line.strip() for line in file if line]

    @property
    def value(self):
        match self.other:
            case [first, *_]:
                return first
            case _:
                return super().__repr__()


async def run(items):
    async for item in items:
        yield {**item, "a": lambda x: x + 1}
    try:
        del items
    except* (ValueError, TypeError):
        raise
    finally:
        global COUNT
        COUNT = 1
'''


def test_names_of_the_compiler_are_no_other_source(model: Path) -> None:
    source = (
        HONEST
        if hasattr(__builtins__, "ExceptionGroup") or "ExceptionGroup" in str(dir(__builtins__))
        else HONEST.replace("except*", "except")
    )
    found = byte_code.read(pyc(source))
    assert found is not None
    assert found.names
    (model / "code/module.py").write_text(source)
    (model / "code/__pycache__").mkdir()
    (model / "code/__pycache__/module.cpython-311.pyc").write_bytes(pyc(source, size=len(source)))
    assert "MLM633" not in rules(model)


def test_byte_code_without_source(model: Path) -> None:
    (model / "code/module.pyc").write_bytes(pyc(SOURCE))
    assert "MLM634" in rules(model)
    (model / "code/module.py").write_text(SOURCE)
    assert "MLM634" not in rules(model)


def test_compiled_code_beside_a_source(model: Path) -> None:
    (model / "code/module.cpython-311-x86_64-linux-gnu.so").write_bytes(b"\x7fELF")
    assert "MLM634" not in rules(model)
    (model / "code/module.py").write_text(SOURCE)
    assert "MLM634" in rules(model)


@pytest.mark.parametrize(
    "name",
    ["json.py", "random/__init__.py", "sitecustomize.py", "usercustomize.py", "mlflow/__init__.py", "mlflow.py", "subprocess.py", "zipfile.pyc",
     "pickle.cpython-311-x86_64-linux-gnu.so", "logging/__init__.py", "site.py", "zoneinfo/__init__.py", "json.abi3.so", "json/__init__.pyc", "_json.cpython-311-x86_64-linux-gnu.so",
     "encodings/__init__.py", "antigravity.py", "pickle.cp311-win_amd64.pyd", "json/__init__.abi3.so"],
)  # fmt: skip
def test_modules_in_place_of_pythons(name: str, model: Path) -> None:
    (model / "code" / name).parent.mkdir(exist_ok=True)
    (model / "code" / name).write_text("x = 1\n")
    assert "MLM636" in rules(model)
    with pytest.raises(LoadError):
        load(model)


def test_at_the_top_of_the_directory(tmp_path: Path) -> None:
    target = make_model(tmp_path / "model")
    (target / "sitecustomize.py").write_text("x = 1\n")
    assert "MLM636" in rules(target)


@pytest.mark.parametrize(
    "name",
    [
        "numpy.py",
        "pandas/__init__.py",
        "sklearn/__init__.py",
        "yaml.py",
        "cloudpickle.py",
        "scipy.so",
        "six.py",
        "requests.py",
        "packaging/__init__.py",
        "click.py",
        "flask/__init__.py",
        "numpy.abi3.so",
        "numpy/__init__.pyc",
        "joblib/__init__.py",
        "typing_extensions.py",
    ],
)
def test_modules_in_place_of_libraries(name: str, model: Path) -> None:
    (model / "code" / name).parent.mkdir(exist_ok=True)
    (model / "code" / name).write_text("x = 1\n")
    assert "MLM637" in rules(model)


@pytest.mark.parametrize(
    "name",
    ["helper.py", "mine/json.py", "mine/__init__.py", "json/data.txt", "json_helper.py", "test/__init__.py", "code/__init__.py", "torch_helper.py",
     "mine/numpy/__init__.py", "README.md", "json.txt", "imblearn/__init__.py"],
)  # fmt: skip
def test_honest_modules(name: str, model: Path) -> None:
    (model / "code" / name).parent.mkdir(parents=True, exist_ok=True)
    (model / "code" / name).write_text("x = 1\n")
    assert not rules(model) & {"MLM633", "MLM634", "MLM636", "MLM637"}


def test_the_models_own_code_is_told_once(model: Path) -> None:
    (model / "code/helper.py").write_text("x = 1\n")
    (model / "code/more.py").write_text("x = 1\n")
    found = [finding for finding in validate(model).findings if finding.rule == "MLM621"]
    assert [finding.severity for finding in found] == [Severity.INFO]
    assert "MLFLOW_ALLOW_MODEL_CODE_EXECUTION" in (found[0].hint or "")
    graded = validate(model, Options(severity={"MLM621": Severity.ERROR}))
    assert [finding.severity for finding in graded.findings if finding.rule == "MLM621"] == [Severity.ERROR]


def test_a_model_without_code_has_none(tmp_path: Path) -> None:
    assert "MLM621" not in rules(make_model(tmp_path / "model"))


@pytest.mark.parametrize("cut", range(16, 200, 7))
def test_broken_byte_code_is_no_exception(cut: int) -> None:
    data = pyc(HONEST.replace("except*", "except"))
    byte_code.read(data[:cut])
    byte_code.read(data[:cut] + b"\xa9\xff\xff\xff\x7f" + data[cut:])
    byte_code.read(data[:16] + b"(\xff\xff\xff\x7f" * 50)
    byte_code.read(data[:16] + b")\x01" * 5000)
