import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from . import task_pb2 as _task_pb2
from . import task_service_pb2 as _task_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WorkerInfo(_message.Message):
    __slots__ = ("name", "hostname", "version", "queues", "types", "commands", "labels", "resources", "slots", "pid", "protocol", "oldest_protocol", "secrets", "confines")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class ResourcesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    OLDEST_PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    SECRETS_FIELD_NUMBER: _ClassVar[int]
    CONFINES_FIELD_NUMBER: _ClassVar[int]
    name: str
    hostname: str
    version: str
    queues: _containers.RepeatedScalarFieldContainer[str]
    types: _containers.RepeatedScalarFieldContainer[str]
    commands: bool
    labels: _containers.ScalarMap[str, str]
    resources: _containers.ScalarMap[str, float]
    slots: int
    pid: int
    protocol: int
    oldest_protocol: int
    secrets: bool
    confines: bool
    def __init__(self, name: _Optional[str] = ..., hostname: _Optional[str] = ..., version: _Optional[str] = ..., queues: _Optional[_Iterable[str]] = ..., types: _Optional[_Iterable[str]] = ..., commands: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., resources: _Optional[_Mapping[str, float]] = ..., slots: _Optional[int] = ..., pid: _Optional[int] = ..., protocol: _Optional[int] = ..., oldest_protocol: _Optional[int] = ..., secrets: _Optional[bool] = ..., confines: _Optional[bool] = ...) -> None: ...

