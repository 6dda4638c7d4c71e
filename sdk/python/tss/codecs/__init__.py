"""Payload codecs: what clients and workers put values into payloads with."""

from .aes_gcm import AesGcm
from .bytes import Bytes
from .gzip import Gzip
from .json import Json
from .payload import Codec, Encoded, PayloadCodec, Serializer

__all__ = ["AesGcm", "Bytes", "Codec", "Encoded", "Gzip", "Json", "PayloadCodec", "Serializer"]
