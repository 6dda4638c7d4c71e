"""Handlers in threads."""

from __future__ import annotations

import ctypes
import threading
from typing import Any, Callable, Optional

from ..codecs import PayloadCodec
from ..errors import Fatal, Stopped, TssError
from ..views import payload_view
from .attempt import Attempt
from .ending import Ending, returned, threw
from .inbox import Inbox
from .log import log_failure
from .pool import ThreadPool


class ThreadRunner:
    def __init__(self, pool: ThreadPool, codec: PayloadCodec, endings: "Inbox[tuple[Attempt, Ending]]") -> None:
        self._pool = pool
        self._codec = codec
        self._endings = endings

    def start(self, attempt: Attempt) -> None:
        attempt.running = Interruptible() if attempt.handler.raises else None
        self._pool.run(lambda: self._run(attempt))

    def stop(self, attempt: Attempt, cause: str) -> None:
        attempt.context._stop(cause)
        if attempt.running is not None:
            attempt.running.interrupt(cause)

    def abandon(self, attempt: Attempt) -> None:
        """A thread cannot be ended from outside: it keeps its slot until it ends by itself."""

    def _run(self, attempt: Attempt) -> None:
        ending: Ending
        try:
            input = decode(self._codec, attempt)
            call = attempt.handler.call
            if attempt.running is None:
                result = call(input, attempt.context)
            else:
                result = attempt.running.run(lambda: call(input, attempt.context))
            ending = returned(result, self._codec)
        except BaseException as error:
            log_failure(attempt.id, attempt.handler.type, attempt.stopped_by is not None, error)
            ending = threw(error)
        self._endings.put((attempt, ending))


class Interruptible:
    """Code in a thread in which an exception can be raised from outside, between two of its steps (CPython)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: Optional[int] = None
        self._cause: Optional[str] = None

    def interrupt(self, cause: str) -> None:
        with self._lock:
            self._cause = cause
            if self._thread is not None:
                _raise_in(self._thread, Stopped)

    def run(self, work: Callable[[], Any]) -> Any:
        try:
            with self._lock:
                if self._cause is not None:
                    raise Stopped(self._cause)
                self._thread = threading.get_ident()
            return work()
        except Stopped as stopped:
            raise Stopped(self._cause or stopped.cause) from None
        finally:
            self._leave()

    def _leave(self) -> None:
        """After it nothing is raised here any more. An exception may strike until then, also in here."""
        while True:
            try:
                with self._lock:
                    self._thread = None
                _raise_in(threading.get_ident(), None)
                return
            except Stopped:
                continue


def _raise_in(thread: int, kind: "Optional[type[BaseException]]") -> None:
    raiser = getattr(getattr(ctypes, "pythonapi", None), "PyThreadState_SetAsyncExc", None)
    if raiser is not None:
        raiser(ctypes.c_ulong(thread), None if kind is None else ctypes.py_object(kind))


def decode(codec: PayloadCodec, attempt: Attempt) -> Any:
    """Input this worker cannot read stays unreadable: no further attempt."""
    if attempt.payload is None:
        return None
    try:
        return codec.decode(payload_view(attempt.payload))
    except TssError as error:
        raise Fatal(f"The input cannot be decoded: {error.message}") from error
