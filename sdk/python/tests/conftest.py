from __future__ import annotations

import uuid
from typing import Any, Callable, Iterator, List

import pytest
import tss

from .support.coordinator import Coordinator

MakeWorker = Callable[..., tss.Worker]


@pytest.fixture(scope="session")
def coordinator() -> Iterator[Coordinator]:
    """One for all tests; its leases end soon, so that a test may wait for it."""
    running = Coordinator({"TSS_LEASE_TTL": "5s"})
    yield running
    running.stop()


@pytest.fixture
def client(coordinator: Coordinator) -> Iterator[tss.Client]:
    with tss.Client(coordinator.address, api_key=coordinator.api_key) as made:
        yield made


@pytest.fixture
def queue() -> str:
    """A queue of this test alone."""
    return f"q-{uuid.uuid4().hex[:20]}"


@pytest.fixture
def make_worker(coordinator: Coordinator, queue: str) -> Iterator[MakeWorker]:
    """Makes workers of the test's queue; they are closed when it ends."""
    made: List[tss.Worker] = []

    def make(**options: Any) -> tss.Worker:
        worker = tss.Worker(coordinator.address, api_key=coordinator.api_key, queues=[queue], **options)
        made.append(worker)
        return worker

    yield make
    for worker in made:
        worker.close(0)
