"""Handlers in processes of their own, for work that computes: each has a core to itself and can be ended by force."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections import deque
from typing import Any, Deque, Optional, Tuple, cast

from ..codecs import PayloadCodec
from .attempt import Attempt
from .child import main
from .ending import Ending, returned, threw
from .inbox import Inbox
from .log import log_failure
from .pool import ThreadPool
from .threads import decode

_spawn = multiprocessing.get_context("spawn")


class HandlerProcess:
    """A child, and the pipe to it."""

    def __init__(self) -> None:
        mine, theirs = _spawn.Pipe()
        self._connection = mine
        self._sending = threading.Lock()
        self.process = _spawn.Process(target=main, args=(theirs,), name="tss-handler", daemon=True)
        self.process.start()
        theirs.close()

    def send(self, *words: Any) -> None:
        with self._sending:
            self._connection.send(words)

    def receive(self) -> Tuple[str, Any]:
        kind, words = self._connection.recv()
        return kind, words

    def kill(self) -> None:
        self.process.kill()

    def close(self) -> None:
        self._connection.close()
        self.process.join()


class ProcessDied(Exception):
    """The process of a handler ended before the handler did."""


class ProcessRunner:
    def __init__(self, most: int, codec: PayloadCodec, endings: "Inbox[Tuple[Attempt, Ending]]") -> None:
        self._pool = ThreadPool(most, most)
        """A thread attends to each process."""
        self._codec = codec
        self._endings = endings
        self._idle: Deque[HandlerProcess] = deque()

    def start(self, attempt: Attempt) -> None:
        attempt.running = Seat()
        self._pool.run(lambda: self._run(attempt, attempt.running))

    def stop(self, attempt: Attempt, cause: str) -> None:
        attempt.running.stop(cause)

    def abandon(self, attempt: Attempt) -> None:
        attempt.running.kill()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().kill()
        self._pool.close()

    def _run(self, attempt: Attempt, seat: "Seat") -> None:
        try:
            ending = self._attend(attempt, seat)
        except BaseException as error:
            log_failure(attempt.id, attempt.handler.type, attempt.stopped_by is not None, error)
            ending = threw(error)
        self._endings.put((attempt, ending))

    def _attend(self, attempt: Attempt, seat: "Seat") -> Ending:
        input = decode(self._codec, attempt)
        child = self._take()
        kind, words = "", None
        try:
            child.send("run", attempt.handler, input, attempt.facts)
            seat.taken(child)
            kind, words = child.receive()
            while kind == "said":
                attempt.context._say(*words)
                kind, words = child.receive()
        except (EOFError, ConnectionError, OSError):
            kind = ""
        finally:
            seat.leave()
            if kind:
                self._idle.append(child)
            else:
                child.kill()
                child.close()
        if not kind:
            raise ProcessDied(f"The process of the handler ended {_how(child.process.exitcode)}.")
        return returned(words, self._codec) if kind == "returned" else cast(Ending, words)

    def _take(self) -> HandlerProcess:
        while self._idle:
            child = self._idle.popleft()
            if child.process.is_alive():
                return child
            child.close()
        return HandlerProcess()


def _how(code: Optional[int]) -> str:
    if code is None or code >= 0:
        return f"with exit code {code}"
    try:
        return f"by {signal.Signals(-code).name}"
    except ValueError:
        return f"by signal {-code}"


class Seat:
    """Reaches the process that runs an attempt, while it does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: Optional[HandlerProcess] = None
        self._cause: Optional[str] = None
        self._killed = False

    def taken(self, child: HandlerProcess) -> None:
        with self._lock:
            self._child = child
            if self._killed:
                child.kill()
            elif self._cause is not None:
                child.send("stop", self._cause)

    def leave(self) -> None:
        with self._lock:
            self._child = None

    def stop(self, cause: str) -> None:
        with self._lock:
            self._cause = cause
            if self._child is not None:
                try:
                    self._child.send("stop", cause)
                except OSError:
                    pass  # It has ended; whoever attends to it hears so.

    def kill(self) -> None:
        with self._lock:
            self._killed = True
            if self._child is not None:
                self._child.kill()
