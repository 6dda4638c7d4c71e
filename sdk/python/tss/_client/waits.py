"""Waiting for the end of tasks."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import asynccontextmanager
from typing import AsyncIterator, Deque, Optional

from .._net.connection import Connection
from .._net.methods import WAIT_TASK
from .._proto.task_pb2 import Task
from .._proto.task_service_pb2 import WaitTaskRequest
from ..errors import TssError
from .patience import Patience

LONG = 60.0
"""Seconds a wait may take in one call when no other waits for its turn."""
SHORT = 1.0
"""And when others do, or are about to."""
ANSWER = 10.0
"""How much longer than the wait itself the call may take."""
MOST_WAITS = 400
"""Waiting calls at a time: less than half of the streams a connection may have open."""


class WaitTurns:
    """Bounds the calls that wait, so that they never take all streams from the calls that do something."""

    def __init__(self, most: int = MOST_WAITS) -> None:
        self._most = most
        self._open = 0
        self._line: "Deque[asyncio.Future[None]]" = deque()

    @asynccontextmanager
    async def take(self) -> AsyncIterator[float]:
        """Gives the time a call may take, when it is its turn."""
        if self._open >= self._most:
            turn: "asyncio.Future[None]" = asyncio.get_running_loop().create_future()
            self._line.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._pass_on()
                raise
        else:
            self._open += 1
        try:
            yield LONG if not self._line and self._open <= self._most / 2 else SHORT
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._open -= 1


async def wait_for_end(connection: Connection, id: str, turns: WaitTurns, timeout: Optional[float]) -> Optional[Task]:
    """The task when it has ended; None when `timeout` seconds came first (None: no limit)."""
    patience = Patience()
    deadline = float("inf") if timeout is None else time.monotonic() + timeout
    while True:
        try:
            async with turns.take() as most:
                seconds = min(most, max(0.0, deadline - time.monotonic()))
                request = WaitTaskRequest(id=id)
                request.timeout.seconds = int(seconds)
                request.timeout.nanos = int(seconds % 1 * 1e9)
                answer = await connection.unary(WAIT_TASK, request, seconds + ANSWER)
            patience.answered()
            if answer.ended:
                return answer.task
        except TssError as error:
            await patience.failed(error)
        if time.monotonic() >= deadline:
            return None
