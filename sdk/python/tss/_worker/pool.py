"""Threads that are made when they are needed and kept."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Callable, Optional

LOOK = 0.005
"""Seconds after which it is seen whether the threads get on with what waits."""


class ThreadPool:
    """`run` and `close` are called in a loop. A handler that hangs does not hold up the program's end.

    Threads beyond `ready` are made only where those there are do not get on, because their handlers wait for something:
    short handlers in many threads would spend their time in handing each other the interpreter.
    """

    def __init__(self, most: int, ready: int) -> None:
        self._most = most
        self._ready = min(most, ready)
        self._loop = asyncio.get_running_loop()
        self._work: "queue.SimpleQueue[Optional[Callable[[], None]]]" = queue.SimpleQueue()
        self._made = 0
        self._ended = 0
        """Pieces of work that have come to their end."""
        self._seen = 0
        self._given = 0
        self._look: Optional[asyncio.TimerHandle] = None
        self._lock = threading.Lock()

    def run(self, work: Callable[[], None]) -> None:
        self._given += 1
        self._work.put(work)
        if self._given - self._ended <= self._made:
            return
        if self._made < self._ready:
            self._make(1)
        elif self._made < self._most and self._look is None:
            self._seen = self._ended
            self._look = self._loop.call_later(LOOK, self._grow)

    def close(self) -> None:
        if self._look is not None:
            self._look.cancel()
        for _ in range(self._made):
            self._work.put(None)

    def _grow(self) -> None:
        self._look = None
        waiting = self._work.qsize()
        if not waiting or self._made == self._most:
            return
        if self._ended - self._seen < self._made:
            self._make(min(self._made, waiting, self._most - self._made))
        self._seen = self._ended
        self._look = self._loop.call_later(LOOK, self._grow)

    def _make(self, count: int) -> None:
        for _ in range(count):
            self._made += 1
            threading.Thread(target=self._live, name=f"tss-handler-{self._made}", daemon=True).start()

    def _live(self) -> None:
        while True:
            work = self._work.get()
            if work is None:
                return
            work()
            with self._lock:
                self._ended += 1
