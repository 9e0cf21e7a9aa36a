"""No input crashes the validator: whatever stands in a directory, there is a report, in bounded time and memory."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmodel import Report, Verdict, validate
from mlmodel.reporters import Style
from mlmodel.standard.schemas import flavor_names, schema
from tests.attacks import ATTACKS, JUNK, Attack, config
from tests.command import environment
from tests.documents.trees import WORDS, texts
from tests.overlay import make_model
from tests.rendering import rendered

MEMORY = 512 << 20
"""Bytes of address space for the command, the interpreter and its libraries included."""
GENEROUS = 100
"""Seconds: only an endless loop takes longer."""
FILES = (
    "MLmodel",
    "conda.yaml",
    "python_env.yaml",
    "requirements.txt",
    "input_example.json",
    "serving_input_payload.json",
    "registered_model_meta",
    "model.pkl",
)
"""Every file that the validator opens."""
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What may change how a terminal shows the rest; line feeds and tabs aside."""


# -- what every report must be ------------------------------------------------------------------------


def check(report: Report) -> Report:
    """A report that holds together, and that every reporter can show."""
    found = {finding.rule for finding in report.findings}
    assert "MLM901" not in found, [f.message for f in report.findings if f.rule == "MLM901"]
    assert (report.verdict is Verdict.UNJUDGED) == bool(found & {"MLM902", "MLM903"})
    assert all(len(finding.message) + len(finding.hint or "") < 5000 for finding in report.findings)
    for name in ("text", "github"):
        output = rendered(name, [report], Style(verbosity=1))
        assert not CONTROL.search(output)
        output.encode()
    output = rendered("json", [report])
    assert output.isascii()
    json.dumps(json.loads(output), ensure_ascii=False).encode()
    return report


def command(*arguments: str | Path, cwd: Path | None = None, stdin: bytes = b"") -> tuple[int, str]:
    """Run ``python -m mlmodel validate`` in bounded memory; its exit code and its output."""
    limits = partial(resource.setrlimit, resource.RLIMIT_AS, (MEMORY, MEMORY))
    done = subprocess.run(
        [sys.executable, "-m", "mlmodel", "validate", "--no-config", *map(os.fsencode, arguments)],
        check=False,
        capture_output=True,
        cwd=cwd,
        env=environment(),
        input=stdin,
        timeout=GENEROUS,
        preexec_fn=limits,
    )
    errors, output = done.stderr.decode("utf-8", "backslashreplace"), done.stdout.decode()
    assert done.returncode in (0, 1, 2, 3), errors
    assert "Traceback" not in errors
    assert (errors == "") == (done.returncode != 2), errors
    assert "MLM901" not in output, output[:2000]
    assert not CONTROL.search(output + errors)
    return done.returncode, output


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "model")


# -- random content -----------------------------------------------------------------------------------


@contextlib.contextmanager
def base() -> Iterator[Path]:
    """The base model, in a folder of its own for every example."""
    with tempfile.TemporaryDirectory() as folder:
        yield make_model(Path(folder) / "model")


@pytest.mark.parametrize("file", FILES)
@given(content=st.one_of(st.binary(max_size=200), st.sampled_from(sorted(JUNK.values()))))
@settings(deadline=None, max_examples=60)
def test_random_bytes(file: str, content: bytes) -> None:
    with base() as folder:
        (folder / file).write_bytes(content)
        check(validate(folder))


@pytest.mark.parametrize("file", FILES)
@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_real_files_with_a_change(file: str, data: st.DataObject) -> None:
    with base() as folder:
        content = (
            (folder / file).read_bytes() if (folder / file).exists() else b"model_name: a\nmodel_version: 1\n"
        )
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 20)))
        new = data.draw(
            st.sampled_from(
                [b"", b"\n", b" ", b":", b"'", b"{", b"]", b"\t", b"&a", b"\0", b"\xff", b"1" * 50]
            )
        )
        (folder / file).write_bytes(content[:start] + new + content[end:])
        check(validate(folder))


