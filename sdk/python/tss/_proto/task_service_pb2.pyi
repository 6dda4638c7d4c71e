import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from . import status_pb2 as _status_pb2
from . import task_pb2 as _task_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LogStream(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOG_STREAM_UNSPECIFIED: _ClassVar[LogStream]
    LOG_STREAM_STDOUT: _ClassVar[LogStream]
    LOG_STREAM_STDERR: _ClassVar[LogStream]
LOG_STREAM_UNSPECIFIED: LogStream
LOG_STREAM_STDOUT: LogStream
LOG_STREAM_STDERR: LogStream

class SubmitTasksRequest(_message.Message):
    __slots__ = ("tasks", "request_id")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[_task_pb2.TaskSpec]
    request_id: str
    def __init__(self, tasks: _Optional[_Iterable[_Union[_task_pb2.TaskSpec, _Mapping[str, object]]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class SubmitTasksResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[SubmitResult]
    def __init__(self, results: _Optional[_Iterable[_Union[SubmitResult, _Mapping[str, object]]]] = ...) -> None: ...

class SubmitResult(_message.Message):
    __slots__ = ("id", "error", "duplicate")
    ID_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    id: str
    error: _status_pb2.Status
    duplicate: bool
    def __init__(self, id: _Optional[str] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping[str, object]]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class SubmitStreamRequest(_message.Message):
    __slots__ = ("sequence", "request")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    request: SubmitTasksRequest
    def __init__(self, sequence: _Optional[int] = ..., request: _Optional[_Union[SubmitTasksRequest, _Mapping[str, object]]] = ...) -> None: ...

class SubmitStreamResponse(_message.Message):
    __slots__ = ("sequence", "response", "error")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    response: SubmitTasksResponse
    error: _status_pb2.Status
    def __init__(self, sequence: _Optional[int] = ..., response: _Optional[_Union[SubmitTasksResponse, _Mapping[str, object]]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping[str, object]]] = ...) -> None: ...

class GetTaskRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetTaskResponse(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping[str, object]]] = ...) -> None: ...

class ListTasksRequest(_message.Message):
    __slots__ = ("status", "queue", "name", "label", "limit", "cursor", "type", "created_after", "created_before", "failure", "error", "args", "waited_over", "waited_under", "measured_until", "not_queue", "not_name", "not_type", "not_label", "not_failure", "not_error", "not_args", "attempts_min", "attempts_max", "ran_over", "ran_under", "worker", "not_worker")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AFTER_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    WAITED_OVER_FIELD_NUMBER: _ClassVar[int]
    WAITED_UNDER_FIELD_NUMBER: _ClassVar[int]
    MEASURED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    NOT_QUEUE_FIELD_NUMBER: _ClassVar[int]
    NOT_NAME_FIELD_NUMBER: _ClassVar[int]
    NOT_TYPE_FIELD_NUMBER: _ClassVar[int]
    NOT_LABEL_FIELD_NUMBER: _ClassVar[int]
    NOT_FAILURE_FIELD_NUMBER: _ClassVar[int]
    NOT_ERROR_FIELD_NUMBER: _ClassVar[int]
    NOT_ARGS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_MIN_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_MAX_FIELD_NUMBER: _ClassVar[int]
    RAN_OVER_FIELD_NUMBER: _ClassVar[int]
    RAN_UNDER_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    NOT_WORKER_FIELD_NUMBER: _ClassVar[int]
    status: _containers.RepeatedScalarFieldContainer[_task_pb2.TaskStatus]
    queue: str
    name: str
    label: _containers.RepeatedScalarFieldContainer[str]
    limit: int
    cursor: str
    type: str
    created_after: _timestamp_pb2.Timestamp
    created_before: _timestamp_pb2.Timestamp
    failure: str
    error: _containers.RepeatedScalarFieldContainer[str]
    args: _containers.RepeatedScalarFieldContainer[str]
    waited_over: _duration_pb2.Duration
    waited_under: _duration_pb2.Duration
    measured_until: _timestamp_pb2.Timestamp
    not_queue: _containers.RepeatedScalarFieldContainer[str]
    not_name: _containers.RepeatedScalarFieldContainer[str]
    not_type: _containers.RepeatedScalarFieldContainer[str]
    not_label: _containers.RepeatedScalarFieldContainer[str]
    not_failure: _containers.RepeatedScalarFieldContainer[str]
    not_error: _containers.RepeatedScalarFieldContainer[str]
    not_args: _containers.RepeatedScalarFieldContainer[str]
    attempts_min: int
    attempts_max: int
    ran_over: _duration_pb2.Duration
    ran_under: _duration_pb2.Duration
    worker: _containers.RepeatedScalarFieldContainer[str]
    not_worker: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, status: _Optional[_Iterable[_Union[_task_pb2.TaskStatus, str]]] = ..., queue: _Optional[str] = ..., name: _Optional[str] = ..., label: _Optional[_Iterable[str]] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ..., type: _Optional[str] = ..., created_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., created_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., failure: _Optional[str] = ..., error: _Optional[_Iterable[str]] = ..., args: _Optional[_Iterable[str]] = ..., waited_over: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., waited_under: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., measured_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., not_queue: _Optional[_Iterable[str]] = ..., not_name: _Optional[_Iterable[str]] = ..., not_type: _Optional[_Iterable[str]] = ..., not_label: _Optional[_Iterable[str]] = ..., not_failure: _Optional[_Iterable[str]] = ..., not_error: _Optional[_Iterable[str]] = ..., not_args: _Optional[_Iterable[str]] = ..., attempts_min: _Optional[int] = ..., attempts_max: _Optional[int] = ..., ran_over: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., ran_under: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., worker: _Optional[_Iterable[str]] = ..., not_worker: _Optional[_Iterable[str]] = ...) -> None: ...

