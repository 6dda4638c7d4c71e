"""Carries tasks to the coordinator: those of one turn of the loop, and those that gather while earlier ones are on their
way, travel as one message. A message is sent until it is answered, always with the same id, so that it counts once.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import deque
from typing import Deque, Dict, List, NamedTuple, Optional, Sequence

from .._net.calls import Bidi
from .._net.connection import Connection
from .._net.methods import SUBMIT_STREAM
from .._net.status import from_status
from .._proto.task_pb2 import TaskSpec
from .._proto.task_service_pb2 import SubmitStreamRequest, SubmitStreamResponse, SubmitTasksRequest
from ..errors import TssError
from .submit_buffer import Batch, Entry, Outcome, SubmitBuffer, Submitted

WINDOW = 8
"""Messages without an answer. Behind that many, tasks gather into fuller ones."""
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 5.0
TRANSIENT = frozenset(("UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED", "INTERNAL"))
"""Errors of a stream or message that sending again can mend."""


class Message(NamedTuple):
    request_id: str
    entries: Sequence[Entry]


class Submitter:
    """Lives in the network's loop."""

    def __init__(self, connection: Connection, timeout: float, buffer_tasks: int, buffer_bytes: int) -> None:
        self._connection = connection
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._buffer = SubmitBuffer(buffer_tasks, buffer_bytes)
        self._sent: Dict[int, Message] = {}
        """On the living stream, by sequence, oldest first."""
        self._queued: Deque[Message] = deque()
        """To be sent (again), oldest first."""
        self._call: "Optional[Bidi[SubmitStreamRequest, SubmitStreamResponse]]" = None
        self._opening = False
        self._sequence = 0
        self._pause = FIRST_PAUSE
        self._held: Optional[asyncio.TimerHandle] = None
        self._sending: Optional[asyncio.Handle] = None
        self._sweep: Optional[asyncio.TimerHandle] = None
        self._trouble: Optional[TssError] = None
        """Why the last stream or message failed; None since an answer came."""
        self._empty = asyncio.Event()

    async def submit(self, specs: Sequence[TaskSpec]) -> Sequence[Outcome]:
        """An answer for each: its id, or why it was refused."""
        if not specs:
            return ()
        batch = Batch(len(specs), self._loop)
        deadline = self._loop.time() + self._timeout
        for index, spec in enumerate(specs):
            self._buffer.add(Entry(spec, spec.ByteSize(), deadline, batch, index))
        if self._sweep is None:
            self._sweep = self._loop.call_later(min(1.0, self._timeout / 4), self._expire)
        if self._sending is None:
            self._sending = self._loop.call_soon(self._send)
        return await batch.done

    async def close(self) -> None:
        """Until every submit has its answer."""
        while self._sent or self._queued or self._buffer:
            self._empty.clear()
            await self._empty.wait()
        if self._call is not None:
            self._call.end()
            self._call = None

    def _send(self) -> None:
        self._sending = None
        while self._held is None and len(self._sent) < WINDOW and (self._queued or self._buffer):
            if self._call is None:
                if not self._opening:
                    self._opening = True
                    self._loop.create_task(self._open())
                return
            message = self._queued.popleft() if self._queued else Message(str(uuid.uuid4()), self._buffer.take())
            self._sequence += 1
            self._sent[self._sequence] = message
            request = SubmitTasksRequest(tasks=[one.spec for one in message.entries], request_id=message.request_id)
            self._call.write(SubmitStreamRequest(sequence=self._sequence, request=request))

    async def _open(self) -> None:
        try:
            mine: List[Bidi[SubmitStreamRequest, SubmitStreamResponse]] = []

            def ended(error: Optional[Exception]) -> None:
                if mine and self._call is mine[0]:
                    self._lost(error)

            call = await self._connection.bidi(SUBMIT_STREAM, self._answered, ended)
            mine.append(call)
            self._call = call
            self._sequence = 0
        except TssError as error:
            self._again([], error)
        finally:
            self._opening = False
        self._settle()

    def _answered(self, response: SubmitStreamResponse) -> None:
        message = self._sent.pop(response.sequence, None)
        if message is None:
            return
        if response.WhichOneof("answer") == "response":
            self._pause = FIRST_PAUSE
            self._trouble = None
            results = response.response.results
            for index, entry in enumerate(message.entries):
                result = results[index] if index < len(results) else None
                kind = None if result is None else result.WhichOneof("result")
                if result is None or kind is None:
                    entry.answer(TssError("INTERNAL", "The coordinator's answer has no result for this task."))
                elif kind == "id":
                    entry.answer(Submitted(result.id, result.duplicate))
                else:
                    entry.answer(from_status(result.error))
        else:
            error = from_status(response.error)
            if error.code in TRANSIENT:
                self._again([message], error)
            else:
                _refuse(message.entries, error)
        self._settle()

    def _lost(self, error: Optional[Exception]) -> None:
        failure = error if isinstance(error, TssError) else TssError("UNAVAILABLE", "The coordinator ended the stream.")
        sent = list(self._sent.values())
        self._sent.clear()
        self._call = None
        if failure.code in TRANSIENT:
            self._again(sent, failure)
        else:
            for message in (*sent, *self._queued):
                _refuse(message.entries, failure)
            self._queued.clear()
            while self._buffer:
                _refuse(self._buffer.take(), failure)
        self._settle()

    def _again(self, messages: Sequence[Message], error: TssError) -> None:
        """Sends messages again, in front of the others, after a pause: the coordinator's, or a growing one."""
        self._trouble = error
        self._queued.extendleft(reversed(messages))
        if self._held is not None:
            return
        pause = (error.retry_after or self._pause) * random.uniform(0.75, 1.25)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._held = self._loop.call_later(pause, self._resume)

    def _resume(self) -> None:
        self._held = None
        self._settle()

    def _settle(self) -> None:
        self._send()
        if self._sent or self._queued or self._buffer:
            return
        self._empty.set()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def _expire(self) -> None:
        """Whoever has waited too long hears so; what is on its way may still be accepted."""
        self._sweep = self._loop.call_later(min(1.0, self._timeout / 4), self._expire)
        now = self._loop.time()
        overdue = self._buffer.take_overdue(now)
        for sequence, message in list(self._sent.items()):
            if message.entries[0].deadline <= now:
                overdue.extend(self._sent.pop(sequence).entries)
        for message in [one for one in self._queued if one.entries[0].deadline <= now]:
            self._queued.remove(message)
            overdue.extend(message.entries)
        if overdue:
            _refuse(overdue, self._late())
            self._settle()

    def _late(self) -> TssError:
        why = "" if self._trouble is None else f" ({self._trouble.message.rstrip('.')})"
        return TssError(
            "DEADLINE_EXCEEDED" if self._trouble is None else self._trouble.code,
            f"The task was not confirmed within {self._timeout:g} s{why}; it may have been accepted. With an idempotency "
            "key it can be submitted again safely.",
        )


def _refuse(entries: Sequence[Entry], error: TssError) -> None:
    for entry in entries:
        entry.answer(error)
