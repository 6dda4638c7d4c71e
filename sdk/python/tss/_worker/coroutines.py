"""Handlers in the event loop of the worker's owner."""

from __future__ import annotations

import asyncio

from ..codecs import PayloadCodec
from .attempt import Attempt
from .ending import Ending, returned, threw
from .inbox import Inbox
from .log import log_failure
from .threads import decode


class CoroutineRunner:
    def __init__(
        self, home: asyncio.AbstractEventLoop, codec: PayloadCodec, endings: "Inbox[tuple[Attempt, Ending]]"
    ) -> None:
        self._home = home
        self._codec = codec
        self._endings = endings
        self._begins: "Inbox[Attempt]" = Inbox(home, self._begin)
        self._stops: "Inbox[tuple[Attempt, str]]" = Inbox(home, self._tell)

    def start(self, attempt: Attempt) -> None:
        self._begins.put(attempt)

    def stop(self, attempt: Attempt, cause: str) -> None:
        self._stops.put((attempt, cause))

    def abandon(self, attempt: Attempt) -> None:
        """One that caught the exception and goes on keeps its slot until it ends by itself."""

    def _begin(self, attempt: Attempt) -> None:
        attempt.running = self._home.create_task(self._run(attempt))
        attempt.running.add_done_callback(lambda task: self._ended(attempt, task))

    def _tell(self, order: "tuple[Attempt, str]") -> None:
        attempt, cause = order
        attempt.context._stop(cause)
        if attempt.handler.raises and attempt.running is not None:
            attempt.running.cancel()

    async def _run(self, attempt: Attempt) -> Ending:
        try:
            input = decode(self._codec, attempt)
            return returned(await attempt.handler.call(input, attempt.context), self._codec)
        except BaseException as error:
            log_failure(attempt.id, attempt.handler.type, attempt.stopped_by is not None, error)
            return threw(error)

    def _ended(self, attempt: Attempt, task: "asyncio.Task[Ending]") -> None:
        # Cancelled before its first step, it has not run at all.
        ending = threw(asyncio.CancelledError("It was cancelled.")) if task.cancelled() else task.result()
        self._endings.put((attempt, ending))
