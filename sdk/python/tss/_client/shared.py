"""What the two clients have in common: their options, and a core that is made with the first call."""

from __future__ import annotations

import os
import threading
from typing import Any, List, Optional, Sequence, Tuple, Union

from .._net.portal import Portal, portal
from .._net.settings import Tls, find_settings
from .._proto.task_pb2 import TaskSpec
from ..codecs import PayloadCodec
from ..errors import TssError
from ..requests import TaskOptions, TaskRequest
from .core import ClientCore, Limits
from .task_spec import task_spec


class ClientBase:
    """Connects with the first call."""

    def __init__(
        self,
        address: Union[str, Sequence[str], None] = None,
        *,
        api_key: Optional[str] = None,
        tls: Optional[Tls] = None,
        codec: Optional[PayloadCodec] = None,
        submit_timeout: float = 30.0,
        buffer_tasks: int = 100_000,
        buffer_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        """
        :param address: host:port, or several separated by commas. Absent: TSS_COORDINATOR, else 127.0.0.1:7400.
        :param api_key: absent: TSS_API_KEY, else for a coordinator of this machine the file TSS_CREDENTIALS, else
            ./.tss/credentials.
        :param tls: absent: TSS_TLS_CA, TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY, else plaintext.
        :param codec: absent: JSON and bytes.
        :param submit_timeout: seconds after which a submit without an answer fails.
        :param buffer_tasks: tasks that may wait to be sent; `buffer_bytes`: bytes of them.
        """
        self._settings = find_settings(address, api_key, tls)
        self._codec = codec or PayloadCodec()
        self._limits = Limits(submit_timeout, buffer_tasks, buffer_bytes)
        self._lock = threading.Lock()
        self._opened: Optional[Tuple[Portal, ClientCore]] = None
        self._closed = False

    def _open(self) -> Tuple[Portal, ClientCore]:
        opened = self._opened
        if opened is None:
            opened = self._first()
        if self._closed:
            raise TssError("FAILED_PRECONDITION", "The client is closed; make a new one.")
        if opened[0].pid != os.getpid():
            raise TssError(
                "FAILED_PRECONDITION",
                f"This client was used by process {opened[0].pid} before it forked; make one in each process.",
            )
        return opened

    def _first(self) -> Tuple[Portal, ClientCore]:
        with self._lock:
            if self._opened is None:
                home = portal()
                self._opened = (home, home.call(self._make()))
            return self._opened

    async def _make(self) -> ClientCore:
        return ClientCore(self._settings, self._limits)

    def _specs(self, requests: Sequence[TaskRequest[Any]]) -> List[Union[TaskSpec, TssError]]:
        specs: List[Union[TaskSpec, TssError]] = []
        for request in requests:
            try:
                specs.append(task_spec(request, self._codec))
            except TssError as error:
                specs.append(error)
        return specs


def request_of(task: Union[TaskRequest[Any], str], input: Any, options: TaskOptions) -> TaskRequest[Any]:
    """A request as it is, or one made of a type and its input."""
    if isinstance(task, TaskRequest):
        if input is not None or options:
            raise TssError("INVALID_ARGUMENT", "A task made by task() or command() has its input and options already.")
        return task
    return TaskRequest(type=task, input=input, options=options)
