"""The same verdict and findings wherever a model is, from real servers, and by how few bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import fsspec
import pytest

from mlmodel import Verdict, describe, validate
from mlmodel.conformance import suite
from mlmodel.sources import discovery
from mlmodel.sources.remote import store
from tests import environments
from tests.command import ROOT
from tests.overlay import make_model
from tests.sources.carried import NOT_CARRIED, is_carried, said
from tests.sources.large import joblib_model, torch_model
from tests.sources.servers import Files, Objects, serving

CASES = [case for case in suite.cases() if "validate" in case.expect and Path(case.model).is_dir()]
CLIENT = (
    "click>=8.1",
    "jsonschema-rs>=0.40",
    "packaging>=22",
    "pathspec>=0.12",
    "PyYAML>=6.0.3",
    "aiohttp>=3.10",
    "fsspec>=2024.6",
    "s3fs>=2024.6",
)


CARRIED = [Path(case.model) for case in CASES if is_carried(Path(case.model))]


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "open sesame")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    yield monkeypatch
    fsspec.get_filesystem_class("s3").clear_instance_cache()


@pytest.fixture
def s3(credentials: pytest.MonkeyPatch) -> Iterator[Any]:
    """moto's S3 server, and what it keeps."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        credentials.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        from moto.s3.models import s3_backends

        backend = s3_backends["123456789012"]["aws"]  # of the server, which runs in this process
        backend.reset()
        backend.create_bucket("models", "us-east-1")
        yield backend
    finally:
        server.stop()


def uploaded(client: Any, model: Path, prefix: str) -> str:
    for path in model.rglob("*"):
        if path.is_file():
            client.put_object("models", f"{prefix}/{path.relative_to(model).as_posix()}", path.read_bytes())
    return f"s3://models/{prefix}"


def packed(model: Path, target: Path, form: str) -> Path:
    path = target.with_name(f"{target.name}.{form}")
    if form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(model.rglob("*")):
                archive.write(file, f"model/{file.relative_to(model).as_posix()}")
    else:
        with tarfile.open(path, "w:gz") as archive:
            archive.add(model, "model")
    return path


def compare(models: list[Path], client: Any, tmp_path: Path) -> None:
    with serving(Files, tmp_path) as web:
        for number, model in enumerate(models):
            expected = validate(model)
            copy = shutil.copytree(model, tmp_path / f"copy{number}")
            forms = {
                "zip": str(packed(model, tmp_path / str(number), "zip")),
                "tar.gz": str(packed(model, tmp_path / str(number), "tar.gz")),
                "s3": uploaded(client, model, f"case{number}"),
                "http": f"{web.address}/copy{number}",
                "zip, http": f"{web.address}/{number}.zip",
            }
            for form, address in forms.items():
                report = validate(address)
                assert (said(report), report.verdict) == (said(expected), expected.verdict), (
                    form,
                    str(model),
                )
            shutil.rmtree(copy)


@pytest.mark.slow
def test_the_suite_is_judged_the_same_everywhere(s3: Any, tmp_path: Path) -> None:
    """Every thirtieth case; all of them by night."""
    assert len(CARRIED) > 400
    compare(CARRIED[::30], s3, tmp_path)


@pytest.mark.nightly
def test_the_whole_suite_is_judged_the_same_everywhere(s3: Any, tmp_path: Path) -> None:
    compare(CARRIED, s3, tmp_path)


