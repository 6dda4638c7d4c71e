"""Whether something is what it is used as; told where it is given, not where it is missed."""

from __future__ import annotations

import re
from typing import Any, Optional, Sequence

from ..errors import invalid

NAME = re.compile(r"[a-z0-9.-]{1,63}")
CONTENT_TYPE = re.compile(r"[\x21-\x7e]+/[\x20-\x7e]+")
CONTENT_TYPE_BYTES = 127


def check_codec(value: Any) -> None:
    _refuse("codec", value, _name_problem(value) or _method_problem(value, ("encode", "decode")))


def check_serializer(value: Any) -> None:
    problem = _name_problem(value) or _type_problem(value)
    _refuse("serializer", value, problem or _method_problem(value, ("accepts", "serialize", "deserialize")))


def check_bytes(data: Any, where: str) -> bytes:
    if isinstance(data, bytes):
        return data
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    raise invalid("CODEC_SHAPE", f"{where} gave {type(data).__name__} where bytes belong.")


def _refuse(kind: str, value: Any, problem: Optional[str]) -> None:
    if problem is not None:
        raise invalid("CODEC_SHAPE", f"{type(value).__name__} is no {kind}: it {problem}.")


def _name_problem(value: Any) -> Optional[str]:
    name = getattr(value, "name", None)
    if not isinstance(name, str):
        return "has no text as name"
    if NAME.fullmatch(name):
        return None
    return f"has the name {name!r}; a name is 1–63 characters of a–z, 0–9, '.' and '-'"


def _type_problem(value: Any) -> Optional[str]:
    content_type = getattr(value, "content_type", None)
    if not isinstance(content_type, str):
        return "has no text as content_type"
    if len(content_type) <= CONTENT_TYPE_BYTES and CONTENT_TYPE.fullmatch(content_type):
        return None
    return (
        f"has the content_type {content_type!r}, which is no media type of at most {CONTENT_TYPE_BYTES} ASCII characters"
    )


def _method_problem(value: Any, methods: Sequence[str]) -> Optional[str]:
    missing = [name for name in methods if not callable(getattr(value, name, None))]
    return f"lacks the method{'s' if len(missing) > 1 else ''} {' and '.join(missing)}" if missing else None
