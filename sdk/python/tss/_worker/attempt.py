"""An attempt that runs here: its times, its stop, its report. Lives in the network's loop."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Protocol

from .._proto.worker_service_pb2 import Lease, OutcomeReport, ProgressReport
from .context import Facts, TaskContext
from .ending import Ending, judge
from .handlers import Handler
from .reporter import Reporter

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration

CANCEL_GRACE = 10.0


class Runner(Protocol):
    """Runs handlers of one kind, and gives each attempt's ending back in the loop."""

    def start(self, attempt: "Attempt") -> None: ...

    def stop(self, attempt: "Attempt", cause: str) -> None:
        """Makes a handler hear that it is to stop."""

    def abandon(self, attempt: "Attempt") -> None:
        """Its grace is over and its report is made."""


class Attempt:
    def __init__(
        self,
        lease: Lease,
        handler: Handler,
        runner: Runner,
        progress: Callable[[ProgressReport], None],
        wake: Callable[["Attempt"], None],
        report: Callable[["Attempt", OutcomeReport], None],
    ) -> None:
        self.id = lease.id
        self.fencing_token = lease.fencing_token
        self.payload = lease.spec.payload if lease.spec.HasField("payload") else None
        self.handler = handler
        self.started_at = time.time()
        self.stopped_by: Optional[str] = None
        self.reported = False
        """Its report is made; the handler itself may still run."""
        self.running: Any = None
        """What its runner needs to reach it."""
        self._runner = runner
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._timers: Dict[str, asyncio.TimerHandle] = {}
        self.reporter = Reporter(lease.id, lease.fencing_token, progress, lambda: wake(self))
        spec = lease.spec
        timeout = _seconds(lease.timeout) if lease.HasField("timeout") else None
        grace = lease if lease.HasField("cancel_grace") else spec
        self._grace = _seconds(grace.cancel_grace) if grace.HasField("cancel_grace") else CANCEL_GRACE
        silence = lease if lease.HasField("heartbeat_timeout") else spec
        self._silence = _seconds(silence.heartbeat_timeout) if silence.HasField("heartbeat_timeout") else None
        deadline = None if timeout is None else datetime.now(timezone.utc) + timedelta(seconds=timeout)
        facts = Facts(
            id=lease.id,
            name=spec.name,
            queue=spec.queue or "default",
            labels=dict(spec.labels),
            attempt=lease.attempt,
            max_attempts=lease.max_attempts,
            fencing_token=lease.fencing_token,
            locks={lock.name: lock.token for lock in lease.locks},
            traceparent=spec.traceparent,
            deadline=deadline,
        )
        self.facts = facts
        self.context = TaskContext(facts, self.reporter.say)
        if timeout is not None:
            self._later("timeout", timeout, lambda: self.stop("timed_out"))
        if self._silence is not None:
            self._later("silence", self._silence, self._listen)

    def begin(self) -> None:
        self._runner.start(self)

    def stop(self, cause: str) -> None:
        """Tells the handler; the first cause counts. After the grace it is reported even if it does not listen."""
        if self.stopped_by is not None or self.reported:
            return
        self.stopped_by = cause
        self._later("grace", self._grace, self._impatient)
        self._runner.stop(self, cause)

    def ended(self, ending: Ending) -> None:
        """The handler has ended, or its grace has."""
        if self.reported:
            return
        self.reported = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self.reporter.close()
        report = judge(self.id, self.fencing_token, self.started_at, time.time(), self.stopped_by, ending)
        self._report(self, report)

    def _impatient(self) -> None:
        self.ended(Ending("threw"))
        self._runner.abandon(self)

    def _listen(self) -> None:
        quiet = time.monotonic() - self.reporter.said_at
        if self._silence is None or quiet >= self._silence:
            self.stop("heartbeat")
        else:
            self._later("silence", self._silence - quiet, self._listen)

    def _later(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        self._timers[name] = self._loop.call_later(seconds, call)


def _seconds(duration: "Duration") -> float:
    return duration.seconds + duration.nanos / 1e9
