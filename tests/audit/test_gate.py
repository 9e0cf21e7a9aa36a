"""The gate: what it takes of webhooks, what it refuses, and a whole run beside a real ``mlflow server``."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
import uvicorn

from mlmodel.audit import gate as gates
from mlmodel.audit.gate import Gate, application
from mlmodel.audit.subjects import SourceError, WhereError
from mlmodel.audit.webhooks import Envelope, RefusedError, Version, audited_version, sign, verified
from tests.cli.in_process import here, mlmodel
from tests.command import ROOT
from tests.environments import NEWEST, interpreter
from tests.overlay import apply, make_model
from tests.sources.test_stores import told_by_client, tracking

__all__ = ["here"]

SECRET = b"open sesame"
ROW = {"verdict": "valid", "errors": 0, "warnings": 1, "infos": 0}


def event(
    name: Any = "a", version: Any = "1", entity: str = "model_version", action: str = "created", **more: Any
) -> bytes:
    data = {"name": name, "version": version, "source": "s3://user:word@bucket/key"}
    return json.dumps({"entity": entity, "action": action, "data": data, **more}).encode()


def headers(body: bytes, id_: str = "d-1", seconds: int = 1000, secret: bytes = SECRET) -> dict[str, str]:
    return {
        "x-mlflow-delivery-id": id_,
        "x-mlflow-timestamp": str(seconds),
        "x-mlflow-signature": sign(secret, Envelope(id_, seconds), body).decode(),
    }


def refused(function: Callable[..., object], *given: Any) -> tuple[int, str]:
    with pytest.raises(RefusedError) as caught:
        function(*given)
    assert "sesame" not in str(caught.value)
    return caught.value.status, caught.value.reason


# -- deliveries ----------------------------------------------------------------------------------------


def test_the_signature_is_that_of_mlflow() -> None:
    # Made by mlflow.webhooks.delivery._generate_hmac_signature of MLflow 3.18.0.
    assert (
        sign(b"secret", Envelope("0b8a-1", 1700000000), b'{"a": "\xc3\xa9"}')
        == b"v1,zRE9n5e7ygppnENhVmgb+embZe2pPwqAFr+/x6D383I="
    )


def test_what_a_holder_of_the_secret_has_sent_now() -> None:
    body = event()

    def check(given: dict[str, str], now: float = 1000, sent: bytes = body) -> Envelope:
        return verified(given, sent, [b"other", SECRET], now, 300)

    good = headers(body)
    assert check(good) == Envelope("d-1", 1000)
    assert check(good, 1300) == check(good, 700)
    assert refused(check, good, 1301) == refused(check, good, 699) == (403, "timestamp")
    assert refused(check, good, 1000, body + b" ") == (401, "signature")
    signature = "x-mlflow-signature"
    others = [
        headers(body, secret=b"another")[signature],
        good[signature].removeprefix("v1,"),
        good[signature].replace("v1", "v2"),
        "",
        "v1,\u00e9",
    ]
    for other in others:
        assert refused(check, {**good, signature: other}) == (401, "signature")
    # The id and the time are signed, too.
    for name, other in (("delivery-id", "d-2"), ("timestamp", "1001")):
        assert refused(check, {**good, f"x-mlflow-{name}": other}) == (
            401,
            "signature",
        )
    for name, other in (
        ("delivery-id", ""),
        ("delivery-id", "a.1"),
        ("delivery-id", "x" * 129),
        ("timestamp", ""),
        ("timestamp", "01000"),
        ("timestamp", "1e3"),
        ("timestamp", "\u0661"),
        ("timestamp", "1" * 13),
    ):
        assert refused(check, {**good, f"x-mlflow-{name}": other}) == (
            400,
            "malformed",
        )


def test_events_after_which_a_version_is_audited(monkeypatch: pytest.MonkeyPatch) -> None:
    assert audited_version(event("a/b", "7")) == Version("a/b", "7")
    assert audited_version(event(entity="model_version_alias")) == Version("a", "1")
    for entity, action in (
        ("model_version_tag", "set"),  # which our own tags bring about
        ("model_version_alias", "deleted"),
        ("registered_model", "created"),
        ("prompt_version", "created"),
    ):
        assert audited_version(event(entity=entity, action=action)) is None
    assert audited_version(event(workspace="default")) == Version("a", "1")
    assert audited_version(event(workspace="team")) is None
    monkeypatch.setenv("MLFLOW_WORKSPACE", "team")
    assert audited_version(event(workspace="team")) == Version("a", "1")
    bodies = [b"", b"\xff", b"[" * 100_000, b"[]", b"{}", b'{"data": 1}']
    bodies += [event(name) for name in ("", None, 1, "x" * 1001)]
    bodies += [event(version=version) for version in ("", None, 1, "0", "-1", "1/../2", "\u0661")]
    for body in bodies:
        assert refused(audited_version, body) == (400, "malformed")


# -- the queue -----------------------------------------------------------------------------------------


class Working:
    """An audit that waits until it may go on."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.may = threading.Event()
        self.may.set()

    def __call__(self, version: Version) -> dict[str, Any]:
        assert self.may.wait(20)
        if version.version == "404":
            raise WhereError("there is none")
        if version.version == "502":
            raise SourceError("no answer")
        if version.version == "500":
            raise ValueError("a bug")
        self.done.append(version.address)
        return ROW


