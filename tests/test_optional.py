"""Rules that are off unless somebody wants them."""

from __future__ import annotations

from pathlib import Path

from mlmodel import Options, Severity, validate
from mlmodel.standard.rules import matching
from tests.overlay import make_model

RULE = "MLM619"


def found(model: Path, options: Options | None = None) -> list[Severity]:
    return [finding.severity for finding in validate(model, options).findings if finding.rule == RULE]


def test_an_optional_rule(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    assert found(model) == []
    assert found(model, Options(severity={"MLM618": Severity.WARNING})) == []
    assert found(model, Options(select=frozenset({RULE}))) == [Severity.INFO]
    assert found(model, Options(severity={RULE: Severity.ERROR})) == [Severity.ERROR]
    assert found(model, Options(select=frozenset({RULE}), ignore=frozenset({RULE}))) == []


def test_what_selects_it() -> None:
    assert RULE in matching("ALL") & matching(RULE) & matching("pickle-may-be-refused")
    assert RULE not in matching("MLM6")
