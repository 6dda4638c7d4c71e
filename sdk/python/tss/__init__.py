"""TSS for Python: a client that hands off tasks and a worker that runs them."""

from ._net.settings import Tls
from ._version import VERSION as __version__
from .async_client import AsyncClient, AsyncTaskHandle
from .client import Client, TaskHandle
from .codecs import AesGcm, Bytes, Codec, Encoded, Gzip, Json, PayloadCodec, Serializer
from .errors import Fatal, FieldViolation, RetryLater, Stopped, TaskFailed, TssError
from .requests import Retry, TaskOptions, TaskRequest, TaskType, command, task

__all__ = [
    "AesGcm",
    "AsyncClient",
    "AsyncTaskHandle",
    "Bytes",
    "Client",
    "Codec",
    "Encoded",
    "Fatal",
    "FieldViolation",
    "Gzip",
    "Json",
    "PayloadCodec",
    "Retry",
    "RetryLater",
    "Serializer",
    "Stopped",
    "TaskFailed",
    "TaskHandle",
    "TaskOptions",
    "TaskRequest",
    "TaskType",
    "Tls",
    "TssError",
    "__version__",
    "command",
    "task",
]
