from __future__ import annotations

import asyncio
from typing import Any, Coroutine, List

import pytest
import tss

from .support.coordinator import Coordinator
from .support.fake_service import FakeService


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_everything_a_handle_can_do(coordinator: Coordinator, queue: str) -> None:
    async def story() -> None:
        async with tss.AsyncClient(coordinator.address, api_key=coordinator.api_key) as client:
            await client.ready()
            worker = tss.Worker(coordinator.address, api_key=coordinator.api_key, queues=[queue])

            @worker.task("double")
            async def double(input: int) -> int:
                return 2 * input

            serving = asyncio.ensure_future(worker.serve())
            handle = await client.submit("double", 21, queue=queue)
            assert await handle.result(60) == 42
            assert (await handle.get()).status == "succeeded"
            assert [task.status async for task in handle.watch()] == ["succeeded"]
            assert [piece async for piece in handle.logs()] == []
            again = await handle.retry()
            assert (await again.wait(60)).retry_of == handle.id
            assert (await again.cancel()).status == "succeeded"
            assert (await again.explain()).summary
            assert {task.id async for task in client.list(queue=queue)} == {handle.id, again.id}
            await worker.aclose()
            await serving

    run(story())


def test_a_client_outlives_an_event_loop(coordinator: Coordinator, queue: str) -> None:
    client = tss.AsyncClient(coordinator.address, api_key=coordinator.api_key)

    async def submit() -> None:
        await client.submit("x", queue=queue)

    run(submit())
    run(submit())
    run(client.close())


def test_a_wait_that_is_cancelled_leaves_the_task_alone(coordinator: Coordinator, queue: str) -> None:
    async def story() -> None:
        async with tss.AsyncClient(coordinator.address, api_key=coordinator.api_key) as client:
            handle = await client.submit("x", queue=queue)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(handle.wait(), 0.05)
            assert (await handle.get()).status == "waiting"

    run(story())


def test_submits_of_one_turn_are_one_message() -> None:
    with FakeService() as service:

        async def story() -> None:
            async with tss.AsyncClient(service.address, api_key="key") as client:
                handles = await asyncio.gather(*[client.submit("x", number) for number in range(50)])
                assert len({handle.id for handle in handles}) == 50

        run(story())
        assert [len(message.tasks) for message in service.messages] == [50]


def test_a_message_without_an_answer_is_sent_again_with_its_id() -> None:
    with FakeService(drop=2) as service:
        with tss.Client(service.address, api_key="key") as client:
            handles = client.submit_many([tss.task("x", number) for number in range(3)])
    assert [handle.id for handle in handles] == ["0", "1", "2"]
    assert len(service.messages) == 3
    assert len({message.request_id for message in service.messages}) == 1
    assert all([task.payload.data for task in message.tasks] == [b"0", b"1", b"2"] for message in service.messages)


def test_a_busy_coordinator_is_asked_again() -> None:
    with FakeService(busy=2) as service, tss.Client(service.address, api_key="key") as client:
        assert client.submit("x").id == "0"
    assert len({message.request_id for message in service.messages}) == 1


def test_what_does_not_fit_in_the_buffer_fails_at_once() -> None:
    with FakeService(silent=True) as service:
        client = tss.Client(service.address, api_key="key", submit_timeout=2, buffer_tasks=10)
        answers: List[Any] = client.submit_each([tss.task("x", number) for number in range(12)])
    assert [one.reason for one in answers[10:]] == ["CLIENT_BUFFER_FULL"] * 2
    assert all("was not confirmed within 2 s; it may have been accepted" in str(one) for one in answers[:10])
