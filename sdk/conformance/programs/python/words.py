"""The words of the driver protocol and those of the SDK."""

from __future__ import annotations

import base64
from typing import Any, Dict, List, Mapping, Optional, Sequence

import tss

SECONDS = {"delayMs": "delay", "timeoutMs": "timeout", "heartbeatTimeoutMs": "heartbeat_timeout", "cancelGraceMs": "cancel_grace"}
SAME = {"name": "name", "queue": "queue", "priority": "priority", "labels": "labels", "idempotencyKey": "idempotency_key"}


def request_of(task: Dict[str, Any]) -> tss.TaskRequest[Any]:
    options: Any = {ours: task[theirs] for theirs, ours in SAME.items() if theirs in task}
    options.update({ours: task[theirs] / 1000 for theirs, ours in SECONDS.items() if theirs in task})
    if "retry" in task:
        retry = task["retry"]
        interval = retry["intervalMs"] / 1000 if "intervalMs" in retry else None
        options["retry"] = tss.Retry(limit=retry.get("limit"), interval=interval, backoff=retry.get("backoff"))
    if "locks" in task:
        options["locks"] = [one if isinstance(one, str) else tss.LockNeed(**one) for one in task["locks"]]
    encoded = task.get("inputBase64")
    return tss.task(task["type"], task.get("input") if encoded is None else base64.b64decode(encoded), **options)


def codec_of(names: Optional[Sequence[str]]) -> tss.PayloadCodec:
    codecs: List[tss.Codec] = []
    for name in names or ():
        codecs.append(tss.Gzip(min_bytes=1) if name == "gzip" else tss.AesGcm({"k1": bytes(range(32))}, "k1"))
    return tss.PayloadCodec(codecs=codecs)


def value_of(value: Any) -> Dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, bytes):
        return {"valueBase64": base64.b64encode(value).decode()}
    return {"value": value}


def task_of(task: tss.TaskView) -> Dict[str, Any]:
    return without_nothing(
        {
            "id": task.id,
            "name": task.name,
            "queue": task.queue,
            "status": task.status,
            "reason": task.reason,
            "type": task.type,
            "labels": dict(task.labels),
            "attempt": task.attempt,
            "maxAttempts": task.max_attempts,
            "progress": task.progress and {"percent": task.progress.percent, "message": task.progress.message},
            "error": error_view(task.error),
            "attempts": [
                without_nothing(
                    {
                        "number": one.number,
                        "outcome": one.outcome,
                        "reason": one.reason,
                        "error": error_view(one.error),
                        "locks": locks_of(one.locks),
                    }
                )
                for one in task.attempts
            ],
            "messages": [one.text for one in task.messages],
            "retryOf": task.retry_of,
        }
    )


def locks_of(locks: Mapping[str, int]) -> Optional[List[Dict[str, Any]]]:
    return [{"name": name, "token": token} for name, token in locks.items()] or None


def error_view(error: Optional[tss.ErrorView]) -> Optional[Dict[str, Any]]:
    return None if error is None else {"type": error.type, "message": error.message}


def error_of(error: Exception) -> Dict[str, Any]:
    if isinstance(error, tss.TaskFailed):
        return {"code": "TASK_FAILED", "message": str(error), "task": task_of(error.task)}
    if isinstance(error, tss.TssError):
        return {"code": error.code, "message": error.message, "reason": error.reason}
    return {"code": "PROGRAM", "message": repr(error)}


def without_nothing(values: Dict[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
