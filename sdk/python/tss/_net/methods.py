"""The calls this package makes."""

from __future__ import annotations

from typing import Generic, Type, TypeVar

from google.protobuf.message import Message

from .._proto import task_service_pb2 as tasks
from .._proto import worker_service_pb2 as workers

Req = TypeVar("Req", bound=Message)
Res = TypeVar("Res", bound=Message)


class Method(Generic[Req, Res]):
    def __init__(self, service: str, name: str, request: Type[Req], response: Type[Res]) -> None:
        self.path = f"/tss.v1.{service}/{name}"
        self.request = request
        self.response = response


SUBMIT_STREAM = Method("TaskService", "SubmitStream", tasks.SubmitStreamRequest, tasks.SubmitStreamResponse)
GET_TASK = Method("TaskService", "GetTask", tasks.GetTaskRequest, tasks.GetTaskResponse)
LIST_TASKS = Method("TaskService", "ListTasks", tasks.ListTasksRequest, tasks.ListTasksResponse)
CANCEL_TASKS = Method("TaskService", "CancelTasks", tasks.CancelTasksRequest, tasks.CancelTasksResponse)
RETRY_TASKS = Method("TaskService", "RetryTasks", tasks.RetryTasksRequest, tasks.RetryTasksResponse)
WAIT_TASK = Method("TaskService", "WaitTask", tasks.WaitTaskRequest, tasks.WaitTaskResponse)
WATCH_TASKS = Method("TaskService", "WatchTasks", tasks.WatchTasksRequest, tasks.WatchTasksResponse)
TAIL_LOGS = Method("TaskService", "TailLogs", tasks.TailLogsRequest, tasks.TailLogsResponse)
EXPLAIN_TASK = Method("TaskService", "ExplainTask", tasks.ExplainTaskRequest, tasks.ExplainTaskResponse)
WORK = Method("WorkerService", "Work", workers.WorkRequest, workers.WorkResponse)
