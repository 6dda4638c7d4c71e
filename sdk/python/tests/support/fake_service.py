"""A coordinator that takes submits, remembers their messages, and answers as a test wants it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterator, List

import grpc
from tss._proto.task_service_pb2 import SubmitStreamRequest, SubmitStreamResponse, SubmitTasksRequest

RESOURCE_EXHAUSTED = 8


class FakeService:
    """`drop`: messages after which the connection ends without an answer; `busy`: messages refused; `silent`: no answers."""

    def __init__(self, drop: int = 0, busy: int = 0, silent: bool = False) -> None:
        self.messages: List[SubmitTasksRequest] = []
        self._drop = drop
        self._busy = busy
        self._silent = silent
        self._server = grpc.server(ThreadPoolExecutor(4))
        handler = grpc.stream_stream_rpc_method_handler(
            self._serve, SubmitStreamRequest.FromString, SubmitStreamResponse.SerializeToString
        )
        services = grpc.method_handlers_generic_handler("tss.v1.TaskService", {"SubmitStream": handler})
        self._server.add_generic_rpc_handlers((services,))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> "FakeService":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()

    def _serve(self, requests: Iterator[SubmitStreamRequest], context: Any) -> Iterator[SubmitStreamResponse]:
        for message in requests:
            self.messages.append(message.request)
            if len(self.messages) <= self._drop:
                context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            if self._silent:
                continue
            response = SubmitStreamResponse(sequence=message.sequence)
            if len(self.messages) <= self._busy:
                response.error.code = RESOURCE_EXHAUSTED
                response.error.message = "Too many at once."
            else:
                for index, _ in enumerate(message.request.tasks):
                    response.response.results.add(id=str(index))
            yield response