@pytest.mark.slow
def test_a_store_of_many_models(s3: Any, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    names = [f"all/m{number:04}" for number in range(1200)]
    body = (model / "MLmodel").read_bytes()
    for name in names:
        s3.put_object("models", f"{name}/MLmodel", body)
    s3.put_object("models", "all/m0000/metadata/MLmodel", body)
    assert list(discovery.below(["s3://models/all"])) == [f"s3://models/{name}" for name in names]
    address = uploaded(s3, model, "one")
    assert describe(address) == describe(model)
    report = validate("s3://no-such-bucket/x")
    assert (report.verdict, [finding.rule for finding in report.findings]) == (Verdict.UNJUDGED, ["MLM902"])


@pytest.mark.slow
def test_several_processes_ask_a_store(s3: Any, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    for number in range(40):
        uploaded(s3, model, f"all/{number:02}")
    command = [sys.executable, "-m", "mlmodel", "validate", "-r", "-j", "2", "s3://models/all"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "40 models, valid\n")


@pytest.mark.slow
@pytest.mark.parametrize("form", [joblib_model, torch_model])
@pytest.mark.parametrize("kind", ["s3", "http"])
def test_a_large_model_is_judged_by_few_bytes(
    kind: str, form: Callable[[Path, int], Path], tmp_path: Path, credentials: pytest.MonkeyPatch
) -> None:
    size = 1 << 31
    model = form(tmp_path / "bucket" / "model", size)
    with serving(Objects if kind == "s3" else Files, tmp_path) as server:
        credentials.setenv("AWS_ENDPOINT_URL", server.address)
        report = validate("s3://bucket/model" if kind == "s3" else f"{server.address}/bucket/model")
        assert (said(report), report.verdict) == (said(validate(model)), Verdict.VALID)
        assert size < sum(path.stat().st_size for path in model.iterdir())
        assert server.sent < size / 100


# -- a store that does not do what it should -------------------------------------------------------------


class Refusing(Objects):
    def respond(self, *, body: bool) -> None:
        text = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.say(403, text, "application/xml", body=body)


class Stalling(Objects):
    def respond(self, *, body: bool) -> None:  # noqa: ARG002
        self.server.requests.append((self.command, self.path, None))
        time.sleep(3)


class Claiming(Objects):
    """It sends a gibibyte, whatever it is asked for."""

    def file(self, path: Path, *, body: bool) -> None:  # noqa: ARG002
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 30))
        self.end_headers()
        self.close_connection = True
        for _ in range(1 << 10):
            self.wfile.write(bytes(1 << 20))


class Dropping(Objects):
    def file(self, path: Path, *, body: bool) -> None:  # noqa: ARG002
        size = path.stat().st_size
        self.send_response(206)
        self.send_header("Content-Range", f"bytes 0-{size - 1}/{size}")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(b"x")
        self.close_connection = True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (Refusing, "access is refused: Access Denied"),
        (Stalling, "does not answer in time"),
        (Claiming, "the server sends 1073741824 bytes where it said that there are"),
        (Dropping, "the connection ends too early"),
    ],
)
def test_a_store_that_fails_is_not_blamed_on_the_model(
    handler: type[Objects], expected: str, tmp_path: Path, credentials: pytest.MonkeyPatch
) -> None:
    make_model(tmp_path / "bucket" / "model")
    credentials.setattr(store, "ANSWER", 1.5)
    with serving(handler, tmp_path) as server:
        credentials.setenv("AWS_ENDPOINT_URL", server.address)
        report = validate("s3://bucket/model")
    assert report.verdict is Verdict.UNJUDGED
    assert [finding.rule for finding in report.findings] == ["MLM902"]
    assert expected in report.findings[0].message
    assert "sesame" not in str(report)


