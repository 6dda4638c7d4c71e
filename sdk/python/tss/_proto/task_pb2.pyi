import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TaskStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_STATUS_UNSPECIFIED: _ClassVar[TaskStatus]
    TASK_STATUS_WAITING: _ClassVar[TaskStatus]
    TASK_STATUS_RUNNING: _ClassVar[TaskStatus]
    TASK_STATUS_SUCCEEDED: _ClassVar[TaskStatus]
    TASK_STATUS_FAILED: _ClassVar[TaskStatus]
    TASK_STATUS_CANCELLED: _ClassVar[TaskStatus]

class TaskReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_REASON_UNSPECIFIED: _ClassVar[TaskReason]
    TASK_REASON_READY: _ClassVar[TaskReason]
    TASK_REASON_SCHEDULED: _ClassVar[TaskReason]
    TASK_REASON_BLOCKED: _ClassVar[TaskReason]
    TASK_REASON_RETRYING: _ClassVar[TaskReason]
    TASK_REASON_PAUSED: _ClassVar[TaskReason]
    TASK_REASON_THROTTLED: _ClassVar[TaskReason]
    TASK_REASON_EXECUTING: _ClassVar[TaskReason]
    TASK_REASON_CANCELLING: _ClassVar[TaskReason]
    TASK_REASON_DISCONNECTED: _ClassVar[TaskReason]
    TASK_REASON_EXIT_CODE: _ClassVar[TaskReason]
    TASK_REASON_SIGNAL: _ClassVar[TaskReason]
    TASK_REASON_TIMED_OUT: _ClassVar[TaskReason]
    TASK_REASON_HEARTBEAT: _ClassVar[TaskReason]
    TASK_REASON_LOST: _ClassVar[TaskReason]
    TASK_REASON_EXPIRED: _ClassVar[TaskReason]
    TASK_REASON_REJECTED: _ClassVar[TaskReason]
    TASK_REASON_SPAWN_ERROR: _ClassVar[TaskReason]
    TASK_REASON_OUT_OF_MEMORY: _ClassVar[TaskReason]
    TASK_REASON_HANDLER_ERROR: _ClassVar[TaskReason]
    TASK_REASON_RESULT_TOO_LARGE: _ClassVar[TaskReason]
    TASK_REASON_ABORTED: _ClassVar[TaskReason]
    TASK_REASON_DEPENDENCY: _ClassVar[TaskReason]
    TASK_REASON_SUPERSEDED: _ClassVar[TaskReason]
    TASK_REASON_LOCK_LOST: _ClassVar[TaskReason]

class AttemptOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTEMPT_OUTCOME_UNSPECIFIED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_SUCCEEDED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_FAILED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_CANCELLED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_RELEASED: _ClassVar[AttemptOutcome]

