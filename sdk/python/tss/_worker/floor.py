"""Where handlers run: it offers slots, takes leases, hears orders and repeats reports until they are acknowledged.

Lives in the network's loop.
"""

from __future__ import annotations

import asyncio
from typing import Callable, Dict, List, Mapping, Optional, Tuple

from .._proto.task_pb2 import ATTEMPT_OUTCOME_RELEASED
from .._proto.worker_service_pb2 import HeldLease, Lease, OutcomeReport, StartReport
from .attempt import Attempt, Runner
from .ending import Ending, set_time
from .handlers import Handler
from .inbox import Inbox
from .session import Session

REPEAT = 15.0
"""A report that got lost on a living connection is repeated after this long."""
ANNOUNCE = 0.01
"""An attempt that has ended by then is told by its outcome alone."""
Key = Tuple[str, int]


class Held:
    """An attempt that runs here, or whose report is not acknowledged."""

    def __init__(self, attempt: Optional[Attempt], report: Optional[OutcomeReport] = None) -> None:
        self.attempt = attempt
        self.report = report


class Floor:
    def __init__(self, handlers: Mapping[str, Handler], runners: Mapping[str, Runner], slots: int) -> None:
        self.session: Session
        self._handlers = handlers
        self._runners = runners
        self._slots = slots
        self._loop = asyncio.get_running_loop()
        self._held: Dict[Key, Held] = {}
        self._taken = 0
        """Handlers that run, whether they are reported or not."""
        self._offered = 0
        self._paused = False
        self._leaving = False
        self._new: List[Attempt] = []
        self._changed = asyncio.Event()
        self._said: "Inbox[Attempt]" = Inbox(self._loop, lambda attempt: attempt.reporter.heard())
        self._repeat = self._loop.call_later(REPEAT, self._again)

    def held(self) -> List[HeldLease]:
        return [HeldLease(id=id, fencing_token=token) for id, token in self._held]

    def offer(self) -> None:
        """Every free slot once."""
        free = 0 if self._paused or self._leaving else self._slots - self._taken - self._offered
        if free > 0:
            self._offered += free
            self.session.credit(free)

    def lease(self, lease: Lease) -> None:
        key = (lease.id, lease.fencing_token)
        if key in self._held:
            return
        self._offered = max(0, self._offered - 1)
        handler = self._handlers.get(lease.spec.type)
        if handler is None or self._leaving:
            report = OutcomeReport(id=lease.id, fencing_token=lease.fencing_token, outcome=ATTEMPT_OUTCOME_RELEASED)
            self._held[key] = Held(None, report)
            self.session.outcome(report)
            self.offer()
            return
        self._taken += 1
        attempt = Attempt(
            lease, handler, self._runners[handler.kind], self.session.progress, self._said.put, self._report
        )
        self._held[key] = Held(attempt)
        if not self._new:
            self._loop.call_later(ANNOUNCE, self._announce)
        self._new.append(attempt)
        attempt.begin()

    def ended(self, end: Tuple[Attempt, Ending]) -> None:
        """The handler itself has ended: only now its slot is free."""
        attempt, ending = end
        attempt.ended(ending)
        self._taken -= 1
        self.offer()
        self._changed.set()

    def stop(self, id: str, token: int, cause: str) -> None:
        held = self._held.get((id, token))
        if cause == "lost":
            self.fence(id, token)
        elif held is not None and held.attempt is not None:
            held.attempt.stop(cause)

    def stop_all(self, cause: str) -> None:
        for held in list(self._held.values()):
            if held.attempt is not None:
                held.attempt.stop(cause)

    def fence(self, id: str, token: int) -> None:
        """The lease is somebody else's: the handler is told, nothing is reported."""
        held = self._held.pop((id, token), None)
        if held is not None and held.attempt is not None:
            held.attempt.stop("lost")
        self._changed.set()

    def acknowledged(self, id: str, token: int) -> None:
        held = self._held.get((id, token))
        if held is not None and held.report is not None:
            del self._held[(id, token)]
            self._changed.set()

    def connected(self) -> None:
        self._say_again()
        self._paused = False
        self.offer()

    def pause(self) -> None:
        """Takes nothing more until the next connection."""
        self._paused = True

    def leave(self) -> None:
        self._leaving = True
        self.session.drain()

    async def reported(self) -> None:
        """Until every attempt has its report."""
        await self._until(lambda: all(one.report is not None for one in self._held.values()))

    async def delivered(self) -> None:
        """Until every report is acknowledged."""
        await self._until(lambda: not self._held)

    def close(self) -> None:
        self._repeat.cancel()

    def _report(self, attempt: Attempt, report: OutcomeReport) -> None:
        held = self._held.get((attempt.id, attempt.fencing_token))
        if held is not None and held.attempt is attempt:
            held.report = report
            self.session.outcome(report)
            self._changed.set()

    def _announce(self) -> None:
        fresh, self._new = self._new, []
        for attempt in fresh:
            if not attempt.reported:
                report = StartReport(id=attempt.id, fencing_token=attempt.fencing_token)
                set_time(report.started_at, attempt.started_at)
                self.session.started(report)

    def _again(self) -> None:
        self._repeat = self._loop.call_later(REPEAT, self._again)
        self._say_again()

    def _say_again(self) -> None:
        for held in self._held.values():
            if held.report is not None:
                self.session.outcome(held.report)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()