class Redirecting(Files):
    """It sends everybody to another server."""

    elsewhere = ""

    def respond(self, *, body: bool) -> None:  # noqa: ARG002
        self.send_response(302)
        self.send_header("Location", f"{self.elsewhere}{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.mark.slow
def test_a_redirect_from_https_to_http_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_model(tmp_path / "model")
    certificate(tmp_path / "certificate.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem")
    monkeypatch.setitem(fsspec.config.conf, "https", {"ssl": False})
    with serving(Files, tmp_path) as plain:
        handler = type("One", (Redirecting,), {"elsewhere": plain.address})
        with serving(handler, tmp_path) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            report = validate(f"{server.address.replace('http:', 'https:')}/model")
    fsspec.get_filesystem_class("https").clear_instance_cache()
    assert report.verdict is Verdict.UNJUDGED
    assert "the server redirects from https to http" in report.findings[0].message


def certificate(path: Path) -> None:
    """A certificate that signs itself, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    form = serialization.PrivateFormat.PKCS8
    text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.write_bytes(text + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


@pytest.mark.slow
def test_an_interrupt_ends_the_wait(tmp_path: Path, credentials: pytest.MonkeyPatch) -> None:
    with serving(Stalling, tmp_path) as server:
        credentials.setenv("AWS_ENDPOINT_URL", server.address)
        process = subprocess.Popen([sys.executable, "-m", "mlmodel", "validate", "s3://bucket/model"])
        deadline = time.monotonic() + 60
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.1)
            if process.poll() is not None:
                break
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


# -- MLflow ----------------------------------------------------------------------------------------------


def server_of(release: str) -> str:
    """An interpreter with MLflow and what its server needs."""
    if release == environments.NEWEST:
        return environments.interpreter(release)
    return environments.release_with(f"server-{release}", release, "sqlalchemy<2.1")


@contextmanager
def tracking(release: str, folder: Path) -> Iterator[str]:
    """``mlflow server`` with a database and proxied artifacts; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(
            server_of(release),
            "-W",
            "ignore",
            "-m",
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ),
        *(
            "--workers",
            "1",
            "--backend-store-uri",
            f"sqlite:///{folder}/registry.db",
            "--artifacts-destination",
            str(folder / "artifacts"),
        ),
    ]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=variables, stdout=log, stderr=log, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{address}/health", timeout=5).close()  # noqa: S310
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()[-3000:]
                assert time.monotonic() < deadline, (folder / "log").read_text()[-3000:]
                time.sleep(0.2)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(120)


def told_by_client(folder: Path, environment: dict[str, str], code: str, *arguments: str) -> str:
    """What a script prints that uses the client of the newest release, in a folder."""
    done = subprocess.run(
        [environments.interpreter(environments.NEWEST), "-W", "ignore", "-c", code, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


RELEASES = pytest.mark.parametrize(
    ("release", "client"), [("2.22.5", "2.22.5"), (environments.NEWEST, "3.17.2")]
)


@pytest.mark.mlflow
@RELEASES
def test_the_addresses_of_mlflow(release: str, client: str, tmp_path: Path) -> None:
    """Every thirtieth case as a model version, and every form of address, from a server with proxied artifacts."""
    hard = [
        ROOT / "conformance" / "cases" / "rules" / name / "model"
        for name in (
            "MLM010-file-empty-bad",  # its length is not said
            "MLM008-referenced-path-kind-bad",  # a folder with one file of its own name
        )
    ]
    registered(release, client, [*CARRIED[::30], *hard], tmp_path)


@pytest.mark.nightly
@RELEASES
def test_the_whole_suite_is_judged_the_same_in_a_registry(release: str, client: str, tmp_path: Path) -> None:
    registered(release, client, CARRIED, tmp_path)


def registered(release: str, client: str, cases: list[Path], tmp_path: Path) -> None:
    python = environments.environment(f"client-{client}", (f"mlflow-skinny=={client}", *CLIENT))
    (tmp_path / "artifacts").mkdir()
    # MLflow's client takes what it lists for quoted.
    carried = [case for case in cases if not any("%" in path.name for path in case.rglob("*"))]
    models = [make_model(tmp_path / "sound"), *carried]
    with tracking(release, tmp_path) as address:
        done = subprocess.run(
            [
                *(python, "-W", "ignore", str(Path(__file__).with_name("asking.py"))),
                *(json.dumps([str(model) for model in models]), str(tmp_path / "artifacts")),
                *(["logged"] if client.startswith("3.") else []),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "validator"),
                "MLFLOW_TRACKING_URI": address.replace("//", "//ann:sesame@"),
            },
        )
        assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert "sesame" not in done.stdout
    for model in models:
        result = found.pop(str(model))
        # In the client's environment: what libraries say differs by their versions.
        kept, local = (
            [one for one in result[key] if one[0] not in NOT_CARRIED] for key in ("findings", "local")
        )
        assert (result["verdict"], kept) == (validate(model).verdict.label, local), str(model)
    for name, result in found.items():
        if "described" in result:
            assert (result["verdict"], result["described"]) == ("valid", True), (name, result)
        else:
            assert (result["verdict"], [one[0] for one in result["findings"]]) == ("unjudged", ["MLM902"]), (
                name,
                result,
            )
    assert len(found) == (13 if client.startswith("3.") else 10)
