"""What may be asked for. Limits are in docs/limits.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Mapping, Optional, Sequence, TypedDict, TypeVar, Union, cast

if TYPE_CHECKING:
    from typing_extensions import Unpack

I = TypeVar("I")  # noqa: E741
R = TypeVar("R")
Seconds = Union[float, timedelta]
"""A duration: seconds, or a timedelta."""


@dataclass(frozen=True)
class Retry:
    """When a failed attempt is tried again. Absent members: the coordinator's settings."""

    limit: Optional[int] = None
    """Attempts after the first: 0–99."""
    interval: Optional[Seconds] = None
    """Pause before the second attempt: at most 24 h."""
    backoff: Optional[str] = None
    """``fixed`` or ``exponential``."""
    factor: Optional[float] = None
    """Growth of the exponential back-off: 1–10."""
    max_interval: Optional[Seconds] = None
    """Longest pause: at most 7 days."""
    jitter: Optional[float] = None
    """Share of the pause that is drawn by chance: 0–1."""
    non_retryable_exit_codes: Sequence[int] = ()
    release_limit: Optional[int] = None
    """How often a run that had begun may be given back at no cost, because its agent had to go: 0–99. Absent: 3."""


@dataclass(frozen=True)
class LockNeed:
    """A lock that a task holds while an attempt of it runs."""

    name: str
    permits: Optional[int] = None
    """How many may hold the lock at a time: 1–10 000; absent: 1. Everybody who uses a name says the same."""


class TaskOptions(TypedDict, total=False):
    """What may be said of every task."""

    name: str
    """1–200 printable characters. Absent: the first line of the command, or the type."""
    queue: str
    """Absent: ``default``."""
    priority: int
    """−128…127, higher first."""
    delay: Seconds
    """Start no earlier than this long from now. Not together with ``run_at``."""
    run_at: datetime
    """With a time zone."""
    expires: Seconds
    """Fail if no attempt has started this long after the task became due."""
    timeout: Seconds
    """Longest run of one attempt."""
    heartbeat_timeout: Seconds
    """A handler that reports nothing for this long fails its attempt."""
    retry: Retry
    labels: Mapping[str, str]
    selector: Mapping[str, str]
    """Labels a worker must have."""
    resources: Mapping[str, float]
    """What it takes from a worker while it runs (cpu, memory, …)."""
    locks: Sequence[Union[str, LockNeed]]
    """Locks it holds while an attempt of it runs, by name or with their permits: at most 8. It waits until it has all."""
    idempotency_key: str
    """Same key and same task within ``idempotency_ttl``: the same task."""
    idempotency_ttl: Seconds
    fairness_key: str
    """Tasks of one queue and priority with different keys take turns."""
    cancel_grace: Seconds
    """Between the request to end and the end by force."""
    on_agent_restart: str
    """Of a command whose agent was restarted while it ran: ``adopt``, it goes on, or ``kill``, it is ended and the
    attempt lost. Absent: ``adopt``."""
    traceparent: str
    """W3C traceparent. Absent: ``TRACEPARENT`` of the environment."""
    env: Mapping[str, str]
    """Environment of a command."""
    secrets: Mapping[str, str]
    """Secrets a command gets in its environment: variable and name of the secret."""
    working_directory: str
    user: str
    """User a command runs as, a name or number with ``:GROUP`` behind it if need be; the agent says who may be asked for."""
    umask: str
    """Permissions that files of a command are not given, in octal: ``"022"``."""
    limits: Mapping[str, float]
    """What a command may take at most: ``memory``, ``pids`` and ``cpus`` together, ``nofile``, ``nproc``, ``core``,
    ``fsize``, ``cpu_seconds``, ``as``, ``data``, ``stack`` and ``memlock`` each process. Sizes are bytes."""


@dataclass(frozen=True)
class TaskRequest(Generic[R]):
    """A task to be submitted; made by `task`, `command` and `TaskType.task`. ``R`` is what its handler gives back."""

    type: Optional[str] = None
    command: Optional[str] = None
    argv: Optional[Sequence[str]] = None
    input: Any = None
    """Goes through the client's codec. None: no payload."""
    options: TaskOptions = field(default_factory=lambda: cast(TaskOptions, {}))


class TaskType(Generic[I, R]):
    """The name of a kind of work with the types of what goes in and what comes out: clients and workers share it.

    ``resize = TaskType[Picture, str]("image.resize")``, then ``client.submit(resize.task(picture))`` and
    ``@worker.task(resize)``.
    """

    def __init__(self, type: str) -> None:
        self.type = type
        """1–200 printable characters."""

    def task(self, input: I, **options: "Unpack[TaskOptions]") -> TaskRequest[R]:
        return TaskRequest(type=self.type, input=input, options=options)


def task(type: str, input: Any = None, **options: "Unpack[TaskOptions]") -> TaskRequest[Any]:
    """A call of a handler."""
    return TaskRequest(type=type, input=input, options=options)


def command(line: Union[str, Sequence[str]], **options: "Unpack[TaskOptions]") -> TaskRequest[Any]:
    """A line for the agent's shell; or a list: a program and its arguments, run without a shell."""
    if isinstance(line, str):
        return TaskRequest(command=line, options=options)
    return TaskRequest(argv=tuple(line), options=options)
