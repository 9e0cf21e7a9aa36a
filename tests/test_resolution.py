"""``--resolve``: what uv says, and what is made of it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pytest

from mlmodel import Options, Verdict, validate
from mlmodel.cli.validate import command
from mlmodel.findings import Finding
from mlmodel.model.model import Model
from mlmodel.resolution import index, uv
from mlmodel.resolution.index import Asker
from mlmodel.resolution.uv import Answer, MissingToolError, ToolFailedError, UnansweredError, ask
from mlmodel.sources.directory import ModelDirectory
from tests.command import mlmodel_validate
from tests.overlay import make_model

SOLVED = Answer(True, "Resolved 1 package in 1ms\n")


def unsolved(text: str) -> Answer:
    return Answer(False, f"error: No solution found when resolving dependencies\n{text}")


@dataclass(frozen=True)
class Script(Asker):
    """Gives prepared answers, and keeps the questions."""

    uv: str = "uv"
    platform: str = "linux"
    deadline: float = 0.0
    answers: list[Answer] = field(default_factory=list)
    questions: list[tuple[list[str], tuple[int, ...]]] = field(default_factory=list)

    def __call__(
        self,
        lines: Sequence[str],
        constraints: Sequence[str],  # noqa: ARG002
        python: tuple[int, ...],
        *,
        alone: bool = False,  # noqa: ARG002
        any_platform: bool = False,  # noqa: ARG002
    ) -> Answer:
        self.questions.append(([*lines], python))
        return self.answers.pop(0)


def recorded(folder: Path, requirements: str, python: str = "3.10.14") -> Path:
    """A model that records these requirements and this Python."""
    model = make_model(folder / "model")
    text = (model / "MLmodel").read_text().replace("python_version: 3.11.7", f"python_version: '{python}'")
    (model / "MLmodel").write_text(text)
    (model / "requirements.txt").write_text(requirements)
    (model / "conda.yaml").unlink()
    (model / "python_env.yaml").write_text(f"python: '{python}'\ndependencies:\n- -r requirements.txt\n")
    return model


def judged(model: Path, *answers: Answer) -> tuple[list[Finding], Script]:
    script = Script(answers=[*answers])
    return list(index.check(Model(ModelDirectory(str(model))), script)), script


def said(findings: list[Finding]) -> list[tuple[str, int | None, str]]:
    return [(finding.rule, finding.location.line, finding.message) for finding in findings]


# -- what uv says -------------------------------------------------------------------------------------

CASES = {
    "no such version": (
        "numpy==1.26.999\nsix==1.16.0\n",
        (
            "  cause: Because there is no version of numpy==1.26.999 and you require numpy==1.26.999, we can conclude"
            " that your requirements are unsatisfiable.\n"
        ),
        ("MLM470", 1, "the index has no numpy==1.26.999"),
    ),
    "no such distribution, as uv 0.5 says it": (
        "six==1.16.0\nno-such-thing==1\n",
        (
            "  ╰─▶ Because no-such-thing was not found in the package registry\n      and you require no-such-thing==1,"
            " we can conclude that your\n      requirements are unsatisfiable.\n"
        ),
        ("MLM470", 2, "the index has no no-such-thing"),
    ),
    "a range that is too new": (
        "numpy>=99\n",
        (
            "  cause: Because only numpy<=2.5.5 is available and you require numpy>=99, we can conclude that your"
            " requirements are unsatisfiable.\n"
        ),
        ("MLM470", 1, "the index has no numpy>=99, only numpy<=2.5.5"),
    ),
    "another platform": (
        "tensorflow-intel==2.13.0\n",
        (
            "  cause: Because tensorflow-intel==2.13.0 has no wheels with a matching platform tag (e.g.,"
            " `manylinux_2_28_x86_64`) and you require tensorflow-intel==2.13.0, we can conclude that your requirements"
            " are unsatisfiable.\n\nhint: Wheels are available for `tensorflow-intel` (v2.13.0) on the following"
            " platform: `win_amd64`\n"
        ),
        ("MLM471", 1, "tensorflow-intel==2.13.0 has no wheel for Python 3.10.14 on linux"),
    ),
    "wheels for an older Python": (
        "torch==1.7.1\n",
        (
            "  cause: Because torch==1.7.1 has no wheels with a matching Python ABI tag (e.g., `cp310`) and you require"
            " torch==1.7.1, we can conclude that your requirements are unsatisfiable.\n\nhint: You require CPython 3.10"
            " (`cp310`), but we only found wheels for `torch` (v1.7.1) with the following Python ABI tags: `cp38`,"
            " `cp39`\n"
        ),
        ("MLM471", 1, "torch==1.7.1 has no wheel for Python 3.10.14"),
    ),
    "another Python": (
        "six==1.16.0\nnetworkx==3.5\n",
        (
            "  cause: Because the requested Python version (>=3.10.14) does not satisfy Python>=3.11 and networkx==3.5"
            " depends on Python>=3.11, we can conclude that networkx==3.5 cannot be used.\n         And because you"
            " require networkx==3.5, we can conclude that your requirements are unsatisfiable.\n\nhint: The"
            " `--python-version` value (>=3.10) includes Python versions\n"
        ),
        ("MLM474", 2, "networkx==3.5 wants Python >=3.11, not 3.10.14"),
    ),
    "a conflict": (
        "six==1.16.0\npandas==2.2.0\nnumpy==1.20.0\n",
        (
            "  cause: Because pandas==2.2.0 depends on numpy{python_full_version < '3.11'}>=1.22.4,<2 and you require"
            " pandas==2.2.0, we can conclude that you require numpy>=1.22.4,<2.\n         And because you require"
            " numpy==1.20.0, we can conclude that your requirements are unsatisfiable.\n"
        ),
        (
            "MLM475",
            3,
            "numpy==1.20.0 and pandas==2.2.0 exclude each other: pandas==2.2.0 needs numpy>=1.22.4,<2",
        ),
    ),
    "a pin that is there twice": (
        "numpy==1.26.4\nnumpy==1.26.3\n",
        (
            "  cause: Because you require numpy==1.26.4 and numpy==1.26.3, we can conclude that your requirements are"
            " unsatisfiable.\n"
        ),
        ("MLM475", 2, "numpy==1.26.3 and numpy==1.26.4 exclude each other"),
    ),
    "a dependency that is not there": (
        "features==1.0\n",
        (
            "  cause: Because there is no version of gone==2.0 and features==1.0 depends on gone==2.0, we can conclude"
            " that features==1.0 cannot be used.\n         And because you require features==1.0, we can conclude that"
            " your requirements are unsatisfiable.\n"
        ),
        ("MLM470", 1, "features==1.0 needs gone==2.0: the index has no gone==2.0"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_requirement_is_named(case: str, tmp_path: Path) -> None:
    requirements, text, expected = CASES[case]
    findings, script = judged(recorded(tmp_path, requirements), unsolved(text), SOLVED)
    assert said(findings) == [expected]
    assert script.questions[0] == (requirements.splitlines(), (3, 10, 14))


def test_what_cannot_be_installed_is_set_aside_and_the_rest_is_judged(tmp_path: Path) -> None:
    none = "cause: Because there is no version of {0} and you require {0}, we can conclude that ..."
    findings, script = judged(
        recorded(tmp_path, "a==1\nb==2\nc==3\n"),
        unsolved(none.format("b==2")),
        unsolved(none.format("a==1")),
        SOLVED,
    )
    assert [(rule, line) for rule, line, _ in said(findings)] == [("MLM470", 2), ("MLM470", 1)]
    assert [lines for lines, _ in script.questions] == [["a==1", "b==2", "c==3"], ["a==1", "c==3"], ["c==3"]]


NO_WHEELS = "cause: Because {0} has no usable wheels and you require {0}, we can conclude that ..."


def test_sources_that_exclude_the_python(tmp_path: Path) -> None:
    python = unsolved(
        "cause: Because the requested Python version (>=3.8) does not satisfy Python>=3.10 and numpy==2.1.0 depends on"
        " Python>=3.10, we can conclude that numpy==2.1.0 cannot be used."
    )
    model = recorded(tmp_path, "numpy==2.1.0\n", "3.8.18")
    findings, _ = judged(model, unsolved(NO_WHEELS.format("numpy==2.1.0")), python)
    assert said(findings) == [("MLM474", 1, "numpy==2.1.0 wants Python >=3.10, not 3.8.18")]


def test_wheels_for_another_python(tmp_path: Path) -> None:
    no = unsolved(NO_WHEELS.format("lz4==4.3.2"))
    findings, script = judged(recorded(tmp_path, "lz4==4.3.2\n", "3.13.1"), no, no, no, SOLVED)
    message = "lz4==4.3.2 has no wheel for Python 3.13.1 on linux; it has one for Python 3.12"
    assert said(findings) == [("MLM471", 1, message)]
    assert [python for _, python in script.questions] == [(3, 13, 1), (3, 13, 1), (3, 14), (3, 12)]


def test_sources_only(tmp_path: Path) -> None:
    no = unsolved(NO_WHEELS.format("pyspark==3.5.0"))
    findings, _ = judged(recorded(tmp_path, "pyspark==3.5.0\n"), *[no] * 10)
    assert [finding.rule for finding in findings] == ["MLM472"]


def test_yanked(tmp_path: Path) -> None:
    text = 'Resolved 2 packages\nwarning: `scipy==1.11.0` is yanked (reason: "License Violation")\n'
    findings, _ = judged(recorded(tmp_path, "six\nscipy==1.11.0\n"), Answer(True, text))
    assert said(findings) == [("MLM473", 2, "scipy==1.11.0 was withdrawn by its authors: License Violation")]


def test_a_constraint_is_named(tmp_path: Path) -> None:
    model = recorded(tmp_path, "-c constraints.txt\nnumpy\n")
    (model / "constraints.txt").write_text("numpy==1.26.999\n")
    text = "cause: Because there is no version of numpy==1.26.999 and you require numpy==1.26.999, we can conclude ..."
    findings, _ = judged(model, unsolved(text), SOLVED)
    assert [(finding.rule, finding.location.file, finding.location.line) for finding in findings] == [
        ("MLM470", "constraints.txt", 1)
    ]


def test_versions_that_were_tried_are_not_what_is_required(tmp_path: Path) -> None:
    no = unsolved(
        "  ╰─▶ Because only the following versions of pyspark are available:\n          pyspark<=3.5.9\n          pyspark>=4.2.0\n"
        "      and all of:\n          pyspark<=3.5.9\n          pyspark>=4.2.0\n      have no usable wheels and building from"
        " source is disabled, we can conclude that all of:\n          pyspark<2.1.3\n       cannot be used.\n      And because"
        " you require pyspark, we can conclude that your requirements are unsatisfiable.\n"
    )
    findings, _ = judged(recorded(tmp_path, "pyspark\n"), *[no] * 10)
    assert [(finding.rule, finding.message.partition(" has ")[0]) for finding in findings] == [
        ("MLM472", "pyspark")
    ]


def test_an_explanation_that_nobody_understands_is_still_a_finding(tmp_path: Path) -> None:
    findings, _ = judged(recorded(tmp_path, "six==1.16.0\n"), unsolved("cause: Because of something."))
    assert said(findings) == [("MLM475", 1, "the requirements exclude each other: Because of something.")]


# -- what is asked ------------------------------------------------------------------------------------


def test_nothing_that_the_model_names_is_contacted(tmp_path: Path) -> None:
    lines = [
        "--extra-index-url https://user:secret@example.org/simple",
        "git+https://example.org/team/features.git",
        "features @ https://example.org/features-1.0-py3-none-any.whl",
        "-e .",
        "./wheels/features-1.0-py3-none-any.whl",
        "Six [extra] == 1.16.0 ; python_version > '3' --hash=sha256:00",
    ]
    findings, script = judged(recorded(tmp_path, "\n".join(lines)), SOLVED)
    assert [(finding.rule, finding.location.line) for finding in findings] == [
        ("MLM476", n) for n in range(1, 6)
    ]
    assert not any("secret" in finding.message for finding in findings)
    assert [lines for lines, _ in script.questions] == [['six[extra]==1.16.0 ; python_version > "3"']]


def test_a_model_without_requirements_asks_nothing(tmp_path: Path) -> None:
    model = recorded(tmp_path, "")
    assert judged(model) == ([], Script())
    (model / "requirements.txt").unlink()
    (model / "python_env.yaml").unlink()
    assert judged(model) == ([], Script())


def test_without_a_python_this_one_is_taken(tmp_path: Path) -> None:
    model = recorded(tmp_path, "six\n", "latest")
    findings, script = judged(model, SOLVED)
    assert [finding.rule for finding in findings] == ["MLM476"]
    assert script.questions == [(["six"], tuple(sys.version_info[:2]))]


def fake_uv(folder: Path, body: str) -> str:
    path = folder / "uv"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{body}\n")
    path.chmod(0o755)
    return str(path)


needs_scripts = pytest.mark.skipif(os.name == "nt", reason="makes an executable script")


@needs_scripts
def test_the_command(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    body = (
        "seen = {name: open(name).read() for name in sorted(os.listdir('.'))}\n"
        f"json.dump([sys.argv[1:], os.getcwd(), seen, os.environ['UV_PYTHON_DOWNLOADS']], open({str(out)!r}, 'w'))"
    )
    asker = Asker(fake_uv(tmp_path, body), "linux", time.monotonic() + 60)
    assert asker(["six==1.16.0"], ["numpy<2"], (3, 10, 14)).solved
    arguments, folder, files, downloads = json.loads(out.read_text())
    assert arguments == [
        *("pip", "compile", "requirements.in", "--constraint", "constraints.in"),
        *("--only-binary", ":all:", "--no-header", "--no-annotate"),
        *("--python", sys.executable, "--python-version", "3.10.14"),
        *("--python-platform", "x86_64-unknown-linux-gnu"),
    ]
    assert files == {
        "constraints.in": "numpy<2\n",
        "requirements.in": "six==1.16.0\n",
        "uv.toml": "",
    }
    assert downloads == "never"
    assert not Path(folder).exists()


@needs_scripts
def test_time_is_bounded(tmp_path: Path) -> None:
    asker = Asker(fake_uv(tmp_path, "time.sleep(60)"), "linux", time.monotonic() + 0.5)
    with pytest.raises(UnansweredError, match="no answer"):
        asker(["six"], [], (3, 10))
    with pytest.raises(UnansweredError, match="no answer"):
        asker(["six"], [], (3, 10))


@needs_scripts
@pytest.mark.parametrize(
    ("status", "output", "reason"),
    [
        (
            2,
            (
                "error: Request failed after 3 retries in 7.9s\n  cause: Failed to fetch: http://127.0.0.1:9/simple/numpy/\n"
                "  cause: Connection refused (os error 111)\n"
            ),
            "Request failed after 3 retries in 7.9s: Connection refused (os error 111)",
        ),
        (
            2,
            (
                "error: Failed to fetch: `https://me:secret@example.org/simple/six/`\n"
                "  Caused by: HTTP status server error (503 Service Unavailable)\n"
            ),
            "Failed to fetch: `https://example.org/simple/six/`: HTTP status server error (503 Service Unavailable)",
        ),
        (
            1,
            (
                "error: No solution found when resolving dependencies\n  cause: Because six was not found in the package"
                " registry ...\n\nhint: An index URL (https://example.org/simple) could not be queried due to a lack of valid"
                " authentication credentials (401 Unauthorized).\n"
            ),
            (
                "An index URL (https://example.org/simple) could not be queried due to a lack of valid authentication"
                " credentials (401 Unauthorized)."
            ),
        ),
        (
            1,
            (
                "error: No solution found when resolving dependencies\n  cause: ...\n\nhint: Packages were unavailable"
                " because the network was disabled. When\n"
            ),
            "Packages were unavailable because the network was disabled. When",
        ),
        (101, "", "uv ended with 101"),
    ],
)
def test_an_index_that_cannot_be_reached_is_no_finding(
    status: int, output: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = f"sys.stderr.write({output!r}); sys.exit({status})"
    monkeypatch.setattr(index, "find_uv", lambda: fake_uv(tmp_path, body))
    report = validate(
        recorded(tmp_path, "numpy==0.0.1\n"), Options(resolve="linux", ignore=frozenset({"MLM904"}))
    )
    assert report.verdict is Verdict.UNJUDGED
    (finding,) = [finding for finding in report.findings if finding.rule == "MLM904"]
    assert finding.message == f"nobody knows whether the environment can be installed: {reason}"
    assert not [finding for finding in report.findings if finding.rule.startswith("MLM47")]


def test_a_uv_that_dies_says_nothing_about_the_index(tmp_path: Path) -> None:
    uv = fake_uv(tmp_path, "import os; os.abort()")
    with pytest.raises(ToolFailedError, match="uv died of signal 6"):
        ask(uv, ["pip", "compile"], str(tmp_path), 60.0)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")
def test_where_uv_cannot_write_the_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a full disk, where its messages are lost too."""
    uv = fake_uv(tmp_path, "import os; os.abort()")
    with Path("/dev/full").open("r+b", buffering=0) as full:
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: contextlib.nullcontext(full))
        with pytest.raises(ToolFailedError) as found:
            ask(uv, ["pip", "compile"], str(tmp_path), 60.0)
    assert str(found.value) == f"uv cannot write: No space left on device: {tmp_path}"


