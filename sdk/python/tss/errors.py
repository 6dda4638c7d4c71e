"""What goes wrong, in one sentence each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Dict, NamedTuple, Optional, Sequence, Tuple, Union

if TYPE_CHECKING:
    from .views import TaskView


class FieldViolation(NamedTuple):
    """One field of a request and what is wrong with it."""

    field: str
    """Path in proto field names, e.g. ``tasks[3].name``."""
    description: str


class TssError(Exception):
    """An error whose text is meant for people: what is wrong, where, what to do."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        reason: Optional[str] = None,
        violations: Sequence[FieldViolation] = (),
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        """Status name of gRPC, e.g. ``INVALID_ARGUMENT``."""
        self.message = message
        self.reason = reason or code
        """Stable name for programs, UPPER_SNAKE_CASE."""
        self.violations: Tuple[FieldViolation, ...] = tuple(violations)
        self.retry_after = retry_after
        """Seconds after which it may be tried again; None: not said."""

    def __reduce__(self) -> "Tuple[object, ...]":
        return (_rebuild, (self.code, self.message, self.reason, self.violations, self.retry_after))


def _rebuild(
    code: str, message: str, reason: str, violations: Tuple[FieldViolation, ...], retry_after: Optional[float]
) -> TssError:
    return TssError(code, message, reason=reason, violations=violations, retry_after=retry_after)


class TaskFailed(Exception):
    """A task whose result was asked for has ended without one."""

    def __init__(self, task: "TaskView") -> None:
        why = f" ({task.reason})" if task.reason else ""
        end = f": {task.error.message}" if task.error else "."
        super().__init__(f'Task {task.id} "{task.name}" {task.status}{why}{end}')
        self.task = task


class Fatal(Exception):
    """Raised by a handler: the task fails and is not tried again."""


class RetryLater(Exception):
    """Raised by a handler: the attempt fails, and the next one starts after this long instead of the policy's pause."""

    def __init__(self, after: Union[float, timedelta], message: Optional[str] = None) -> None:
        seconds = after.total_seconds() if isinstance(after, timedelta) else float(after)
        super().__init__(message or f"It asks to be tried again in {seconds:g} s.")
        self.after = seconds
        """Seconds."""


STOP_SENTENCES: Dict[str, str] = {
    "aborted": "The task was cancelled.",
    "timed_out": "The attempt ran longer than its timeout.",
    "heartbeat": "The attempt gave no sign of life within its heartbeat timeout.",
    "lock_lost": "A lock that the attempt held was taken away or could not be renewed in time.",
    "drained": "The worker was shut down.",
    "lost": "The worker had no contact with the coordinator for the term of its lease.",
}


class Stopped(BaseException):
    """The attempt is told to stop. Like ``KeyboardInterrupt``, ``except Exception`` does not catch it."""

    def __init__(self, cause: str = "aborted") -> None:
        super().__init__(STOP_SENTENCES.get(cause, cause))
        self.cause = cause
        """``aborted``, ``timed_out``, ``heartbeat``, ``lock_lost``, ``drained`` or ``lost`` (nobody waits for it any
        more)."""


def invalid(reason: str, message: str) -> TssError:
    return TssError("INVALID_ARGUMENT", message, reason=reason)