class HeldLease(_message.Message):
    __slots__ = ("id", "fencing_token")
    ID_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    id: str
    fencing_token: int
    def __init__(self, id: _Optional[str] = ..., fencing_token: _Optional[int] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("worker", "session_id", "held", "credit", "again", "joins")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    AGAIN_FIELD_NUMBER: _ClassVar[int]
    JOINS_FIELD_NUMBER: _ClassVar[int]
    worker: WorkerInfo
    session_id: str
    held: _containers.RepeatedCompositeFieldContainer[HeldLease]
    credit: int
    again: bool
    joins: bool
    def __init__(self, worker: _Optional[_Union[WorkerInfo, _Mapping[str, object]]] = ..., session_id: _Optional[str] = ..., held: _Optional[_Iterable[_Union[HeldLease, _Mapping[str, object]]]] = ..., credit: _Optional[int] = ..., again: _Optional[bool] = ..., joins: _Optional[bool] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("session_id", "heartbeat_interval", "lease_ttl", "server_version", "adopted", "refused", "elsewhere", "protocol")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    LEASE_TTL_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    ADOPTED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    ELSEWHERE_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    heartbeat_interval: _duration_pb2.Duration
    lease_ttl: _duration_pb2.Duration
    server_version: str
    adopted: _containers.RepeatedCompositeFieldContainer[HeldLease]
    refused: _containers.RepeatedCompositeFieldContainer[HeldLease]
    elsewhere: _containers.RepeatedCompositeFieldContainer[HeldLease]
    protocol: int
    def __init__(self, session_id: _Optional[str] = ..., heartbeat_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., lease_ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., server_version: _Optional[str] = ..., adopted: _Optional[_Iterable[_Union[HeldLease, _Mapping[str, object]]]] = ..., refused: _Optional[_Iterable[_Union[HeldLease, _Mapping[str, object]]]] = ..., elsewhere: _Optional[_Iterable[_Union[HeldLease, _Mapping[str, object]]]] = ..., protocol: _Optional[int] = ...) -> None: ...

class Announcement(_message.Message):
    __slots__ = ("session_id", "held")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    held: _containers.RepeatedCompositeFieldContainer[HeldLease]
    def __init__(self, session_id: _Optional[str] = ..., held: _Optional[_Iterable[_Union[HeldLease, _Mapping[str, object]]]] = ...) -> None: ...

class Adoption(_message.Message):
    __slots__ = ("adopted", "refused", "elsewhere")
    ADOPTED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    ELSEWHERE_FIELD_NUMBER: _ClassVar[int]
    adopted: _containers.RepeatedCompositeFieldContainer[HeldLease]
    refused: _containers.RepeatedCompositeFieldContainer[HeldLease]
    elsewhere: _containers.RepeatedCompositeFieldContainer[HeldLease]
    def __init__(self, adopted: _Optional[_Iterable[_Union[HeldLease, _Mapping[str, object]]]] = ..., refused: _Optional[_Iterable[_Union[HeldLease, _Mapping[str, object]]]] = ..., elsewhere: _Optional[_Iterable[_Union[HeldLease, _Mapping[str, object]]]] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ("id", "fencing_token", "attempt", "spec", "timeout", "cancel_grace", "heartbeat_timeout", "created_at", "max_attempts", "locks")
    ID_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_GRACE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    LOCKS_FIELD_NUMBER: _ClassVar[int]
    id: str
    fencing_token: int
    attempt: int
    spec: _task_pb2.TaskSpec
    timeout: _duration_pb2.Duration
    cancel_grace: _duration_pb2.Duration
    heartbeat_timeout: _duration_pb2.Duration
    created_at: _timestamp_pb2.Timestamp
    max_attempts: int
    locks: _containers.RepeatedCompositeFieldContainer[_task_pb2.TaskLock]
    def __init__(self, id: _Optional[str] = ..., fencing_token: _Optional[int] = ..., attempt: _Optional[int] = ..., spec: _Optional[_Union[_task_pb2.TaskSpec, _Mapping[str, object]]] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., cancel_grace: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., heartbeat_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., max_attempts: _Optional[int] = ..., locks: _Optional[_Iterable[_Union[_task_pb2.TaskLock, _Mapping[str, object]]]] = ...) -> None: ...

class StartReport(_message.Message):
    __slots__ = ("id", "fencing_token", "started_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    fencing_token: int
    started_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., fencing_token: _Optional[int] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class ProgressReport(_message.Message):
    __slots__ = ("id", "fencing_token", "percent", "message", "messages")
    ID_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    id: str
    fencing_token: int
    percent: float
    message: str
    messages: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., fencing_token: _Optional[int] = ..., percent: _Optional[float] = ..., message: _Optional[str] = ..., messages: _Optional[_Iterable[str]] = ...) -> None: ...

class LogReport(_message.Message):
    __slots__ = ("id", "fencing_token", "offset", "stream", "data", "at", "elided_bytes")
    ID_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    ELIDED_BYTES_FIELD_NUMBER: _ClassVar[int]
    id: str
    fencing_token: int
    offset: int
    stream: _task_service_pb2.LogStream
    data: bytes
    at: _timestamp_pb2.Timestamp
    elided_bytes: int
    def __init__(self, id: _Optional[str] = ..., fencing_token: _Optional[int] = ..., offset: _Optional[int] = ..., stream: _Optional[_Union[_task_service_pb2.LogStream, str]] = ..., data: _Optional[bytes] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., elided_bytes: _Optional[int] = ...) -> None: ...

class OutcomeReport(_message.Message):
    __slots__ = ("id", "fencing_token", "outcome", "reason", "exit_code", "signal", "error", "result", "started_at", "ended_at", "survivors", "output_bytes", "non_retryable", "retry_after")
    ID_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    SURVIVORS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_BYTES_FIELD_NUMBER: _ClassVar[int]
    NON_RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    id: str
    fencing_token: int
    outcome: _task_pb2.AttemptOutcome
    reason: _task_pb2.TaskReason
    exit_code: int
    signal: str
    error: _task_pb2.TaskError
    result: _task_pb2.Payload
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    survivors: int
    output_bytes: int
    non_retryable: bool
    retry_after: _duration_pb2.Duration
    def __init__(self, id: _Optional[str] = ..., fencing_token: _Optional[int] = ..., outcome: _Optional[_Union[_task_pb2.AttemptOutcome, str]] = ..., reason: _Optional[_Union[_task_pb2.TaskReason, str]] = ..., exit_code: _Optional[int] = ..., signal: _Optional[str] = ..., error: _Optional[_Union[_task_pb2.TaskError, _Mapping[str, object]]] = ..., result: _Optional[_Union[_task_pb2.Payload, _Mapping[str, object]]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., survivors: _Optional[int] = ..., output_bytes: _Optional[int] = ..., non_retryable: _Optional[bool] = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class WorkRequest(_message.Message):
    __slots__ = ("hello", "credit", "outcomes", "starts", "progress", "logs", "draining", "credit_withdrawn", "announcements")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    STARTS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    LOGS_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    CREDIT_WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    ANNOUNCEMENTS_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    credit: int
    outcomes: _containers.RepeatedCompositeFieldContainer[OutcomeReport]
    starts: _containers.RepeatedCompositeFieldContainer[StartReport]
    progress: _containers.RepeatedCompositeFieldContainer[ProgressReport]
    logs: _containers.RepeatedCompositeFieldContainer[LogReport]
    draining: bool
    credit_withdrawn: int
    announcements: _containers.RepeatedCompositeFieldContainer[Announcement]
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping[str, object]]] = ..., credit: _Optional[int] = ..., outcomes: _Optional[_Iterable[_Union[OutcomeReport, _Mapping[str, object]]]] = ..., starts: _Optional[_Iterable[_Union[StartReport, _Mapping[str, object]]]] = ..., progress: _Optional[_Iterable[_Union[ProgressReport, _Mapping[str, object]]]] = ..., logs: _Optional[_Iterable[_Union[LogReport, _Mapping[str, object]]]] = ..., draining: _Optional[bool] = ..., credit_withdrawn: _Optional[int] = ..., announcements: _Optional[_Iterable[_Union[Announcement, _Mapping[str, object]]]] = ...) -> None: ...

class OutcomeAck(_message.Message):
    __slots__ = ("id", "fencing_token", "accepted")
    ID_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    id: str
    fencing_token: int
    accepted: bool
    def __init__(self, id: _Optional[str] = ..., fencing_token: _Optional[int] = ..., accepted: _Optional[bool] = ...) -> None: ...

class CancelOrder(_message.Message):
    __slots__ = ("id", "fencing_token", "reason")
    ID_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    id: str
    fencing_token: int
    reason: _task_pb2.TaskReason
    def __init__(self, id: _Optional[str] = ..., fencing_token: _Optional[int] = ..., reason: _Optional[_Union[_task_pb2.TaskReason, str]] = ...) -> None: ...

class LogAck(_message.Message):
    __slots__ = ("id", "fencing_token", "offset", "full")
    ID_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    FULL_FIELD_NUMBER: _ClassVar[int]
    id: str
    fencing_token: int
    offset: int
    full: bool
    def __init__(self, id: _Optional[str] = ..., fencing_token: _Optional[int] = ..., offset: _Optional[int] = ..., full: _Optional[bool] = ...) -> None: ...

class WorkResponse(_message.Message):
    __slots__ = ("welcome", "leases", "outcome_acks", "cancels", "log_acks", "drain", "adoption", "moved", "coordinators")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    LEASES_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_ACKS_FIELD_NUMBER: _ClassVar[int]
    CANCELS_FIELD_NUMBER: _ClassVar[int]
    LOG_ACKS_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    ADOPTION_FIELD_NUMBER: _ClassVar[int]
    MOVED_FIELD_NUMBER: _ClassVar[int]
    COORDINATORS_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    leases: _containers.RepeatedCompositeFieldContainer[Lease]
    outcome_acks: _containers.RepeatedCompositeFieldContainer[OutcomeAck]
    cancels: _containers.RepeatedCompositeFieldContainer[CancelOrder]
    log_acks: _containers.RepeatedCompositeFieldContainer[LogAck]
    drain: bool
    adoption: Adoption
    moved: _containers.RepeatedCompositeFieldContainer[HeldLease]
    coordinators: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping[str, object]]] = ..., leases: _Optional[_Iterable[_Union[Lease, _Mapping[str, object]]]] = ..., outcome_acks: _Optional[_Iterable[_Union[OutcomeAck, _Mapping[str, object]]]] = ..., cancels: _Optional[_Iterable[_Union[CancelOrder, _Mapping[str, object]]]] = ..., log_acks: _Optional[_Iterable[_Union[LogAck, _Mapping[str, object]]]] = ..., drain: _Optional[bool] = ..., adoption: _Optional[_Union[Adoption, _Mapping[str, object]]] = ..., moved: _Optional[_Iterable[_Union[HeldLease, _Mapping[str, object]]]] = ..., coordinators: _Optional[_Iterable[str]] = ...) -> None: ...

