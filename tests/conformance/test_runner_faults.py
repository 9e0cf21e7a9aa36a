"""What the runner says where the implementation, or the command line, is at fault."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlmodel.conformance import comparing, suite
from mlmodel.conformance.adapters import Adapter, AdapterError, CommandAdapter
from mlmodel.conformance.results import Level
from tests.cli.in_process import here, mlmodel
from tests.command import ROOT

__all__ = ["here"]

FLOOD = "import sys\nwhile True: sys.stdout.write('y\\n' * 1000)"
CRASH = "import sys; sys.exit(1) if len(sys.argv) > 2 else [][1]"


def case(id_: str) -> suite.Case:
    (found,) = suite.matching(suite.cases(), [id_])
    return found


def test_a_flood_of_output_ends() -> None:
    adapter = Adapter([sys.executable, "-c", FLOOD], 1.0, {})
    with pytest.raises(AdapterError, match="no answer within 1 seconds, but"):
        adapter.hello()


def test_a_crash_is_no_verdict(tmp_path: Path) -> None:
    crashing = CommandAdapter([sys.executable, "-c", CRASH, "{model}"], 30.0, {})
    with pytest.raises(AdapterError, match="it crashed, with exit 1") as caught:
        crashing.ask("validate", model=str(tmp_path))
    assert "IndexError" in str(caught.value)
    assert "Traceback" in str(caught.value)
    refusing = CommandAdapter([sys.executable, "-c", CRASH, "{model}", "x"], 30.0, {})
    assert refusing.ask("validate", model=str(tmp_path)) == {"verdict": "invalid"}


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--oneshot", "tool 'x {model}"), 2, "--oneshot: No closing quotation"),
        (("--oneshot", "tool x"), 2, "--oneshot has no {model}"),
        (("--oneshot", "no-such-program {model}"), 3, "no-such-program cannot be started"),
        (("no-such-program",), 3, "no-such-program cannot be started"),
        (("--suite", ".", "--oneshot", "tool {model}"), 2, "there are no cases below"),
        (
            ("no-such-program", "--format", "json"),
            3,
            "--format behind the ADAPTER is an option of the ADAPTER",
        ),
    ],
)
def test_usage(here: Path, arguments: tuple[str, ...], status: int, words: str) -> None:
    done = mlmodel("conformance", "run", *arguments)
    assert done.status == status
    assert words in done.stderr


def test_a_folder_of_cases_is_a_suite() -> None:
    folder = ROOT / "conformance" / "cases"
    assert suite.cases(str(folder)) == suite.cases(str(folder.parent))


def test_a_glob_of_known_failures_that_matches_nothing_is_said(here: Path) -> None:
    (here / "known.txt").write_text("rules/MLM2*\nrules/NO-SUCH*\n", encoding="utf-8")
    arguments = (
        "--xfail",
        "known.txt",
        "--run",
        "rules/MLM202-loader-module-missing-bad",
        "--oneshot",
        f"{sys.executable} -c pass {{model}}",
    )
    done = mlmodel("conformance", "run", *arguments)
    assert done.stderr == "Note: --xfail rules/NO-SUCH* matches no case\n"
    assert done.status == 0
    assert done.stdout.endswith("does not hold, as expected: every case that fails is known to\n")


def test_what_was_reported_instead_is_said() -> None:
    bad = case("rules/MLM202-loader-module-missing-bad")
    (expected,) = bad.expect["validate"]["findings"]
    other = {"rule": "MLM999", "severity": "warning", "file": None, "pointer": None}
    answer = comparing.of_validation(bad, {"verdict": "invalid", "findings": [other]})
    assert answer[:2] == (Level.VERDICTS, "MLM202 is not reported; reported: MLM999")
    assert answer.found == ("invalid",)
    answer = comparing.of_validation(bad, {"verdict": "invalid", "findings": []})
    assert answer.reason == "MLM202 is not reported; reported: nothing"
    elsewhere = {**expected, "pointer": "/elsewhere"}
    answer = comparing.of_validation(bad, {"verdict": "invalid", "findings": [elsewhere]})
    assert answer.level is Level.RULES
    assert answer.reason.endswith(f", but at {expected['file']}#/elsewhere")
