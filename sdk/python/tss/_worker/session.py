"""A worker's session over the `Work` stream. It reconnects until it is closed, and takes up its session again.

Lives in the network's loop. Nothing here waits or raises; what is said in one turn of the loop, or while the peer is slow,
travels as one message.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import deque
from typing import Callable, Deque, Optional, Protocol, Sequence

from .._net.calls import Bidi
from .._net.connection import Connection
from .._net.methods import WORK
from .._proto.worker_service_pb2 import (
    CancelOrder,
    HeldLease,
    Lease,
    OutcomeAck,
    OutcomeReport,
    ProgressReport,
    StartReport,
    Welcome,
    WorkerInfo,
    WorkRequest,
    WorkResponse,
)
from ..errors import TssError

FIRST_PAUSE = 0.1
"""Before the next attempt to connect: doubled each time, jittered."""
LONGEST_PAUSE = 5.0
FULL_BYTES = 512 * 1024
"""Results in one message, so that a message stays far below its limit."""
LEASE_TTL = 15.0
LAST_WORDS = 1.0
"""A coordinator that does not end its side of a closed stream is waited for this long."""
FINAL = frozenset(("UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNIMPLEMENTED"))
"""Errors that another try cannot mend."""
PROTOCOL = 1
"""Version of the worker protocol that is spoken here, the same as in proto/worker-protocol.ts."""
TOO_FAR = frozenset(("VERSION_TOO_OLD", "VERSION_TOO_NEW"))
"""Reasons of refusals between releases that have no version of the protocol in common."""


class Events(Protocol):
    """What a session hears."""

    def connected(self, lease_ttl: float, refused: Sequence[HeldLease]) -> None:
        """A stream is open and greeted; `refused` are leases that are no longer the worker's."""

    def disconnected(self, error: TssError, final: bool) -> None: ...

    def leased(self, lease: Lease) -> None: ...

    def cancelled(self, order: CancelOrder) -> None: ...

    def acknowledged(self, ack: OutcomeAck) -> None: ...

    def told_to_drain(self) -> None: ...


