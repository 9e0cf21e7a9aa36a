"""Models at addresses: judged as their folders are, and a server that lies, stalls or refuses ends in one line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest

from mlmodel import MlmodelError, Options, Verdict, describe, validate
from mlmodel.conformance import suite
from mlmodel.inspection import inspect
from mlmodel.pickles.__main__ import main as scan
from mlmodel.sources import discovery
from mlmodel.sources.addresses import is_address, scrubbed, shown
from mlmodel.sources.base import UnopenedError
from mlmodel.sources.opening import open_source
from mlmodel.sources.ranges import BLOCK, RangedBytes
from mlmodel.sources.remote import http_store, store
from tests.cli.in_process import mlmodel
from tests.overlay import make_model
from tests.sources.carried import is_carried, said
from tests.sources.servers import Files, serving

CASES = [case for case in suite.cases() if "validate" in case.expect and Path(case.model).is_dir()]


def in_memory(model: Path, name: str) -> str:
    """The address of a copy of a folder in memory."""
    files = fsspec.filesystem("memory")
    for path in model.rglob("*"):
        if path.is_file():
            files.pipe(f"/{name}/{path.relative_to(model).as_posix()}", path.read_bytes())
    return f"memory://{name}"


@pytest.fixture(autouse=True)
def _empty_memory() -> Iterator[None]:
    yield
    fsspec.filesystem("memory").store.clear()


# -- what is in it ---------------------------------------------------------------------------------------


def test_the_suite_is_judged_the_same() -> None:
    """Every twentieth case; the others are in the marked tests."""
    chosen = [case for case in CASES[::20] if is_carried(Path(case.model))]
    assert len(chosen) > 20
    for number, case in enumerate(chosen):
        expected = validate(case.model)
        report = validate(in_memory(Path(case.model), f"case{number}"))
        assert (said(report), report.verdict) == (said(expected), expected.verdict), case.id


def test_everything_takes_an_address(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    address = in_memory(model, "models/one")
    assert describe(address) == describe(model)
    assert list(inspect(address)) == list(inspect(model))
    assert list(inspect(f"{address}/model.pkl")) == list(inspect(model / "model.pkl"))
    assert mlmodel("validate", address).stdout == "1 model, valid\n"
    assert mlmodel("validate", f"{address}/MLmodel").stdout == "1 model, valid\n"
    described = mlmodel("describe", address)
    assert (described.status, described.stdout) == (0, mlmodel("describe", str(model)).stdout)
    compatible = mlmodel("compat", address)
    assert compatible.status == 0
    assert compatible.stdout.startswith(f"{address}: ")
    assert mlmodel("inspect", address).stdout == mlmodel("inspect", str(model)).stdout


def test_a_single_file_is_scanned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = make_model(tmp_path / "model")
    (model / "model.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    address = in_memory(model, "scanned")
    assert scan([f"{address}/model.pkl"]) == 1
    assert capsys.readouterr().out.startswith(f"{address}/model.pkl: byte 21: executes: ")
    assert scan([f"{address}/none.pkl"]) == 3
    assert (
        capsys.readouterr().out
        == f"{address}/none.pkl: cannot be read: {address}/none.pkl: there is nothing at this address\n"
    )


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_an_archive_at_an_address(ending: str, tmp_path: Path) -> None:
    model = make_model(tmp_path / "top" / "model")
    (model / "model.pkl").write_bytes(b"not a pickle")
    form = {"zip": "zip", "tar": "tar", "tar.gz": "gztar"}[ending]
    packed = shutil.make_archive(str(tmp_path / "packed"), form, tmp_path / "top")
    fsspec.filesystem("memory").pipe(f"/a.{ending}", Path(packed).read_bytes())
    report, expected = validate(f"memory://a.{ending}"), validate(model)
    assert (said(report), report.verdict) == (said(expected), expected.verdict)
    assert describe(f"memory://a.{ending}") == describe(model)


def test_models_below_an_address_are_found_lazily(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    for name in ("a", "b/c", "b/c/inner", ".venv/x", "skipped/x"):
        in_memory(model, f"all/{name}")
    for name in ("MLmodel", "conda.yaml"):
        fsspec.filesystem("memory").pipe(f"/all/a/metadata/{name}", (model / name).read_bytes())
    from mlmodel.sources.exclusion import Exclusion

    found = list(discovery.below(["memory://all"], Exclusion(["skipped/"])))
    assert found == ["memory://all/a", "memory://all/b/c", "memory://all/b/c/inner"]
    result = mlmodel("validate", "--recursive", "memory://all", "--exclude", "skipped/")
    assert (result.stdout + result.stderr) == "3 models, valid\n"


def test_what_is_listed_tells_whether_a_model_changed(tmp_path: Path) -> None:
    with serving(Files, tmp_path) as server:
        make_model(tmp_path / "model")
        before = open_source(f"{server.address}/model").fingerprint()
        assert before is not None
        assert open_source(f"{server.address}/model").fingerprint() == before
        os.utime(tmp_path / "model" / "model.pkl", (1, 1))
        assert open_source(f"{server.address}/model").fingerprint() != before


def test_loading_fetches_what_it_must(tmp_path: Path) -> None:
    from tests.runtime import tiny

    model = tiny.model(tmp_path / "model")
    python = tiny.environment(tmp_path / "env")
    address = in_memory(model, "loaded")
    for place in (address, shutil.make_archive(str(tmp_path / "packed"), "gztar", model)):
        before = set(os.listdir(tempfile_folder()))
        result = mlmodel(
            "validate",
            "--load=current",
            "--python",
            python,
            "--allow-weak-sandbox",
            place,
            "--format",
            "json",
        )
        assert '"outcome": "predicted"' in (result.stdout + result.stderr) or '"outcome": "loaded"' in (
            result.stdout + result.stderr
        ), result.stdout + result.stderr
        assert not [name for name in set(os.listdir(tempfile_folder())) - before if name.endswith(".scratch")]


def tempfile_folder() -> str:
    import tempfile

    return tempfile.gettempdir()


# -- web servers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ranges", [True, False])
def test_a_web_server_with_index_pages(ranges: bool, tmp_path: Path) -> None:
    model = make_model(tmp_path / "models" / "a model")
    (model / "big.bin").write_bytes(os.urandom(3 << 20))
    with serving(Files, tmp_path, ranges=ranges) as server:
        assert describe(f"{server.address}/models/a%20model") == describe(model)
        report = validate(f"{server.address}/models/a%20model/")
        assert said(report) == said(validate(model))
        assert list(discovery.below([f"{server.address}/models"])) == [f"{server.address}/models/a%20model"]
        assert describe(f"{server.address}/models/a model") == describe(model)


def test_an_archive_on_a_web_server_is_read_by_ranges(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for path in model.rglob("*"):
            archive.write(path, path.relative_to(model).as_posix())
        archive.writestr("weights.bin", os.urandom(8 << 20))
    with serving(Files, tmp_path) as server:
        assert validate(f"{server.address}/m.zip?signature=secret").verdict is Verdict.VALID
        assert server.sent < 4 << 20


def test_ranges_grow_only_where_a_file_is_read_on_and_on() -> None:
    content = os.urandom(BLOCK * 64)
    asked: list[int] = []

    def fetch(start: int, size: int) -> bytes:
        asked.append(size // BLOCK)
        return content[start : start + size]

    data = RangedBytes(len(content), fetch, 16)
    assert bytes(data[at] for at in range(0, BLOCK * 40, BLOCK)) == content[0 : BLOCK * 40 : BLOCK]
    assert asked == [1, 2, 4, 8, 16, 16]
    asked.clear()
    assert (data[BLOCK * 60], data[BLOCK * 50]) == (content[BLOCK * 60], content[BLOCK * 50])
    assert asked == [1, 1]


# -- hostile servers -------------------------------------------------------------------------------------

Attack = Callable[["Hostile"], None]


class Hostile(Files):
    """A server that does something else, from its second minute or for some of its files."""

    attack: Attack
    about = "model.pkl"
    """The end of the paths that are answered wrongly; empty for all."""

    def respond(self, *, body: bool) -> None:
        if self.path.partition("?")[0].endswith(self.about):
            type(self).attack(self)
            self.close_connection = True
        else:
            super().respond(body=body)


def answered(status: int, content: bytes = b"", **headers: str) -> Attack:
    def attack(handler: Hostile) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(content)), "Connection": "close", **headers}.items():
            if value:
                handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return attack


def stalls(handler: Hostile) -> None:
    time.sleep(3)


def drips(handler: Hostile) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(60):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def never_ends(handler: Hostile) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(64):
        handler.wfile.write(b"\0" * (1 << 20))


def part(total: str, content: bytes = b"x" * 100, start: int = 0) -> Attack:
    return answered(206, content, Content_Range=f"bytes {start}-{start + len(content) - 1}/{total}")


ATTACKS: dict[str, tuple[Attack, str]] = {
    "stalls": (stalls, "does not answer in time"),
    "drips": (drips, "does not answer in time"),
    "claims a terabyte and drops": (answered(200, b"x" * 100, Content_Length=str(1 << 40)), "ends too early"),
    "claims more than it sends": (part("9000"), "where it said that there are"),
    "never ends": (never_ends, "does not say how long it is"),
    "is compressed": (answered(200, b"\x1f\x8b" * 50, Content_Encoding="gzip"), "sends it compressed"),
    "redirects to a file": (answered(302, Location="file:///etc/passwd"), "redirects to another scheme"),
    "redirects for ever": (
        lambda handler: answered(302, Location=handler.path)(handler),
        "redirects more than",
    ),
    "refuses": (answered(403), "access is refused (status 403)"),
    "is broken": (answered(503), "answers with status 503"),
    "has no such status": (answered(299), "answers with status 299"),
    "drops": (lambda handler: handler.connection.close(), "ends too early"),
}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(http_store, "PAUSE", 0.01)
    return monkeypatch


@pytest.mark.parametrize("where", ["model.pkl", "model/"])
@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_server_is_not_blamed_on_the_model(
    name: str, where: str, tmp_path: Path, hurried: pytest.MonkeyPatch
) -> None:
    make_model(tmp_path / "model")
    if name in ("stalls", "drips"):
        hurried.setattr(store, "ANSWER", 1.0)
        hurried.setattr(http_store, "ANSWER", 0.8)
    attack, expected = ATTACKS[name]
    if where == "model/":  # the page is no file
        changed = {"never ends": "lists no files", "claims more than it sends": "lists no files"}
        expected = changed.get(name, expected)
    handler = type("One", (Hostile,), {"attack": staticmethod(attack), "about": where})
    with serving(handler, tmp_path) as server:
        started = time.monotonic()
        report = validate(f"{server.address}/model")
        seconds = time.monotonic() - started
    assert report.verdict is Verdict.UNJUDGED
    assert [finding.rule for finding in report.findings] == ["MLM902"]
    assert expected in report.findings[0].message
    assert "\n" not in report.findings[0].message
    assert seconds < 20


@pytest.mark.usefixtures("hurried")
def test_a_server_that_drops_half_way(tmp_path: Path) -> None:
    """What was found before says nothing of the model."""
    model = make_model(tmp_path / "model")
    (model / "requirements.txt").write_text("mlflow==1.0\n===\n", encoding="utf-8")
    (model / "model.pkl").write_bytes(b"\x80\x04" + b"]" * (4 << 20))

    class Half(Files):
        def file(self, path: Path, *, body: bool) -> None:
            if path.name == "model.pkl" and "bytes=0-" not in self.headers.get("Range", ""):
                self.close_connection = True
                self.connection.close()
            else:
                super().file(path, body=body)

    with serving(Half, tmp_path) as server:
        report = validate(f"{server.address}/model")
    assert report.verdict is Verdict.UNJUDGED
    assert [finding.rule for finding in report.findings] == ["MLM902"]


@pytest.mark.usefixtures("hurried")
def test_a_file_that_changes_its_length(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "model.pkl").write_bytes(b"\x80\x04" + b"]" * (1 << 20))

    class Changing(Files):
        def file(self, path: Path, *, body: bool) -> None:
            if path.name == "model.pkl":
                with path.open("ab") as file:
                    file.write(b"more")
            super().file(path, body=body)

    with serving(Changing, tmp_path) as server:
        report = validate(f"{server.address}/model")
    assert report.verdict is Verdict.UNJUDGED
    assert "said 1,048,582 before" in report.findings[0].message


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_an_archive_that_claims_a_terabyte(ending: str, tmp_path: Path) -> None:
    class Claiming(Files):
        def respond(self, *, body: bool) -> None:  # noqa: ARG002
            start, _, end = self.headers["Range"].removeprefix("bytes=").partition("-")
            content = bytes(int(end) + 1 - int(start))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end}/{1 << 40}")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with serving(Claiming, tmp_path) as server:
        started = time.monotonic()
        tracemalloc.start()
        report = validate(f"{server.address}/m.{ending}")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        seconds = time.monotonic() - started
    assert report.verdict is not Verdict.VALID
    assert len(report.findings) == 1
    assert seconds < 20
    assert peak < 64 << 20


def test_all_answers_together_have_their_time(tmp_path: Path, hurried: pytest.MonkeyPatch) -> None:
    model = make_model(tmp_path / "model")
    for number in range(20):
        (model / f"model{number}.pkl").write_bytes(b"\x80\x04" + b"]" * (1 << 17))

    class Slow(Files):
        def file(self, path: Path, *, body: bool) -> None:
            time.sleep(0.05)
            super().file(path, body=body)

    hurried.setattr(store, "PATIENCE", 0.2)
    hurried.setattr(store, "RATE", 1 << 40)
    with serving(Slow, tmp_path) as server:
        report = validate(f"{server.address}/model")
    assert report.verdict is Verdict.UNJUDGED
    assert [finding.rule for finding in report.findings] == ["MLM902"]
    assert "its answers took more than" in report.findings[0].message


def test_links_of_an_index_page_stay_below_it(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    names = "".join(f'<a href="{path.name}">x</a>' for path in model.iterdir())
    page = (
        f'{names}<a href="../secret">x</a><a href="%2e%2e/x">x</a><a href="//127.0.0.2/model/x">x</a>'
        '<a href="a%2Fb">x</a><a href="?C=N">x</a><a href="file:///etc/passwd">x</a><a href="http://[x">x</a><a href="/model/">x</a>'
    )

    class Paged(Files):
        def folder(self, path: Path, *, body: bool) -> None:  # noqa: ARG002
            self.say(200, page.encode(), "text/html")

    with serving(Paged, tmp_path) as server:
        source = open_source(f"{server.address}/model")
        assert set(source.entries) == {path.name for path in model.iterdir()}


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("application/json", b"{}", "lists no files there"),
        ("text/html", b"<a href='docs.html'>welcome</a>", "links to no MLmodel file"),
    ],
)
def test_a_page_that_is_no_index(kind: str, content: bytes, expected: str, tmp_path: Path) -> None:
    class Page(Files):
        def respond(self, *, body: bool) -> None:  # noqa: ARG002
            self.say(200, content, kind)

    with serving(Page, tmp_path) as server, pytest.raises(UnopenedError, match=expected):
        open_source(f"{server.address}/model")


# -- addresses -------------------------------------------------------------------------------------------


def test_what_is_an_address() -> None:
    for text in (
        "s3://b/k",
        "HTTPS://h/x",
        "runs:/1/m",
        "models:/a@b",
        "mlflow-artifacts:/x",
        "file:/x",
        "memory://x",
    ):
        assert is_address(text), text
    for text in ("C:/models", "C:\\models", "s3:/b", "a/b", "./s3://b", "model", "", "://x", "c:/x/http://y"):
        assert not is_address(text), text


def test_what_is_secret_is_not_shown() -> None:
    assert shown("https://me:word@host/m.zip?X-Amz-Signature=abc#x") == "https://host/m.zip"
    assert shown("s3://bucket/key") == "s3://bucket/key"
    assert (
        shown("abfs://container@account.dfs.core.windows.net/x")
        == "abfs://container@account.dfs.core.windows.net/x"
    )
    text = "GET https://me:word@host/x?sig=abc failed\nfor url: /x?token=abc"
    assert scrubbed(text) == "GET https://host/x failed for url: /x"


def test_values_of_credentials_are_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "open sesame")
    assert scrubbed("wrong password: open sesame") == "wrong password: ***"


def test_an_address_is_one_in_sarif(tmp_path: Path) -> None:
    address = in_memory(make_model(tmp_path / "model"), "a model")
    fsspec.filesystem("memory").rm("/a model/model.pkl")
    found = json.loads(mlmodel("validate", address, "--format", "sarif").stdout)["runs"][0]["results"][0]
    place = found["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "memory://a%20model/MLmodel"}


def test_credentials_are_in_no_output(tmp_path: Path) -> None:
    make_model(tmp_path / "model")
    (tmp_path / "model" / "model.pkl").unlink()
    with serving(Files, tmp_path) as server:
        address = server.address.replace("//", "//me:hunter2@") + "/model"
        for form in ("text", "json", "sarif", "html", "markdown", "junit", "github", "gitlab"):
            result = mlmodel("validate", address, "--format", form)
            assert result.status == 1
            assert "hunter2" not in (result.stdout + result.stderr)
            if form in ("text", "json", "markdown"):
                assert f"{server.address}/model" in result.stdout


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("nothing://x/y", "Protocol not known: nothing"),
        ("gs://bucket/x", "gs:// needs gcsfs: pip install gcsfs"),
        ("simplecache::memory://x", "does not exist"),
        ("memory://x::zip://y", "chained and cached file systems are not read"),
        ("filecache://x/y", "chained and cached file systems are not read"),
        ("models:/name", "names no version"),
        ("s3://", "s3:// names no bucket"),
        ("https:///x", "names no host"),
        ("http://[::1/x", "Invalid IPv6 URL"),
        ("models:/", "is incomplete"),
        ("file:///no/such/folder", "does not exist"),
    ],
)
def test_a_wrong_address_is_said_before_any_work(address: str, expected: str) -> None:
    result = mlmodel("validate", address)
    assert result.status == 2
    assert expected in (result.stdout + result.stderr)
    assert (
        len([line for line in (result.stdout + result.stderr).splitlines() if line.startswith("Error: ")])
        == 1
    )


@pytest.mark.parametrize(
    "arguments",
    [("validate", "--watch"), ("validate", "--diff", "main"), ("validate", "--enclosing"), ("fix",)],
)
def test_what_needs_a_folder_says_so(arguments: tuple[str, ...]) -> None:
    result = mlmodel(*arguments, "memory://x")
    assert result.status == 2
    assert "address" in (result.stdout + result.stderr)


def test_a_file_at_an_address_is_no_model(tmp_path: Path) -> None:
    address = in_memory(make_model(tmp_path / "model"), "one") + "/model.pkl"
    report = validate(address)
    assert report.verdict is Verdict.UNJUDGED
    assert report.findings[0].message.startswith(f"{address}: it is a file, and neither")


def test_nothing_at_an_address() -> None:
    for address in ("memory://none", "memory://none.zip", "http://127.0.0.1:9/x"):
        report = validate(address)
        assert report.verdict is Verdict.UNJUDGED
        assert [(finding.rule, finding.location.file) for finding in report.findings] == [("MLM902", None)]
        assert report.findings[0].message.startswith(address)
    assert mlmodel("validate", "memory://none").status == 3
    assert mlmodel("describe", "memory://none").status == 3
    assert mlmodel("inspect", "memory://none").status == 3
    assert mlmodel("compat", "memory://none").status == 3


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("fsspec", "aiohttp", "s3fs", "mlflow"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
from mlmodel import validate, MlmodelError
for address in ("s3://b/k", "https://h/x", "models:/a/1", "memory://x"):
    try:
        validate(address)
    except MlmodelError as error:
        print(error)
"""


def test_without_the_extra_one_line_names_it() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], check=True, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert [("mlmodel[mlflow]" if "MLflow" in line else "mlmodel[remote]") in line for line in lines] == [
        True
    ] * 4


def test_a_local_folder_imports_nothing_of_it(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    code = (
        "import sys; from mlmodel.cli.validate import command; command([sys.argv[1]], standalone_mode=False);"
        "print([name for name in sys.modules if name.startswith(('mlmodel.sources.remote', 'mlmodel.sources.addresses', 'fsspec', 'aiohttp'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(model)], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_names_that_no_folder_can_have(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    address = in_memory(model, "odd")
    fsspec.filesystem("memory").pipe("/odd/a/../b", b"x")
    report = validate(address)
    assert report.verdict is Verdict.INVALID
    assert {finding.rule for finding in report.findings} == {"MLM038"}


def test_an_error_of_the_base_class_is_public() -> None:
    with pytest.raises(MlmodelError, match="Protocol not known"):
        validate("nothing://x/y", Options())
