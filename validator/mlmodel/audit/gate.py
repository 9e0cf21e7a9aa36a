"""The gate: an ASGI application that audits the model versions that a registry's webhooks tell of.

Events are verified and queued; one thread audits them, one after the other, so that who sends never waits for a model.
The queue, the bodies, and what is remembered of deliveries are bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import OrderedDict
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, exposition
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlmodel.audit.auditing import audit
from mlmodel.audit.subjects import SourceError, WhereError
from mlmodel.audit.webhooks import RefusedError, audited_version, verified
from mlmodel.common.texts import printable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.requests import Request

    from mlmodel.audit.registry import Registry
    from mlmodel.audit.rows import Row
    from mlmodel.audit.webhooks import Envelope, Version
    from mlmodel.validation import Options

MAX_BODY = 1 << 20
"""Bytes of a delivery."""
BODY_SECONDS = 10.0
"""In which a body has to be here."""
MAX_REMEMBERED = 100_000
"""Deliveries whose ids are remembered, so that none is taken twice."""
RETRY_SECONDS = 5
"""After which a sender may try again, where the queue is full."""
DRAIN_SECONDS = 30.0
"""In which the queue is worked off, when the gate is closed."""
_BUCKETS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)


def auditor(registry: Registry, options: Options, digest: str) -> Callable[[Version], Row]:
    """What audits a version, and writes its tags.

    Args:
        registry: where the versions are.
        options: what they are judged by.
        digest: of these, for the rows.
    """

    def work(version: Version) -> Row:
        rows = _Last()
        subject = registry.version(version.name, version.version)
        for _ in audit([subject], options, rows, digest, before_row=registry.tag):
            pass
        return rows.row

    return work


class _Last:
    """Keeps the row that was written last."""

    row: Row

    def begin(self, _: str) -> bool:
        return True

    def add(self, row: Row) -> None:
        self.row = row


class _Metrics:
    """What the gate counts; nothing names a model."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        about: Any = {"namespace": "mlmodel_gate", "registry": self.registry}
        self.deliveries = Counter("deliveries", "Deliveries by what became of them.", ["outcome"], **about)
        self.audits = Counter("audits", "Versions that were audited, by verdict.", ["verdict"], **about)
        self.failures = Counter(
            "failures", "Versions that were not audited or not tagged.", ["reason"], **about
        )
        self.seconds = Histogram("audit_seconds", "What a version took, tags too.", buckets=_BUCKETS, **about)
        Gauge("waiting", "Versions that wait for their audit.", **about).set_function(waiting)