class ListTasksResponse(_message.Message):
    __slots__ = ("tasks", "next_cursor", "scanned_to")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    SCANNED_TO_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[_task_pb2.Task]
    next_cursor: str
    scanned_to: _timestamp_pb2.Timestamp
    def __init__(self, tasks: _Optional[_Iterable[_Union[_task_pb2.Task, _Mapping[str, object]]]] = ..., next_cursor: _Optional[str] = ..., scanned_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class CancelTasksRequest(_message.Message):
    __slots__ = ("ids",)
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ...) -> None: ...

class CancelTasksResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[CancelResult]
    def __init__(self, results: _Optional[_Iterable[_Union[CancelResult, _Mapping[str, object]]]] = ...) -> None: ...

class CancelResult(_message.Message):
    __slots__ = ("task", "error", "changed")
    TASK_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    error: _status_pb2.Status
    changed: bool
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping[str, object]]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping[str, object]]] = ..., changed: _Optional[bool] = ...) -> None: ...

class RetryTasksRequest(_message.Message):
    __slots__ = ("ids", "request_id")
    IDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class RetryTasksResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[RetryResult]
    def __init__(self, results: _Optional[_Iterable[_Union[RetryResult, _Mapping[str, object]]]] = ...) -> None: ...

class RetryResult(_message.Message):
    __slots__ = ("task", "error")
    TASK_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    error: _status_pb2.Status
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping[str, object]]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping[str, object]]] = ...) -> None: ...

class WaitTaskRequest(_message.Message):
    __slots__ = ("id", "timeout")
    ID_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    id: str
    timeout: _duration_pb2.Duration
    def __init__(self, id: _Optional[str] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class WaitTaskResponse(_message.Message):
    __slots__ = ("task", "ended")
    TASK_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    ended: bool
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping[str, object]]] = ..., ended: _Optional[bool] = ...) -> None: ...

class WatchTasksRequest(_message.Message):
    __slots__ = ("id", "queue", "status", "cursor")
    ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    id: str
    queue: str
    status: _containers.RepeatedScalarFieldContainer[_task_pb2.TaskStatus]
    cursor: str
    def __init__(self, id: _Optional[str] = ..., queue: _Optional[str] = ..., status: _Optional[_Iterable[_Union[_task_pb2.TaskStatus, str]]] = ..., cursor: _Optional[str] = ...) -> None: ...

class WatchTasksResponse(_message.Message):
    __slots__ = ("task", "cursor", "resync")
    TASK_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    RESYNC_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    cursor: str
    resync: bool
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping[str, object]]] = ..., cursor: _Optional[str] = ..., resync: _Optional[bool] = ...) -> None: ...

class TailLogsRequest(_message.Message):
    __slots__ = ("id", "attempt", "offset", "follow")
    ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    id: str
    attempt: int
    offset: int
    follow: bool
    def __init__(self, id: _Optional[str] = ..., attempt: _Optional[int] = ..., offset: _Optional[int] = ..., follow: _Optional[bool] = ...) -> None: ...

class TailLogsResponse(_message.Message):
    __slots__ = ("attempt", "offset", "stream", "data", "at", "elided_bytes", "end")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    ELIDED_BYTES_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    offset: int
    stream: LogStream
    data: bytes
    at: _timestamp_pb2.Timestamp
    elided_bytes: int
    end: bool
    def __init__(self, attempt: _Optional[int] = ..., offset: _Optional[int] = ..., stream: _Optional[_Union[LogStream, str]] = ..., data: _Optional[bytes] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., elided_bytes: _Optional[int] = ..., end: _Optional[bool] = ...) -> None: ...

class ExplainTaskRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ExplainTaskResponse(_message.Message):
    __slots__ = ("status", "reason", "summary", "explanations", "expected_at", "ahead")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    EXPLANATIONS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_AT_FIELD_NUMBER: _ClassVar[int]
    AHEAD_FIELD_NUMBER: _ClassVar[int]
    status: _task_pb2.TaskStatus
    reason: _task_pb2.TaskReason
    summary: str
    explanations: _containers.RepeatedCompositeFieldContainer[Explanation]
    expected_at: _timestamp_pb2.Timestamp
    ahead: int
    def __init__(self, status: _Optional[_Union[_task_pb2.TaskStatus, str]] = ..., reason: _Optional[_Union[_task_pb2.TaskReason, str]] = ..., summary: _Optional[str] = ..., explanations: _Optional[_Iterable[_Union[Explanation, _Mapping[str, object]]]] = ..., expected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., ahead: _Optional[int] = ...) -> None: ...

class Explanation(_message.Message):
    __slots__ = ("code", "message", "action", "evidence", "command", "expected_at", "blocking", "tasks")
    class EvidenceEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_AT_FIELD_NUMBER: _ClassVar[int]
    BLOCKING_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    action: str
    evidence: _containers.ScalarMap[str, str]
    command: str
    expected_at: _timestamp_pb2.Timestamp
    blocking: bool
    tasks: int
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., action: _Optional[str] = ..., evidence: _Optional[_Mapping[str, str]] = ..., command: _Optional[str] = ..., expected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., blocking: _Optional[bool] = ..., tasks: _Optional[int] = ...) -> None: ...
