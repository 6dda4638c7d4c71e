"""Streams of the network's loop, seen from a thread or another loop."""

from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator, Iterator, TypeVar

from .._net.portal import Portal

T = TypeVar("T")
_END: Any = object()


async def _step(stream: AsyncIterator[T]) -> T:
    try:
        return await stream.__anext__()
    except StopAsyncIteration:
        return _END  # type: ignore[no-any-return]


async def _close(stream: AsyncIterator[Any]) -> None:
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()


def each(home: Portal, stream: AsyncIterator[T]) -> Iterator[T]:
    try:
        while True:
            item = home.call(_step(stream))
            if item is _END:
                return
            yield item
    finally:
        # Not waited for: a generator may be collected in any thread.
        asyncio.run_coroutine_threadsafe(_close(stream), home.loop)


async def aeach(home: Portal, stream: AsyncIterator[T]) -> AsyncIterator[T]:
    try:
        while True:
            item = await home.acall(_step(stream))
            if item is _END:
                return
            yield item
    finally:
        asyncio.run_coroutine_threadsafe(_close(stream), home.loop)
