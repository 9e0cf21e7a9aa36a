"""An MLflow that runs and is asked how it enforces signatures, beside us (``enforcing.py``)."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.environments import interpreter
from tests.loading.cases import Case

ROOT = Path(__file__).parents[2]


class Asker:
    """One process; answers come in the order of the questions."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, case: Case) -> dict[str, Any]:
        """What MLflow and we say."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def asking(release: str) -> Iterator[Asker]:
    script = Path(__file__).with_name("enforcing.py")
    with tempfile.TemporaryDirectory() as lacking, tempfile.TemporaryFile("w+") as noise:
        # MLflow's environments lack it, and its wheel fits every Python.
        Path(lacking, "jsonschema_rs").symlink_to(Path(jsonschema_rs.__file__).parent)
        command = [interpreter(release), "-W", "ignore", str(script), str(ROOT / "validator"), lacking]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=noise, text=True
        ) as process:
            try:
                yield Asker(process)
            except json.JSONDecodeError:
                noise.seek(0)
                raise AssertionError(noise.read()[-3000:]) from None
            finally:
                process.kill()