def delivered(gate: Gate, id_: str, body: bytes, now: float = 1000) -> Version | None:
    return gate.receive(headers(body, id_, int(now)), body, now)


def test_a_delivery_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(Working(), [SECRET], max_waiting=3)
    body = event()
    assert refused(delivered, gate, "a", body) == (503, "full")  # nobody works it off yet
    gate.start()
    assert delivered(gate, "a", body) == Version("a", "1")  # what was refused may be sent again
    assert refused(delivered, gate, "a", body) == (409, "replay")
    assert refused(gate.receive, headers(body, "a"), body, 1300) == (409, "replay")
    assert refused(gate.receive, headers(body, "a"), body, 1301) == (403, "timestamp")
    tag = event(entity="model_version_tag", action="set")
    assert delivered(gate, "b", tag) is None
    assert refused(delivered, gate, "b", tag) == (409, "replay")
    monkeypatch.setattr(gates, "MAX_REMEMBERED", 2)
    assert refused(delivered, gate, "c", tag) == (503, "full")
    assert delivered(gate, "c", tag, 1301) is None  # a and b are too old to be taken in any case
    gate.close()
    assert refused(delivered, gate, "d", body) == (503, "full")


def test_the_queue_is_bounded_and_worked_off() -> None:
    work, lines = Working(), list[str]()
    work.may.clear()
    gate = Gate(work, [SECRET], max_waiting=3, log=lines.append)
    gate.start()
    taken = []
    for number in range(1, 10):
        with contextlib.suppress(RefusedError):
            delivered(gate, f"d{number}", event(version=str(number)))
            taken.append(f"models:/a/{number}")
    assert refused(delivered, gate, "more", event()) == (503, "full")
    assert 3 <= len(taken) <= 4  # one may be in work
    work.may.set()
    gate.close()
    assert work.done == taken
    assert lines == [f"{address}: valid: 0 errors, 1 warnings, 0 infos" for address in taken]
    assert not gate.is_working


def test_closing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "DRAIN_SECONDS", 0.2)
    work, lines = Working(), list[str]()
    work.may.clear()
    gate = Gate(work, [SECRET], log=lines.append)
    gate.start()
    for number in (1, 2, 3):
        delivered(gate, f"d{number}", event("a\n\x1b[0m", str(number)))
    gate.close()
    work.may.set()
    left = "models:/a\\x0a\\x1b[0m/3: not audited: the gate was closed"
    assert lines[-1] == left


# -- over HTTP -----------------------------------------------------------------------------------------


