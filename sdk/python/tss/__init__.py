"""TSS for Python: a client that hands off tasks and a worker that runs them."""

from ._net.settings import Tls
from ._version import VERSION as __version__
from .async_client import AsyncClient, AsyncTaskHandle
from .client import Client, TaskHandle
from .codecs import AesGcm, Bytes, Codec, Encoded, Gzip, Json, PayloadCodec, Serializer
from .errors import Fatal, FieldViolation, RetryLater, Stopped, TaskFailed, TssError
from .requests import LockNeed, Retry, TaskOptions, TaskRequest, TaskType, command, task
from .views import AttemptView, Change, ErrorView, Explanation, LogPiece, MessageView, ProgressView, TaskExplanation, TaskView
from .worker import TaskContext, Worker

__all__ = [
    "AesGcm",
    "AsyncClient",
    "AsyncTaskHandle",
    "AttemptView",
    "Bytes",
    "Change",
    "Client",
    "Codec",
    "Encoded",
    "ErrorView",
    "Explanation",
    "Fatal",
    "FieldViolation",
    "Gzip",
    "Json",
    "LockNeed",
    "LogPiece",
    "MessageView",
    "PayloadCodec",
    "ProgressView",
    "Retry",
    "RetryLater",
    "Serializer",
    "Stopped",
    "TaskContext",
    "TaskExplanation",
    "TaskFailed",
    "TaskHandle",
    "TaskOptions",
    "TaskRequest",
    "TaskType",
    "TaskView",
    "Tls",
    "TssError",
    "Worker",
    "__version__",
    "command",
    "task",
]
