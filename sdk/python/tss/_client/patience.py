"""Goes on after a lost connection: waits longer each time, and gives up when nothing has answered for a while."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Optional

from ..errors import TssError

TRANSIENT = frozenset(("UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"))
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
GIVE_UP = 300.0
"""Longest time without an answer before a wait, watch or log fails."""


class Patience:
    def __init__(self, give_up: float = GIVE_UP) -> None:
        self._give_up = give_up
        self._lost_at: Optional[float] = None
        self._pause = FIRST_PAUSE

    def answered(self) -> None:
        self._lost_at = None
        self._pause = FIRST_PAUSE

    async def failed(self, error: TssError) -> None:
        """Returns when it is time to try again; raises the error when that cannot help, or the time is up."""
        if error.code not in TRANSIENT:
            raise error
        now = time.monotonic()
        if self._lost_at is None:
            self._lost_at = now
        if now - self._lost_at > self._give_up:
            raise error
        await asyncio.sleep(self._pause * random.uniform(0.5, 1))
        self._pause = min(LONGEST_PAUSE, self._pause * 2)