@contextmanager
def served(gate: Gate) -> Iterator[str]:
    config = uvicorn.Config(application(gate), port=0, log_config=None)
    server = uvicorn.Server(config)
    sock = config.bind_socket()
    sock.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        sock.close()


def asked(url: str, body: bytes | None = None, given: dict[str, str] | None = None) -> tuple[int, str, Any]:
    request = urllib.request.Request(url, body, given or {})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def counted(text: str) -> dict[str, float]:
    """The counters of an answer in Prometheus' text format."""
    from prometheus_client.parser import text_string_to_metric_families

    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith(("_created", "_bucket", "_sum"))
    }


def test_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "MAX_BODY", 1000)
    monkeypatch.setattr(gates, "BODY_SECONDS", 0.3)
    work = Working()
    gate = Gate(work, [SECRET])
    now = int(time.time())

    def post(id_: str, body: bytes, secret: bytes = SECRET) -> tuple[int, str, Any]:
        return asked(f"{url}/webhook", body, headers(body, id_, now, secret))

    with served(gate) as url:
        assert post("1", event())[:2] == (202, '{"status":"accepted"}')
        assert post("1", event())[0] == 409
        assert post("2", event(entity="model_version_tag", action="set"))[:2] == (200, '{"status":"ignored"}')
        assert post("3", event(), b"wrong")[0] == 401
        assert post("4", b"not JSON")[0] == 400
        assert post("5", event("x" * 1000))[0] == 413
        for version in ("404", "500", "502"):
            assert post(version, event(version=version))[0] == 202
        assert asked(f"{url}/webhook")[0] == 405
        assert asked(f"{url}/elsewhere")[0] == 404
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20) as slow:
            slow.sendall(b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
            assert slow.recv(100).startswith(b"HTTP/1.1 408")
        deadline = time.monotonic() + 20
        while gate.waiting and time.monotonic() < deadline:
            time.sleep(0.01)
        status, text, told = asked(f"{url}/health")
        assert (status, json.loads(text)) == (200, {"status": "ok", "waiting": 0})
        while "internal" not in asked(f"{url}/metrics")[1] and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        status, text, told = asked(f"{url}/metrics")
        assert (status, told["Content-Type"]) == (200, prometheus_client.CONTENT_TYPE_LATEST)
        assert counted(text) == {
            "mlmodel_gate_deliveries_total accepted": 4,
            "mlmodel_gate_deliveries_total ignored": 1,
            "mlmodel_gate_deliveries_total late": 1,
            "mlmodel_gate_deliveries_total malformed": 1,
            "mlmodel_gate_deliveries_total replay": 1,
            "mlmodel_gate_deliveries_total signature": 1,
            "mlmodel_gate_deliveries_total too_large": 1,
            "mlmodel_gate_audits_total valid": 1,
            "mlmodel_gate_failures_total internal": 1,
            "mlmodel_gate_failures_total missing": 1,
            "mlmodel_gate_failures_total registry": 1,
            "mlmodel_gate_audit_seconds_count": 4,
            "mlmodel_gate_waiting": 0,
        }
        work.may.clear()
        gate._max_waiting = 0
        status, _, told = post("6", event())
        assert (status, told["Retry-After"]) == (503, "5")
        work.may.set()
    assert work.done == ["models:/a/1"]


# -- the command ---------------------------------------------------------------------------------------


def test_what_a_gate_is_not_started_without(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLMODEL_GATE_SECRET", raising=False)
    Path("empty").write_text("\n \n", encoding="utf-8")
    wrong = {
        "there is no secret: set MLMODEL_GATE_SECRET": [],
        "there is no secret": ["--secret-file", "empty"],
        "--certificate goes with --key": ["--certificate", "empty"],
    }
    for said, arguments in wrong.items():
        done = mlmodel("gate", *arguments)
        assert (done.status, done.stdout) == (2, "")
        assert said in done.stderr


HOOK = """
import json, sys
from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent
client = MlflowClient()
events = [
    WebhookEvent(WebhookEntity.MODEL_VERSION, WebhookAction.CREATED),
    WebhookEvent(WebhookEntity.MODEL_VERSION_ALIAS, WebhookAction.CREATED),
    WebhookEvent(WebhookEntity.MODEL_VERSION_TAG, WebhookAction.SET),
]
made = client.create_webhook("gate", sys.argv[1], events, secret="open sesame")
tested = client.test_webhook(made.webhook_id)
other = client.create_webhook("stranger", sys.argv[1], events, secret="another")
client.create_registered_model("m")
run = client.create_run("0")
for folder in ("good", "bad"):
    client.log_artifacts(run.info.run_id, folder, folder)
    client.create_model_version("m", f"{run.info.artifact_uri}/{folder}", run.info.run_id, tags={"mine": "kept"})
client.set_registered_model_alias("m", "champion", "2")
print(tested.response_status, client.test_webhook(other.webhook_id).response_status)
"""
TAGS = """
import json, sys, time
from mlflow import MlflowClient
client = MlflowClient()
deadline = time.monotonic() + 60
while True:
    tags = [client.get_model_version("m", version).tags for version in "12"]
    if all("mlmodel.digest" in each for each in tags) or time.monotonic() > deadline:
        print(json.dumps(tags))
        break
    time.sleep(0.2)
"""


@pytest.mark.mlflow
def test_webhooks_of_a_real_server(tmp_path: Path, lacking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions are registered with ``mlflow server``; it tells the gate, which audits them over the server, and tags them."""
    for name, value in {
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http",
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
        "MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES": "0",  # or the server waits with its end, when the gate is gone
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLMODEL_GATE_SECRET": "open sesame",
    }.items():
        monkeypatch.setenv(name, value)
    (lacking / "prometheus_client").symlink_to(Path(prometheus_client.__file__).parent)
    make_model(tmp_path / "good")
    apply(make_model(tmp_path / "bad"), "rm model.pkl")
    (tmp_path / "artifacts").mkdir()
    python = interpreter(NEWEST)
    with tracking(NEWEST, tmp_path) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "validator"), str(lacking)])}

        def run(code: str, *arguments: str) -> str:
            return told_by_client(tmp_path, environment, code, *arguments).splitlines()[-1]

        with subprocess.Popen(
            [python, "-W", "ignore", "-m", "mlmodel", "gate", "--port", "0", "--no-config"],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            assert process.stderr is not None
            lines = [process.stderr.readline()]
            found = re.fullmatch(r"listening at (http://127\.0\.0\.1:\d+)\n", lines[0])
            assert found is not None, lines[0] + process.stderr.read()
            url = found[1]
            try:
                assert run(HOOK, f"{url}/webhook") == "202 401"
                good, bad = json.loads(run(TAGS))
                told = counted(asked(f"{url}/metrics")[1])
                assert asked(f"{url}/health")[0] == 200
            finally:
                process.send_signal(signal.SIGTERM)
                _, rest = process.communicate(timeout=60)
    said = "".join([*lines, rest])
    assert process.returncode == 143, said
    assert {name: good[name] for name in ("mine", "mlmodel.verdict", "mlmodel.errors")} == {
        "mine": "kept",
        "mlmodel.verdict": "valid",
        "mlmodel.errors": "0",
    }
    assert (bad["mlmodel.verdict"], bad["mlmodel.errors"]) == ("invalid", "1")
    mine = {"mine", *(f"mlmodel.{name}" for name in ("verdict", "errors", "warnings", "infos", "digest"))}
    assert set(good) == set(bad) == mine
    # The one for a test names a model that is not there; the two versions, and the one that became champion.
    assert told["mlmodel_gate_deliveries_total accepted"] == 4
    assert told["mlmodel_gate_deliveries_total signature"] >= 4  # of the webhook with another secret
    assert told["mlmodel_gate_failures_total missing"] == 1
    assert "models:/m/1: valid: 0 errors" in said
    assert said.count("models:/m/2: invalid: 1 errors") == 2
    assert "sesame" not in said
    assert "Traceback" not in said