class Gate:
    """The queue of a gate, the thread that works it off, and what is known of deliveries."""

    def __init__(
        self,
        work: Callable[[Version], Row],
        secrets: Sequence[bytes],
        *,
        max_age: float = 300.0,
        max_waiting: int = 1000,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Make one; :meth:`start` begins to work.

        Args:
            work: audits a version and writes its tags.
            secrets: those of the webhooks; a delivery is signed with one of them.
            max_age: seconds by which the time of a delivery may be away from now.
            max_waiting: versions that wait; beyond, senders are asked to try again.
            log: is told what happens, a line each.
        """
        self._work = work
        self._secrets = tuple(secrets)
        self._max_age = max_age
        self._max_waiting = max_waiting
        self._log = log
        self._queue: SimpleQueue[Version | None] = SimpleQueue()
        self._known: OrderedDict[str, float] = OrderedDict()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self.metrics = _Metrics(self._queue.qsize)

    # -- in the thread of the server -------------------------------------------------------------

    def start(self) -> None:
        """Begin to work off the queue."""
        self._thread.start()

    @property
    def is_working(self) -> bool:
        """Whether what is queued will be audited."""
        return self._thread.is_alive() and not self._closed

    @property
    def waiting(self) -> int:
        """How many versions wait."""
        return self._queue.qsize()

    def receive(self, headers: Any, body: bytes, now: float) -> Version | None:
        """Take a delivery.

        Returns:
            The version that was queued; None for an event that asks for no audit.

        Raises:
            RefusedError: it is not taken.
        """
        envelope = verified(headers, body, self._secrets, now, self._max_age)
        self._check_new(envelope, now)
        version = audited_version(body)
        if version is not None:
            if not self.is_working or self._queue.qsize() >= self._max_waiting:
                raise RefusedError(503, "full", "no more versions are taken now")
            self._queue.put(version)
        # From here on: a delivery that was refused may be sent again.
        self._known[envelope.id] = envelope.seconds + self._max_age
        return version

    def _check_new(self, envelope: Envelope, now: float) -> None:
        """Refuse what was taken before; what is too old to be taken again is forgotten."""
        if envelope.id in self._known:
            raise RefusedError(409, "replay", "this delivery was taken before")
        if len(self._known) >= MAX_REMEMBERED:
            for id_ in [id_ for id_, until in self._known.items() if until < now]:
                del self._known[id_]
        if len(self._known) >= MAX_REMEMBERED:
            raise RefusedError(503, "full", "too many deliveries at once")

    def close(self) -> None:
        """Take no more, and wait until the queue is worked off, for a while; what is left is told."""
        self._closed = True
        self._queue.put(None)
        self._thread.join(DRAIN_SECONDS)
        while not self._queue.empty():
            version = self._queue.get()
            if version is not None:
                self._log(f"{_shown(version)}: not audited: the gate was closed")

    # -- in the thread that audits ---------------------------------------------------------------

    def _run(self) -> None:
        while (version := self._queue.get()) is not None:
            start = time.perf_counter()
            try:
                row = self._work(version)
            except WhereError as error:
                self._failed(version, "missing", error)
            except SourceError as error:
                self._failed(version, "registry", error)
            except Exception as error:  # noqa: BLE001 - one version must not end the gate
                self._failed(version, "internal", f"{type(error).__name__}: {error}")
            else:
                self.metrics.audits.labels(row["verdict"]).inc()
                counts = ", ".join(f"{row[name]} {name}" for name in ("errors", "warnings", "infos"))
                self._log(f"{_shown(version)}: {row['verdict']}: {counts}")
            self.metrics.seconds.observe(time.perf_counter() - start)

    def _failed(self, version: Version, reason: str, error: object) -> None:
        self.metrics.failures.labels(reason).inc()
        self._log(f"{_shown(version)}: not audited or not tagged: {printable(str(error))[:300]}")


def _shown(version: Version) -> str:
    return printable(version.address)


def application(gate: Gate) -> Starlette:
    """The ASGI application of a gate: ``POST /webhook``, ``GET /health``, ``GET /metrics``."""

    async def webhook(request: Request) -> Response:
        try:
            body = await _body(request)
            version = gate.receive(request.headers, body, time.time())
        except RefusedError as error:
            gate.metrics.deliveries.labels(error.reason).inc()
            again = {"Retry-After": str(RETRY_SECONDS)} if error.status == 503 else None
            return JSONResponse({"error": str(error)}, error.status, again)
        outcome = "ignored" if version is None else "accepted"
        gate.metrics.deliveries.labels(outcome).inc()
        return JSONResponse({"status": outcome}, 200 if version is None else 202)

    async def health(_: Request) -> Response:
        working = gate.is_working
        told = {"status": "ok" if working else "not working", "waiting": gate.waiting}
        return JSONResponse(told, 200 if working else 503)

    async def metrics(_: Request) -> Response:
        text = exposition.generate_latest(gate.metrics.registry)
        return Response(text, headers={"Content-Type": exposition.CONTENT_TYPE_LATEST})

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        gate.start()
        yield
        await asyncio.to_thread(gate.close)

    routes = [
        Route("/webhook", webhook, methods=["POST"]),
        Route("/health", health),
        Route("/metrics", metrics),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _body(request: Request) -> bytes:
    """The body of a delivery.

    Raises:
        RefusedError: it is larger than any is, or does not come in time, or not to its end.
    """
    too_large = RefusedError(413, "too_large", f"the body has more than {MAX_BODY:,} bytes")

    async def whole() -> bytes:
        parts = bytearray()
        async for part in request.stream():
            parts += part
            if len(parts) > MAX_BODY:
                raise too_large
        return bytes(parts)

    try:
        return await asyncio.wait_for(whole(), BODY_SECONDS)
    except ClientDisconnect:
        raise RefusedError(400, "malformed", "the body ends too early") from None
    except (TimeoutError, asyncio.TimeoutError):
        raise RefusedError(408, "late", f"the body was not here after {BODY_SECONDS:g} seconds") from None
