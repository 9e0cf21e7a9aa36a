"""The adapter of this implementation: ``python -m mlmodel.conformance.adapter``."""

from __future__ import annotations

import json
import platform
import sys
from typing import Any

from mlmodel import Options, __version__, describe, validate
from mlmodel.findings import Verdict
from mlmodel.rules import matching


def main() -> None:
    """Answer requests until ``bye``, or the end of the input."""
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps({"id": request.get("id"), **answer(request)}), flush=True)  # noqa: T201 - the protocol
        if request.get("op") == "bye":
            return


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The reply to a request, without its id."""
    match request.get("op"):
        case "hello":
            return {
                "implementation": {
                    "name": "mlmodel",
                    "version": __version__,
                    "language": f"Python {platform.python_version()}",
                },
                "roles": ["validator", "reader"],
                "features": ["rules", "pointers"],
            }
        case "validate":
            return _validate(str(request["model"]))
        case "describe":
            return {"outcome": "ok", "value": describe(str(request["model"]))}
        case "bye":
            return {}
        case _:
            return {"outcome": "unsupported"}


def _validate(model: str) -> dict[str, Any]:
    report = validate(model, Options(select=matching("ALL")))
    if report.verdict is Verdict.UNJUDGED:
        return {"outcome": "unsupported", "reason": "it could not be judged"}
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


if __name__ == "__main__":
    main()
