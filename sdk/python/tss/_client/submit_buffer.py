"""Tasks that wait to become messages: first in, first out, bounded in number and bytes."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Deque, List, NamedTuple, Optional, Sequence, Union

from .._proto.task_pb2 import TaskSpec
from ..errors import TssError

MESSAGE_TASKS = 1_000
MESSAGE_BYTES = 4 * 1024 * 1024
ENVELOPE_BYTES = 1024
"""Left free in a message for what is around its tasks."""
TASK_BYTES = 16
"""What a message needs for a task besides its own bytes."""


class Submitted(NamedTuple):
    id: str
    duplicate: bool
    """The idempotency key was known: the task is the one of the first submit."""


Outcome = Union[Submitted, TssError]


class Batch:
    """Tasks of one caller, who hears when each has its answer."""

    def __init__(self, count: int, loop: asyncio.AbstractEventLoop) -> None:
        self.answers: List[Optional[Outcome]] = [None] * count
        self.done: "asyncio.Future[Sequence[Outcome]]" = loop.create_future()
        self._left = count

    def answer(self, index: int, outcome: Outcome) -> None:
        self.answers[index] = outcome
        self._left -= 1
        if self._left == 0 and not self.done.done():
            self.done.set_result([one for one in self.answers if one is not None])


@dataclass
class Entry:
    """A task on its way."""

    spec: TaskSpec
    size: int
    deadline: float
    """By the loop's clock: when its caller hears that there was no answer."""
    batch: Batch
    index: int

    def answer(self, outcome: Outcome) -> None:
        self.batch.answer(self.index, outcome)


class SubmitBuffer:
    def __init__(self, tasks: int, size: int) -> None:
        self._most_tasks = tasks
        self._most_bytes = size
        self._bytes = 0
        self._entries: Deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Answers it with RESOURCE_EXHAUSTED when there is no room."""
        if len(self) >= self._most_tasks or (self._entries and self._bytes + entry.size > self._most_bytes):
            entry.answer(
                TssError(
                    "RESOURCE_EXHAUSTED",
                    f"{len(self)} tasks wait to be sent (at most {self._most_tasks} and {self._most_bytes} bytes may); "
                    "wait for earlier submits before making more.",
                    reason="CLIENT_BUFFER_FULL",
                    retry_after=0.1,
                )
            )
            return
        self._bytes += entry.size
        self._entries.append(entry)

    def take(self) -> List[Entry]:
        """The next message's tasks: as many as a message may carry."""
        taken: List[Entry] = []
        room = MESSAGE_BYTES - ENVELOPE_BYTES
        while self._entries and len(taken) < MESSAGE_TASKS:
            room -= self._entries[0].size + TASK_BYTES
            if room < 0 and taken:
                break
            taken.append(self._pop())
        return taken

    def take_overdue(self, now: float) -> List[Entry]:
        overdue: List[Entry] = []
        while self._entries and self._entries[0].deadline <= now:
            overdue.append(self._pop())
        return overdue

    def _pop(self) -> Entry:
        entry = self._entries.popleft()
        self._bytes -= entry.size
        return entry
