"""One attempt, as its handler sees it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Callable, Mapping, Optional, Tuple

from ..errors import Stopped

_lock = threading.Lock()


@dataclass(frozen=True)
class Facts:
    """What is known of an attempt before it begins."""

    id: str
    name: str
    queue: str
    labels: Mapping[str, str]
    attempt: int
    max_attempts: int
    fencing_token: int
    locks: Mapping[str, int]
    traceparent: str
    deadline: Optional[datetime]


class TaskContext:
    """Every method may be called from any thread of the handler."""

    def __init__(self, facts: Facts, say: Callable[[Optional[float], str, Optional[str]], None]) -> None:
        self._facts = facts
        self._say = say
        self._cause: Optional[str] = None
        self._listeners: Tuple[Callable[[], object], ...] = ()

    @property
    def id(self) -> str:
        return self._facts.id

    @property
    def name(self) -> str:
        return self._facts.name

    @property
    def queue(self) -> str:
        return self._facts.queue

    @property
    def labels(self) -> Mapping[str, str]:
        return self._facts.labels

    @property
    def attempt(self) -> int:
        """1, 2, 3 …"""
        return self._facts.attempt

    @property
    def max_attempts(self) -> int:
        return self._facts.max_attempts

    @property
    def fencing_token(self) -> int:
        """Rises with every attempt of a task: hand it to stores that can refuse an older one."""
        return self._facts.fencing_token

    @property
    def locks(self) -> Mapping[str, int]:
        """The locks it holds while it runs, by name: fencing token of each. What it writes to should refuse lower ones."""
        return self._facts.locks

    @property
    def traceparent(self) -> str:
        """W3C traceparent of the submit; "" when there is none."""
        return self._facts.traceparent

    @property
    def deadline(self) -> Optional[datetime]:
        """When the attempt must have ended; None: it may run for ever."""
        return self._facts.deadline

    def progress(self, percent: float, message: str = "") -> None:
        """How far it is, 0–100, with a word on what is done now. Sent at most ten times a second; also a heartbeat."""
        self._say(float(percent), message, None)

    def message(self, text: str) -> None:
        """Leaves a line for people; the newest 100 of an attempt are kept."""
        self._say(None, "", text)

    def heartbeat(self) -> None:
        """Shows that the handler is alive, for tasks with a heartbeat timeout."""
        self._say(None, "", None)

    @property
    def stop_cause(self) -> Optional[str]:
        """Why it is to stop: ``aborted``, ``timed_out``, ``heartbeat``, ``lock_lost``, ``drained`` or ``lost``; None: it is
        not."""
        return self._cause

    @property
    def stopped(self) -> bool:
        """Whether it is told to stop."""
        return self._cause is not None

    def check(self) -> None:
        """Raises Stopped if the attempt is told to stop."""
        if self._cause is not None:
            raise Stopped(self._cause)

    def sleep(self, seconds: float) -> None:
        """Waits; raises Stopped as soon as the attempt is told to stop."""
        self.wait_stopped(seconds)
        self.check()

    def wait_stopped(self, timeout: Optional[float] = None) -> bool:
        """Waits until the attempt is told to stop; False when ``timeout`` seconds came first."""
        told = threading.Event()
        self._listen(told.set)
        return told.wait(timeout)

    async def until_stopped(self) -> None:
        """For handlers in an event loop: waits until the attempt is told to stop."""
        loop = asyncio.get_running_loop()
        told = asyncio.Event()
        self._listen(lambda: loop.call_soon_threadsafe(told.set))
        await told.wait()

    def _listen(self, listener: Callable[[], object]) -> None:
        with _lock:
            if self._cause is None:
                self._listeners = (*self._listeners, listener)
                return
        listener()

    def _stop(self, cause: str) -> None:
        with _lock:
            self._cause = cause
            listeners, self._listeners = self._listeners, ()
        for listener in listeners:
            listener()
