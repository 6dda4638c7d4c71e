"""Hands things from any thread to a loop; what comes together is one wake-up."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Callable, Deque, Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    def __init__(self, loop: asyncio.AbstractEventLoop, take: Callable[[T], None]) -> None:
        self._loop = loop
        self._take = take
        self._items: Deque[T] = deque()
        self._woken = False

    def put(self, item: T) -> None:
        self._items.append(item)
        if self._woken:
            return
        self._woken = True
        try:
            self._loop.call_soon_threadsafe(self._empty)
        except RuntimeError:
            pass  # The loop is closed: nobody is left to hear.

    def _empty(self) -> None:
        # First: what is put while the items are taken wakes it again.
        self._woken = False
        while self._items:
            self._take(self._items.popleft())