class Session:
    def __init__(
        self, connection: Connection, worker: WorkerInfo, held: Callable[[], Sequence[HeldLease]], events: Events
    ) -> None:
        self._connection = connection
        self._worker = worker
        self._held = held
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._call: "Optional[Bidi[WorkRequest, WorkResponse]]" = None
        self._greeted = False
        self._refusal: Optional[TssError] = None
        """Why the open stream is ended from here."""
        # Chosen here: a coordinator that dies before its welcome arrives knows the worker by it when it is back.
        self._session_id = f"w_{secrets.token_urlsafe(15)}"
        self._told = False
        self._credit = 0
        """Leases that may still come on what was offered."""
        self._draining = False
        self._closed = False
        self._over = asyncio.Event()
        self._outgoing = WorkRequest()
        self._outgoing_bytes = 0
        self._flushing: Optional[asyncio.Handle] = None
        self._heartbeat: Optional[asyncio.TimerHandle] = None
        self._beats: Deque[float] = deque()
        """When each unanswered heartbeat was sent; an answer joined with others takes the oldest off."""
        self._heard_at = self._loop.time()
        self._pause = FIRST_PAUSE
        self._retry: Optional[asyncio.TimerHandle] = None
        # What the owner does first, such as offering its slots, is part of the greeting.
        self._loop.call_soon(self._connect)

    @property
    def heard_at(self) -> float:
        """By the loop's clock: when the newest message was sent that the coordinator is known to have heard."""
        return self._heard_at

    def credit(self, count: int) -> None:
        """Accepts this many leases more."""
        self._credit += count
        if self._greeted:
            self._outgoing.credit += count
            self._soon()

    def started(self, report: StartReport) -> None:
        if self._greeted:
            self._outgoing.starts.append(report)
            self._soon()

    def progress(self, report: ProgressReport) -> None:
        if self._greeted:
            self._outgoing.progress.append(report)
            self._soon()

    def outcome(self, report: OutcomeReport) -> None:
        if not self._greeted:
            return
        self._outgoing.outcomes.append(report)
        self._outgoing_bytes += len(report.result.data)
        if self._outgoing_bytes > FULL_BYTES:
            self._write()
        else:
            self._soon()

    def drain(self) -> None:
        """Wants nothing more."""
        self._draining = True
        self._credit = 0
        if self._greeted:
            self._outgoing.draining = True
            self._soon()

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            if self._retry is not None:
                self._retry.cancel()
            if self._call is None:
                self._over.set()
            else:
                self._write()
                self._call.end()
                self._loop.call_later(LAST_WORDS, self._call.cancel)
        await self._over.wait()

    def _soon(self) -> None:
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = None
        # A slow peer gets fewer and fuller messages; `_flush` is called again when it has taken one.
        if self._call is not None and self._greeted and not self._call.full():
            self._write()

    def _write(self) -> None:
        message = self._outgoing
        if self._call is None or not message.ByteSize():
            return
        self._outgoing, self._outgoing_bytes = WorkRequest(), 0
        self._call.write(message)

    def _connect(self) -> None:
        self._retry = None
        if self._closed:
            self._over.set()
        else:
            self._loop.create_task(self._open())

    async def _open(self) -> None:
        try:
            call = await self._connection.bidi(WORK, self._take, self._ended, self._flush)
        except TssError as error:
            self._ended(error)
            return
        self._call = call
        self._refusal = None
        self._beats.clear()
        hello = WorkRequest(draining=self._draining)
        hello.hello.worker.CopyFrom(self._worker)
        hello.hello.worker.protocol = PROTOCOL
        hello.hello.session_id = self._session_id
        hello.hello.held.extend(self._held())
        hello.hello.credit = 0 if self._draining else self._credit
        hello.hello.again = self._told
        self._told = True
        call.write(hello)
        if self._closed:
            call.end()

    def _take(self, response: WorkResponse) -> None:
        if self._refusal is not None:
            return
        if response.HasField("welcome"):
            if response.welcome.protocol not in (0, PROTOCOL):
                self._refuse(response.welcome)
                return
            self._welcome(response)
        elif self._beats:
            self._heard_at = self._beats.popleft()
        for lease in response.leases:
            self._credit -= 1
            self._events.leased(lease)
        for ack in response.outcome_acks:
            self._events.acknowledged(ack)
        for order in response.cancels:
            self._events.cancelled(order)
        if response.drain:
            self._events.told_to_drain()

    def _refuse(self, welcome: Welcome) -> None:
        """The coordinator goes on with a version of the protocol that is not spoken here."""
        self._refusal = TssError(
            "FAILED_PRECONDITION",
            f"The coordinator (version {welcome.server_version}) goes on with version {welcome.protocol} of the worker "
            f"protocol, and this worker speaks version {PROTOCOL}: use releases that are nearer to each other.",
            reason="VERSION_TOO_OLD" if welcome.protocol > PROTOCOL else "VERSION_TOO_NEW",
        )
        if self._call is not None:
            self._call.cancel()

    def _welcome(self, response: WorkResponse) -> None:
        welcome = response.welcome
        self._session_id = welcome.session_id
        self._greeted = True
        self._pause = FIRST_PAUSE
        self._heard_at = self._loop.time()
        ttl = welcome.lease_ttl.seconds + welcome.lease_ttl.nanos / 1e9 or LEASE_TTL
        every = welcome.heartbeat_interval.seconds + welcome.heartbeat_interval.nanos / 1e9 or ttl / 3
        self._beat_every(every)
        self._events.connected(ttl, welcome.refused)

    def _beat_every(self, seconds: float) -> None:
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        self._heartbeat = self._loop.call_later(seconds, self._beat, seconds)

    def _beat(self, every: float) -> None:
        self._beat_every(every)
        if self._call is not None and not self._call.full():
            self._beats.append(self._loop.time())
            self._call.write(WorkRequest())

    def _ended(self, error: Optional[Exception]) -> None:
        self._call = None
        self._greeted = False
        self._outgoing, self._outgoing_bytes = WorkRequest(), 0
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        if self._closed:
            self._over.set()
            return
        failure = error if isinstance(error, TssError) else TssError("UNAVAILABLE", "The coordinator ended the stream.")
        failure = self._refusal or failure
        self._events.disconnected(failure, failure.code in FINAL or failure.reason in TOO_FAR)
        self._retry = self._loop.call_later(self._pause * random.uniform(0.5, 1), self._connect)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
