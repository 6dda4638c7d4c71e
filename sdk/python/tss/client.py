"""The client for programs without an event loop. Every method raises TssError when the coordinator refuses."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Iterator, List, Optional, Sequence, TypeVar, Union, cast, overload

from ._client.bridge import each
from ._client.core import TaskFilter
from ._client.shared import ClientBase, request_of
from ._client.submit_buffer import Submitted
from .errors import TaskFailed, TssError
from .requests import R, TaskOptions, TaskRequest
from .views import Change, LogPiece, TaskExplanation, TaskView

if TYPE_CHECKING:
    from typing_extensions import Unpack

C = TypeVar("C", bound="Client")


class Client(ClientBase):
    """A client of a coordinator. It connects with the first call, and may be shared by threads."""

    @overload
    def submit(self, task: TaskRequest[R]) -> "TaskHandle[R]": ...
    @overload
    def submit(self, task: str, input: Any = None, **options: "Unpack[TaskOptions]") -> "TaskHandle[Any]": ...
    def submit(self, task: Any, input: Any = None, **options: Any) -> "TaskHandle[Any]":
        """Hands over a task; returns when it is kept.

        A lost connection is no error: the message is sent again and counts once. After ``submit_timeout`` without an
        answer it fails, and may still have been accepted.
        """
        (handle,) = self._submit([request_of(task, input, cast(TaskOptions, options))])
        if isinstance(handle, TssError):
            raise handle
        return handle

    def submit_many(self, tasks: Sequence[TaskRequest[R]]) -> "List[TaskHandle[R]]":
        """Hands over many in as few messages as they fit in; raises the first refusal, others may have been accepted."""
        handles = self._submit(tasks)
        for handle in handles:
            if isinstance(handle, TssError):
                raise handle
        return cast("List[TaskHandle[R]]", handles)

    def submit_each(self, tasks: Sequence[TaskRequest[R]]) -> "List[Union[TaskHandle[R], TssError]]":
        """As `submit_many`; a task that was refused has its error in its place."""
        return self._submit(tasks)

    def _submit(self, requests: Sequence[TaskRequest[Any]]) -> "List[Union[TaskHandle[Any], TssError]]":
        specs = self._specs(requests)
        home, core = self._open()
        answers = iter(home.call(core.submit([one for one in specs if not isinstance(one, TssError)])))
        outcomes = [one if isinstance(one, TssError) else next(answers) for one in specs]
        return [
            TaskHandle(self, one.id, one.duplicate) if isinstance(one, Submitted) else one for one in outcomes
        ]

    def task(self, id: str) -> "TaskHandle[Any]":
        """A task by its id; nothing is asked yet."""
        return TaskHandle(self, id)

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
    ) -> Iterator[TaskView]:
        """Newest first, without attempts and messages; pages are read as they are needed.

        :param labels: ``name=value``, or ``name`` alone; all must hold.
        """
        home, core = self._open()
        return each(home, core.list(TaskFilter(status, queue, name, type, labels, created_after, created_before)))

    def watch(self, *, queue: str = "", status: Sequence[str] = ()) -> Iterator[Change]:
        """Tasks as they change, from now on."""
        home, core = self._open()
        return each(home, core.watch(queue, status))

    def ready(self, timeout: float = 10.0) -> None:
        """Until a coordinator answers. Raises UNAVAILABLE with the addresses that were tried."""
        home, core = self._open()
        home.call(core.ready(timeout))

    def close(self) -> None:
        """Waits for the answers of what was submitted, then ends the connection."""
        if self._opened is not None and not self._closed:
            home, core = self._open()
            home.call(core.close())
        self._closed = True

    def __enter__(self: C) -> C:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class TaskHandle(Generic[R]):
    """A task by its id. Waits, watches and logs go on over lost connections, up to 5 minutes without a coordinator."""

    def __init__(self, client: Client, id: str, duplicate: Optional[bool] = None) -> None:
        self._client = client
        self.id = id
        self.duplicate = duplicate
        """The submit found a task of its idempotency key; None when this handle comes from no submit."""

    def __repr__(self) -> str:
        return f"TaskHandle({self.id!r})"

    def get(self) -> TaskView:
        home, core = self._client._open()
        return home.call(core.get(self.id))

    def wait(self, timeout: Optional[float] = None) -> TaskView:
        """The ended task. Raises DEADLINE_EXCEEDED when it has not ended within ``timeout`` seconds."""
        home, core = self._client._open()
        return home.call(core.wait(self.id, timeout))

    def result(self, timeout: Optional[float] = None) -> R:
        """What the handler gave back. Raises TaskFailed when the task failed or was cancelled."""
        return cast(R, result_of(self.wait(timeout), self._client))

    def cancel(self) -> TaskView:
        """Asks for its end; a running handler or command is told at once. Ended tasks stay as they are."""
        home, core = self._client._open()
        return home.call(core.cancel(self.id))

    def retry(self) -> "TaskHandle[R]":
        """Makes a new task of an ended one."""
        home, core = self._client._open()
        return TaskHandle(self._client, home.call(core.retry(self.id)))

    def watch(self) -> Iterator[TaskView]:
        """The task as it is, and again whenever it has changed; ends with its end."""
        home, core = self._client._open()
        return each(home, core.watch_task(self.id))

    def logs(self, *, follow: bool = False, attempt: int = 0) -> Iterator[LogPiece]:
        """What it writes, as it is kept.

        :param follow: goes on until the task has ended, over all attempts.
        :param attempt: without ``follow``; 0: the newest.
        """
        home, core = self._client._open()
        return each(home, core.logs(self.id, follow, attempt))

    def explain(self) -> TaskExplanation:
        """Why the task stands where it stands."""
        home, core = self._client._open()
        return home.call(core.explain(self.id))


def result_of(task: TaskView, client: ClientBase) -> Any:
    if task.status != "succeeded":
        raise TaskFailed(task)
    return None if task.result is None else client._codec.decode(task.result)
