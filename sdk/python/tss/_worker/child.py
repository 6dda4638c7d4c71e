"""What runs in a process of handlers: one attempt after the other.

The parent sends ``("run", handler, input, facts)`` and ``("stop", cause)``; the child answers ``("said", words)`` any number
of times and one ``("returned", value)`` or ``("threw", ending)``. A parent that is gone ends the child.
"""

from __future__ import annotations

import _thread
import os
import queue
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any, Optional

from ..errors import Stopped
from .context import Facts, TaskContext
from .ending import Ending, threw
from .handlers import Handler
from .log import log_failure


class Child:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._work: "queue.SimpleQueue[tuple[Handler, Any, Facts]]" = queue.SimpleQueue()
        self._running: Optional[TaskContext] = None
        self._early: Optional[str] = None
        """Why the attempt that was sent and has not begun is to stop."""
        self._may_strike = False

    def live(self) -> None:
        # A signal to the whole group is for the worker to judge. Not SIG_IGN: programs that handlers start inherit that.
        signal.signal(signal.SIGINT, self._strike)
        if hasattr(signal, "SIGTERM"):
            signal.signal(signal.SIGTERM, lambda *_: None)
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            handler, input, facts = self._work.get()
            self._send(*self._run(handler, input, facts))

    def _run(self, handler: Handler, input: Any, facts: Facts) -> "tuple[str, Any]":
        context = TaskContext(facts, lambda *words: self._send("said", words))
        try:
            try:
                self._running = context
                self._may_strike = handler.raises
                if self._early is not None:
                    self._stop(self._early)
                value = handler.call(input, context)
                self._may_strike = False
                return ("returned", value)
            except BaseException as error:
                self._may_strike = False
                if isinstance(error, Stopped):
                    raise
                log_failure(facts.id, handler.type, context.stopped, error)
                return ("threw", threw(error))
        except Stopped:
            self._may_strike = False
            return ("threw", threw(Stopped(context.stop_cause or "aborted")))
        finally:
            self._running = None

    def _strike(self, *_: object) -> None:
        """In the main thread, between two steps of the handler."""
        running = self._running
        if self._may_strike and running is not None and running.stop_cause is not None:
            self._may_strike = False
            raise Stopped(running.stop_cause)

    def _listen(self) -> None:
        try:
            while True:
                kind, *words = self._connection.recv()
                if kind == "run":
                    self._early = None
                    self._work.put((words[0], words[1], words[2]))
                else:
                    self._early = words[0]
                    self._stop(words[0])
        except (EOFError, OSError):
            os._exit(0)

    def _stop(self, cause: str) -> None:
        running = self._running
        if running is None or running.stopped:
            return
        running._stop(cause)
        if self._may_strike:
            interrupt_main_thread()

    def _send(self, kind: str, words: Any) -> None:
        try:
            with self._sending:
                self._connection.send((kind, words))
        except ConnectionError:
            os._exit(0)
        except Exception as error:
            problem = f"The result cannot be sent from the handler's process: {error}"
            ending = Ending("bad_result", error_type=type(error).__name__, message=problem)
            with self._sending:
                self._connection.send(("threw", ending))


def interrupt_main_thread() -> None:
    """A real signal also ends what waits for the system, such as time.sleep."""
    main_thread = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main_thread is not None:
        signal.pthread_kill(main_thread, signal.SIGINT)
    else:
        _thread.interrupt_main()


def main(connection: Connection) -> None:
    Child(connection).live()
