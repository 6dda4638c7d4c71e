"""Puts together what one attempt says: the newest progress, and at most the newest 100 messages at a time."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Callable, List, Optional

from .._proto.worker_service_pb2 import ProgressReport
from .ending import cut

PAUSE = 0.1
"""A handler may say something a thousand times a second; the coordinator hears the newest of it ten times."""
MESSAGES = 100
LINE_CHARACTERS = 4096
"""More than the coordinator keeps of a line."""


class Reporter:
    """`say` comes from any thread, everything else is called in the loop. `wake` brings `heard` to the loop."""

    def __init__(self, id: str, fencing_token: int, send: Callable[[ProgressReport], None], wake: Callable[[], None]) -> None:
        self._id = id
        self._fencing_token = fencing_token
        self._send = send
        self._wake = wake
        self._lock = threading.Lock()
        self.said_at = time.monotonic()
        """When the handler last gave a sign of life."""
        self._percent: Optional[float] = None
        self._note = ""
        self._messages: List[str] = []
        self._waiting = False
        self._pause: Optional[asyncio.TimerHandle] = None
        self._closed = False

    def say(self, percent: Optional[float], note: str, message: Optional[str]) -> None:
        self.said_at = time.monotonic()
        with self._lock:
            if self._closed:
                return
            if percent is not None:
                self._percent, self._note = percent, cut(note, LINE_CHARACTERS)
            if message is not None:
                self._messages.append(cut(message, LINE_CHARACTERS))
                del self._messages[:-MESSAGES]
            woken, self._waiting = self._waiting, True
        if not woken:
            self._wake()

    def heard(self) -> None:
        if self._pause is None:
            self._flush()

    def close(self) -> None:
        """Sends what waits; nothing is sent later."""
        with self._lock:
            self._closed = True
        if self._pause is not None:
            self._pause.cancel()
        self._flush()

    def _flush(self) -> None:
        self._pause = None
        with self._lock:
            if not self._waiting:
                return
            report = ProgressReport(
                id=self._id, fencing_token=self._fencing_token, message=self._note, messages=self._messages
            )
            if self._percent is not None:
                report.percent = self._percent
            self._percent, self._note, self._messages, self._waiting = None, "", [], False
        self._send(report)
        if not self._closed:
            self._pause = asyncio.get_running_loop().call_later(PAUSE, self._flush)
