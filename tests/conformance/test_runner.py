"""The runner: defects of an implementation are found, and only those."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from mlmodel.conformance import suite
from mlmodel.conformance.comparing import difference
from tests.command import ROOT, environment

MUTANT = Path(__file__).with_name("mutant.py")
# A loaded machine takes its time to start a process.
FEW = ["--timeout", "60", "--run", "rules/MLM20*", "--run", "hostile/*"]


def conformance(*arguments: str | Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mlmodel", "conformance", *map(str, arguments)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=timeout,
    )


def mutant(defect: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
    return conformance("run", *FEW, *options, "--", sys.executable, MUTANT, defect)


@pytest.mark.parametrize("defect", ["none", "words", "noise"])
def test_what_is_right_passes(defect: str) -> None:
    result = mutant(defect)
    assert result.returncode == 0, result.stdout
    assert "the claim at level pointers holds" in result.stdout


@pytest.mark.parametrize(
    ("defect", "outcome"),
    [
        ("always-valid", "fail"),
        ("always-invalid", "fail"),
        ("crash", "error"),
        ("rubbish", "error"),
        ("wrong-rule", "fail"),
        ("wrong-pointer", "fail"),
        ("unsupported", "skip"),
        ("executes", "fail"),
        ("writes", "fail"),
    ],
)
def test_defects_are_found(defect: str, outcome: str) -> None:
    result = mutant(defect)
    assert result.returncode == 1, result.stdout
    assert re.search(rf"^{outcome} ", result.stdout, re.MULTILINE)
    assert "does not hold" in result.stdout


@pytest.mark.parametrize("defect", ["hang", "silent"])
def test_what_never_answers_is_an_error(defect: str) -> None:
    result = conformance(
        "run", "--run", "rules/MLM202*", "--timeout", "6", "--", sys.executable, MUTANT, defect
    )
    assert result.returncode == 1
    assert "no answer within 6 seconds" in result.stdout
    assert result.stdout.count("error rules/") == 2


def test_code_that_runs_is_said() -> None:
    assert "it ran code of the model" in mutant("executes").stdout
    assert "it changed the model directory" in mutant("writes").stdout


def test_what_cannot_start_is_no_result() -> None:
    assert conformance("run", "--", "no-such-program").returncode == 3
    assert mutant("no-hello").returncode == 3
    assert conformance("run").returncode == 2
    assert conformance("run", "--run", "nothing/*", "--", sys.executable, MUTANT, "none").returncode == 2


def test_wrong_rules_are_right_verdicts() -> None:
    assert mutant("wrong-rule", "--level", "verdicts").returncode == 0
    assert mutant("wrong-pointer", "--level", "rules").returncode == 0


def test_known_failures_are_strict(tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text("# all invalid ones\n*-bad\nhostile/canary-*\n", encoding="utf-8")
    result = mutant("always-valid", "--level", "verdicts", "--xfail", known)
    assert result.returncode == 1
    assert "xpass hostile/canary-init" in result.stdout
    failing = re.findall(r"^fail  (\S+):", mutant("always-valid", "--level", "verdicts").stdout, re.MULTILINE)
    known.write_text("\n".join(failing), encoding="utf-8")
    assert mutant("always-valid", "--level", "verdicts", "--xfail", known).returncode == 0


def test_a_command_is_enough() -> None:
    tool = shlex.join([sys.executable, "-m", "mlmodel", "validate", "--no-config", "--quiet", "{model}"])
    result = conformance("run", "--run", "rules/MLM202*", "--oneshot", tool)
    assert result.returncode == 0, result.stdout
    broken = shlex.join([sys.executable, "-c", "import sys; sys.exit(7)", "{model}"])
    assert "exit 7" in conformance("run", "--run", "rules/MLM202*", "--oneshot", broken).stdout


@pytest.mark.libraries
def test_check_jsonschema_is_a_command() -> None:
    """A program that knows schemas only, and was not written for this."""
    from tests import environments

    python = environments.environment("check-jsonschema", ["check-jsonschema==0.34.0"])
    schema = ROOT / "schemas" / "mlmodel.schema.json"
    options = ["--schemafile", str(schema), "--default-filetype", "yaml", "{model}/MLmodel"]
    tool = shlex.join([python, "-m", "check_jsonschema", *options])
    result = conformance("run", "--run", "rules/MLM202*", "--run", "mlflow/2.2*-sklearn*", "--oneshot", tool)
    assert result.returncode == 0, result.stdout


def report(format_: str, *options: str) -> str:
    return mutant("wrong-rule", "--format", format_, *options).stdout


def test_the_json_report_follows_its_schema() -> None:
    schema: Any = json.loads(
        (ROOT / "schemas" / "conformance-report.schema.json").read_text(encoding="utf-8")
    )
    data = json.loads(report("json"))
    jsonschema.Draft7Validator(schema).validate(data)
    assert data["holds"] is False
    assert data["levels"]["verdicts"] == len(data["results"])


def test_the_other_reports(tmp_path: Path) -> None:
    tests = ET.fromstring(report("junit"))  # noqa: S314 - our own output
    assert int(tests.get("failures", "0")) > 0
    page = report("html", "--badge", str(tmp_path / "badge.svg"))
    assert page.startswith("<!DOCTYPE html>")
    assert not re.findall(r"(?:src|srcset)=|url\(|<link|<script|@import", page)
    assert '<meta name="viewport"' in page
    assert "A python_function flavor must name its loader_module" in page
    assert "/spec/rules/MLM202-loader-module-missing.md" in page
    assert "/conformance/cases/rules/MLM202-loader-module-missing-bad" in page
    assert "<dt>expected</dt><dd>invalid<br>MLM202 at MLmodel#/flavors/python_function</dd>" in page
    assert "<dt>found</dt><dd>invalid<br>MLM999" in page
    badge = ET.fromstring((tmp_path / "badge.svg").read_text(encoding="utf-8"))  # noqa: S314
    assert re.fullmatch(r"MLmodel 0\.1: validator, pointers, [\d.]+ % balanced", str(badge.get("aria-label")))


@pytest.mark.parametrize(("defect", "found", "accepted"), [("always-valid", 0, 1), ("always-invalid", 1, 0)])
def test_one_answer_to_everything_is_half(defect: str, found: float, accepted: float) -> None:
    done = mutant(defect, "--level", "verdicts", "--format", "json")
    data = json.loads(done.stdout)
    assert data["balanced"]["verdicts"] == {"found": found, "accepted": accepted, "score": 0.5}
    assert all(shares["score"] in (0.5, None) for shares in data["chapters"].values())


def test_rules_weigh_the_same() -> None:
    """However many cases a rule has; and what must be refused as much as what must be accepted."""
    from mlmodel.conformance.balance import balance, weights
    from mlmodel.conformance.results import Level, Outcome, Result

    def result(case: str, rule: str, refusal: bool, level: Level) -> Result:
        return Result(case, "validator", Outcome.PASS, level, "", (rule,), 0.0, subject=rule, refusal=refusal)

    results = [
        *(result(f"a{number}", "MLM1", True, Level.VERDICTS) for number in range(9)),
        result("b", "MLM2", True, Level.NONE),
        result("c", "MLM2", False, Level.RULES),
    ]
    assert weights(results)["a0"] == pytest.approx(1 / 9)
    assert balance(results, Level.VERDICTS) == pytest.approx((0.5, 1.0))
    assert balance(results, Level.VERDICTS).score == pytest.approx(0.75)
    assert balance(results, Level.RULES) == (0.0, 1.0)
    assert balance(results[:10], Level.RULES).score is None


def test_messages_follow_the_protocol() -> None:
    schema: Any = json.loads((ROOT / "schemas" / "protocol.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(schema)
    from mlmodel.conformance.adapter import answer

    model = str(ROOT / "tests" / "base")
    requests: list[dict[str, Any]] = [
        {"id": 1, "op": "hello", "protocol": 1},
        {"id": 2, "op": "validate", "model": model},
        {"id": 3, "op": "describe", "model": model},
        {"id": 4, "op": "predict", "model": model, "input": {"inputs": [[1.0, 2.0]]}},
        {"id": 5, "op": "bye"},
    ]
    for request in requests:
        validator.validate(request)
        validator.validate({"id": request["id"], **answer(request)})


def test_smoke_and_list() -> None:
    result = conformance("smoke", sys.executable, "-m", "mlmodel.conformance.adapter")
    assert result.returncode == 0, result.stdout
    assert "rules/MLM202-loader-module-missing-bad  " in conformance("list").stdout


def test_numbers_differ_by_more_than_the_tolerance() -> None:
    assert difference([1.0, {"a": 2}], [1.0 + 1e-9, {"a": 2}], "", 1e-6) is None
    assert difference([1.0], [1.1], "", 1e-6) == "/0 is 1.1, not 1.0"
    assert difference({"a": 1}, {"b": 1}, "") == "/a is missing"
    assert difference([1], [1, 2], "") == "/ has 2 items, not 1"
    assert difference("1", 1, "/x") == "/x is 1, not '1'"
    assert difference(True, 1, "") is not None


RUNNER = ROOT / "conformance" / "run.mjs"


def node(*arguments: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", *map(str, arguments)],
        check=False,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=300,
    )


@pytest.mark.node
@pytest.mark.parametrize(
    "arguments",
    [
        ("--", sys.executable, str(MUTANT), "none"),
        ("--", sys.executable, str(MUTANT), "wrong-rule"),
        ("--", sys.executable, str(MUTANT), "wrong-pointer"),
        ("--", sys.executable, str(MUTANT), "rubbish"),
        ("--", sys.executable, str(MUTANT), "crash"),
        ("--", sys.executable, str(MUTANT), "executes"),
        (
            "--role",
            "reader",
            "--run",
            "describe/*",
            "--",
            sys.executable,
            "-m",
            "mlmodel.conformance.adapter",
        ),
        ("--oneshot", f"{sys.executable} -c 'import sys; sys.exit(len(sys.argv[1]) % 3)' {{model}}"),
    ],
    ids=lambda arguments: arguments[-1].split("/")[-1][:20],
)
def test_the_runner_in_javascript_gives_the_same_report(arguments: tuple[str, ...]) -> None:
    """But for the times; the lengths of paths differ, so that the last command is held to its form only."""
    few = ("--timeout", "60", "--run", "rules/MLM202*", "--run", "hostile/canary-p*")
    reports = [
        json.loads(text)
        for text in (
            node(RUNNER, *few, "--format", "json", *arguments).stdout,
            conformance("run", *few, "--format", "json", *arguments).stdout,
        )
    ]
    schema: Any = json.loads(
        (ROOT / "schemas" / "conformance-report.schema.json").read_text(encoding="utf-8")
    )
    for data in reports:
        jsonschema.Draft7Validator(schema).validate(data)
        del data["seconds"], data["suite"]["tool"]
        for result in data["results"]:
            del result["seconds"]
    ours, theirs = reports
    if arguments[0] == "--oneshot":
        assert [result["case"] for result in ours["results"]] == [
            result["case"] for result in theirs["results"]
        ]
    else:
        assert ours == theirs


@pytest.mark.node
def test_the_runner_in_javascript_says_what_is_wrong() -> None:
    few = ("--run", "rules/MLM202*")
    assert node(RUNNER).returncode == 2
    assert node(RUNNER, "--oneshot", "tool").returncode == 2
    assert node(RUNNER, *few, "--", "no-such-program").returncode == 3
    assert node(RUNNER, *few, "--oneshot", "no-such-program {model}").returncode == 3
    hanging = node(RUNNER, *few, "--timeout", "8", "--", sys.executable, MUTANT, "silent")
    assert hanging.returncode == 1
    assert "no answer within 8 seconds" in hanging.stdout


@pytest.mark.node
def test_a_release_of_the_suite(tmp_path: Path) -> None:
    """From an empty folder, the package and Node.js alone to a first result; with the adapter of the guide."""
    built = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "suite.py"), str(tmp_path / "dist")],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert built.stdout.count("bytes") == 3
    sums = (tmp_path / "dist" / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    for line in sums:
        digest, name = line.split()
        assert hashlib.sha256((tmp_path / "dist" / name).read_bytes()).hexdigest() == digest
    index: Any = json.loads((tmp_path / "dist" / "index.json").read_text(encoding="utf-8"))
    schema: Any = json.loads((ROOT / "schemas" / "conformance-index.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(index)
    assert [entry["id"] for entry in index["cases"]] == [case.id for case in suite.cases()]
    (package,) = (tmp_path / "dist").glob("*.tgz")
    empty = tmp_path / "empty"
    empty.mkdir()
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--offline", str(package)]
    subprocess.run(install, check=True, cwd=empty, timeout=300, capture_output=True)
    installed = empty / "node_modules" / "mlmodel-conformance"
    cases = {path.relative_to(installed) for path in (installed / "cases").rglob("*") if path.is_file()}
    source = ROOT / "conformance"
    assert cases == {path.relative_to(source) for path in (source / "cases").rglob("*") if path.is_file()}
    guide = (source / "README.md").read_text(encoding="utf-8")
    (empty / "mine.mjs").write_text(guide.split("```js\n")[1].split("```")[0], encoding="utf-8")
    globs = ("--run", "rules/MLM2*", "--run", "forms/MLM202*")
    result = node(installed / "run.mjs", *globs, "--", "node", "mine.mjs", folder=empty)
    assert result.returncode == 1
    assert re.search(r"^  verdicts +0 % +100 % +50 %$", result.stdout, re.MULTILINE), result.stdout


@pytest.mark.node
def test_the_validator_in_javascript(tmp_path: Path) -> None:
    """A second implementation, from an empty folder with node only."""
    import shutil

    source = ROOT / "conformance" / "adapters" / "node"
    for name in ("package.json", "validator.mjs"):
        shutil.copy(source / name, tmp_path)
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    subprocess.run(install, check=True, cwd=tmp_path, timeout=300, capture_output=True)
    adapter = ["node", str(tmp_path / "validator.mjs"), str(ROOT / "schemas")]
    result = conformance(
        "run", "--xfail", str(source / "known-failures.txt"), "--level", "verdicts", "--", *adapter
    )
    assert result.returncode == 0, result.stdout
