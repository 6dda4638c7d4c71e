"""Errors of calls as the coordinator put them."""

from __future__ import annotations

import re
from typing import Any, Optional, cast

import grpc

from .._proto.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from .._proto.status_pb2 import Status
from ..errors import FieldViolation, TssError

CODES = {code.value[0]: code.name for code in grpc.StatusCode}


def from_rpc(error: "grpc.RpcError", shown: str) -> TssError:
    """The error of a call; a coordinator that did not answer is named by its address."""
    call = cast("grpc.Call", error)
    code = call.code() or grpc.StatusCode.UNKNOWN
    details = call.details() or ""
    for key, value in call.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            return from_status(Status.FromString(cast(bytes, value)), code.name)
    if code is grpc.StatusCode.UNAVAILABLE:
        return unreachable(shown, details)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return TssError(code.name, f"The coordinator at {shown} did not answer in time.")
    return TssError(code.name, details or code.name)


def from_status(status: Status, code: Optional[str] = None) -> TssError:
    """An item's own error, as an answer to a list of items carries it."""
    info, bad, retry = ErrorInfo(), BadRequest(), RetryInfo()
    for detail in status.details:
        for message in (info, bad, retry):
            detail.Unpack(cast(Any, message))  # Does nothing with a message of another type.
    delay = retry.retry_delay
    return TssError(
        code or CODES.get(status.code, "UNKNOWN"),
        status.message,
        reason=info.reason or None,
        violations=[FieldViolation(one.field, one.description) for one in bad.field_violations],
        retry_after=delay.seconds + delay.nanos / 1e9 if retry.HasField("retry_delay") else None,
    )


PREFIX = "No coordinator answers at "


def unreachable(shown: str, details: str) -> TssError:
    return TssError("UNAVAILABLE", f"{PREFIX}{shown} ({_reason(details)}).")


def _reason(details: str) -> str:
    if "resolv" in details or "DNS" in details:
        return "its name cannot be resolved"
    last = re.sub(r" \(\d+\)$", "", details.rsplit(": ", 1)[-1].rstrip("."))
    return last[:1].lower() + last[1:] if last else "no answer"