class RetryBackoff(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RETRY_BACKOFF_UNSPECIFIED: _ClassVar[RetryBackoff]
    RETRY_BACKOFF_FIXED: _ClassVar[RetryBackoff]
    RETRY_BACKOFF_EXPONENTIAL: _ClassVar[RetryBackoff]

class AgentRestart(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AGENT_RESTART_UNSPECIFIED: _ClassVar[AgentRestart]
    AGENT_RESTART_ADOPT: _ClassVar[AgentRestart]
    AGENT_RESTART_KILL: _ClassVar[AgentRestart]
TASK_STATUS_UNSPECIFIED: TaskStatus
TASK_STATUS_WAITING: TaskStatus
TASK_STATUS_RUNNING: TaskStatus
TASK_STATUS_SUCCEEDED: TaskStatus
TASK_STATUS_FAILED: TaskStatus
TASK_STATUS_CANCELLED: TaskStatus
TASK_REASON_UNSPECIFIED: TaskReason
TASK_REASON_READY: TaskReason
TASK_REASON_SCHEDULED: TaskReason
TASK_REASON_BLOCKED: TaskReason
TASK_REASON_RETRYING: TaskReason
TASK_REASON_PAUSED: TaskReason
TASK_REASON_THROTTLED: TaskReason
TASK_REASON_EXECUTING: TaskReason
TASK_REASON_CANCELLING: TaskReason
TASK_REASON_DISCONNECTED: TaskReason
TASK_REASON_EXIT_CODE: TaskReason
TASK_REASON_SIGNAL: TaskReason
TASK_REASON_TIMED_OUT: TaskReason
TASK_REASON_HEARTBEAT: TaskReason
TASK_REASON_LOST: TaskReason
TASK_REASON_EXPIRED: TaskReason
TASK_REASON_REJECTED: TaskReason
TASK_REASON_SPAWN_ERROR: TaskReason
TASK_REASON_OUT_OF_MEMORY: TaskReason
TASK_REASON_HANDLER_ERROR: TaskReason
TASK_REASON_RESULT_TOO_LARGE: TaskReason
TASK_REASON_ABORTED: TaskReason
TASK_REASON_DEPENDENCY: TaskReason
TASK_REASON_SUPERSEDED: TaskReason
TASK_REASON_LOCK_LOST: TaskReason
ATTEMPT_OUTCOME_UNSPECIFIED: AttemptOutcome
ATTEMPT_OUTCOME_SUCCEEDED: AttemptOutcome
ATTEMPT_OUTCOME_FAILED: AttemptOutcome
ATTEMPT_OUTCOME_CANCELLED: AttemptOutcome
ATTEMPT_OUTCOME_RELEASED: AttemptOutcome
RETRY_BACKOFF_UNSPECIFIED: RetryBackoff
RETRY_BACKOFF_FIXED: RetryBackoff
RETRY_BACKOFF_EXPONENTIAL: RetryBackoff
AGENT_RESTART_UNSPECIFIED: AgentRestart
AGENT_RESTART_ADOPT: AgentRestart
AGENT_RESTART_KILL: AgentRestart

class Payload(_message.Message):
    __slots__ = ("data", "content_type", "encodings")
    DATA_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    ENCODINGS_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    content_type: str
    encodings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, data: _Optional[bytes] = ..., content_type: _Optional[str] = ..., encodings: _Optional[_Iterable[str]] = ...) -> None: ...

class RetryPolicy(_message.Message):
    __slots__ = ("limit", "interval", "backoff", "factor", "max_interval", "jitter", "non_retryable_exit_codes", "release_limit")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    BACKOFF_FIELD_NUMBER: _ClassVar[int]
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    MAX_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    JITTER_FIELD_NUMBER: _ClassVar[int]
    NON_RETRYABLE_EXIT_CODES_FIELD_NUMBER: _ClassVar[int]
    RELEASE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    limit: int
    interval: _duration_pb2.Duration
    backoff: RetryBackoff
    factor: float
    max_interval: _duration_pb2.Duration
    jitter: float
    non_retryable_exit_codes: _containers.RepeatedScalarFieldContainer[int]
    release_limit: int
    def __init__(self, limit: _Optional[int] = ..., interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., backoff: _Optional[_Union[RetryBackoff, str]] = ..., factor: _Optional[float] = ..., max_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., jitter: _Optional[float] = ..., non_retryable_exit_codes: _Optional[_Iterable[int]] = ..., release_limit: _Optional[int] = ...) -> None: ...

class TaskSpec(_message.Message):
    __slots__ = ("name", "queue", "priority", "command", "argv", "type", "payload", "env", "working_directory", "delay", "run_at", "expires", "timeout", "heartbeat_timeout", "retry", "labels", "selector", "resources", "idempotency_key", "idempotency_ttl", "fairness_key", "cancel_grace", "traceparent", "locks", "on_agent_restart", "user", "umask", "limits", "secrets")
    class EnvEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class SelectorEntry(_message.Message):
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
    class LimitsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class SecretsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    ARGV_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    ENV_FIELD_NUMBER: _ClassVar[int]
    WORKING_DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    RUN_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_TTL_FIELD_NUMBER: _ClassVar[int]
    FAIRNESS_KEY_FIELD_NUMBER: _ClassVar[int]
    CANCEL_GRACE_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    LOCKS_FIELD_NUMBER: _ClassVar[int]
    ON_AGENT_RESTART_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    UMASK_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    SECRETS_FIELD_NUMBER: _ClassVar[int]
    name: str
    queue: str
    priority: int
    command: str
    argv: _containers.RepeatedScalarFieldContainer[str]
    type: str
    payload: Payload
    env: _containers.ScalarMap[str, str]
    working_directory: str
    delay: _duration_pb2.Duration
    run_at: _timestamp_pb2.Timestamp
    expires: _duration_pb2.Duration
    timeout: _duration_pb2.Duration
    heartbeat_timeout: _duration_pb2.Duration
    retry: RetryPolicy
    labels: _containers.ScalarMap[str, str]
    selector: _containers.ScalarMap[str, str]
    resources: _containers.ScalarMap[str, float]
    idempotency_key: str
    idempotency_ttl: _duration_pb2.Duration
    fairness_key: str
    cancel_grace: _duration_pb2.Duration
    traceparent: str
    locks: _containers.RepeatedCompositeFieldContainer[LockNeed]
    on_agent_restart: AgentRestart
    user: str
    umask: str
    limits: _containers.ScalarMap[str, float]
    secrets: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., queue: _Optional[str] = ..., priority: _Optional[int] = ..., command: _Optional[str] = ..., argv: _Optional[_Iterable[str]] = ..., type: _Optional[str] = ..., payload: _Optional[_Union[Payload, _Mapping[str, object]]] = ..., env: _Optional[_Mapping[str, str]] = ..., working_directory: _Optional[str] = ..., delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., run_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., expires: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., heartbeat_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., retry: _Optional[_Union[RetryPolicy, _Mapping[str, object]]] = ..., labels: _Optional[_Mapping[str, str]] = ..., selector: _Optional[_Mapping[str, str]] = ..., resources: _Optional[_Mapping[str, float]] = ..., idempotency_key: _Optional[str] = ..., idempotency_ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., fairness_key: _Optional[str] = ..., cancel_grace: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., traceparent: _Optional[str] = ..., locks: _Optional[_Iterable[_Union[LockNeed, _Mapping[str, object]]]] = ..., on_agent_restart: _Optional[_Union[AgentRestart, str]] = ..., user: _Optional[str] = ..., umask: _Optional[str] = ..., limits: _Optional[_Mapping[str, float]] = ..., secrets: _Optional[_Mapping[str, str]] = ...) -> None: ...