class LeaseTasksRequest(_message.Message):
    __slots__ = ("session_id", "worker", "held", "max", "wait")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    worker: WorkerInfo
    held: _containers.RepeatedCompositeFieldContainer[HeldLease]
    max: int
    wait: _duration_pb2.Duration
    def __init__(self, session_id: _Optional[str] = ..., worker: _Optional[_Union[WorkerInfo, _Mapping[str, object]]] = ..., held: _Optional[_Iterable[_Union[HeldLease, _Mapping[str, object]]]] = ..., max: _Optional[int] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class LeaseTasksResponse(_message.Message):
    __slots__ = ("session_id", "leases", "cancels", "next", "drain", "coordinators")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LEASES_FIELD_NUMBER: _ClassVar[int]
    CANCELS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    COORDINATORS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    leases: _containers.RepeatedCompositeFieldContainer[Lease]
    cancels: _containers.RepeatedCompositeFieldContainer[CancelOrder]
    next: _duration_pb2.Duration
    drain: bool
    coordinators: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session_id: _Optional[str] = ..., leases: _Optional[_Iterable[_Union[Lease, _Mapping[str, object]]]] = ..., cancels: _Optional[_Iterable[_Union[CancelOrder, _Mapping[str, object]]]] = ..., next: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., drain: _Optional[bool] = ..., coordinators: _Optional[_Iterable[str]] = ...) -> None: ...

