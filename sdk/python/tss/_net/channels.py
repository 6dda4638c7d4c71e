"""Channels to the coordinators of an address list: the one in use, found by asking all of them."""

from __future__ import annotations

import asyncio
from typing import Any, Dict, List, Optional, Tuple

import grpc

from .._version import USER_AGENT
from ..errors import TssError
from .calls import unary
from .settings import Settings, Tls, is_loopback
from .status import PREFIX, unreachable

MESSAGE_BYTES = 16 * 1024 * 1024
"""Largest answer that is read; the coordinator stays below 4 MiB."""
PROBE_SECONDS = 5.0
PROBE_PAUSE_SECONDS = 0.1
NOT_SERVING = b"\x08\x02"
"""A HealthCheckResponse of that status, as it is on the wire."""


class Channels:
    """Lives in the network's loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._channel: Optional[grpc.Channel] = None
        self._finding: "Optional[asyncio.Task[grpc.Channel]]" = None

    async def use(self) -> grpc.Channel:
        """A single address is left to gRPC; of several, the first that serves is used until a call fails on it."""
        if self._channel is not None:
            return self._channel
        if len(self._settings.addresses) == 1:
            self._channel = open_channel(self._settings.addresses[0], self._settings.tls)
            return self._channel
        if self._finding is None:
            self._finding = asyncio.ensure_future(self._find())
        return await asyncio.shield(self._finding)

    def failed(self, channel: grpc.Channel) -> None:
        """No coordinator served on it: the next call looks for one again."""
        if channel is self._channel and len(self._settings.addresses) > 1:
            # Not closed: what still runs on it hears of the failure by itself.
            self._channel = None

    async def ready(self, timeout: float) -> None:
        """Until a coordinator serves. Raises UNAVAILABLE with the addresses and the reason."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            left = max(0.05, deadline - loop.time())
            try:
                channel = await self.use()
                await probe(channel, self._settings.shown, min(left, PROBE_SECONDS))
                return
            except TssError as error:
                if loop.time() + PROBE_PAUSE_SECONDS >= deadline:
                    raise error from None
            await asyncio.sleep(PROBE_PAUSE_SECONDS)

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
        self._channel = None

    async def _find(self) -> grpc.Channel:
        channels = [open_channel(address, self._settings.tls) for address in self._settings.addresses]
        probes = {
            asyncio.ensure_future(probe(channel, address, PROBE_SECONDS)): channel
            for channel, address in zip(channels, self._settings.addresses)
        }
        try:
            self._channel = probes[await _first_without_error(list(probes))]
            return self._channel
        finally:
            self._finding = None
            for task, channel in probes.items():
                task.cancel()
                if channel is not self._channel:
                    channel.close()


async def _first_without_error(probes: "List[asyncio.Task[None]]") -> "asyncio.Task[None]":
    waiting = set(probes)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            if one.exception() is None:
                return one
    each = [str(one.exception()).replace(PREFIX, "").rstrip(".") for one in probes]
    raise TssError("UNAVAILABLE", f"{PREFIX}{', '.join(each)}.")


async def probe(channel: grpc.Channel, shown: str, timeout: float) -> None:
    """Asks for health, which needs no key. Whoever answers is there, unless it says that it does not serve."""
    call = channel.unary_unary("/grpc.health.v1.Health/Check", None, None)
    try:
        answer = await unary(call, b"", timeout, (), shown)
    except TssError as error:
        if error.code == "DEADLINE_EXCEEDED":
            raise unreachable(shown, "no answer in time") from None
        if error.code == "UNAVAILABLE":
            raise
    else:
        if answer == NOT_SERVING:
            raise unreachable(shown, "it stands by or leaves")


def open_channel(address: str, tls: Optional[Tls]) -> grpc.Channel:
    options: Dict[str, Any] = {
        "grpc.primary_user_agent": USER_AGENT,
        "grpc.keepalive_time_ms": 12_000,
        "grpc.keepalive_timeout_ms": 5_000,
        "grpc.initial_reconnect_backoff_ms": 200,
        "grpc.max_reconnect_backoff_ms": 5_000,
        "grpc.max_receive_message_length": MESSAGE_BYTES,
        # Connections of its own: what breaks one client or worker does not break another.
        "grpc.use_local_subchannel_pool": 1,
    }
    if is_loopback(address):
        options["grpc.enable_http_proxy"] = 0
    pairs: List[Tuple[str, Any]] = list(options.items())
    if tls is None:
        return grpc.insecure_channel(address, pairs)
    ca, key, cert = (None if text is None else text.encode() for text in (tls.ca, tls.key, tls.cert))
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(ca, key, cert), pairs)