class LockNeed(_message.Message):
    __slots__ = ("name", "permits")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PERMITS_FIELD_NUMBER: _ClassVar[int]
    name: str
    permits: int
    def __init__(self, name: _Optional[str] = ..., permits: _Optional[int] = ...) -> None: ...

class TaskLock(_message.Message):
    __slots__ = ("name", "token")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    name: str
    token: int
    def __init__(self, name: _Optional[str] = ..., token: _Optional[int] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("percent", "message", "at")
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    percent: float
    message: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, percent: _Optional[float] = ..., message: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class TaskMessage(_message.Message):
    __slots__ = ("at", "text", "attempt")
    AT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    at: _timestamp_pb2.Timestamp
    text: str
    attempt: int
    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., text: _Optional[str] = ..., attempt: _Optional[int] = ...) -> None: ...

class TaskError(_message.Message):
    __slots__ = ("type", "message")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    type: str
    message: str
    def __init__(self, type: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class Attempt(_message.Message):
    __slots__ = ("number", "outcome", "reason", "session_id", "worker_name", "fencing_token", "leased_at", "started_at", "ended_at", "exit_code", "signal", "error", "survivors", "output_bytes", "output_kept_bytes", "progress", "messages", "locks")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    WORKER_NAME_FIELD_NUMBER: _ClassVar[int]
    FENCING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LEASED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SURVIVORS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_BYTES_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_KEPT_BYTES_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    LOCKS_FIELD_NUMBER: _ClassVar[int]
    number: int
    outcome: AttemptOutcome
    reason: TaskReason
    session_id: str
    worker_name: str
    fencing_token: int
    leased_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    exit_code: int
    signal: str
    error: TaskError
    survivors: int
    output_bytes: int
    output_kept_bytes: int
    progress: Progress
    messages: _containers.RepeatedCompositeFieldContainer[TaskMessage]
    locks: _containers.RepeatedCompositeFieldContainer[TaskLock]
    def __init__(self, number: _Optional[int] = ..., outcome: _Optional[_Union[AttemptOutcome, str]] = ..., reason: _Optional[_Union[TaskReason, str]] = ..., session_id: _Optional[str] = ..., worker_name: _Optional[str] = ..., fencing_token: _Optional[int] = ..., leased_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., exit_code: _Optional[int] = ..., signal: _Optional[str] = ..., error: _Optional[_Union[TaskError, _Mapping[str, object]]] = ..., survivors: _Optional[int] = ..., output_bytes: _Optional[int] = ..., output_kept_bytes: _Optional[int] = ..., progress: _Optional[_Union[Progress, _Mapping[str, object]]] = ..., messages: _Optional[_Iterable[_Union[TaskMessage, _Mapping[str, object]]]] = ..., locks: _Optional[_Iterable[_Union[TaskLock, _Mapping[str, object]]]] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("id", "name", "queue", "priority", "status", "reason", "type", "labels", "created_at", "updated_at", "run_at", "started_at", "ended_at", "next_attempt_at", "attempt", "max_attempts", "progress", "exit_code", "error", "result", "attempts", "messages", "spec", "retry_of", "retried_as", "cancel_requested_at", "submitted_by")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    RUN_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    NEXT_ATTEMPT_AT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    RETRY_OF_FIELD_NUMBER: _ClassVar[int]
    RETRIED_AS_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REQUESTED_AT_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_BY_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    queue: str
    priority: int
    status: TaskStatus
    reason: TaskReason
    type: str
    labels: _containers.ScalarMap[str, str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    run_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    next_attempt_at: _timestamp_pb2.Timestamp
    attempt: int
    max_attempts: int
    progress: Progress
    exit_code: int
    error: TaskError
    result: Payload
    attempts: _containers.RepeatedCompositeFieldContainer[Attempt]
    messages: _containers.RepeatedCompositeFieldContainer[TaskMessage]
    spec: TaskSpec
    retry_of: str
    retried_as: str
    cancel_requested_at: _timestamp_pb2.Timestamp
    submitted_by: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., queue: _Optional[str] = ..., priority: _Optional[int] = ..., status: _Optional[_Union[TaskStatus, str]] = ..., reason: _Optional[_Union[TaskReason, str]] = ..., type: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., run_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., next_attempt_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., attempt: _Optional[int] = ..., max_attempts: _Optional[int] = ..., progress: _Optional[_Union[Progress, _Mapping[str, object]]] = ..., exit_code: _Optional[int] = ..., error: _Optional[_Union[TaskError, _Mapping[str, object]]] = ..., result: _Optional[_Union[Payload, _Mapping[str, object]]] = ..., attempts: _Optional[_Iterable[_Union[Attempt, _Mapping[str, object]]]] = ..., messages: _Optional[_Iterable[_Union[TaskMessage, _Mapping[str, object]]]] = ..., spec: _Optional[_Union[TaskSpec, _Mapping[str, object]]] = ..., retry_of: _Optional[str] = ..., retried_as: _Optional[str] = ..., cancel_requested_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., submitted_by: _Optional[str] = ...) -> None: ...
