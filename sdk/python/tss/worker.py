"""The worker: runs handlers for tasks of their types."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from concurrent.futures import Future, TimeoutError
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, TypeVar, Union

from ._net.portal import portal
from ._net.settings import Tls, find_settings
from ._net.status import unreachable
from ._worker.context import TaskContext
from ._worker.handlers import Handler, make_handler
from ._worker.log import logger
from ._worker.shift import Crew, Shift
from ._worker.signals import ladder
from .codecs import PayloadCodec
from .errors import TssError, invalid
from .requests import TaskType

F = TypeVar("F", bound=Callable[..., Any])
W = TypeVar("W", bound="Worker")
__all__ = ["TaskContext", "Worker"]
SLOTS = 10_000


class Worker:
    """Offers its slots to a coordinator and runs handlers until it is closed.

    Plain functions run in threads, ``async`` ones in the event loop of `serve` or `run`, those with ``process=True`` in
    processes of their own.
    """

    def __init__(
        self,
        address: Union[str, Sequence[str], None] = None,
        *,
        api_key: Optional[str] = None,
        tls: Optional[Tls] = None,
        codec: Optional[PayloadCodec] = None,
        slots: int = 10,
        processes: Optional[int] = None,
        queues: Sequence[str] = (),
        name: str = "",
        version: str = "",
        labels: Optional[Mapping[str, str]] = None,
        resources: Optional[Mapping[str, float]] = None,
        on_disconnected: Optional[Callable[[TssError, bool], None]] = None,
    ) -> None:
        """
        :param address, api_key, tls, codec: as for `Client`.
        :param slots: attempts that run at a time: 1–10 000.
        :param processes: of them in processes; absent: the number of cores, at most ``slots``.
        :param queues: absent: all.
        :param name: shown to people; absent: the host's name. `version`: of the program, shown to people.
        :param on_disconnected: hears that a connection was lost, in the network's thread; the second argument says that
            no further try can mend it (a key that is refused).
        """
        if not isinstance(slots, int) or not 1 <= slots <= SLOTS:
            raise invalid("SLOTS", f"slots of Worker() is {slots!r}; it is a whole number from 1 to {SLOTS}.")
        self._settings = find_settings(address, api_key, tls)
        self._codec = codec or PayloadCodec()
        most = min(slots, processes or os.cpu_count() or 1)
        self._crew = Crew(
            slots, most, tuple(queues), name, version, dict(labels or {}), dict(resources or {}), on_disconnected
        )
        self._handlers: Dict[str, Handler] = {}
        self._shift: Optional[Shift] = None
        self._thread: Optional[threading.Thread] = None

    def task(
        self, type: Union[str, TaskType[Any, Any]], *, on_stop: Optional[str] = None, process: bool = False
    ) -> Callable[[F], F]:
        """Makes the function under it the handler of a type. It is called with the input and its `TaskContext`, or with
        the input alone, or with nothing, as it has parameters; what it returns is the result, what it raises fails the
        attempt. The function itself stays as it is.

        :param on_stop: ``raise``: a stop is raised in the handler (``asyncio.CancelledError`` in coroutines, `Stopped` in
            processes and threads); ``event``: it is told by ``task.stopped``, ``check()``, ``wait_stopped()``. Absent:
            ``event`` in threads, ``raise`` elsewhere.
        :param process: runs it in a process of its own; for work that computes. After its grace it is ended by force.
        """
        name = type.type if isinstance(type, TaskType) else type

        def register(run: F) -> F:
            if name in self._handlers:
                raise invalid("HANDLER", f"The type {name} has a handler already; a worker has one for each type.")
            if self._shift is not None:
                raise invalid("HANDLER", f"The handler of {name} comes too late: the worker runs already.")
            self._handlers[name] = make_handler(name, run, on_stop, process)
            return run

        return register

    def run(self, grace: Optional[float] = None) -> None:
        """Serves until SIGTERM or SIGINT: the first drains, the second stops what runs, the third ends the process.

        :param grace: seconds a drain lets tasks run before they are told to stop; absent: no limit.
        """
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            raise SystemExit('worker.run() is reached by a process of handlers; put it below: if __name__ == "__main__":')
        asyncio.run(self._run(grace))

    async def _run(self, grace: Optional[float]) -> None:
        with ladder(lambda: self.aclose(grace), lambda: self.aclose(0)):
            await self.serve()

    async def serve(self, *, on_ready: Optional[Callable[[], None]] = None) -> None:
        """Runs until it is closed; coroutine handlers run in this loop. Raises TssError when the coordinator refuses it for
        a reason that no waiting mends. Cancelling it stops what runs, then leaves.

        :param on_ready: called when a coordinator has greeted it.
        """
        home = portal()
        shift = await home.acall(self._begin(asyncio.get_running_loop()))
        try:
            await home.acall(shift.begun())
            if on_ready is not None:
                on_ready()
            await home.acall(_until(shift.ended))
        except BaseException:
            await asyncio.shield(home.acall(shift.leave(0)))
            raise
        finally:
            self._shift = None

    async def _begin(self, home: asyncio.AbstractEventLoop) -> Shift:
        if self._shift is not None:
            raise TssError("FAILED_PRECONDITION", "The worker runs already.")
        if not self._handlers:
            raise invalid("HANDLER", "The worker has no handlers; give it one with @worker.task(type).")
        self._shift = Shift(self._settings, self._crew, dict(self._handlers), self._codec, home)
        return self._shift

    def start(self, timeout: float = 10.0) -> None:
        """Serves in a thread of its own; returns when a coordinator has greeted it. Raises TssError when none does within
        ``timeout`` seconds, or it is refused."""
        if self._thread is not None:
            raise TssError("FAILED_PRECONDITION", "The worker runs already.")
        ready: "Future[None]" = Future()
        self._thread = threading.Thread(target=self._live, args=(ready,), name="tss-worker", daemon=True)
        self._thread.start()
        try:
            ready.result(timeout)
        except TimeoutError:
            trouble = None if self._shift is None else self._shift.trouble
            self.close(0)
            raise trouble or unreachable(self._settings.shown, "") from None
        except BaseException:
            self._thread.join()
            self._thread = None
            raise

    def _live(self, ready: "Future[None]") -> None:
        try:
            asyncio.run(self.serve(on_ready=lambda: ready.set_result(None)))
        except BaseException as error:
            if ready.done():
                logger.exception("The worker ended.")
            else:
                ready.set_exception(error)

    def close(self, grace: Optional[float] = None) -> None:
        """Takes nothing more, lets what runs come to its end, and leaves. May be called from any thread but that of the
        loop the worker serves in.

        :param grace: seconds after which what runs is told to stop, and left when it does not within its own grace; absent:
            no limit.
        """
        shift, thread = self._shift, self._thread
        if shift is not None:
            if _runs_here(shift.home):
                raise TssError("FAILED_PRECONDITION", "close() would wait for its own event loop; await aclose() there.")
            portal().call(shift.leave(grace))
        if thread is not None:
            thread.join()
            self._thread = None

    async def aclose(self, grace: Optional[float] = None) -> None:
        """As `close`, for coroutines."""
        shift = self._shift
        if shift is not None:
            await portal().acall(shift.leave(grace))

    def __enter__(self: W) -> W:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


async def _until(event: asyncio.Event) -> None:
    await event.wait()