class ReportTasksRequest(_message.Message):
    __slots__ = ("session_id", "outcomes", "starts", "progress", "logs")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    STARTS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    LOGS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    outcomes: _containers.RepeatedCompositeFieldContainer[OutcomeReport]
    starts: _containers.RepeatedCompositeFieldContainer[StartReport]
    progress: _containers.RepeatedCompositeFieldContainer[ProgressReport]
    logs: _containers.RepeatedCompositeFieldContainer[LogReport]
    def __init__(self, session_id: _Optional[str] = ..., outcomes: _Optional[_Iterable[_Union[OutcomeReport, _Mapping[str, object]]]] = ..., starts: _Optional[_Iterable[_Union[StartReport, _Mapping[str, object]]]] = ..., progress: _Optional[_Iterable[_Union[ProgressReport, _Mapping[str, object]]]] = ..., logs: _Optional[_Iterable[_Union[LogReport, _Mapping[str, object]]]] = ...) -> None: ...

class ReportTasksResponse(_message.Message):
    __slots__ = ("outcome_acks", "cancels", "log_acks", "next")
    OUTCOME_ACKS_FIELD_NUMBER: _ClassVar[int]
    CANCELS_FIELD_NUMBER: _ClassVar[int]
    LOG_ACKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    outcome_acks: _containers.RepeatedCompositeFieldContainer[OutcomeAck]
    cancels: _containers.RepeatedCompositeFieldContainer[CancelOrder]
    log_acks: _containers.RepeatedCompositeFieldContainer[LogAck]
    next: _duration_pb2.Duration
    def __init__(self, outcome_acks: _Optional[_Iterable[_Union[OutcomeAck, _Mapping[str, object]]]] = ..., cancels: _Optional[_Iterable[_Union[CancelOrder, _Mapping[str, object]]]] = ..., log_acks: _Optional[_Iterable[_Union[LogAck, _Mapping[str, object]]]] = ..., next: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class GetSecretsRequest(_message.Message):
    __slots__ = ("id", "fencing_token")
    ID_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    id: str
    fencing_token: int
    def __init__(self, id: _Optional[str] = ..., fencing_token: _Optional[int] = ...) -> None: ...

class GetSecretsResponse(_message.Message):
    __slots__ = ("values",)
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.ScalarMap[str, str]
    def __init__(self, values: _Optional[_Mapping[str, str]] = ...) -> None: ...
