"""How values become payloads and back: one serializer makes bytes of a content type, codecs change the bytes in order.

The reader finds its serializer by the content type and undoes the encodings from the last to the first. Every error is a
TssError INVALID_ARGUMENT whose ``reason`` tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Protocol, Sequence, Tuple, TypeVar

from ..errors import TssError, invalid
from ..views import PayloadView
from .bytes import Bytes
from .json import Json
from .shape import check_bytes, check_codec, check_serializer

PAYLOAD_BYTES = 256 * 1024
ENCODINGS = 8
T = TypeVar("T")


class Serializer(Protocol):
    """Turns values into bytes of one content type, and back."""

    @property
    def name(self) -> str:
        """1–63 characters of a–z, 0–9, '.' and '-'."""

    @property
    def content_type(self) -> str:
        """Media type of the bytes, at most 127 ASCII characters; finds the serializer again when decoding."""

    def accepts(self, value: Any) -> bool:
        """False: another serializer is asked."""

    def serialize(self, value: Any) -> bytes: ...

    def deserialize(self, data: bytes, content_type: str) -> Any:
        """The content type may carry parameters that ``content_type`` of the serializer lacks."""


class Codec(Protocol):
    """Changes bytes and changes them back: compression, encryption."""

    @property
    def name(self) -> str:
        """1–63 characters of a–z, 0–9, '.' and '-'; stands in the encodings of a payload."""

    def encode(self, data: bytes) -> Optional[bytes]:
        """None: the bytes stay as they are and the name is not listed."""

    def decode(self, data: bytes) -> bytes:
        """Raises for bytes that ``encode`` did not make."""


@dataclass(frozen=True)
class Encoded:
    data: bytes
    content_type: str
    encodings: Tuple[str, ...] = ()


class PayloadCodec:
    """What clients and workers put values into payloads with; both are given the same one.

    :param serializers: the first that accepts a value makes its bytes; absent: bytes, then JSON.
    :param codecs: at most 8, applied in this order.
    :param decoders: further codecs for decoding alone: what other clients use, or this one used before.
    """

    def __init__(
        self,
        serializers: Optional[Sequence[Serializer]] = None,
        codecs: Sequence[Codec] = (),
        decoders: Sequence[Codec] = (),
    ) -> None:
        self._serializers: Tuple[Serializer, ...] = (Bytes(), Json()) if serializers is None else tuple(serializers)
        self._codecs = tuple(codecs)
        if not self._serializers:
            raise invalid("CODEC_SHAPE", "PayloadCodec() has no serializers; leave them out for bytes and JSON.")
        if len(self._codecs) > ENCODINGS:
            raise invalid(
                "CODEC_SHAPE", f"PayloadCodec() has {len(self._codecs)} codecs; a payload names at most {ENCODINGS}."
            )
        for serializer in self._serializers:
            check_serializer(serializer)
        self._known: Dict[str, Codec] = {}
        for codec in (*codecs, *decoders):
            check_codec(codec)
            if self._known.setdefault(codec.name, codec) is not codec:
                raise invalid(
                    "CODEC_SHAPE",
                    f"PayloadCodec() has two codecs named {codec.name}; decoding would not know which to use.",
                )

    def encode(self, value: Any) -> Encoded:
        """At most 256 KiB come out."""
        serializer = next((one for one in self._serializers if one.accepts(value)), None)
        if serializer is None:
            names = ", ".join(one.name for one in self._serializers)
            raise invalid(
                "PAYLOAD_NOT_SERIALIZABLE",
                f"No serializer accepts a value of type {type(value).__name__} (asked: {names}); add one that does.",
            )
        what = f"The serializer {serializer.name} could not write the value"
        data = check_bytes(_stage(what, serializer.serialize, value), f"serialize() of the serializer {serializer.name}")
        serialized = len(data)
        encodings: List[str] = []
        for codec in self._codecs:
            encoded = _stage(f"The codec {codec.name} could not encode the payload", codec.encode, data)
            if encoded is not None:
                data = check_bytes(encoded, f"encode() of the codec {codec.name}")
                encodings.append(codec.name)
        if len(data) > PAYLOAD_BYTES:
            before = f" ({serialized} before {', '.join(encodings)})" if encodings else ""
            raise invalid(
                "PAYLOAD_TOO_LARGE",
                f"The value makes a payload of {len(data)} bytes of {serializer.content_type}{before}, and at most "
                f"{PAYLOAD_BYTES} are allowed; make it smaller, or keep it elsewhere and pass its address.",
            )
        return Encoded(data, serializer.content_type, tuple(encodings))

    def decode(self, payload: PayloadView) -> Any:
        if not payload.data and not payload.content_type and not payload.encodings:
            return None
        serializer = self._serializer_of(payload.content_type)
        missing = [f'"{name}"' for name in payload.encodings if name not in self._known]
        if missing:
            known = ", ".join(self._known) or "no codecs"
            raise invalid(
                "UNKNOWN_ENCODING",
                f"Nothing here undoes the encoding {' and '.join(missing)} (known: {known}); add that to codecs or "
                "decoders of PayloadCodec().",
            )
        data = payload.data
        for name in reversed(payload.encodings):
            decoded = _stage(f"The codec {name} could not decode the payload", self._known[name].decode, data)
            data = check_bytes(decoded, f"decode() of the codec {name}")
        what = f"The serializer {serializer.name} could not read the payload"
        return _stage(what, serializer.deserialize, data, payload.content_type)

    def _serializer_of(self, content_type: str) -> Serializer:
        """Bytes without a content type are JSON. Parameters count where a serializer names them."""
        wanted = (content_type or Json.content_type).lower()
        bare = wanted.split(";", 1)[0].strip()
        for candidate in (wanted, bare):
            for serializer in self._serializers:
                if serializer.content_type.lower() == candidate:
                    return serializer
        known = ", ".join(dict.fromkeys(one.content_type for one in self._serializers))
        raise invalid(
            "UNKNOWN_CONTENT_TYPE",
            f'Nothing here reads "{wanted}" (known: {known}); add a serializer for it to PayloadCodec().',
        )


def _stage(what: str, run: Callable[..., T], *arguments: Any) -> T:
    try:
        return run(*arguments)
    except TssError:
        raise
    except Exception as error:
        text = str(error).split("\n", 1)[0] or type(error).__name__
        raise invalid("PAYLOAD_STAGE_FAILED", f"{what}: {text}") from error
