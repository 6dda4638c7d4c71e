"""Watches how long ago the coordinator last heard of the worker. Lives in the network's loop."""

from __future__ import annotations

import asyncio
from typing import Callable, Optional

STOP_AT = 0.8
"""Part of a lease's term after which silence ends what is held; after the term the tasks run elsewhere."""
LOOK_AGAIN = 0.1
"""Part of the term after which a lost contact is looked for again."""


class LeaseWatch:
    """`lost` is called once per silence."""

    def __init__(self, heard_at: Callable[[], float], lost: Callable[[], None]) -> None:
        self._heard_at = heard_at
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._term: Optional[float] = None
        self._told = False
        self._timer: Optional[asyncio.TimerHandle] = None

    def set_term(self, seconds: float) -> None:
        self._term = seconds
        self._look()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self.close()
        if self._term is None:
            return
        left = self._heard_at() + self._term * STOP_AT - self._loop.time()
        if left > 0:
            self._told = False
        elif not self._told:
            self._told = True
            self._lost()
        self._timer = self._loop.call_later(left if left > 0 else self._term * LOOK_AGAIN, self._look)
