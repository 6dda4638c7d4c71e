"""Calls of gRPC's thread-based interface, seen from an event loop.

gRPC's own asyncio interface binds all loops of a process to one queue of events and logs errors in every loop but the
one that was first; it would disturb programs that use it themselves.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any, AsyncIterator, Callable, Generic, Optional, Sequence, Tuple, TypeVar

import grpc

from .status import from_rpc

Req = TypeVar("Req")
Res = TypeVar("Res")
Metadata = Sequence[Tuple[str, str]]
AHEAD = 64
"""Messages of a stream that are read before they are asked for."""
WAITING = 2
"""Messages that may wait to be written before the writer is said to be full."""


async def unary(call: Any, request: Any, timeout: float, metadata: Metadata, shown: str) -> Any:
    loop = asyncio.get_running_loop()
    answered: "asyncio.Future[Any]" = loop.create_future()

    def settle() -> None:
        if answered.done():
            return
        error = running.exception()
        if error is None:
            answered.set_result(running.result())
        else:
            answered.set_exception(from_rpc(error, shown))

    running = call.future(request, timeout=timeout, metadata=metadata)
    running.add_done_callback(lambda _: loop.call_soon_threadsafe(settle))
    try:
        return await answered
    finally:
        running.cancel()


async def stream(call: Any, request: Any, metadata: Metadata, shown: str) -> AsyncIterator[Any]:
    """Messages of the server, a bounded number of them read ahead; leaving the loop ends the call."""
    loop = asyncio.get_running_loop()
    arrived: "asyncio.Queue[Tuple[Any, bool]]" = asyncio.Queue()
    room = threading.Semaphore(AHEAD)
    running = call(request, metadata=metadata)

    def read() -> None:
        try:
            for message in running:
                loop.call_soon_threadsafe(arrived.put_nowait, (message, False))
                room.acquire()
            end: Optional[BaseException] = None
        except grpc.RpcError as error:
            end = from_rpc(error, shown)
        loop.call_soon_threadsafe(arrived.put_nowait, (end, True))

    threading.Thread(target=read, name="tss-read", daemon=True).start()
    try:
        while True:
            message, ended = await arrived.get()
            if not ended:
                room.release()
                yield message
            elif message is not None:
                raise message
            else:
                return
    finally:
        running.cancel()
        room.release()


class Bidi(Generic[Req, Res]):
    """A call that both sides write to. The callbacks come in the loop; `on_end` once, with the error if there is one."""

    def __init__(
        self,
        call: Any,
        metadata: Metadata,
        shown: str,
        on_message: Callable[[Res], None],
        on_end: "Callable[[Optional[Exception]], None]",
        on_room: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._outgoing: "queue.SimpleQueue[Optional[Req]]" = queue.SimpleQueue()
        self._on_message = on_message
        self._on_end = on_end
        self._on_room = on_room
        self._full = False
        self._running = call(iter(self._next, None), metadata=metadata)
        self._shown = shown
        threading.Thread(target=self._read, name="tss-read", daemon=True).start()

    def write(self, message: Req) -> None:
        """Never waits. The message must not be changed afterwards."""
        self._outgoing.put(message)

    def full(self) -> bool:
        """Whether messages wait to be taken by the peer; then `on_room` is called when it takes one."""
        self._full = self._outgoing.qsize() >= WAITING
        return self._full

    def end(self) -> None:
        """No further message from this side."""
        self._outgoing.put(None)

    def cancel(self) -> None:
        self._running.cancel()
        self._outgoing.put(None)

    def _next(self) -> Optional[Req]:
        message = self._outgoing.get()
        if self._full:
            self._full = False
            self._loop.call_soon_threadsafe(self._on_room)
        return message

    def _read(self) -> None:
        error: Optional[Exception] = None
        try:
            for message in self._running:
                self._loop.call_soon_threadsafe(self._on_message, message)
        except grpc.RpcError as failure:
            error = from_rpc(failure, self._shown)
        self._outgoing.put(None)
        self._loop.call_soon_threadsafe(self._on_end, error)
