"""Tasks that need locks, as clients ask for them and handlers see them."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Dict, Iterator, List

import pytest
import tss
from tss._client.task_spec import task_spec
from tss._proto import task_pb2 as pb
from tss.codecs import PayloadCodec
from tss.views import task_view

from .support.computing import compute
from .support.fake_work import FakeWork

SENTENCE = "A lock that the attempt held was taken away or could not be renewed in time."


@pytest.fixture
def work() -> Iterator[FakeWork]:
    with FakeWork() as fake:
        yield fake


def locks_of(*needs: Any) -> Any:
    return task_spec(tss.task("x", locks=list(needs)), PayloadCodec()).locks


def test_locks_are_asked_for_by_name_or_with_their_permits() -> None:
    asked = locks_of("deploy", tss.LockNeed("gpu", permits=2), tss.LockNeed("db"))
    assert [(lock.name, lock.permits) for lock in asked] == [("deploy", 0), ("gpu", 2), ("db", 0)]
    assert len(task_spec(tss.task("x"), PayloadCodec()).locks) == 0


@pytest.mark.parametrize(
    "locks, sentence",
    [
        ("deploy", r'locks is str; it is a list such as \["deploy"\].'),
        ({"deploy": 1}, r'locks is dict; it is a list such as \["deploy"\].'),
        ([7], r"locks\[0\] is int; it is a text."),
        (["a", tss.LockNeed("b", permits=1.5)], r"locks\[1\].permits is 1.5; it is a whole number of 0 or more."),  # type: ignore[arg-type]
        ([tss.LockNeed("a", permits=-1)], r"locks\[0\].permits is -1; it is a whole number of 0 or more."),
        ([tss.LockNeed("\ud800")], r"locks\[0\].name has half of a surrogate pair"),
    ],
)
def test_a_mistake_is_told_with_its_field(locks: Any, sentence: str) -> None:
    with pytest.raises(tss.TssError, match=sentence):
        task_spec(tss.task("x", locks=locks), PayloadCodec())


def test_an_attempt_shows_the_tokens_it_was_given() -> None:
    task = pb.Task(attempts=[pb.Attempt(number=1, locks=[pb.TaskLock(name="db", token=12)]), pb.Attempt(number=2)])
    assert [attempt.locks for attempt in task_view(task).attempts] == [{"db": 12}, {}]


def test_handlers_of_every_kind_see_the_tokens_and_hear_that_a_lock_is_lost(work: FakeWork) -> None:
    worker = tss.Worker(work.address, api_key="tss_any", processes=1)
    begun = threading.Semaphore(0)
    seen: Dict[str, Any] = {}
    ends: List[str] = []

    @worker.task("thread")
    def thread(_: None, task: tss.TaskContext) -> None:
        seen["thread"] = task.locks
        begun.release()
        task.wait_stopped()
        ends.append(f"thread {task.stop_cause}")
        task.check()

    @worker.task("coroutine")
    async def coroutine(_: None, task: tss.TaskContext) -> None:
        seen["coroutine"] = task.locks
        begun.release()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ends.append(f"coroutine {task.stop_cause}")
            raise

    worker.task("process", process=True)(compute_locked)
    worker.start()
    try:
        locks = [pb.TaskLock(name="a", token=12), pb.TaskLock(name="b", token=2**53 - 1)]
        leases = [work.lease(kind, kind, locks=locks) for kind in ("thread", "coroutine")]
        free = work.lease("free", "process")
        assert work.outcome(free).result.data == b"{}"
        held = work.lease("process", "process", locks=locks)
        assert work.outcome(held).result.data == b'{"a":12,"b":9007199254740991}'
        for _ in leases:
            assert begun.acquire(timeout=60)
        for lease in leases:
            work.cancel(lease, pb.TASK_REASON_LOCK_LOST)
        for lease in leases:
            report = work.outcome(lease)
            assert (report.outcome, report.reason) == (pb.ATTEMPT_OUTCOME_FAILED, pb.TASK_REASON_LOCK_LOST)
            assert (report.error.type, report.error.message) == ("Stopped", SENTENCE)
        assert seen == {"thread": {"a": 12, "b": 2**53 - 1}, "coroutine": {"a": 12, "b": 2**53 - 1}}
        assert sorted(ends) == ["coroutine lock_lost", "thread lock_lost"]
    finally:
        worker.close(0)


def compute_locked(_: None, task: tss.TaskContext) -> Any:
    return dict(task.locks)


def test_one_that_does_not_listen_is_reported_after_its_grace(work: FakeWork) -> None:
    worker = tss.Worker(work.address, api_key="tss_any", processes=1)
    worker.task("deaf", process=True)(compute)
    worker.start()
    try:
        lease = work.lease("deaf", "deaf", spec=spec_of({"kind": "deaf"}), cancel_grace={"nanos": 100_000_000})
        work.cancel(lease, pb.TASK_REASON_LOCK_LOST)
        report = work.outcome(lease)
        assert (report.outcome, report.reason) == (pb.ATTEMPT_OUTCOME_FAILED, pb.TASK_REASON_LOCK_LOST)
    finally:
        worker.close(0)


def spec_of(input: Any) -> pb.TaskSpec:
    return task_spec(tss.task("deaf", input), PayloadCodec())
