"""A coordinator for one worker: gives it leases and orders, and remembers what it reports."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Iterator, Optional, Tuple

import grpc
from tss._proto.worker_service_pb2 import CancelOrder, Lease, OutcomeReport, WorkRequest, WorkResponse

PATIENCE = 20.0


class FakeWork:
    def __init__(self, protocol: int = 0) -> None:
        self._protocol = protocol
        self.greetings: "queue.SimpleQueue[WorkRequest]" = queue.SimpleQueue()
        self._answers: "queue.SimpleQueue[Optional[WorkResponse]]" = queue.SimpleQueue()
        self._outcomes: Dict[Tuple[str, int], OutcomeReport] = {}
        self._heard = threading.Condition()
        self._server = grpc.server(ThreadPoolExecutor(4))
        handler = grpc.stream_stream_rpc_method_handler(
            self._serve, WorkRequest.FromString, WorkResponse.SerializeToString
        )
        services = grpc.method_handlers_generic_handler("tss.v1.WorkerService", {"Work": handler})
        self._server.add_generic_rpc_handlers((services,))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> "FakeWork":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.put(None)
        self._server.stop(None).wait()

    def lease(self, id: str, type: str, **fields: Any) -> Lease:
        lease = Lease(id=id, fencing_token=7, attempt=1, max_attempts=1, **fields)
        lease.spec.type = type
        self._answers.put(WorkResponse(leases=[lease]))
        return lease

    def cancel(self, lease: Lease, reason: Any) -> None:
        order = CancelOrder(id=lease.id, fencing_token=lease.fencing_token, reason=reason)
        self._answers.put(WorkResponse(cancels=[order]))

    def outcome(self, lease: Lease) -> OutcomeReport:
        key = (lease.id, lease.fencing_token)
        with self._heard:
            assert self._heard.wait_for(lambda: key in self._outcomes, PATIENCE), f"{lease.id} has no outcome"
            return self._outcomes[key]

    def _serve(self, requests: Iterator[WorkRequest], context: Any) -> Iterator[WorkResponse]:
        greeted = threading.Event()
        threading.Thread(target=self._listen, args=(requests, greeted), daemon=True).start()
        # A worker that leaves at the welcome takes with it what has not been read.
        greeted.wait(PATIENCE)
        welcome = WorkResponse()
        welcome.welcome.session_id = "w_fake"
        welcome.welcome.server_version = "9.1.0"
        welcome.welcome.protocol = self._protocol
        welcome.welcome.lease_ttl.seconds = 60
        welcome.welcome.heartbeat_interval.seconds = 20
        yield welcome
        yield from iter(self._answers.get, None)

    def _listen(self, requests: Iterator[WorkRequest], greeted: threading.Event) -> None:
        try:
            for request in requests:
                if request.HasField("hello"):
                    self.greetings.put(request)
                    greeted.set()
                answer = WorkResponse()
                with self._heard:
                    for report in request.outcomes:
                        self._outcomes[report.id, report.fencing_token] = report
                        answer.outcome_acks.add(id=report.id, fencing_token=report.fencing_token, accepted=True)
                    self._heard.notify_all()
                # An empty one too: it answers a sign of life.
                self._answers.put(answer)
        except grpc.RpcError:
            pass  # The worker has left.
