"""Tasks as they were when they were read. Words and limits are those of docs/states.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Dict, Mapping, Optional, Tuple

from ._proto import task_pb2 as pb

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp


@dataclass(frozen=True)
class ProgressView:
    percent: float
    message: str
    at: Optional[datetime]


@dataclass(frozen=True)
class MessageView:
    at: Optional[datetime]
    text: str
    attempt: int


@dataclass(frozen=True)
class ErrorView:
    type: str
    message: str


@dataclass(frozen=True)
class PayloadView:
    """As it was kept; ``result()`` of a handle decodes it."""

    data: bytes
    content_type: str
    encodings: Tuple[str, ...]


@dataclass(frozen=True)
class AttemptView:
    number: int
    outcome: Optional[str]
    """``succeeded``, ``failed``, ``cancelled``, ``released``; None: it has not ended."""
    reason: Optional[str]
    worker_name: str
    leased_at: Optional[datetime]
    started_at: Optional[datetime]
    ended_at: Optional[datetime]
    exit_code: Optional[int]
    signal: Optional[str]
    error: Optional[ErrorView]
    locks: Mapping[str, int]
    """What it was given to hold: fencing tokens, by name of the lock."""


@dataclass(frozen=True)
class TaskView:
    id: str
    name: str
    queue: str
    priority: int
    status: str
    """``waiting``, ``running``, ``succeeded``, ``failed`` or ``cancelled``."""
    reason: Optional[str]
    """What lies behind the status, e.g. ``retrying``."""
    type: Optional[str]
    """Name of the handler; None for commands."""
    labels: Mapping[str, str]
    created_at: Optional[datetime]
    updated_at: Optional[datetime]
    run_at: Optional[datetime]
    started_at: Optional[datetime]
    ended_at: Optional[datetime]
    next_attempt_at: Optional[datetime]
    attempt: int
    max_attempts: int
    progress: Optional[ProgressView]
    exit_code: Optional[int]
    error: Optional[ErrorView]
    result: Optional[PayloadView]
    attempts: Tuple[AttemptView, ...]
    """Oldest first; empty in lists."""
    messages: Tuple[MessageView, ...]
    retry_of: Optional[str]
    retried_as: Optional[str]
    cancel_requested_at: Optional[datetime]
    submitted_by: Optional[str]

    @property
    def ended(self) -> bool:
        return self.status in ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Explanation:
    code: str
    message: str
    action: str
    evidence: Mapping[str, str]


@dataclass(frozen=True)
class TaskExplanation:
    """Why a task stands where it stands."""

    summary: str
    explanations: Tuple[Explanation, ...]


@dataclass(frozen=True)
class Change:
    """A task that changed; ``task`` None: changes were missed, read again what is needed."""

    task: Optional[TaskView]


@dataclass(frozen=True)
class LogPiece:
    """A piece of what an attempt wrote."""

    attempt: int
    offset: int
    """Place of the first byte in the attempt's output, both streams counted together."""
    stream: str
    data: bytes
    elided_bytes: int
    """Bytes before ``data`` that were not kept."""


def _words(names: Mapping[str, int], prefix: str) -> Dict[int, Optional[str]]:
    words: Dict[int, Optional[str]] = {value: name[len(prefix) :].lower() for name, value in names.items()}
    words[0] = None
    return words


_STATUS = _words(dict(pb.TaskStatus.items()), "TASK_STATUS_")
_REASON = _words(dict(pb.TaskReason.items()), "TASK_REASON_")
_OUTCOME = _words(dict(pb.AttemptOutcome.items()), "ATTEMPT_OUTCOME_")
STATUSES = {word: value for value, word in _STATUS.items() if word is not None}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def task_view(task: pb.Task) -> TaskView:
    return TaskView(
        id=task.id,
        name=task.name,
        queue=task.queue,
        priority=task.priority,
        status=_STATUS.get(task.status) or "",
        reason=_REASON.get(task.reason),
        type=task.type or None,
        labels=dict(task.labels),
        created_at=_time(task, "created_at"),
        updated_at=_time(task, "updated_at"),
        run_at=_time(task, "run_at"),
        started_at=_time(task, "started_at"),
        ended_at=_time(task, "ended_at"),
        next_attempt_at=_time(task, "next_attempt_at"),
        attempt=task.attempt,
        max_attempts=task.max_attempts,
        progress=_progress(task.progress) if task.HasField("progress") else None,
        exit_code=task.exit_code if task.HasField("exit_code") else None,
        error=_error(task),
        result=payload_view(task.result) if task.HasField("result") else None,
        attempts=tuple(map(_attempt, task.attempts)),
        messages=tuple(MessageView(_time(one, "at"), one.text, one.attempt) for one in task.messages),
        retry_of=task.retry_of or None,
        retried_as=task.retried_as or None,
        cancel_requested_at=_time(task, "cancel_requested_at"),
        submitted_by=task.submitted_by or None,
    )


def payload_view(payload: pb.Payload) -> PayloadView:
    return PayloadView(payload.data, payload.content_type, tuple(payload.encodings))


def _attempt(attempt: pb.Attempt) -> AttemptView:
    return AttemptView(
        number=attempt.number,
        outcome=_OUTCOME.get(attempt.outcome),
        reason=_REASON.get(attempt.reason),
        worker_name=attempt.worker_name,
        leased_at=_time(attempt, "leased_at"),
        started_at=_time(attempt, "started_at"),
        ended_at=_time(attempt, "ended_at"),
        exit_code=attempt.exit_code if attempt.HasField("exit_code") else None,
        signal=attempt.signal or None,
        error=_error(attempt),
        locks={lock.name: lock.token for lock in attempt.locks},
    )


def _progress(progress: pb.Progress) -> ProgressView:
    return ProgressView(progress.percent, progress.message, _time(progress, "at"))


def _error(message: "pb.Task | pb.Attempt") -> Optional[ErrorView]:
    return ErrorView(message.error.type, message.error.message) if message.HasField("error") else None


def _time(message: "pb.Task | pb.Attempt | pb.Progress | pb.TaskMessage", field: str) -> Optional[datetime]:
    if not message.HasField(field):
        return None
    timestamp: Timestamp = getattr(message, field)
    return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
