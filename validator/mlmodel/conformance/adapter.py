"""The adapter of this implementation: ``python -m mlmodel.conformance.adapter``.

With ``--load PYTHON`` it loads models with this interpreter where a case asks for it, with ``--recreate`` in the
environments that they record.  It says that it predicts, and writes, what the libraries that are installed allow.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import mlmodel
from mlmodel import Options, __version__, describe, validate
from mlmodel.common.records import Record
from mlmodel.flavors import flavor_named
from mlmodel.standard.rules import matching

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIMIT = 30.0
"""Seconds that loading may take: a case that reaches the limit should not take long."""


class Abilities(Record):
    """What was allowed on the command line."""

    python: str | None = None
    recreate: bool = False

    @property
    def features(self) -> list[str]:
        """As the protocol names them."""
        found = ["rules", "pointers", "targets"]
        found += ["load"] if self.python else []
        found += ["recreate"] if self.recreate else []
        found += ["predict"] if _load is not None and find_spec("pandas") else []
        found += ["python-code"] if flavor_named("python_function") is not None else []
        return found + [name for name in ("sklearn", "skops") if find_spec(name)]


_load = getattr(mlmodel, "load", None)
_NONE = Abilities()


def main() -> None:
    """Answer requests until ``bye``, or the end of the input."""
    parser = argparse.ArgumentParser(prog="mlmodel.conformance.adapter", allow_abbrev=False)
    parser.add_argument("--load", metavar="PYTHON")
    parser.add_argument("--recreate", action="store_true")
    given = parser.parse_args()
    abilities = Abilities(given.load, given.recreate)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps({"id": request.get("id"), **answer(request, abilities)}), flush=True)  # noqa: T201 - the protocol
        if request.get("op") == "bye":
            return


def answer(request: dict[str, Any], abilities: Abilities = _NONE) -> dict[str, Any]:
    """The reply to a request, without its id."""
    match request.get("op"):
        case "hello":
            return {
                "implementation": {
                    "name": "mlmodel",
                    "version": __version__,
                    "language": f"Python {platform.python_version()}",
                },
                "roles": ["validator", "reader", "writer"],
                "features": abilities.features,
            }
        case "validate":
            return _validate(
                str(request["model"]), request.get("load"), request.get("targets", ()), abilities
            )
        case "describe":
            return _describe(str(request["model"]))
        case "predict":
            return _predict(str(request["model"]), request["input"])
        case "write":
            return _write(request["request"], str(request["given"]), str(request["target"]))
        case "bye":
            return {}
        case _:
            return {"outcome": "unsupported"}


def _validate(model: str, load: str | None, targets: Sequence[str], abilities: Abilities) -> dict[str, Any]:
    options = Options(select=matching("ALL"), targets=tuple(targets))
    if load is not None:
        from mlmodel.runtime.load_options import LoadOptions

        recreate = load == "recreate"
        python = None if recreate else abilities.python
        options = options._replace(load=LoadOptions(recreate=recreate, python=python, timeout=_LIMIT))
    report = validate(model, options)
    return {
        "verdict": report.verdict.label,
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity.label,
                "file": finding.location.file,
                "pointer": finding.location.pointer,
                "message": finding.message.encode("utf-8", "backslashreplace").decode(),
            }
            for finding in report.findings
        ],
    }


def _describe(model: str) -> dict[str, Any]:
    """A description, or a refusal where there is no MLmodel file that is a mapping."""
    found = describe(model)
    reasons = [item["reason"] for item in found["unread"] if item["file"] == "MLmodel"]
    if reasons and not found["flavors"] and not any(found["identity"].values()):
        return {"outcome": "reject", "reason": reasons[0]}
    return {"outcome": "ok", "value": found}


def _predict(model: str, given: dict[str, Any]) -> dict[str, Any]:
    if _load is None:
        return {"outcome": "unsupported", "reason": "it does not load models"}
    from mlmodel.conformance import scoring

    try:
        loaded = _load(model, trust=True)  # what a case asks to run is to be run
        data = scoring.data_of(given, (loaded.signature or {}).get("inputs"))
        output = loaded.predict(data, given.get("params"))
        return {"outcome": "ok", "output": scoring.json_of(output)}
    except ImportError as error:
        return {"outcome": "unsupported", "reason": str(error)}
    except Exception as error:  # noqa: BLE001 - a model raises what it likes
        return {"outcome": "reject", "reason": f"{type(error).__name__}: {error}"[:500]}


def _write(request: dict[str, Any], given: str, target: str) -> dict[str, Any]:
    from mlmodel.conformance import requests
    from mlmodel.writer import WriteError, write_model

    try:
        found = requests.arguments(request, given)
        # Cases are about what is written; some examples are none that their model answers.
        write_model(found.pop("model"), target, **found, check_example=False)
    except ImportError as error:
        return {"outcome": "unsupported", "reason": str(error)}
    except (WriteError, FileExistsError) as error:
        return {"outcome": "reject", "reason": str(error)[:500]}
    return {"outcome": "ok"}


if __name__ == "__main__":
    main()
