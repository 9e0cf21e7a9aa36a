"""Answers against expectations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.conformance.results import Level

if TYPE_CHECKING:
    from mlmodel.conformance.suite import Case


class Comparison(Record):
    """How far an answer is right, and why no further."""

    level: Level
    reason: str
    found: tuple[str, ...] = ()
    """The answer in few words: a verdict or outcome, then each finding with its place."""


class ProtocolError(Exception):
    """The answer has not the form that the protocol gives it."""


def expected(case: Case, role: str) -> tuple[str, ...]:
    """What a case expects of a role, in few words."""
    if role == "validator":
        wanted = case.expect["validate"]
        places = [finding_text(item) for item in wanted["findings"]]
        return (wanted["verdict"], *places, *(f"not {rule}" for rule in wanted.get("forbidden", ())))
    if role == "writer":
        return (case.expect["write"]["outcome"],)
    described = [case.expect["describe"]["outcome"]] if "describe" in case.expect else []
    asked = case.expect.get("predict", ())
    return (*described, *("ok" if "output" in item else "reject" for item in asked))


def finding_text(item: dict[str, Any]) -> str:
    """A finding in few words: its rule, and where it stands."""
    return f"{item.get('rule')} at {_where(item.get('file'), item.get('pointer'))}"


def of_validation(case: Case, reply: dict[str, Any]) -> Comparison:
    """An answer to ``validate``.

    Raises:
        ProtocolError: it is none.
    """
    compared = _validation(case.expect["validate"], reply)
    given = reply.get("findings")
    findings = [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []
    errors = [item for item in findings if item.get("severity", "error") == "error"]
    return compared._replace(found=(reply["verdict"], *(finding_text(item) for item in errors)))


def _validation(expected: dict[str, Any], reply: dict[str, Any]) -> Comparison:
    verdict = reply.get("verdict")
    if verdict not in ("valid", "invalid", "unjudged"):
        raise ProtocolError(f"the verdict is {verdict!r}, none of valid, invalid and unjudged")
    if verdict != expected["verdict"]:
        return Comparison(Level.NONE, f"the verdict is {verdict}, not {expected['verdict']}")
    findings = reply.get("findings")
    if findings is None:
        return Comparison(Level.VERDICTS, "no findings are given")
    if not isinstance(findings, list) or not all(isinstance(item, dict) for item in findings):
        raise ProtocolError("findings is no list of objects")
    wanted = {item["rule"] for item in expected["findings"]}
    found = {str(item.get("rule")) for item in findings}
    errors = {str(item.get("rule")) for item in findings if item.get("severity", "error") == "error"}
    for rules, text in (
        (wanted - found, "is not reported"),
        (found & set(expected.get("forbidden", ())), "must not be reported"),
        (errors - wanted, "is an error that is not expected"),
    ):
        if rules:
            instead = (
                f"; reported: {', '.join(sorted(found)) or 'nothing'}" if rules == wanted - found else ""
            )
            return Comparison(Level.VERDICTS, f"{', '.join(sorted(rules))} {text}{instead}")
    # The root of a file has the pointer "", or none: both say the file.
    places = {(item.get("rule"), item.get("file") or None, item.get("pointer") or None) for item in findings}
    for item in expected["findings"]:
        if (item["rule"], item.get("file"), item.get("pointer")) not in places:
            others = sorted({_where(file, pointer) for rule, file, pointer in places if rule == item["rule"]})
            where = _where(item.get("file"), item.get("pointer"))
            reason = f"{item['rule']} is not reported at {where}, but at {', '.join(others)}"
            return Comparison(Level.RULES, reason)
    return Comparison(Level.POINTERS, "")


def _where(file: object, pointer: object) -> str:
    return f"{file or 'the directory'}{f'#{pointer}' if pointer else ''}"


def of_description(case: Case, reply: dict[str, Any]) -> Comparison:
    """An answer to ``describe``.

    Raises:
        ProtocolError: it is none.
    """
    compared = _description(case.expect["describe"], reply)
    return compared._replace(found=(reply["outcome"],))


def _description(expected: dict[str, Any], reply: dict[str, Any]) -> Comparison:
    outcome = reply.get("outcome")
    if outcome not in ("ok", "reject"):
        raise ProtocolError(f"the outcome is {outcome!r}, neither ok nor reject")
    if outcome != expected["outcome"]:
        return Comparison(Level.NONE, f"the outcome is {outcome}, not {expected['outcome']}")
    if outcome == "reject":
        return Comparison(Level.POINTERS, "")
    value = reply.get("value")
    if not isinstance(value, dict):
        raise ProtocolError("value is no object")
    other = difference(_comparable(expected["value"]), _comparable(value), "")
    return Comparison(Level.POINTERS, "") if other is None else Comparison(Level.NONE, other)


def _comparable(value: dict[str, Any]) -> dict[str, Any]:
    """A description whose unread things are the names of their files: the reasons are for people."""
    unread = value.get("unread")
    if not isinstance(unread, list):
        return value
    return {**value, "unread": sorted({str(item.get("file")) for item in unread if isinstance(item, dict)})}


def of_prediction(expected: dict[str, Any], reply: dict[str, Any]) -> Comparison:
    """An answer to ``predict``.

    Raises:
        ProtocolError: it is none.
    """
    outcome, wanted = reply.get("outcome"), "ok" if "output" in expected else "reject"
    if outcome not in ("ok", "reject"):
        raise ProtocolError(f"the outcome is {outcome!r}, neither ok nor reject")
    if outcome != wanted:
        reason = f": {reply['reason']}" if "reason" in reply else ""
        return Comparison(Level.NONE, f"the outcome is {outcome}, not {wanted}{reason}")
    if outcome == "reject":
        return Comparison(Level.POINTERS, "")
    if "output" not in reply:
        raise ProtocolError("there is no output")
    other = difference(expected["output"], reply["output"], "", expected.get("tolerance", 1e-6))
    return Comparison(Level.POINTERS, "") if other is None else Comparison(Level.NONE, other)


def difference(expected: Any, found: Any, pointer: str, tolerance: float = 0.0) -> str | None:
    """Where two JSON values differ first, None where they are equal; numbers within a relative tolerance."""
    numbers = (int, float)
    if isinstance(expected, numbers) and isinstance(found, numbers) and not isinstance(expected, bool):
        same = expected == found or math.isclose(expected, found, rel_tol=tolerance, abs_tol=tolerance)
        return (
            None if same and not isinstance(found, bool) else f"{pointer or '/'} is {found}, not {expected}"
        )
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            inner = f"{pointer}/{key}"
            if key not in found or key not in expected:
                return f"{inner} is {'missing' if key not in found else 'not expected'}"
            other = difference(expected[key], found[key], inner, tolerance)
            if other is not None:
                return other
        return None
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return f"{pointer or '/'} has {len(found)} items, not {len(expected)}"
        for index, (one, other_one) in enumerate(zip(expected, found, strict=True)):
            other = difference(one, other_one, f"{pointer}/{index}", tolerance)
            if other is not None:
                return other
        return None
    same = type(expected) is type(found) and expected == found
    return None if same else f"{pointer or '/'} is {_short(found)}, not {_short(expected)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
