"""What both clients do, in the network's loop."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import AsyncIterator, Optional, Sequence, Union, cast

from .._net.connection import Connection
from .._net.methods import CANCEL_TASKS, EXPLAIN_TASK, GET_TASK, LIST_TASKS, RETRY_TASKS, WATCH_TASKS
from .._net.settings import Settings
from .._net.status import from_status
from .._proto import task_service_pb2 as pb
from .._proto.task_pb2 import Task, TaskSpec, TaskStatus
from ..errors import TssError, invalid
from ..views import STATUSES, Change, Explanation, LogPiece, TaskExplanation, TaskView, task_view
from .output import follow_output, read_output
from .patience import Patience
from .submit_buffer import Outcome
from .submitter import Submitter
from .waits import WaitTurns, wait_for_end


@dataclass(frozen=True)
class Limits:
    submit_timeout: float
    buffer_tasks: int
    buffer_bytes: int


@dataclass(frozen=True)
class TaskFilter:
    status: Sequence[str] = ()
    queue: str = ""
    name: str = ""
    type: str = ""
    labels: Sequence[str] = ()
    created_after: Optional[datetime] = None
    created_before: Optional[datetime] = None


class ClientCore:
    def __init__(self, settings: Settings, limits: Limits) -> None:
        self._connection = Connection(settings)
        self._turns = WaitTurns()
        self._submitter = Submitter(
            self._connection, limits.submit_timeout, limits.buffer_tasks, limits.buffer_bytes
        )

    async def submit(self, specs: Sequence[TaskSpec]) -> Sequence[Outcome]:
        return await self._submitter.submit(specs)

    async def get(self, id: str) -> TaskView:
        return task_view((await self._connection.unary(GET_TASK, pb.GetTaskRequest(id=id))).task)

    async def wait(self, id: str, timeout: Optional[float]) -> TaskView:
        task = await wait_for_end(self._connection, id, self._turns, timeout)
        if task is None:
            raise TssError("DEADLINE_EXCEEDED", f"Task {id} has not ended within {timeout:g} s.")
        return task_view(task)

    async def cancel(self, id: str) -> TaskView:
        answer = await self._connection.unary(CANCEL_TASKS, pb.CancelTasksRequest(ids=[id]))
        return task_view(_task_of(answer.results))

    async def retry(self, id: str) -> str:
        request = pb.RetryTasksRequest(ids=[id], request_id=str(uuid.uuid4()))
        return _task_of((await self._connection.unary(RETRY_TASKS, request)).results).id

    async def explain(self, id: str) -> TaskExplanation:
        answer = await self._connection.unary(EXPLAIN_TASK, pb.ExplainTaskRequest(id=id))
        items = [Explanation(one.code, one.message, one.action, dict(one.evidence)) for one in answer.explanations]
        return TaskExplanation(answer.summary, tuple(items))

    async def list(self, filter: TaskFilter) -> AsyncIterator[TaskView]:
        request = pb.ListTasksRequest(
            status=[_status(one) for one in filter.status],
            queue=filter.queue,
            name=filter.name,
            type=filter.type,
            label=filter.labels,
        )
        for when, field in ((filter.created_after, request.created_after), (filter.created_before, request.created_before)):
            if when is not None:
                field.seconds, field.nanos = int(when.timestamp() // 1), when.microsecond * 1000
        while True:
            page = await self._connection.unary(LIST_TASKS, request)
            for task in page.tasks:
                yield task_view(task)
            if not page.next_cursor:
                return
            request.cursor = page.next_cursor

    async def watch_task(self, id: str) -> AsyncIterator[TaskView]:
        patience = Patience()
        while True:
            try:
                async for message in self._connection.stream(WATCH_TASKS, pb.WatchTasksRequest(id=id)):
                    patience.answered()
                    if message.HasField("task"):
                        view = task_view(message.task)
                        yield view
                        if view.ended:
                            return
            except TssError as error:
                await patience.failed(error)

    async def watch(self, queue: str, status: Sequence[str]) -> AsyncIterator[Change]:
        patience = Patience()
        request = pb.WatchTasksRequest(queue=queue, status=[_status(one) for one in status])
        while True:
            try:
                async for message in self._connection.stream(WATCH_TASKS, request):
                    patience.answered()
                    request.cursor = message.cursor or request.cursor
                    if message.resync:
                        yield Change(None)
                    if message.HasField("task"):
                        yield Change(task_view(message.task))
            except TssError as error:
                await patience.failed(error)

    def logs(self, id: str, follow: bool, attempt: int) -> AsyncIterator[LogPiece]:
        return follow_output(self._connection, id) if follow else read_output(self._connection, id, attempt)

    async def ready(self, timeout: float) -> None:
        await self._connection.ready(timeout)

    async def close(self) -> None:
        await self._submitter.close()
        self._connection.close()


def _task_of(results: "Sequence[Union[pb.CancelResult, pb.RetryResult]]") -> Task:
    if results and results[0].WhichOneof("result") == "task":
        return results[0].task
    if results and results[0].WhichOneof("result") == "error":
        raise from_status(results[0].error)
    raise TssError("INTERNAL", "The coordinator's answer has no result for this task.")


def _status(word: str) -> TaskStatus:
    if word in STATUSES:
        return cast(TaskStatus, STATUSES[word])
    raise invalid("STATUS", f'"{word}" is no status; these are: {", ".join(STATUSES)}.')
