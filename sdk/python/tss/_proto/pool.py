"""Makes message classes from descriptors.bin.

They live in a pool of their own: nothing here clashes with other copies of google/rpc or of these protos in the same
program, and no version of the generator ties the package to one version of the runtime. Messages of another pool
cannot be put in these; durations and timestamps are set by their fields.
"""

from __future__ import annotations

import pkgutil
from typing import Any, Dict

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

_pool: Any = descriptor_pool.DescriptorPool()


def _load() -> None:
    data = pkgutil.get_data(__package__ or "tss._proto", "descriptors.bin")
    if data is None:
        raise ImportError("The package tss is not complete: tss/_proto/descriptors.bin is missing; install it again.")
    for file in descriptor_pb2.FileDescriptorSet.FromString(data).file:
        _pool.AddSerializedFile(file.SerializeToString())


def export(file: str, into: Dict[str, Any]) -> None:
    """Puts the messages and enums of a file into a module."""
    descriptor = _pool.FindFileByName(file)
    for name, message in descriptor.message_types_by_name.items():
        into[name] = message_factory.GetMessageClass(message)
    for name, enum in descriptor.enum_types_by_name.items():
        into[name] = EnumTypeWrapper(enum)
        for value in enum.values:
            into[value.name] = value.number


_load()
