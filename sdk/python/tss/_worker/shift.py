"""One life of a worker: from its first connection until it has left. Lives in the network's loop."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass, field
from typing import Callable, Dict, Mapping, Optional, Sequence

from .._net.connection import Connection
from .._net.settings import Settings
from .._proto import task_pb2 as pb
from .._proto.worker_service_pb2 import CancelOrder, HeldLease, Lease, OutcomeAck, WorkerInfo
from ..codecs import PayloadCodec
from ..errors import TssError
from .attempt import Attempt, Runner
from .coroutines import CoroutineRunner
from .ending import Ending
from .floor import Floor
from .handlers import Handler
from .inbox import Inbox
from .lease_watch import LeaseWatch
from .log import logger
from .pool import ThreadPool
from .processes import ProcessRunner
from .session import Session
from .threads import ThreadRunner

LAST_REPORTS = 5.0
"""How long a worker that leaves waits for its last reports to be acknowledged."""
READY_THREADS = 4
CAUSES = {
    pb.TASK_REASON_TIMED_OUT: "timed_out",
    pb.TASK_REASON_HEARTBEAT: "heartbeat",
    pb.TASK_REASON_LOCK_LOST: "lock_lost",
    pb.TASK_REASON_LOST: "lost",
}


@dataclass(frozen=True)
class Crew:
    """What a worker is and offers."""

    slots: int
    processes: int
    queues: Sequence[str] = ()
    name: str = ""
    version: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, float] = field(default_factory=dict)
    on_disconnected: Optional[Callable[[TssError, bool], None]] = None


class Shift:
    def __init__(
        self,
        settings: Settings,
        crew: Crew,
        handlers: Mapping[str, Handler],
        codec: PayloadCodec,
        home: asyncio.AbstractEventLoop,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.home = home
        self._crew = crew
        self._settings = settings
        self.greeted: "asyncio.Future[None]" = loop.create_future()
        """Set when a coordinator has greeted the worker; an error that no waiting mends, if that comes first."""
        self.greeted.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.ended = asyncio.Event()
        self.trouble: Optional[TssError] = None
        """Why it is not connected."""
        self._told = ""
        """The trouble that was logged last."""
        self._leaving: "Optional[asyncio.Task[None]]" = None
        self._hurry: Optional[asyncio.TimerHandle] = None
        self._connection = Connection(settings)
        endings: "Inbox[tuple[Attempt, Ending]]" = Inbox(loop, lambda end: self._floor.ended(end))
        self._threads = ThreadPool(crew.slots, READY_THREADS)
        self._processes = ProcessRunner(crew.processes, codec, endings)
        runners: Dict[str, Runner] = {
            "thread": ThreadRunner(self._threads, codec, endings),
            "async": CoroutineRunner(home, codec, endings),
            "process": self._processes,
        }
        self._floor = Floor(handlers, runners, crew.slots)
        self._session = Session(self._connection, self._info(handlers), self._floor.held, self)
        self._floor.session = self._session
        self._watch = LeaseWatch(lambda: self._session.heard_at, lambda: self._floor.stop_all("lost"))
        self._floor.offer()

    def _info(self, handlers: Mapping[str, Handler]) -> WorkerInfo:
        host = socket.gethostname()
        return WorkerInfo(
            name=self._crew.name or host,
            hostname=host,
            version=self._crew.version,
            queues=self._crew.queues,
            types=list(handlers),
            labels=self._crew.labels,
            resources=self._crew.resources,
            slots=self._crew.slots,
            pid=os.getpid(),
        )

    def connected(self, lease_ttl: float, refused: Sequence[HeldLease]) -> None:
        logger.info("Connected to %s.", self._settings.shown)
        self._told = ""
        self.trouble = None
        self._watch.set_term(lease_ttl)
        for lease in refused:
            self._floor.fence(lease.id, lease.fencing_token)
        self._floor.connected()
        if not self.greeted.done():
            self.greeted.set_result(None)

    def disconnected(self, error: TssError, final: bool) -> None:
        if str(error) != self._told:
            logger.warning("%s The worker goes on and tries again.", error)
        self._told = str(error)
        self.trouble = error
        if final and not self.greeted.done():
            self.greeted.set_exception(error)
        if self._crew.on_disconnected is not None:
            try:
                self._crew.on_disconnected(error, final)
            except Exception:
                logger.exception("on_disconnected failed.")

    def leased(self, lease: Lease) -> None:
        self._floor.lease(lease)

    def cancelled(self, order: CancelOrder) -> None:
        self._floor.stop(order.id, order.fencing_token, CAUSES.get(order.reason, "aborted"))

    def acknowledged(self, ack: OutcomeAck) -> None:
        self._floor.acknowledged(ack.id, ack.fencing_token)

    def told_to_drain(self) -> None:
        logger.info("The coordinator asks the worker to take nothing more.")
        self._floor.pause()

    async def begun(self) -> None:
        """Until it is greeted, or has left before. Raises TssError of a refusal."""
        ended = asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait((self.greeted, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        if self.greeted.done():
            self.greeted.result()

    async def leave(self, grace: Optional[float]) -> None:
        """Takes nothing more, lets what runs come to its end, and leaves. Asked again, the shorter grace counts."""
        if grace is not None:
            if self._hurry is not None:
                self._hurry.cancel()
            self._hurry = asyncio.get_running_loop().call_later(grace, lambda: self._floor.stop_all("drained"))
        if self._leaving is None:
            self._leaving = asyncio.ensure_future(self._leave())
        await asyncio.shield(self._leaving)

    async def _leave(self) -> None:
        self._floor.leave()
        await self._floor.reported()
        if self._hurry is not None:
            self._hurry.cancel()
        try:
            await asyncio.wait_for(self._floor.delivered(), LAST_REPORTS)
        except asyncio.TimeoutError:
            logger.warning("The coordinator has not acknowledged all reports; what is unreported will run again.")
        self._watch.close()
        self._floor.close()
        await self._session.close()
        self._connection.close()
        self._threads.close()
        self._processes.close()
        self.ended.set()
