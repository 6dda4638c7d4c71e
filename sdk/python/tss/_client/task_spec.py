"""The message for a task. The coordinator checks the limits; refused here is what would not arrive as it was meant."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence

from .._proto import task_pb2 as pb
from ..errors import FieldViolation, TssError
from ..requests import LockNeed, Retry, TaskOptions, TaskRequest

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration

    from ..codecs import PayloadCodec

NAME_CHARACTERS = 200
TEXTS = ("name", "queue", "idempotency_key", "fairness_key", "traceparent", "working_directory", "user", "umask")
DURATIONS = ("delay", "expires", "timeout", "heartbeat_timeout", "idempotency_ttl", "cancel_grace")
MAPS = ("labels", "selector", "env", "secrets")
AMOUNTS = ("resources", "limits")
KNOWN = frozenset(TaskOptions.__annotations__)
BACKOFF = {"fixed": pb.RETRY_BACKOFF_FIXED, "exponential": pb.RETRY_BACKOFF_EXPONENTIAL}
AGENT_RESTART = {"adopt": pb.AGENT_RESTART_ADOPT, "kill": pb.AGENT_RESTART_KILL}
TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def task_spec(request: TaskRequest[Any], codec: "PayloadCodec") -> pb.TaskSpec:
    """Raises TssError INVALID_ARGUMENT for an option that does not exist, a number that is none, or broken text."""
    options: Mapping[str, Any] = request.options
    for name in options:
        if name not in KNOWN:
            raise _invalid(name, f"is no option of a task; these are: {', '.join(sorted(KNOWN))}.")
    spec = pb.TaskSpec(
        type=_text("type", request.type or ""),
        command=_text("command", request.command or ""),
        argv=[_text(f"argv[{index}]", one) for index, one in enumerate(request.argv or ())],
    )
    for name in TEXTS:
        if options.get(name) is not None:
            setattr(spec, name, _text(name, options[name]))
    if options.get("name") is None:
        spec.name = _default_name(request)
    if not spec.traceparent:
        spec.traceparent = _inherited_trace()
    for name in DURATIONS:
        if options.get(name) is not None:
            _set_duration(getattr(spec, name), name, options[name])
    for name in MAPS:
        for key, value in (options.get(name) or {}).items():
            getattr(spec, name)[_text(name, key)] = _text(f"{name}.{key}", value)
    for name in AMOUNTS:
        for key, value in (options.get(name) or {}).items():
            getattr(spec, name)[_text(name, key)] = _number(f"{name}.{key}", value)
    if options.get("priority") is not None:
        spec.priority = _whole("priority", options["priority"])
    if options.get("run_at") is not None:
        _set_time(spec, options["run_at"])
    if options.get("retry") is not None:
        _set_retry(spec.retry, options["retry"])
    if options.get("locks") is not None:
        _add_locks(spec, options["locks"])
    if options.get("on_agent_restart") is not None:
        if options["on_agent_restart"] not in AGENT_RESTART:
            raise _invalid("on_agent_restart", f'is {options["on_agent_restart"]!r}; it is "adopt" or "kill".')
        spec.on_agent_restart = AGENT_RESTART[options["on_agent_restart"]]
    if request.type is not None and request.input is not None:
        encoded = codec.encode(request.input)
        spec.payload.data = encoded.data
        spec.payload.content_type = encoded.content_type
        spec.payload.encodings.extend(encoded.encodings)
    return spec


def _default_name(request: TaskRequest[Any]) -> str:
    if request.type is not None:
        return request.type
    line = " ".join(request.argv) if request.argv is not None else request.command or ""
    return CONTROL.sub(" ", line.strip().split("\n", 1)[0])[:NAME_CHARACTERS]


def _inherited_trace() -> str:
    """Only what W3C Trace Context allows is taken from the environment: others' mistakes refuse no task."""
    inherited = os.environ.get("TRACEPARENT", "")
    return inherited if TRACEPARENT.fullmatch(inherited) else ""


def _set_retry(policy: pb.RetryPolicy, retry: Retry) -> None:
    if not isinstance(retry, Retry):
        raise _invalid("retry", f"is {type(retry).__name__}; it is tss.Retry(limit=…).")
    policy.SetInParent()
    if retry.limit is not None:
        policy.limit = _whole("retry.limit", retry.limit, 0)
    if retry.interval is not None:
        _set_duration(policy.interval, "retry.interval", retry.interval)
    if retry.max_interval is not None:
        _set_duration(policy.max_interval, "retry.max_interval", retry.max_interval)
    if retry.backoff is not None:
        if retry.backoff not in BACKOFF:
            raise _invalid("retry.backoff", f'is {retry.backoff!r}; it is "fixed" or "exponential".')
        policy.backoff = BACKOFF[retry.backoff]
    if retry.factor is not None:
        policy.factor = _number("retry.factor", retry.factor)
    if retry.jitter is not None:
        policy.jitter = _number("retry.jitter", retry.jitter)
    if retry.release_limit is not None:
        policy.release_limit = _whole("retry.release_limit", retry.release_limit, 0)
    codes = retry.non_retryable_exit_codes
    policy.non_retryable_exit_codes.extend(_whole("retry.non_retryable_exit_codes", code) for code in codes)


def _add_locks(spec: pb.TaskSpec, needs: Any) -> None:
    if isinstance(needs, str) or not isinstance(needs, Sequence):
        raise _invalid("locks", f'is {type(needs).__name__}; it is a list such as ["deploy"].')
    for index, need in enumerate(needs):
        field = f"locks[{index}]"
        if not isinstance(need, LockNeed):
            spec.locks.add(name=_text(field, need))
            continue
        permits = 0 if need.permits is None else _whole(f"{field}.permits", need.permits, 0)
        spec.locks.add(name=_text(f"{field}.name", need.name), permits=permits)


def _set_time(spec: pb.TaskSpec, when: Any) -> None:
    if not isinstance(when, datetime):
        raise _invalid("run_at", f"is {type(when).__name__}; it is a datetime.")
    if when.tzinfo is None:
        raise _invalid("run_at", "has no time zone; add one, such as datetime.now(timezone.utc).")
    seconds = when.timestamp()
    spec.run_at.seconds = int(seconds // 1)
    spec.run_at.nanos = when.microsecond * 1000


def _set_duration(duration: "Duration", name: str, value: Any) -> None:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    millis = round(_number(name, seconds) * 1000)
    if abs(millis) > 10**15:
        raise _invalid(name, f"is {value!r}; it is a number of seconds, or a timedelta.")
    sign = -1 if millis < 0 else 1
    duration.seconds = sign * (abs(millis) // 1000)
    duration.nanos = sign * (abs(millis) % 1000) * 1_000_000


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _invalid(name, f"is {type(value).__name__}; it is a text.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _invalid(name, "has half of a surrogate pair; it is Unicode text.") from None
    return value


def _whole(name: str, value: Any, least: Optional[int] = None) -> int:
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
    if not fits or (least is not None and value < least):
        raise _invalid(name, f"is {value!r}; it is a whole number{'' if least is None else f' of {least} or more'}.")
    return int(value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf"):
        return value
    raise _invalid(name, f"is {value!r}; it is a number.")


def _invalid(field: str, description: str) -> TssError:
    return TssError(
        "INVALID_ARGUMENT", f"{field} {description}", violations=[FieldViolation(field, description)]
    )
