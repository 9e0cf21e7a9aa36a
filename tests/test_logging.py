"""``mlmodel.mlflow.log_model`` against a real tracking server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environments import NEWEST, interpreter, run

ROOT = Path(__file__).parents[1]


@contextlib.contextmanager
def server(release: str, python: str, folder: Path) -> Iterator[str]:
    """The address of a tracking server, with its files in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # MLflow 2 does not run on the SQLAlchemy that is installed with it today, and 3 has no store of files.
    store = f"sqlite:///{folder}/store.db" if release == NEWEST else str(folder / "store")
    command = [
        *(python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", store, "--artifacts-destination", str(folder / "files")),
    ]
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, env=variables, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 240
        while True:
            try:
                with urllib.request.urlopen(f"{address}/health", timeout=5):  # noqa: S310 - our own server
                    break
            except OSError:
                assert process.poll() is None, (folder / "server.log").read_text()
                assert time.monotonic() < deadline, "the server does not start"
                time.sleep(0.5)
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.mlflow
@pytest.mark.parametrize("release", ["2.22.5", NEWEST])
def test_a_tracking_server(release: str, tmp_path: Path, lacking: Path) -> None:
    python = interpreter(release)
    script = Path(__file__).with_name("logging_models.py")
    with server(release, python, tmp_path) as address:
        told = json.loads(
            run(python, script, str(ROOT / "validator"), str(lacking), address).splitlines()[-1]
        )
    assert told["before"] == told["after the refusal"]
    said, rules = told["refused"]
    assert rules == ["MLM506"]
    assert said.startswith("the model is not logged, since it is not valid: MLM506 input_example.json")
    assert "\n" not in said
    assert told["tagged"] == {"mlmodel.verdict": "invalid", "mlmodel.errors": "MLM506"}
    assert told["valid"] == {"mlmodel.verdict": "valid"}
    assert told["identity"] == [{"of": "ours"}, True]
    assert told["answers"] == [told["expected"], told["expected"]]
    assert told["verdict"] == "VALID"
    assert told.get("model", ["READY", True]) == ["READY", True]
    assert told["in a run"]
    assert told["doubled"] == [2.0, 4.0, 6.0, 8.0]
    assert told["wrong"] == "on_invalid is 'ignore', and must be 'refuse' or 'tag'"
