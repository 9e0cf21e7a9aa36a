"""Deliveries of MLflow's registry webhooks: what is signed, and what one says.

Source: ``mlflow/webhooks/delivery.py``, ``constants.py`` and ``types.py`` of MLflow 3.18.0, which follow the Standard Webhooks.
A delivery is a POST whose body is JSON: ``entity``, ``action``, ``timestamp``, ``data``, and ``workspace`` where the server has
several.  Its headers give an id, the seconds since the epoch, and ``v1,`` with the Base64 of HMAC-SHA256, keyed with the secret
of the webhook, of the id, the seconds and the body, joined by dots.  A delivery that is tried again has the same headers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ID = "x-mlflow-delivery-id"
TIMESTAMP = "x-mlflow-timestamp"
SIGNATURE = "x-mlflow-signature"
_ID = lazy_pattern(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
"""Without a dot: what is signed could be divided otherwise."""
_SECONDS = lazy_pattern(r"[0-9]{1,12}", re.ASCII)
_VERSION = lazy_pattern(r"[1-9][0-9]{0,18}", re.ASCII)
_NAME_CHARACTERS = 1000
"""Of a registered model; MLflow's databases hold 256."""
_AUDITED = (("model_version", "created"), ("model_version_alias", "created"))
"""Events after which a version is looked at: it is there, or it is what an alias leads to from now on."""


class RefusedError(Exception):
    """A delivery that is not taken.

    Args:
        status: of the answer.
        reason: one of a few words, for the metrics; the text repeats nothing of the delivery.
    """

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason


class Envelope(Record):
    """What the headers of a delivery say."""

    id: str
    seconds: int
    """When it was sent, since the epoch."""


class Version(Record):
    """The model version that an event is about."""

    name: str
    version: str

    @property
    def address(self) -> str:
        """Its address in the registry."""
        return f"models:/{self.name}/{self.version}"


def sign(secret: bytes, envelope: Envelope, body: bytes) -> bytes:
    """The signature of a delivery, as MLflow writes it in the header."""
    signed = f"{envelope.id}.{envelope.seconds}.".encode("ascii") + body
    return b"v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest())


def verified(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes], now: float, max_age: float
) -> Envelope:
    """The envelope of a delivery that a holder of one of the secrets has sent, not long ago.

    Args:
        headers: by names in lower case.
        body: as it came.
        secrets: any of which may have signed it.
        now: seconds since the epoch.
        max_age: seconds by which the time of the delivery may be before, or after, now.

    Raises:
        RefusedError: a header is missing or has another form; the signature is another one; the time is too far away.
    """
    id_, seconds, signature = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not _ID.fullmatch(id_) or not _SECONDS.fullmatch(seconds) or str(int(seconds)) != seconds:
        raise RefusedError(400, "malformed", f"{ID} or {TIMESTAMP} is missing, or has another form")
    envelope = Envelope(id_, int(seconds))
    given = signature.encode("utf-8", "surrogatepass")
    matches = [hmac.compare_digest(given, sign(secret, envelope, body)) for secret in secrets]
    if not any(matches):
        raise RefusedError(401, "signature", f"{SIGNATURE} is missing, or is not that of the secret")
    if abs(now - envelope.seconds) > max_age:
        raise RefusedError(403, "timestamp", f"{TIMESTAMP} is more than {max_age:g} seconds away from now")
    return envelope


def audited_version(body: bytes) -> Version | None:
    """The version that is to be audited after an event; None for an event after which there is none.

    Raises:
        RefusedError: the body is no event.
    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(400, "malformed", "the body is no JSON") from None
    data = event.get("data") if isinstance(event, dict) else None
    if not isinstance(data, dict):
        raise RefusedError(400, "malformed", "the body is no event")
    if (event.get("entity"), event.get("action")) not in _AUDITED or not _is_here(event.get("workspace")):
        return None
    name, version = data.get("name"), data.get("version")
    if not isinstance(name, str) or not 0 < len(name) <= _NAME_CHARACTERS:
        raise RefusedError(400, "malformed", "the event names no model")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise RefusedError(400, "malformed", "the event names no version")
    return Version(name, version)


def _is_here(workspace: object) -> bool:
    """Whether a workspace is the one that the client asks: the same name in another one is another model."""
    return workspace is None or workspace == (os.environ.get("MLFLOW_WORKSPACE") or "default")
