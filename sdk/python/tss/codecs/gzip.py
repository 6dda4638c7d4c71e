"""Compression."""

from __future__ import annotations

import zlib
from gzip import compress
from typing import List, Optional

from ..errors import invalid

UNPACKED_BYTES = 16 * 1024 * 1024
"""Bytes that a payload of 256 KiB may unpack to: some input packs a thousandfold."""
GZIP_WINDOW = 31


class Gzip:
    """Packs data where that makes it smaller. At most 16 MiB, before packing and after unpacking.

    :param min_bytes: smaller data stays as it is.
    :param level: 0 (fast) – 9 (small).
    """

    name = "gzip"

    def __init__(self, min_bytes: int = 1024, level: int = 6) -> None:
        if not isinstance(min_bytes, int) or min_bytes < 0:
            raise invalid("CODEC_SHAPE", f"min_bytes of Gzip() is {min_bytes}; it must be a whole number from 0.")
        if not isinstance(level, int) or not 0 <= level <= 9:
            raise invalid("CODEC_SHAPE", f"level of Gzip() is {level}; it must be a whole number from 0 to 9.")
        self._min_bytes = min_bytes
        self._level = level

    def encode(self, data: bytes) -> Optional[bytes]:
        if len(data) < self._min_bytes:
            return None
        if len(data) > UNPACKED_BYTES:
            raise invalid(
                "PAYLOAD_TOO_LARGE",
                f"The value makes {len(data)} bytes before gzip, and at most {UNPACKED_BYTES} can be unpacked again; "
                "make it smaller, or keep it elsewhere and pass its address.",
            )
        packed = compress(data, self._level)
        return packed if len(packed) < len(data) else None

    def decode(self, data: bytes) -> bytes:
        parts: List[bytes] = []
        left = UNPACKED_BYTES
        rest = data
        try:
            while rest or not parts:
                member = zlib.decompressobj(GZIP_WINDOW)
                part = member.decompress(rest, left + 1)
                left -= len(part)
                if left < 0:
                    break
                if not member.eof:
                    raise zlib.error("it ends too early")
                parts.append(part)
                rest = member.unused_data
        except zlib.error as error:
            raise invalid("PAYLOAD_DAMAGED", f"The payload's {len(data)} bytes are no gzip: {error}.") from None
        if left < 0:
            raise invalid(
                "PAYLOAD_TOO_LARGE",
                f"The payload's {len(data)} bytes of gzip unpack to more than {UNPACKED_BYTES}; whoever made it must make "
                "it smaller.",
            )
        return b"".join(parts)