STRINGS = (
    *WORDS,
    *(
        "mlflow.sklearn",
        "model.pkl",
        "MLmodel",
        "conda.yaml",
        "input_example.json",
        ".",
        "",
        "a/b/",
        "2.15.0",
        "3.10",
    ),
    *(
        "../x",
        "/etc/passwd",
        "C:\\x",
        "C:/x",
        "\\\\host\\x",
        "file:///x",
        "a\0b",
        "%2e%2e/x",
        "%252e%252e%252f",
        "a\\b",
    ),
    *(
        "true",
        "dataframe",
        "ndarray",
        "json_object",
        "sparse_matrix_csr",
        "split",
        "records",
        "double",
        "long",
        "tensor",
    ),
    *(
        "[]",
        "{}",
        '[{"type": "long"}]',
        '[{"type": "tensor", "tensor-spec": {"dtype": "x", "shape": [-1]}}]',
        "[" * 200,
    ),
    *("\u202e", "\x1b[31m", "\n", "a\u2028b", "x" * 3000, "1" * 3000),
)


def short(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The same, but short where hypothesis prints it."""

    @st.composite
    def strategy_(draw: st.DrawFn) -> Any:
        return draw(strategy)

    return strategy_()


strings = short(st.one_of(st.sampled_from(STRINGS), texts))
numbers = st.one_of(st.integers(), st.sampled_from([10**400, -1, 0, 2**63, 0.5, float("nan"), float("inf")]))
leaves = st.one_of(st.none(), st.booleans(), numbers, strings)
names = short(
    st.one_of(
        st.sampled_from(sorted(schema("mlmodel.schema.json")["properties"])),
        st.sampled_from(sorted(schema("flavors/python_function.schema.json")["properties"])),
        st.sampled_from(sorted(schema("flavors/sklearn.schema.json")["properties"])),
        st.sampled_from(sorted(flavor_names())),
        st.sampled_from(
            ["inputs", "outputs", "params", "type", "artifact_path", "conda", "virtualenv", "path", "uri"]
        ),
        strings,
    )
)
values = short(
    st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=5)),
        max_leaves=12,
    )
)


@st.composite
def configs(draw: st.DrawFn) -> Any:
    """The MLmodel file of the base model, with a few values anywhere in it replaced."""
    data = config()
    for _ in range(draw(st.integers(0, 4))):
        place: Any = data
        while True:
            inner = [key for key, value in place.items() if isinstance(value, dict) and value]
            if not inner or draw(st.booleans()):
                break
            place = place[draw(st.sampled_from(sorted(inner)))]
        key = draw(st.one_of(st.sampled_from(sorted(place) or ["a"]), names))
        if draw(st.booleans()) and key in place:
            del place[key]
        else:
            place[key] = draw(values)
    return data


@given(st.one_of(configs(), st.dictionaries(names, values, max_size=8), values), st.booleans())
@settings(deadline=None, max_examples=300)
def test_random_mlmodel(data: Any, as_json: bool) -> None:
    with base() as folder:
        text = json.dumps(data) if as_json else yaml.safe_dump(data, allow_unicode=True)
        (folder / "MLmodel").write_text(text, encoding="utf-8", newline="")
        check(validate(folder))


types = st.one_of(
    st.sampled_from(["double", "long", "string", "tensor", "array", "object", "map", "any", "int"]), leaves
)
specs: st.SearchStrategy[Any] = short(
    st.recursive(
        st.fixed_dictionaries(
            {},
            optional={
                "name": st.one_of(st.sampled_from(["a", "b", "\ud800"]), leaves),
                "type": types,
                "dtype": types,
                "required": leaves,
                "optional": leaves,
                "shape": st.one_of(st.just([-1]), values),
                "default": values,
                "tensor-spec": st.one_of(
                    st.fixed_dictionaries(
                        {}, optional={"dtype": types, "shape": st.one_of(st.just([-1, 2]), values)}
                    ),
                    leaves,
                ),
            },
        ),
        lambda inner: st.fixed_dictionaries(
            {"type": st.sampled_from(["array", "object", "map"])},
            optional={
                "name": leaves,
                "items": inner,
                "values": inner,
                "properties": st.dictionaries(strings, inner, max_size=3),
            },
        ),
        max_leaves=6,
    )
)
sections = st.one_of(
    st.none(), strings, values, st.lists(specs, max_size=5).map(json.dumps), specs.map(json.dumps)
)
cells = st.one_of(leaves, st.just("\ud800"), st.lists(leaves, max_size=3))
tables = short(
    st.one_of(
        st.fixed_dictionaries(
            {},
            optional={
                "columns": st.one_of(st.just(["a", "b"]), st.lists(cells, max_size=4), values),
                "data": st.one_of(st.lists(st.lists(cells, max_size=3), max_size=4), values),
                "index": values,
                "inputs": values,
                "params": st.one_of(st.dictionaries(strings, cells, max_size=3), values),
            },
        ),
        st.lists(st.dictionaries(st.sampled_from(["a", "b", "\ud800"]), cells), max_size=3),
        values,
    )
)


@given(
    st.fixed_dictionaries(
        {}, optional={"inputs": sections, "outputs": sections, "params": sections, "extra": leaves}
    ),
    tables,
    st.sampled_from(["dataframe", "ndarray", "json_object", "sparse_matrix_csr", "sparse_matrix_csc"]),
    st.sampled_from([None, "true", "split"]),
    st.sampled_from(["1.0.0", "2.6.0", "2.15.0", "3.0.0", "x"]),
)
@settings(deadline=None, max_examples=300)
def test_random_signature_and_example(
    signature: Any, example: Any, kind: str, params: str | None, version: str
) -> None:
    with base() as folder:
        data = config() | {"signature": signature, "mlflow_version": version}
        data["saved_input_example_info"].update(type=kind, params=params)
        (folder / "MLmodel").write_text(json.dumps(data), encoding="utf-8")
        (folder / "input_example.json").write_text(json.dumps(example), encoding="utf-8")
        (folder / "serving_input_payload.json").write_text(json.dumps(example), encoding="utf-8")
        check(validate(folder))


lines = st.one_of(
    strings,
    st.sampled_from(
        ["a==1", "a[b]>=1; python_version<'3'", "-r x", "--hash=x", "a @ file:///x", "python=3.10"]
    ),
)
listed = short(
    st.one_of(
        st.lists(st.one_of(lines, values, st.fixed_dictionaries({"pip": st.lists(lines)})), max_size=5),
        values,
    )
)


@given(
    st.one_of(
        st.fixed_dictionaries({}, optional={"name": leaves, "channels": values, "dependencies": listed}),
        values,
    ),
    st.one_of(
        st.fixed_dictionaries(
            {}, optional={"python": leaves, "build_dependencies": listed, "dependencies": listed}
        ),
        values,
    ),
    st.lists(lines, max_size=6).map("\n".join),
)
@settings(deadline=None, max_examples=200)
def test_random_environment(conda: Any, python_env: Any, requirements: str) -> None:
    with base() as folder:
        (folder / "conda.yaml").write_text(yaml.safe_dump(conda), encoding="utf-8")
        (folder / "python_env.yaml").write_text(json.dumps(python_env), encoding="utf-8")
        (folder / "requirements.txt").write_text(requirements, encoding="utf-8", newline="")
        check(validate(folder))


@pytest.mark.parametrize("content", JUNK.values(), ids=JUNK)
@pytest.mark.parametrize("file", FILES)
def test_junk(file: str, content: bytes, model: Path) -> None:
    (model / file).write_bytes(content)
    check(validate(model))


# -- too much of everything ---------------------------------------------------------------------------


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_attack(attack: Attack, model: Path) -> None:
    attack(model)
    command(model)
    subprocess.run(
        ["rm", "-rf", model], check=True
    )  # shutil recurses, and keeps what is a thousand levels deep


@pytest.mark.parametrize("format_", ["json", "github"])
@pytest.mark.parametrize(
    "name", ["huge_key_above_many_problems", "example_that_never_fits", "signature_of_unknown_types"]
)
def test_attack_in_another_format(name: str, format_: str, model: Path) -> None:
    ATTACKS[name](model)
    _, output = command(model, "--format", format_)
    assert len(output) < 10_000_000
    if format_ == "json":
        assert json.loads(output)["models"][0]["truncated"]


@pytest.mark.parametrize("file", FILES)
def test_a_sparse_gigabyte(file: str, model: Path) -> None:
    with open(model / file, "wb") as sparse:
        sparse.truncate(1 << 30)
    code, output = command(model)
    assert (code == 3 and "MLM903" in output) or file == "model.pkl"


def test_a_sparse_gigabyte_as_code_is_not_read(model: Path) -> None:
    for name in ("weights.bin", "data.zip", "x.h5"):
        with open(model / name, "wb") as sparse:
            sparse.truncate(1 << 30)
    assert command(model)[0] == 0


def test_recursively_a_thousand_levels_deep(model: Path) -> None:
    ATTACKS["deep_folders"](model)
    code, _ = command(model.parent, "--recursive")
    assert code == 3  # what is too deep was not looked at
    subprocess.run(["rm", "-rf", model], check=True)


# -- what is no file ----------------------------------------------------------------------------------


def fifo(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    before = os.getcwd()
    os.chdir(path.parent)  # a long path is no address
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(before)


def link(target: str, path: Path) -> None:
    path.symlink_to(target)


SPECIAL: dict[str, Callable[[Path], None]] = {
    "fifo": fifo,
    "socket": a_socket,
    "folder": Path.mkdir,
    "link to a device": partial(link, "/dev/zero"),
    "link to endless text": partial(link, "/dev/urandom"),
    "link to a file outside": partial(link, "/etc/passwd"),
    "link upwards": partial(link, "../outside"),
    "link to itself": partial(link, "itself"),
    "link to nothing": partial(link, "no such file"),
    "link to the folder": partial(link, "."),
    "link through a file": partial(link, "python_env.yaml/x/../y"),
    "link to a fifo": partial(link, "pipe"),
}


@pytest.mark.parametrize("make", SPECIAL.values(), ids=SPECIAL)
@pytest.mark.parametrize("file", FILES)
def test_special_files(file: str, make: Callable[[Path], None], model: Path) -> None:
    (model.parent / "outside").write_text("secret: 1\n", encoding="utf-8")
    os.mkfifo(model / "pipe")
    (model / "itself").symlink_to("itself")
    (model / file).unlink(missing_ok=True)
    make(model / file)
    report = check(validate(model))
    assert "secret" not in str(report)
    assert report.findings


def test_special_files_through_the_command(model: Path) -> None:
    for name, make in SPECIAL.items():
        make(model / name)
    for file in FILES[1:]:
        (model / file).unlink(missing_ok=True)
        os.mkfifo(model / file)
    assert command(model)[0] == 1
    (model / "MLmodel").unlink()
    os.mkfifo(model / "MLmodel")
    assert command(model)[0] == 1
    assert command(model / "MLmodel")[0] == 1
    assert command(model.parent, "--recursive")[0] == 1


def test_a_link_outside_is_not_even_looked_at(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = model.parent / "outside"
    outside.mkdir()
    (outside / "file").write_text("secret", encoding="utf-8")
    for name, target in (
        ("a", "../outside/file"),
        ("b", str(outside / "file")),
        ("c", "../outside"),
        ("d", "c/file"),
    ):
        (model / name).symlink_to(target)
    touched: list[str] = []

    def watch(function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(path: Any, *args: Any, **kwargs: Any) -> Any:
            touched.append(os.path.normpath(os.path.join(os.getcwd(), os.fsdecode(path))))
            return function(path, *args, **kwargs)

        return watched

    for name in ("stat", "lstat", "open", "readlink", "scandir"):
        monkeypatch.setattr(os, name, watch(getattr(os, name)))
    report = check(validate(model))
    assert {"MLM014"} <= {finding.rule for finding in report.findings}
    assert not [path for path in touched if path.startswith(str(outside))]


# -- names --------------------------------------------------------------------------------------------

NAMES = [
    b"\xff\xfe",
    b"caf\xe9",
    b"line\nfeed\r\n",
    b"\x1b[2J\x1b[31mred",
    b"\x9b31m\x07",
    "\u202egnp.exe\u200f".encode(),
    "\u2028::error::\u0085".encode(),
    b"::error file=x::y%0A",
    b" ",
    b"-rf",
    b"a\\b",
    b"C:x",
    b"..a",
    b"%2e%2e",
    b"\xed\xa0\x80",
    "\U0001f600\ufeff".encode(),
    b"x" * 255,
]


@pytest.mark.parametrize("format_", ["text", "json", "github"])
@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_names(name: bytes, format_: str, tmp_path: Path) -> None:
    model = make_model(tmp_path / os.fsdecode(name))
    folder = os.fsencode(model)
    os.mkfifo(os.path.join(folder, name))
    os.symlink(b"/" + name, os.path.join(folder, b"l" + name[:200]))
    os.mkdir(os.path.join(folder, b"d" + name[:200]))
    with open(os.path.join(folder, b"d" + name[:200], name), "wb"):
        pass
    os.chmod(os.path.join(folder, b"d" + name[:200], name), 0o666)
    code, output = command(model, "--format", format_, "-v")
    assert code == 0
    if format_ == "json":
        assert {found["rule"] for found in json.loads(output)["models"][0]["findings"]} >= {
            "MLM014",
            "MLM018",
        }
    else:
        assert output.count("MLM014") == output.count("MLM018") == 1
    assert command(f"./{os.fsdecode(name)}/x", "--enclosing", "--format", format_, cwd=tmp_path)[0] == 0
    assert command(tmp_path, "--recursive", "--format", format_)[0] == 0
    assert command("-", cwd=tmp_path, stdin=name.replace(b"\n", b"?") + b"\n")[0] in (0, 2)
    (model / "MLmodel").unlink()
    assert command(model, "--format", format_)[0] == 1
    shutil.rmtree(folder)
    assert command(model, "--format", format_)[0] == 2
    assert command(model, "--format", format_, "--recursive")[0] == 2


@pytest.mark.parametrize(
    "path", [text for text in STRINGS if text] + ["d\u202e", "\udcff", "x" * 300, "x/" * 3000]
)
def test_paths_in_path_keys(path: str, model: Path) -> None:
    data = config()
    data["flavors"]["python_function"].update(
        model_path=path, data=path, code=path, env={"conda": path, "virtualenv": path}
    )
    data["flavors"]["python_function"]["artifacts"] = {"a": {"path": path, "uri": path}}
    data["flavors"]["sklearn"].update(pickled_model=path, code=path)
    data["saved_input_example_info"].update(artifact_path=path, serving_input_path=path)
    (model / "MLmodel").write_bytes(yaml.safe_dump(data, allow_unicode=True).encode("utf-8", "replace"))
    check(validate(model))


# -- what may not be read, and what goes away ---------------------------------------------------------

AS_NOBODY = """
import contextlib, os, sys
from mlmodel.cli.main import main
from mlmodel import validate
validate(sys.argv[1])  # imports what is imported late, while it may be read
with contextlib.suppress(SystemExit):
    main(["validate", "no such folder"])
if os.geteuid() == 0:
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
main(["validate", "--no-config", *sys.argv[2:]], prog_name="mlmodel")
"""


@pytest.fixture
def public_model() -> Iterator[Path]:
    """A model where every user may look."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    model = make_model(folder / "model")
    yield model
    for path in (model, *model.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("mode", [0o000, 0o444, 0o111])
@pytest.mark.parametrize("what", [*FILES[:6], "model.pkl", "code", ".", ".."])
def test_unreadable(what: str, mode: int, public_model: Path) -> None:
    data = config()
    data["flavors"]["python_function"]["code"] = "code"
    (public_model / "MLmodel").write_text(json.dumps(data), encoding="utf-8")
    (public_model / "code").mkdir()
    (public_model / "code" / "a.py").write_text("1", encoding="utf-8")
    target = Path(os.path.normpath(public_model / what))
    before = target.stat().st_mode
    target.chmod(mode)
    warm = (
        make_model(public_model.parent / "warm")
        if what != ".."
        else make_model(Path(tempfile.mkdtemp()) / "warm")
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, warm, public_model],
            check=False,
            capture_output=True,
            encoding="utf-8",
            env=environment(),
            timeout=GENEROUS,
        )
    finally:
        target.chmod(before)
    assert "Traceback" not in done.stderr, done.stderr
    assert "MLM901" not in done.stdout
    readable = mode & 0o444 and target.is_file()
    if what == "..":
        assert done.returncode in (0, 2)  # without x the model is not even there
    elif target.is_dir() and mode:
        assert done.returncode in (0, 3), done.stdout
    else:
        assert done.returncode == (0 if readable else 3), done.stdout
        assert readable or "MLM902" in done.stdout


@pytest.mark.parametrize("then", ["gone", "fifo", "folder", "link", "longer", "empty"])
@pytest.mark.parametrize("file", FILES)
def test_files_that_change_meanwhile(
    file: str, then: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (model / "registered_model_meta").write_text("model_name: a\nmodel_version: '1'\n", encoding="utf-8")
    path, real_open = model / file, os.open

    def change(opened: Any, *args: Any, **kwargs: Any) -> int:
        if os.path.basename(opened) == file and path.is_file():
            path.unlink()
            match then:
                case "fifo":
                    os.mkfifo(path)
                case "folder":
                    path.mkdir()
                case "link":
                    path.symlink_to("/dev/zero")
                case "longer":
                    with real_file(path) as sparse:
                        sparse.truncate(1 << 30)
                case "empty":
                    path.touch()
        return real_open(opened, *args, **kwargs)

    def real_file(path: Path) -> Any:
        return os.fdopen(real_open(path, os.O_WRONLY | os.O_CREAT), "wb")

    monkeypatch.setattr(os, "open", change)
    report = check(validate(model))
    if then in ("gone", "fifo", "folder", "link"):
        assert report.verdict is Verdict.UNJUDGED


@pytest.mark.parametrize("call", range(0, 40, 3))
@pytest.mark.parametrize("then", ["gone", "file"])
def test_a_folder_that_goes_away_meanwhile(
    call: int, then: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def watch(function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(path: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            if str(path).startswith(str(model)):
                calls += 1
                if calls == call + 1:
                    with monkeypatch.context() as context:
                        context.undo()
                        model.rename(model.parent / "elsewhere")
                        if then == "file":
                            model.touch()
            return function(path, *args, **kwargs)

        return watched

    for name in ("stat", "lstat", "open", "readlink", "scandir"):
        monkeypatch.setattr(os, name, watch(getattr(os, name)))
    try:
        check(validate(model))
    except NotADirectoryError:
        assert call == 0


def test_a_current_folder_that_is_gone(tmp_path: Path) -> None:
    code = (
        "import os, sys; from mlmodel.cli.main import main; os.chdir(sys.argv[1]); os.rmdir(sys.argv[1]);"
        " main(['validate', '.'], prog_name='mlmodel')"
    )
    (tmp_path / "x").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "x"],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=GENEROUS,
    )
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stderr


# -- what is given to the command ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0",
        b"\xff",
        b"[" * 10_000,
        b"x = " + b"[" * 10_000,
        b"tool = 1",
        b"[tool]\nmlmodel = 1",
        b"[tool.mlmodel]\njobs = " + b"9" * 5000,
        b"[tool.mlmodel]\nselect = [1]",
        b"[tool.mlmodel]\nseverity = {MLM001 = 2001-01-01}",
        b'[tool.mlmodel.per-path-ignores]\n"' + b"*a" * 200 + b'" = ["MLM001"]',
        b'[tool.mlmodel]\n"\\u001b[31m" = 1',
    ],
    ids=lambda text: repr(text[:30]),
)
def test_configuration(text: bytes, model: Path) -> None:
    (model / "pyproject.toml").write_bytes(text + b"\n# tool.mlmodel\n")
    done = subprocess.run(
        [sys.executable, "-c", "from mlmodel.cli.main import main; main()", "validate", "."],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=model,
        env=environment(),
        timeout=GENEROUS,
    )
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr
    assert not CONTROL.search(done.stderr)


def test_reading_what_is_closed(model: Path) -> None:
    ATTACKS["unknown_flavor_keys"](model)
    child = subprocess.Popen(
        [sys.executable, "-m", "mlmodel", "validate", "--no-config", model, model, model],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert child.stdout
    child.stdout.close()
    _, errors = child.communicate(timeout=GENEROUS)
    assert b"Traceback" not in errors


def test_odd_keys_are_found(model: Path) -> None:
    properties = {"": {"type": "a"}, "0": {"type": "b"}, "01": {"type": "c"}, "a/b": {"": {}, "type": "d"}}
    data = config()
    data["signature"]["inputs"] = json.dumps([{"name": "x", "type": "object", "properties": properties}])
    data["flavors"]["python_function"]["artifacts"] = {"0": {"path": 1}, "": {"path": 2}}
    (model / "MLmodel").write_text(yaml.safe_dump(data), encoding="utf-8")
    found = {finding.location.pointer for finding in check(validate(model)).findings}
    place = "/signature/inputs/0/properties"
    assert found >= {f"{place}//type", f"{place}/0/type", place, f"{place}/a~1b/type"}
