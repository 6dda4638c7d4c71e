"""The client for asyncio. It may be used from any event loop; the network has a thread of its own."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import (
    TYPE_CHECKING,
    Any,
    AsyncIterator,
    Dict,
    Generic,
    List,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
    Union,
    cast,
    overload,
)

from ._client.bridge import aeach
from ._client.core import TaskFilter
from ._client.shared import ClientBase, request_of
from ._client.submit_buffer import Outcome
from ._proto.task_pb2 import TaskSpec
from .client import result_of
from .errors import TssError
from .requests import R, TaskOptions, TaskRequest
from .views import Change, LogPiece, TaskExplanation, TaskView

if TYPE_CHECKING:
    from typing_extensions import Unpack

C = TypeVar("C", bound="AsyncClient")
Waiting = List[Tuple[TaskSpec, "asyncio.Future[Outcome]"]]


class AsyncClient(ClientBase):
    """A client of a coordinator. Tasks submitted in one turn of the event loop travel as one message."""

    _turns: Dict[asyncio.AbstractEventLoop, Waiting]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turns = {}

    if TYPE_CHECKING:
        __init__ = ClientBase.__init__

    @overload
    async def submit(self, task: TaskRequest[R]) -> "AsyncTaskHandle[R]": ...
    @overload
    async def submit(
        self, task: str, input: Any = None, **options: "Unpack[TaskOptions]"
    ) -> "AsyncTaskHandle[Any]": ...
    async def submit(self, task: Any, input: Any = None, **options: Any) -> "AsyncTaskHandle[Any]":
        """Hands over a task; returns when it is kept. See `Client.submit`."""
        (handle,) = await self._submit([request_of(task, input, cast(TaskOptions, options))])
        if isinstance(handle, TssError):
            raise handle
        return handle

    async def submit_many(self, tasks: Sequence[TaskRequest[R]]) -> "List[AsyncTaskHandle[R]]":
        """Hands over many in as few messages as they fit in; raises the first refusal, others may have been accepted."""
        handles = await self._submit(tasks)
        for handle in handles:
            if isinstance(handle, TssError):
                raise handle
        return cast("List[AsyncTaskHandle[R]]", handles)

    async def submit_each(self, tasks: Sequence[TaskRequest[R]]) -> "List[Union[AsyncTaskHandle[R], TssError]]":
        """As `submit_many`; a task that was refused has its error in its place."""
        return await self._submit(tasks)

    async def _submit(self, requests: Sequence[TaskRequest[Any]]) -> "List[Union[AsyncTaskHandle[Any], TssError]]":
        loop = asyncio.get_running_loop()
        waiting = self._turns.get(loop)
        if waiting is None:
            waiting = self._turns[loop] = []
            loop.call_soon(self._hand_over, loop)
        answers: List[Union[TssError, "asyncio.Future[Outcome]"]] = []
        for spec in self._specs(requests):
            if isinstance(spec, TssError):
                answers.append(spec)
            else:
                answer: "asyncio.Future[Outcome]" = loop.create_future()
                waiting.append((spec, answer))
                answers.append(answer)
        outcomes = [one if isinstance(one, TssError) else await one for one in answers]
        return [
            one if isinstance(one, TssError) else AsyncTaskHandle(self, one.id, one.duplicate) for one in outcomes
        ]

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        waiting = self._turns.pop(loop, [])
        if waiting:
            loop.create_task(self._carry(waiting))

    async def _carry(self, waiting: Waiting) -> None:
        try:
            home, core = self._open()
            outcomes = await home.acall(core.submit([spec for spec, _ in waiting]))
        except Exception as error:
            failure = error if isinstance(error, TssError) else TssError("INTERNAL", str(error))
            outcomes = [failure] * len(waiting)
        for (_, answer), outcome in zip(waiting, outcomes):
            if not answer.done():
                answer.set_result(outcome)

    def task(self, id: str) -> "AsyncTaskHandle[Any]":
        """A task by its id; nothing is asked yet."""
        return AsyncTaskHandle(self, id)

    def list(
        self,
        *,
        status: Sequence[str] = (),
        queue: str = "",
        name: str = "",
        type: str = "",
        labels: Sequence[str] = (),
        created_after: Optional[datetime] = None,
        created_before: Optional[datetime] = None,
    ) -> AsyncIterator[TaskView]:
        """Newest first, without attempts and messages; pages are read as they are needed. See `Client.list`."""
        home, core = self._open()
        return aeach(home, core.list(TaskFilter(status, queue, name, type, labels, created_after, created_before)))

    def watch(self, *, queue: str = "", status: Sequence[str] = ()) -> AsyncIterator[Change]:
        """Tasks as they change, from now on."""
        home, core = self._open()
        return aeach(home, core.watch(queue, status))

    async def ready(self, timeout: float = 10.0) -> None:
        """Until a coordinator answers. Raises UNAVAILABLE with the addresses that were tried."""
        home, core = self._open()
        await home.acall(core.ready(timeout))

    async def close(self) -> None:
        """Waits for the answers of what was submitted, then ends the connection."""
        if self._opened is not None and not self._closed:
            home, core = self._open()
            await home.acall(core.close())
        self._closed = True

    async def __aenter__(self: C) -> C:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class AsyncTaskHandle(Generic[R]):
    """A task by its id. Waits, watches and logs go on over lost connections, up to 5 minutes without a coordinator."""

    def __init__(self, client: AsyncClient, id: str, duplicate: Optional[bool] = None) -> None:
        self._client = client
        self.id = id
        self.duplicate = duplicate
        """The submit found a task of its idempotency key; None when this handle comes from no submit."""

    def __repr__(self) -> str:
        return f"AsyncTaskHandle({self.id!r})"

    async def get(self) -> TaskView:
        home, core = self._client._open()
        return await home.acall(core.get(self.id))

    async def wait(self, timeout: Optional[float] = None) -> TaskView:
        """The ended task. Raises DEADLINE_EXCEEDED when it has not ended within ``timeout`` seconds."""
        home, core = self._client._open()
        return await home.acall(core.wait(self.id, timeout))

    async def result(self, timeout: Optional[float] = None) -> R:
        """What the handler gave back. Raises TaskFailed when the task failed or was cancelled."""
        return cast(R, result_of(await self.wait(timeout), self._client))

    async def cancel(self) -> TaskView:
        """Asks for its end; a running handler or command is told at once. Ended tasks stay as they are."""
        home, core = self._client._open()
        return await home.acall(core.cancel(self.id))

    async def retry(self) -> "AsyncTaskHandle[R]":
        """Makes a new task of an ended one."""
        home, core = self._client._open()
        return AsyncTaskHandle(self._client, await home.acall(core.retry(self.id)))

    def watch(self) -> AsyncIterator[TaskView]:
        """The task as it is, and again whenever it has changed; ends with its end."""
        home, core = self._client._open()
        return aeach(home, core.watch_task(self.id))

    def logs(self, *, follow: bool = False, attempt: int = 0) -> AsyncIterator[LogPiece]:
        """What it writes, as it is kept. See `TaskHandle.logs`."""
        home, core = self._client._open()
        return aeach(home, core.logs(self.id, follow, attempt))

    async def explain(self) -> TaskExplanation:
        """Why the task stands where it stands."""
        home, core = self._client._open()
        return await home.acall(core.explain(self.id))