# -- options ------------------------------------------------------------------------------------------


def test_the_platforms_of_the_option() -> None:
    (option,) = [option for option in command.params if option.name == "platform"]
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == list(index.PLATFORMS)


def test_uv_is_found_or_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> Any:
        raise ImportError

    monkeypatch.setattr(uv, "import_module", missing)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match=r"mlmodel\[load\]"):
        uv.find_uv()
    if os.name != "nt":
        path = fake_uv(tmp_path, "")
        assert uv.find_uv() == path


def test_a_platform_needs_the_question(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    result = mlmodel_validate(model, "--platform", "windows")
    assert (result.returncode, result.stdout) == (2, "")
    assert "--resolve" in result.stderr


def test_without_uv_nothing_is_validated(tmp_path: Path) -> None:
    (tmp_path / "uv.py").write_text("raise ImportError\n")
    paths = os.pathsep.join([str(tmp_path), str(Path(index.__file__).parents[2])])
    result = mlmodel_validate(make_model(tmp_path / "model"), "--resolve", PATH="", PYTHONPATH=paths)
    assert (result.returncode, result.stdout) == (2, "")
    assert "mlmodel[load]" in result.stderr


# -- real indexes -------------------------------------------------------------------------------------


def resolved(model: Path) -> tuple[int, list[dict[str, Any]]]:
    result = mlmodel_validate(model, "--resolve", "--format", "json")
    assert result.stdout, result.stderr
    (report,) = json.loads(result.stdout)["models"]
    known = [finding for finding in report["findings"] if finding["rule"][:5] in ("MLM47", "MLM90")]
    return result.returncode, [finding for finding in known if finding["rule"] != "MLM479"]


@pytest.mark.mlflow
@pytest.mark.parametrize(
    ("python", "requirements"),
    [
        ("3.11.7", "mlflow==2.15.0\ncloudpickle==3.0.0\nnumpy==1.26.4\npandas==2.2.2\nscikit-learn==1.5.1\n"),
        ("3.8.18", "mlflow==2.9.2\nlightgbm==4.1.0\nnumpy==1.24.4\n"),
        ("3.10.14", "mlflow==2.20.4\nxgboost==2.1.4\nscipy==1.15.2\n"),
        ("3.12.4", "mlflow==3.1.0\npandas==2.2.3\nstatsmodels==0.14.4\npatsy==1.0.1\n"),
        ("3.9.19", "mlflow==2.10.2\ntransformers==4.38.2\ntokenizers==0.15.2\nsafetensors==0.4.2\n"),
    ],
)
def test_environments_that_install(python: str, requirements: str, tmp_path: Path) -> None:
    _, findings = resolved(recorded(tmp_path, requirements, python))
    assert findings == []


@pytest.mark.mlflow
@pytest.mark.parametrize(
    ("python", "requirements", "rule", "line", "words"),
    [
        ("3.11.7", "mlflow==2.15.0\nscikit-learn==1.5.999\n", "MLM470", 2, ["scikit-learn==1.5.999"]),
        ("3.10.14", "mlflow==2.15.0\nscipy==1.11.0\n", "MLM473", 2, ["scipy==1.11.0", "License"]),
        ("3.9.19", "numpy==1.20.0\npandas==2.2.0\n", "MLM475", None, ["numpy==1.20.0", "pandas==2.2.0"]),
        ("3.8.18", "six==1.16.0\nnumpy==2.1.0\n", "MLM474", 2, ["numpy==2.1.0", "3.10", "3.8.18"]),
        ("3.10.14", "mlflow==2.15.0\ntensorflow-intel==2.13.0\n", "MLM471", 2, ["tensorflow-intel==2.13.0"]),
        ("3.13.1", "lz4==4.3.2\n", "MLM471", 1, ["lz4==4.3.2", "3.13.1"]),
        ("3.10.14", "pyspark==3.5.0\nsix==1.16.0\n", "MLM472", 1, ["pyspark==3.5.0"]),
    ],
)
def test_environments_that_do_not(
    python: str, requirements: str, rule: str, line: int | None, words: list[str], tmp_path: Path
) -> None:
    _, (finding,) = resolved(recorded(tmp_path, requirements, python))
    assert finding["rule"] == rule
    assert line in (None, finding["line"])
    assert all(word in finding["message"] for word in words), finding["message"]


@pytest.mark.mlflow
def test_a_network_that_fails_is_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")  # a closed port of this machine
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    status, findings = resolved(recorded(tmp_path, "numpy==1.26.999\n"))
    assert status == 3
    assert [finding["rule"] for finding in findings] == ["MLM904"]
