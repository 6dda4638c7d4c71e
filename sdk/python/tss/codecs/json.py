"""JSON, the same bytes as the other SDKs make and read."""

from __future__ import annotations

import inspect
import json
import math
import re
from typing import Any, Iterator, Optional, Tuple

from ..errors import TssError, invalid

_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_escaper = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))
PLAIN = (str, int, float, bool, type(None))


class Json:
    """dict with text keys, list, tuple, str, int, float, bool, None. What JSON does not carry is refused with its place."""

    name = "json"
    content_type = "application/json"

    def accepts(self, value: Any) -> bool:
        return True

    def serialize(self, value: Any) -> bytes:
        try:
            text = _encoder.encode(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise _unserializable(_fault_of(value) or f"fails ({error})") from None
        try:
            return text.encode()
        except UnicodeEncodeError:  # Half of a surrogate pair: JSON can write it, UTF-8 cannot.
            return _escaper.encode(value).encode()

    def deserialize(self, data: bytes, content_type: str) -> Any:
        # What is wrong is told without the text: it may have been encrypted a moment ago, and errors end up in logs.
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise _unreadable(data, "is not UTF-8") from None
        try:
            return json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise _unreadable(data, "does not parse") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _unreadable(data: bytes, problem: str) -> TssError:
    return invalid("PAYLOAD_NOT_JSON", f"The payload of {len(data)} bytes is called JSON but {problem}.")


def _unserializable(problem: str) -> TssError:
    return invalid(
        "PAYLOAD_NOT_SERIALIZABLE",
        f"The value cannot be written as JSON: it {problem}; change it, or give PayloadCodec() a serializer that carries "
        "it.",
    )


def _fault_of(value: Any) -> Optional[str]:
    """What the encoder stopped at, and where."""
    try:
        return next(_faults(value, "value", ()), None)
    except RecursionError:
        return "is nested too deeply"


def _faults(value: Any, path: str, above: Tuple[int, ...]) -> Iterator[str]:
    where = "is" if path == "value" else "holds"
    place = "" if path == "value" else f" at {path}"
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{where} {value}{place}"
    if isinstance(value, PLAIN):
        return
    if id(value) in above:
        yield f"holds itself again{place}"
        return
    inside = (*above, id(value))
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, PLAIN):
                yield f"has a key of type {type(key).__name__}{place}"
            yield from _faults(item, _member(path, key), inside)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _faults(item, f"{path}[{index}]", inside)
    elif inspect.isawaitable(value):
        yield f"{where} a coroutine that was not awaited{place}"
    else:
        name = type(value).__name__
        yield f"{where} {'an' if name[:1].lower() in 'aeiou' else 'a'} {name}{place}"


def _member(path: str, key: Any) -> str:
    text = f"{path}.{key}" if re.fullmatch(r"[A-Za-z_]\w*", str(key)) else f"{path}[{json.dumps(str(key))}]"
    return text if len(text) <= 200 else f"{text[:200]}…"
