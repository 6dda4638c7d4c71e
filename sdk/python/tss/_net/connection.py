"""The one door to a coordinator: address, key, deadlines and errors. Lives in the network's loop."""

from __future__ import annotations

from typing import AsyncIterator, Callable, Optional, Tuple

import grpc

from ..errors import TssError
from . import calls
from .channels import Channels
from .methods import Method, Req, Res
from .settings import Settings

UNARY_SECONDS = 30.0


class Connection:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._channels = Channels(settings)
        self._closed = False
        key = settings.api_key
        self._metadata: Tuple[Tuple[str, str], ...] = () if key is None else (("authorization", f"Bearer {key}"),)

    async def unary(self, method: Method[Req, Res], request: Req, timeout: float = UNARY_SECONDS) -> Res:
        """Every call of this package may be made again; with several addresses it is, once, at another."""
        try:
            return await self._unary(method, request, timeout)
        except TssError as error:
            if error.code != "UNAVAILABLE" or len(self._settings.addresses) == 1:
                raise
        return await self._unary(method, request, timeout)

    async def _unary(self, method: Method[Req, Res], request: Req, timeout: float) -> Res:
        channel = await self._channels.use()
        call = channel.unary_unary(method.path, method.request.SerializeToString, method.response.FromString)
        try:
            answer: Res = await calls.unary(call, request, timeout, self._metadata, self._settings.shown)
            return answer
        except TssError as error:
            raise self._failure(channel, error) from None

    async def stream(self, method: Method[Req, Res], request: Req) -> AsyncIterator[Res]:
        channel = await self._channels.use()
        call = channel.unary_stream(method.path, method.request.SerializeToString, method.response.FromString)
        try:
            async for message in calls.stream(call, request, self._metadata, self._settings.shown):
                yield message
        except TssError as error:
            raise self._failure(channel, error) from None

    async def bidi(
        self,
        method: Method[Req, Res],
        on_message: Callable[[Res], None],
        on_end: Callable[[Optional[Exception]], None],
        on_room: Callable[[], None] = lambda: None,
    ) -> "calls.Bidi[Req, Res]":
        channel = await self._channels.use()

        def ended(error: Optional[Exception]) -> None:
            on_end(self._failure(channel, error) if isinstance(error, TssError) else error)

        call = channel.stream_stream(method.path, method.request.SerializeToString, method.response.FromString)
        return calls.Bidi(call, self._metadata, self._settings.shown, on_message, ended, on_room)

    async def ready(self, timeout: float) -> None:
        await self._channels.ready(timeout)

    def close(self) -> None:
        """Ends what is open with CANCELLED."""
        self._closed = True
        self._channels.close()

    def _failure(self, channel: grpc.Channel, error: TssError) -> TssError:
        if self._closed:
            return TssError("CANCELLED", "The client was closed.")
        if error.code == "UNAVAILABLE":
            self._channels.failed(channel)
        return error
