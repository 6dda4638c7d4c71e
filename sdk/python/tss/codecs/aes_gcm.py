"""Encryption; needs the package `cryptography`: pip install 'tss[aes]'."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Dict, Mapping

from ..errors import TssError, invalid

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 1
NONCE_BYTES = 12
TAG_BYTES = 16
KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,63}")


class AesGcm:
    """AES-256-GCM under a random nonce.

    Bytes: version 1, length of the key's id, id, nonce of 12 bytes, ciphertext, tag of 16 bytes; what comes before the
    ciphertext is authenticated too. One key is good for 2^32 payloads: rotate before. A value encrypted twice gives other
    bytes: a submit under an idempotency key that is repeated with it is refused as another task.

    :param keys: 32 random bytes each, by their id of 1–63 characters of A–Z, a–z, 0–9, '.', '_' and '-'. Ids are readable
        in the payload.
    :param current: id of the key that encrypts; the others only decrypt.
    """

    name = "aes-gcm"

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        self._ring = _key_ring(keys)
        if current not in self._ring:
            raise invalid(
                "CODEC_SHAPE", f"current of AesGcm() is {current!r}, which is not among its keys ({self._ids()})."
            )
        self._current = self._ring[current]
        self._prefix = bytes([VERSION, len(current)]) + current.encode()

    def encode(self, data: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        header = self._prefix + nonce
        return header + self._current.encrypt(nonce, data, header)

    def decode(self, data: bytes) -> bytes:
        nonce_at = 2 + (data[1] if len(data) > 1 else 0)
        body_at = nonce_at + NONCE_BYTES
        name = data[2:nonce_at].decode("latin-1")
        if data[:1] != bytes([VERSION]) or len(data) < body_at + TAG_BYTES or not KEY_ID.fullmatch(name):
            raise invalid(
                "PAYLOAD_DAMAGED", f"The payload's {len(data)} bytes are not what aes-gcm of version {VERSION} makes."
            )
        key = self._ring.get(name)
        if key is None:
            raise invalid(
                "UNKNOWN_KEY",
                f"The payload is encrypted with the key {name}, which this client does not have (it has {self._ids()}); "
                "add it to keys of AesGcm().",
            )
        from cryptography.exceptions import InvalidTag

        try:
            return key.decrypt(data[nonce_at:body_at], data[body_at:], data[:body_at])
        except InvalidTag:
            raise invalid(
                "PAYLOAD_DAMAGED",
                f"The payload cannot be decrypted with the key {name}: this client has another key under that id, or the "
                "bytes were changed.",
            ) from None

    def _ids(self) -> str:
        return ", ".join(self._ring) or "no keys"


def _key_ring(keys: Mapping[str, bytes]) -> "Dict[str, AESGCM]":
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise TssError(
            "FAILED_PRECONDITION", "AesGcm() needs the package cryptography; install it: pip install 'tss[aes]'"
        ) from None
    ring: "Dict[str, AESGCM]" = {}
    for name, key in keys.items():
        if not isinstance(name, str) or not KEY_ID.fullmatch(name):
            raise invalid(
                "CODEC_SHAPE",
                f"keys of AesGcm() has the id {name!r}; an id is 1–63 characters of A–Z, a–z, 0–9, '.', '_' and '-'.",
            )
        if not isinstance(key, (bytes, bytearray)) or len(key) != KEY_BYTES:
            raise invalid("CODEC_SHAPE", f"The key {name} of AesGcm() must be {KEY_BYTES} random bytes.")
        ring[name] = AESGCM(bytes(key))
    return ring
