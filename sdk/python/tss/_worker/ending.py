"""How a handler came to its end, and what is reported of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

from .._proto import task_pb2 as pb
from .._proto.worker_service_pb2 import OutcomeReport
from ..codecs import Encoded, PayloadCodec
from ..errors import STOP_SENTENCES, Fatal, RetryLater, TssError

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

ERROR_TYPE_CHARACTERS = 200
ERROR_MESSAGE_CHARACTERS = 1024
"""4 KiB of UTF-8 at the most."""


@dataclass(frozen=True)
class Ending:
    kind: str
    """``returned``, ``threw``, or ``bad_result``: it returned what cannot be carried."""
    result: Optional[Encoded] = None
    error_type: str = ""
    message: str = ""
    fatal: bool = False
    retry_after: Optional[float] = None
    too_large: bool = False


STOPPED: "Dict[str, Tuple[pb.AttemptOutcome, pb.TaskReason]]" = {
    "aborted": (pb.ATTEMPT_OUTCOME_CANCELLED, pb.TASK_REASON_ABORTED),
    "timed_out": (pb.ATTEMPT_OUTCOME_FAILED, pb.TASK_REASON_TIMED_OUT),
    "heartbeat": (pb.ATTEMPT_OUTCOME_FAILED, pb.TASK_REASON_HEARTBEAT),
    "lock_lost": (pb.ATTEMPT_OUTCOME_FAILED, pb.TASK_REASON_LOCK_LOST),
    "drained": (pb.ATTEMPT_OUTCOME_FAILED, pb.TASK_REASON_LOST),
    "lost": (pb.ATTEMPT_OUTCOME_FAILED, pb.TASK_REASON_LOST),
}


def returned(value: Any, codec: PayloadCodec) -> Ending:
    """The value through the codec. None is no result."""
    if value is None:
        return Ending("returned")
    try:
        return Ending("returned", codec.encode(value))
    except Exception as error:
        too_large = isinstance(error, TssError) and error.reason == "PAYLOAD_TOO_LARGE"
        return Ending("bad_result", error_type=_type(error), message=_message(error), too_large=too_large)


def threw(error: BaseException) -> Ending:
    return Ending(
        "threw",
        error_type=_type(error),
        message=_message(error),
        fatal=isinstance(error, Fatal),
        retry_after=error.after if isinstance(error, RetryLater) else None,
    )


def judge(
    id: str, fencing_token: int, started_at: float, ended_at: float, stopped_by: Optional[str], ending: Ending
) -> OutcomeReport:
    """The report. Times are seconds since 1970.

    A handler that returns although it was told to stop has done its work; one that raises then was stopped, whatever it
    raises.
    """
    report = OutcomeReport(id=id, fencing_token=fencing_token)
    set_time(report.started_at, started_at)
    set_time(report.ended_at, ended_at)
    if ending.kind == "returned":
        report.outcome = pb.ATTEMPT_OUTCOME_SUCCEEDED
        if ending.result is not None:
            report.result.data = ending.result.data
            report.result.content_type = ending.result.content_type
            report.result.encodings.extend(ending.result.encodings)
        return report
    if ending.kind == "threw" and stopped_by is not None:
        report.outcome, report.reason = STOPPED[stopped_by]
        if stopped_by != "aborted":
            report.error.type = "Stopped"
            report.error.message = STOP_SENTENCES[stopped_by]
        return report
    report.outcome = pb.ATTEMPT_OUTCOME_FAILED
    report.reason = pb.TASK_REASON_RESULT_TOO_LARGE if ending.too_large else pb.TASK_REASON_HANDLER_ERROR
    report.error.type = ending.error_type
    report.error.message = ending.message
    report.non_retryable = ending.fatal or ending.kind == "bad_result"
    if ending.retry_after is not None:
        millis = max(0, round(ending.retry_after * 1000))
        report.retry_after.seconds, report.retry_after.nanos = millis // 1000, millis % 1000 * 1_000_000
        report.retry_after.SetInParent()
    return report


def set_time(timestamp: "Timestamp", seconds: float) -> None:
    timestamp.seconds = int(seconds)
    timestamp.nanos = int(seconds % 1 * 1e9)


def _type(error: BaseException) -> str:
    kind = type(error)
    module = "" if kind.__module__ in ("builtins", "__main__", "__mp_main__") or kind.__module__.startswith("tss.") else kind.__module__
    return cut(f"{module}.{kind.__qualname__}".lstrip("."), ERROR_TYPE_CHARACTERS)


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = ""
    return cut(text or type(error).__name__, ERROR_MESSAGE_CHARACTERS)


def cut(text: str, characters: int) -> str:
    """At most that many characters, none of them U+0000 or half of a pair."""
    clean = str(text)
    if not clean.isascii():
        clean = clean.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    clean = clean.replace("\0", "\ufffd")
    return clean if len(clean) <= characters else f"{clean[: characters - 1]}…"
