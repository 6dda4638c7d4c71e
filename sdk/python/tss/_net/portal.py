"""The thread in which everything of the network happens.

One event loop in a thread of its own carries all clients and workers of a process. A program that blocks its own event
loop, or has none, neither misses heartbeats nor sees the difference; a client may be used from any loop and thread.
"""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any, Coroutine, Optional, TypeVar

from ..errors import TssError

T = TypeVar("T")


class Portal:
    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.pid = os.getpid()
        self._thread = threading.Thread(target=self._run, name="tss-network", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs it there and waits. An interrupt (Ctrl-C) ends both."""
        if threading.current_thread() is self._thread:
            work.close()
            raise TssError("FAILED_PRECONDITION", "A callback of tss must not wait for tss; do it in a thread.")
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def acall(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs it there; the caller's loop goes on. Cancelling one cancels the other."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))


_lock = threading.Lock()
_portal: Optional[Portal] = None


def portal() -> Portal:
    """That of this process. A child made by fork has none of its parent's threads and gets its own."""
    global _portal
    with _lock:
        if _portal is None or _portal.pid != os.getpid():
            _portal = Portal()
        return _portal


def _forget_lock() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)
