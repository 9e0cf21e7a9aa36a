"""Every hostile object is an error that spells out what it calls; what cannot be opened is never passed."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlmodel import Finding, Severity, validate
from tests.command import mlmodel_validate
from tests.overlay import apply, make_model
from tests.pickles.attacks import Attack, every

ATTACKS = every()
GROUPS = sorted({attack.id.split("/")[0] for attack in ATTACKS})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("attacked") / "model")


def errors(model: Path) -> list[Finding]:
    """What is said of the object itself; that it has another format than is recorded (MLM618) would hide what is missed."""
    return [
        finding
        for finding in validate(model).findings
        if finding.rule.startswith("MLM6") and finding.rule != "MLM618" and finding.severity is Severity.ERROR
    ]


def missed(attacks: Iterator[Attack], model: Path) -> list[str]:
    wrong = []
    for attack in attacks:
        (model / "model.pkl").write_bytes(attack.content)
        found = errors(model)
        if not found:
            wrong.append(f"{attack.id}: no error")
        elif attack.named is not None and not any(attack.named in finding.message for finding in found):
            wrong.append(f"{attack.id}: not named: {found[0].message}")
    return wrong


def test_there_are_several_hundred() -> None:
    assert len(ATTACKS) > 600


@pytest.mark.parametrize("group", GROUPS)
def test_as_the_object_of_the_model(group: str, model: Path) -> None:
    assert missed((attack for attack in ATTACKS if attack.id.split("/")[0] == group), model) == []


@pytest.mark.parametrize("place", ["artifacts/", "", "deep/down/in/folders/"])
def test_under_any_name(place: str, tmp_path: Path) -> None:
    """Also where no path key leads, by its own suffix."""
    model = make_model(tmp_path / "model")
    wrong = []
    for attack in ATTACKS[::7]:
        target = model / f"{place}object{attack.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(attack.content)
        found = [finding for finding in validate(model).findings if finding.rule.startswith("MLM6")]
        worst = max((finding.severity for finding in found), default=Severity.INFO)
        # What cannot be opened is a warning where nothing says that it is loaded.
        if worst is Severity.INFO or (attack.named is not None and worst is not Severity.ERROR):
            wrong.append(attack.id)
        target.unlink()
    assert wrong == []


@pytest.mark.parametrize(
    "wanted", ["07-opcodes/inst", "14-zip/nested", "16-compressed/zlib", "03-standard/subprocess.Popen"]
)
def test_the_command(wanted: str, tmp_path: Path) -> None:
    (attack,) = [attack for attack in ATTACKS if attack.id == wanted]
    model = make_model(tmp_path / "model")
    (model / "model.pkl").write_bytes(attack.content)
    result = mlmodel_validate("--select", "MLM6", model)
    assert result.returncode == 1
    assert str(attack.named) in result.stdout


def test_the_model_says_that_it_is_trusted(tmp_path: Path) -> None:
    """What the author of the pickle wrote about it changes nothing."""
    model = make_model(tmp_path / "model")
    (model / "model.pkl").write_bytes(ATTACKS[0].content)
    (model / "requirements.txt").write_text("mlflow==2.15.0\nsome-library==1.0\n", encoding="utf-8")
    apply(model, "set MLmodel /flavors/sklearn/skops_trusted_types [os.system]")
    assert {"MLM601", "MLM614"} <= {finding.rule for finding in errors(model)}


@pytest.mark.parametrize("content", [b"hello world\n", b'{"a": 1}', bytes(range(1, 200)), b"\n\x80\x04N."])
def test_what_is_to_be_unpickled_is_a_pickle(content: bytes, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "model.pkl").write_bytes(content)
    assert "MLM618" in {finding.rule for finding in validate(model).findings}


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_of_plain_values_is_a_pickle(protocol: int, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "model.pkl").write_bytes(pickle.dumps({"a": [1.5, "x"]}, protocol))
    assert [finding for finding in validate(model).findings if finding.rule.startswith("MLM6")] == []
