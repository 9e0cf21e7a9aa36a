"""Living with findings: baselines, accepted findings, what a change brought."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.in_process import here, mlmodel
from tests.overlay import apply, make_model

__all__ = ["here"]


@pytest.fixture
def bad(here: Path) -> Path:
    """A model with two errors (MLM007) and a warning (MLM116)."""
    model = make_model(here / "models" / "bad")
    apply(model, "rm model.pkl")
    apply(
        model,
        'set MLmodel /flavors/python_function/artifacts {"x": {"path": "artifacts/model.pkl.txt", "uri": "x"}}',
    )
    apply(model, "unset MLmodel /utc_time_created")
    return model


def rules(*arguments: str) -> list[str]:
    done = mlmodel("validate", "--format", "json", *arguments)
    assert done.status in (0, 1), done.stderr
    return [finding["rule"] for model in json.loads(done.stdout)["models"] for finding in model["findings"]]


# -- baseline ------------------------------------------------------------------------------------------


def test_old_findings_are_quiet_until_they_change(bad: Path) -> None:
    done = mlmodel("validate", "--write-baseline", "-r", ".")
    assert (done.status, done.stderr) == (0, "mlmodel-baseline.json: 3 findings\n")
    known = ("--baseline", "mlmodel-baseline.json")
    done = mlmodel("validate", *known, "-r", ".")
    assert (done.status, done.stdout) == (0, "1 model, valid; 3 known\n")

    text = (bad / "MLmodel").read_text(encoding="utf-8")  # lines move: still known
    (bad / "MLmodel").write_text("# moved\n" + text, encoding="utf-8")
    assert rules(*known, "models/bad") == []

    apply(bad, "set MLmodel /flavors/python_function/artifacts/x/path artifacts/y.bin")  # another value: new
    assert rules(*known, "models/bad") == ["MLM007"]


def test_a_second_finding_of_a_kind_is_new(bad: Path) -> None:
    mlmodel("validate", "--write-baseline", "--baseline", "known.json", "models/bad")
    entries = json.loads(Path("known.json").read_text(encoding="utf-8"))["findings"]
    assert entries == sorted(entries, key=lambda entry: list(entry.values()))
    (entry, *_) = [entry for entry in entries if entry["rule"] == "MLM007"]
    Path("known.json").write_text(json.dumps({"baseline_version": 1, "findings": [entry]}), encoding="utf-8")
    assert sorted(rules("--baseline", "known.json", "models/bad")) == ["MLM007", "MLM116"]


def test_a_baseline_counts_from_its_own_folder(bad: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlmodel("validate", "--write-baseline", "--baseline", "known.json", "-r", "models")
    monkeypatch.chdir(bad)
    assert rules("--baseline", "../../known.json", ".") == []


def test_a_baseline_in_the_configuration(bad: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mlmodel.toml").write_text('baseline = "known.json"\n', encoding="utf-8")
    assert mlmodel("validate", "models/bad").status == 2
    assert mlmodel("validate", "--write-baseline", "models/bad").status == 0
    monkeypatch.chdir(bad)
    assert rules(".") == []


def test_what_is_gone_is_said(bad: Path) -> None:
    mlmodel("validate", "--write-baseline", "models/bad")
    apply(bad, "write model.pkl base64:gAROLg==")
    apply(bad, "write artifacts/model.pkl.txt text:x")
    done = mlmodel("validate", "-v", "--baseline", "mlmodel-baseline.json", "models/bad")
    assert "mlmodel-baseline.json: 2 findings are gone; --write-baseline drops them" in done.stderr


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"baseline_version": 1, "findings": [{}]}', "[" * 99_999])
def test_a_broken_baseline_is_a_wrong_usage(bad: Path, text: str) -> None:
    Path("known.json").write_text(text, encoding="utf-8")
    done = mlmodel("validate", "--baseline", "known.json", "models/bad")
    assert done.status == 2
    assert "known.json" in done.stderr


def test_what_could_not_be_judged_is_in_no_baseline(bad: Path) -> None:
    (bad / "MLmodel").write_text("flavors: " + "[" * 200 + "]" * 200, encoding="utf-8")
    assert mlmodel("validate", "--write-baseline", "models/bad").status == 3
    assert mlmodel("validate", "--baseline", "mlmodel-baseline.json", "models/bad").status == 3


def test_known_findings_take_no_room_of_new_ones(bad: Path) -> None:
    mlmodel("validate", "--write-baseline", "models/bad")
    apply(bad, "set MLmodel /flavors/sklearn/pickled_model other.pkl")
    arguments = ("--baseline", "mlmodel-baseline.json", "--max-findings", "1", "models/bad")
    assert rules(*arguments) == ["MLM007"]


# -- accepted findings ---------------------------------------------------------------------------------

ACCEPTED = """
[[per-finding-ignores]]
rules = ["MLM007"]
path = "models/*"
message = "*model.pkl*"
reason = "fetched when the image is built"
expires = 2027-01-31
"""


def test_accepted_findings_do_not_fail_until_the_day_is_over(bad: Path) -> None:
    Path("mlmodel.toml").write_text(ACCEPTED, encoding="utf-8")
    done = mlmodel("validate", "-v", "--today", "2027-01-31", "models/bad")
    assert done.status == 0
    assert "accepted MLM007: fetched when the image is built" in done.stdout
    done = mlmodel("validate", "--today", "2027-02-01", "models/bad")
    assert done.status == 1
    assert "accepted until 2027-01-31 because: fetched when the image is built" in done.stdout


def test_accepted_findings_in_the_formats(bad: Path) -> None:
    Path("mlmodel.toml").write_text(ACCEPTED.replace("expires = 2027-01-31", ""), encoding="utf-8")
    document = json.loads(mlmodel("validate", "--format", "json", "models/bad").stdout)
    assert document["summary"]["suppressed"] == 2
    assert {item["reason"] for item in document["models"][0]["suppressed"]} == {
        "fetched when the image is built"
    }
    results = json.loads(mlmodel("validate", "--format", "sarif", "models/bad").stdout)["runs"][0]["results"]
    assert sorted(len(result.get("suppressions", [])) for result in results) == [0, 1, 1]


@pytest.mark.parametrize(
    "change", [("models/*", "other/*"), ("*model.pkl*", "*skops*"), ("MLM007", "MLM116")]
)
def test_only_what_matches_is_accepted(bad: Path, change: tuple[str, str]) -> None:
    Path("mlmodel.toml").write_text(ACCEPTED.replace(*change), encoding="utf-8")
    assert rules("--today", "2026-12-01", "models/bad").count("MLM007") == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("reason", "resaon"), "did you mean 'reason'?"),
        (('reason = "fetched when the image is built"', ""), "reason is missing"),
        (("2027-01-31", '"soon"'), "must be a date"),
        (("2027-01-31", "2027-01-31T00:00:00"), "must be a date"),
        (("MLM007", "MLM999"), "MLM999"),
        (("[[per-finding-ignores]]", "[per-finding-ignores]"), "array of tables"),
    ],
)
def test_wrong_entries_are_named(bad: Path, change: tuple[str, str], words: str) -> None:
    Path("mlmodel.toml").write_text(ACCEPTED.replace(*change), encoding="utf-8")
    done = mlmodel("validate", "models/bad")
    assert done.status == 2
    assert words in done.stderr


# -- a change ------------------------------------------------------------------------------------------


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(bad: Path) -> Path:
    """A repository in which ``bad`` and ``good`` are committed."""
    make_model(bad.parent / "good")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "models")
    return bad.parent


def test_a_change_that_brings_nothing(repository: Path) -> None:
    done = mlmodel("validate", "--diff", "main", "-r", ".")
    assert (done.status, done.stdout) == (0, "0 models, valid\n")
    (repository / "bad" / "README.md").write_text("# a model\n", encoding="utf-8")
    assert rules("--diff", "main", "-r", ".") == []


def test_only_what_a_change_brought_is_reported(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git("switch", "-q", "-c", "feature")
    apply(repository / "bad", "set MLmodel /flavors/sklearn/pickled_model other.pkl")
    apply(repository / "good", "rm model.pkl")
    make_model(repository / "new")
    apply(repository / "new", "rm model.pkl")
    git("add", ".")
    git("commit", "-q", "-m", "a change")
    new = rules("--diff", "main", "-r", ".")
    assert new == ["MLM007", "MLM214", *["MLM007"] * 2]  # one each in bad, in good and in new
    monkeypatch.chdir(repository)
    assert rules("--diff", "main", "bad") == ["MLM007", "MLM214"]
    status = subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True).stdout
    assert status == b""  # the repository is as it was


def test_the_fork_point_counts_and_not_what_came_after_it(repository: Path) -> None:
    git("switch", "-q", "-c", "feature")
    git("switch", "-q", "main")
    apply(repository / "bad", "write model.pkl base64:gAROLg==")
    git("add", ".")
    git("commit", "-q", "-m", "repaired")
    git("switch", "-q", "feature")
    (repository / "bad" / "README.md").write_text("# a model\n", encoding="utf-8")
    assert rules("--diff", "main", "-r", ".") == []


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", ""])
def test_a_revision_that_is_none(repository: Path, revision: str) -> None:
    done = mlmodel("validate", f"--diff={revision}", "-r", ".")
    assert done.status == 2
    assert "revision" in done.stderr


def test_no_repository(bad: Path) -> None:
    done = mlmodel("validate", "--diff", "main", "-r", ".")
    assert done.status == 2
    assert "git repository" in done.stderr
