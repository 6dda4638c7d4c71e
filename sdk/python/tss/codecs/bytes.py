"""Bytes as they are."""

from __future__ import annotations

import builtins
from typing import Any


class Bytes:
    """``bytes``, ``bytearray`` and ``memoryview``; read back as ``bytes``."""

    name = "bytes"
    content_type = "application/octet-stream"

    def accepts(self, value: Any) -> bool:
        return isinstance(value, (builtins.bytes, bytearray, memoryview))

    def serialize(self, value: Any) -> builtins.bytes:
        return builtins.bytes(value)

    def deserialize(self, data: builtins.bytes, content_type: str) -> builtins.bytes:
        return data
