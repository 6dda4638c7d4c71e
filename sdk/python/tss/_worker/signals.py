"""What signals mean to a worker that runs as a program."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from typing import Any, Callable, Coroutine, Iterator, List

from .log import logger

Leave = Callable[[], Coroutine[Any, Any, None]]


@contextlib.contextmanager
def ladder(drain: Leave, stop: Leave) -> Iterator[None]:
    """The first SIGTERM or SIGINT drains, the second stops what runs, the third ends the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    leaving: "List[asyncio.Future[None]]" = []

    def heard(number: int) -> None:
        name = signal.Signals(number).name
        if len(leaving) == 0:
            logger.warning("%s: takes nothing more and lets what runs end; again: stops it.", name)
            leaving.append(asyncio.ensure_future(drain()))
        elif len(leaving) == 1:
            logger.warning("%s: stops what runs; again: ends the process.", name)
            leaving.append(asyncio.ensure_future(stop()))
        else:
            os._exit(128 + number)

    with contextlib.ExitStack() as undo:
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, heard, number)
                undo.callback(loop.remove_signal_handler, number)
            except NotImplementedError:  # Windows
                hear = lambda number, _: loop.call_soon_threadsafe(heard, number)  # noqa: E731
                undo.callback(signal.signal, number, signal.signal(number, hear))
        yield
