"""A validator with a defect: ``mutant.py DEFECT`` answers as the reference does, but for that."""

from __future__ import annotations

import json
import os
import pickle
import sys
import time
from pathlib import Path
from typing import Any

from mlmodel.conformance.adapter import answer


def wrong(defect: str, request: dict[str, Any], reply: dict[str, Any]) -> dict[str, Any] | None:
    """The reply with the defect in it; None for none."""
    findings = reply.get("findings", [])
    match defect:
        case "always-valid":
            return {"verdict": "valid", "findings": []}
        case "always-invalid":
            return {"verdict": "invalid", "findings": []}
        case "crash":
            os._exit(139)
        case "hang":
            time.sleep(60)
        case "rubbish":
            return {"verdict": "perhaps"}
        case "silent":
            return None
        case "wrong-rule":
            return {**reply, "findings": [{**finding, "rule": "MLM999"} for finding in findings]}
        case "wrong-pointer":
            return {**reply, "findings": [{**finding, "pointer": "/x"} for finding in findings]}
        case "unsupported":
            return {"outcome": "unsupported"}
        case "executes":
            file = Path(request["model"]) / "model.pkl"
            if file.is_file() and b"MLMODEL_CANARY" in file.read_bytes():
                pickle.loads(file.read_bytes())  # noqa: S301 - that is the defect
        case "writes":
            Path(request["model"], "report.json").write_text("{}", encoding="utf-8")
        case "words":
            return {**reply, "findings": [{**finding, "message": "nope"} for finding in findings]}
        case "noise":
            print("loading ...\n{}\n[1]\n" + json.dumps({"id": -1, "verdict": "invalid"}))
    return reply


def main() -> None:
    defect = sys.argv[1]
    for line in sys.stdin:
        request = json.loads(line)
        reply: dict[str, Any] | None = answer(request)
        if defect == "no-hello":
            return
        if request["op"] == "validate" and reply is not None:
            reply = wrong(defect, request, reply)
        if reply is not None:
            print(json.dumps({"id": request["id"], **reply}), flush=True)
        if request["op"] == "bye":
            return


if __name__ == "__main__":
    main()
