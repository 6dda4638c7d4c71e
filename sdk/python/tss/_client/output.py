"""What attempts write."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import AsyncIterator, Optional

from .._net.connection import Connection
from .._net.methods import GET_TASK, TAIL_LOGS
from .._proto.task_pb2 import TASK_STATUS_SUCCEEDED
from .._proto.task_service_pb2 import LOG_STREAM_STDERR, GetTaskRequest, TailLogsRequest, TailLogsResponse
from ..errors import TssError
from ..views import LogPiece
from .patience import Patience

IDLE_PAUSE = 0.2
"""Between two streams that ended without anything new while the task goes on."""


@dataclass
class Place:
    """Every byte of earlier attempts and of this one before `offset` has been given."""

    attempt: int = 0
    offset: int = 0


async def read_output(connection: Connection, id: str, attempt: int) -> AsyncIterator[LogPiece]:
    """The output of one attempt (0: the newest) as it is now."""
    place = Place()
    async for message in connection.stream(TAIL_LOGS, TailLogsRequest(id=id, attempt=attempt)):
        piece = _unseen(message, place)
        if piece is not None:
            yield piece


async def follow_output(connection: Connection, id: str) -> AsyncIterator[LogPiece]:
    """The output of all attempts, from the first byte until the task has ended.

    A lost connection is taken up at the byte where it broke: no byte comes twice, and none is left out that is kept.
    """
    patience = Patience()
    place = Place()
    attempt = 0  # 0: the newest and those to come.
    while True:
        before = (place.attempt, place.offset)
        try:
            request = TailLogsRequest(id=id, attempt=attempt, offset=place.offset if attempt else 0, follow=True)
            async for message in connection.stream(TAIL_LOGS, request):
                patience.answered()
                if attempt == 0 and message.attempt > place.attempt + 1:
                    break
                piece = _unseen(message, place)
                if piece is not None:
                    yield piece
        except TssError as error:
            # An attempt that left no output may not be known to the log any more; the task itself is asked for next.
            if attempt == 0 or error.code != "NOT_FOUND":
                await patience.failed(error)
                attempt = place.attempt
                continue
        following = await _next_attempt(connection, id, place, attempt, patience)
        if following is None:
            return
        attempt = following
        if before == (place.attempt, place.offset):
            await asyncio.sleep(IDLE_PAUSE)


async def _next_attempt(
    connection: Connection, id: str, place: Place, asked: int, patience: Patience
) -> Optional[int]:
    """The attempt to ask for when a stream has ended; None when everything has been given."""
    while True:
        try:
            task = (await connection.unary(GET_TASK, GetTaskRequest(id=id))).task
        except TssError as error:
            await patience.failed(error)
            continue
        patience.answered()
        seen = max(place.attempt, asked)
        # `attempt` leaves out runs that were given back; their output is kept under numbers of their own.
        if max([task.attempt, *(one.number for one in task.attempts[-1:])]) > seen:
            place.attempt, place.offset = seen + 1, 0
            return place.attempt
        if task.status >= TASK_STATUS_SUCCEEDED:
            return None
        return 0 if place.attempt == asked else place.attempt


def _unseen(message: TailLogsResponse, place: Place) -> Optional[LogPiece]:
    """The part of a message that lies behind the place, which moves on."""
    if message.attempt < place.attempt:
        return None
    if message.attempt > place.attempt:
        place.attempt, place.offset = message.attempt, 0
    skip = max(0, place.offset - message.offset)
    elided = 0 if skip else message.elided_bytes
    if skip >= len(message.data) and elided == 0:
        return None
    place.offset = max(place.offset, message.offset + len(message.data))
    stream = "stderr" if message.stream == LOG_STREAM_STDERR else "stdout"
    return LogPiece(message.attempt, message.offset + skip, stream, message.data[skip:], elided)
