from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta
from typing import Any, Dict, List

import pytest
import tss

from .conftest import MakeWorker
from .support.coordinator import Coordinator


def test_handlers_take_what_they_have_parameters_for(client: tss.Client, make_worker: MakeWorker, queue: str) -> None:
    worker = make_worker()
    worker.task("none")(lambda: "none")
    worker.task("input")(lambda input: input)

    @worker.task("both")
    def both(input: int, task: tss.TaskContext) -> Dict[str, Any]:
        return {"input": input, "attempt": task.attempt}

    @worker.task("async")
    async def coroutine(input: int, task: tss.TaskContext) -> List[Any]:
        await asyncio.sleep(0)
        return [input, task.queue]

    assert both.__name__ == "both"
    worker.start()
    results = [client.submit(name, 7, queue=queue).result(60) for name in ("none", "input", "both", "async")]
    assert results == ["none", 7, {"input": 7, "attempt": 1}, [7, queue]]


def test_a_type_is_shared_by_clients_and_workers(client: tss.Client, make_worker: MakeWorker, queue: str) -> None:
    double = tss.TaskType[int, int]("double")
    worker = make_worker()

    @worker.task(double)
    def run(input: int) -> int:
        return 2 * input

    worker.start()
    assert client.submit(double.task(4, queue=queue)).result(60) + 1 == 9
    assert client.submit(double.task(5, queue=queue, priority=3)).result(60) == 10


def test_what_a_handler_sees_says_and_counts(client: tss.Client, make_worker: MakeWorker, queue: str) -> None:
    tokens: List[int] = []
    worker = make_worker()

    @worker.task("steps")
    def steps(_: None, task: tss.TaskContext) -> None:
        tokens.append(task.fencing_token)
        assert task.deadline is not None and task.labels == {"a": "b"} and task.name == "three steps"
        task.progress(40, "resizing")
        for number in range(150):
            task.message(f"try {task.attempt} line {number}")
        if task.attempt < 3:
            raise tss.RetryLater(timedelta(milliseconds=10), "the mail server is busy")

    worker.start()
    handle = client.submit(
        "steps", queue=queue, name="three steps", labels={"a": "b"}, retry=tss.Retry(limit=5, interval=3600), timeout=60
    )
    task = handle.wait(60)
    assert (task.status, task.attempt, task.max_attempts) == ("succeeded", 3, 6)
    assert task.progress is not None and (task.progress.percent, task.progress.message) == (40, "resizing")
    assert [one.text for one in task.messages if one.attempt == 3][-1] == "try 3 line 149"
    assert task.attempts[0].error == tss.ErrorView("RetryLater", "the mail server is busy")
    assert tokens == sorted(set(tokens)) and len(tokens) == 3


def test_errors_are_told_with_their_type(client: tss.Client, make_worker: MakeWorker, queue: str) -> None:
    worker = make_worker()

    @worker.task("fail")
    def fail(kind: str) -> Any:
        if kind == "fatal":
            raise tss.Fatal("no such customer")
        if kind == "exit":
            raise SystemExit(3)
        if kind == "odd":
            raise ValueError("half \ud800 and \0" + "x" * 9000)
        if kind == "set":
            return {"items": [{1, 2}]}
        if kind == "large":
            return "x" * (64 * 1024 * 1024)
        raise KeyError("name")

    worker.start()

    def end_of(kind: str) -> tss.TaskView:
        return client.submit("fail", kind, queue=queue, retry=tss.Retry(limit=1, interval=0.01)).wait(60)

    fatal = end_of("fatal")
    assert (fatal.attempt, fatal.error) == (1, tss.ErrorView("Fatal", "no such customer"))
    assert end_of("key").error == tss.ErrorView("KeyError", "'name'")
    assert end_of("exit").error == tss.ErrorView("SystemExit", "3")
    odd = end_of("odd").error
    assert odd is not None and odd.message.startswith("half \ufffd and \ufffdxxx") and len(odd.message) == 1024
    unfit = end_of("set")
    assert unfit.attempt == 1 and unfit.error is not None
    assert unfit.error.message.startswith("The value cannot be written as JSON: it holds a set at value.items[0]")
    large = end_of("large")
    assert (large.reason, large.attempt) == ("result_too_large", 1)


def test_cancel_is_an_event_in_threads_and_an_exception_in_coroutines(
    client: tss.Client, make_worker: MakeWorker, queue: str
) -> None:
    begun = threading.Semaphore(0)
    ends: List[str] = []
    worker = make_worker()

    @worker.task("waits")
    def waits(_: None, task: tss.TaskContext) -> None:
        begun.release()
        task.wait_stopped()
        ends.append(f"thread {task.stop_cause}")
        task.check()

    @worker.task("sleeps")
    def sleeps(_: None, task: tss.TaskContext) -> None:
        begun.release()
        task.sleep(60)

    @worker.task("spins", on_stop="raise")
    def spins() -> None:
        begun.release()
        try:
            while True:
                time.sleep(0.001)  # Work: an exception is raised in a thread only between two steps of it.
        except tss.Stopped as stopped:
            ends.append(f"raised {stopped.cause}")
            raise

    @worker.task("coroutine")
    async def coroutine() -> None:
        begun.release()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ends.append("coroutine")
            raise

    worker.start()
    handles = [client.submit(name, queue=queue) for name in ("waits", "sleeps", "spins", "coroutine")]
    for _ in handles:
        assert begun.acquire(timeout=60)
    for handle in handles:
        handle.cancel()
    assert [(task.status, task.attempts[0].outcome) for task in (one.wait(60) for one in handles)] == [
        ("cancelled", "cancelled")
    ] * 4
    assert sorted(ends) == ["coroutine", "raised aborted", "thread aborted"]


def test_a_stop_raised_in_a_thread_strikes_only_the_handler(
    client: tss.Client, make_worker: MakeWorker, queue: str
) -> None:
    worker = make_worker(slots=2)

    @worker.task("spins", on_stop="raise")
    def spins(_: None, task: tss.TaskContext) -> int:
        for _step in range(task.attempt * 20):
            time.sleep(0.0005)  # Work of about as long as its timeout, so that both ends occur.
        return threading.get_ident()

    worker.start()
    handles = client.submit_many([tss.task("spins", queue=queue, timeout=0.01, cancel_grace=5) for _ in range(40)])
    ends = [one.wait(60) for one in handles]
    assert {(task.status, task.reason) for task in ends} <= {("succeeded", None), ("failed", "timed_out")}
    assert client.submit("spins", queue=queue).wait(60).status == "succeeded"


def test_times_are_kept(client: tss.Client, make_worker: MakeWorker, queue: str) -> None:
    release = threading.Event()
    worker = make_worker(slots=3)

    @worker.task("deaf")
    def deaf() -> None:
        release.wait(60)

    @worker.task("quiet")
    def quiet(_: None, task: tss.TaskContext) -> None:
        task.sleep(20)

    @worker.task("lively")
    def lively(_: None, task: tss.TaskContext) -> str:
        for _step in range(6):
            task.heartbeat()
            task.sleep(0.3)
        return "alive"

    worker.start()
    hung = client.submit("deaf", queue=queue, timeout=0.05, cancel_grace=0.05)
    silent = client.submit("quiet", queue=queue, heartbeat_timeout=0.5)
    alive = client.submit("lively", queue=queue, heartbeat_timeout=1.5)
    assert (hung.wait(60).reason, silent.wait(60).reason) == ("timed_out", "heartbeat")
    assert alive.result(60) == "alive"
    release.set()


def test_a_handler_that_blocks_its_event_loop_keeps_its_lease(
    client: tss.Client, make_worker: MakeWorker, queue: str
) -> None:
    worker = make_worker()

    @worker.task("blocks")
    async def blocks() -> str:
        time.sleep(6)  # Longer than the lease, and no heartbeat of the network may be missed for it.
        return "done"

    worker.start()
    handle = client.submit("blocks", queue=queue, retry=tss.Retry(limit=2, interval=0.01))
    task = handle.wait(60)
    assert (task.status, task.attempt) == ("succeeded", 1)


def test_a_thousand_slots_of_handlers_that_wait(client: tss.Client, make_worker: MakeWorker, queue: str) -> None:
    gate = threading.Barrier(300)
    worker = make_worker(slots=1000)
    worker.task("meets")(lambda: gate.wait(60) >= 0)
    worker.start()
    handles = client.submit_many([tss.task("meets", queue=queue) for _ in range(300)])
    assert all(handle.result(60) for handle in handles)


def test_a_task_it_has_no_handler_for_goes_elsewhere(client: tss.Client, make_worker: MakeWorker, queue: str) -> None:
    first, second = make_worker(), make_worker()
    first.task("a")(lambda: "a")
    second.task("b")(lambda: "b")
    first.start()
    waiting = client.submit("b", queue=queue)
    assert client.submit("a", queue=queue).result(60) == "a"
    assert waiting.get().status == "waiting"
    second.start()
    assert waiting.result(60) == "b"


def test_close_lets_what_runs_end_and_a_hurry_stops_it(client: tss.Client, make_worker: MakeWorker, queue: str) -> None:
    begun = threading.Event()
    release = threading.Event()

    def slow(_: None, task: tss.TaskContext) -> str:
        begun.set()
        while not release.wait(0.01):
            task.check()
        return "done"

    first = make_worker()
    first.task("slow")(slow)
    first.start()
    handle = client.submit("slow", queue=queue)
    assert begun.wait(60)
    threading.Timer(0.05, release.set).start()
    first.close()
    assert handle.result(60) == "done"
    begun.clear()
    release.clear()
    second = make_worker()
    second.task("slow")(slow)
    second.start()
    handle = client.submit("slow", queue=queue)
    assert begun.wait(60)
    second.close(0.01)
    assert (handle.wait(60).status, handle.wait(60).reason) == ("failed", "lost")


@pytest.mark.parametrize(
    "register, sentence",
    [
        (lambda w: w.task("")(lambda: 1), "has no type"),
        (lambda w: (w.task("x")(lambda: 1), w.task("x")(lambda: 2)), "The type x has a handler already"),
        (lambda w: w.task("x")(lambda a, b, c: 1), r"asks for more than \(input, task\)"),
        (lambda w: w.task("x", process=True)(lambda: 1), "is made inside a function"),
        (lambda w: w.task("x", on_stop="kill")(lambda: 1), "has on_stop 'kill'"),
        (lambda w: w.start(), "The worker has no handlers"),
    ],
)
def test_mistakes_of_a_worker_are_told(make_worker: MakeWorker, register: Any, sentence: str) -> None:
    with pytest.raises(tss.TssError, match=sentence):
        register(make_worker())


def test_a_worker_nobody_answers_or_that_is_refused(coordinator: Coordinator) -> None:
    alone = tss.Worker("127.0.0.1:1")
    alone.task("x")(lambda: 1)
    with pytest.raises(tss.TssError, match=r"^No coordinator answers at 127.0.0.1:1 \(connection refused\)\.$"):
        alone.start(timeout=4)
    refused = tss.Worker(coordinator.address, api_key="tss_nothing")
    refused.task("x")(lambda: 1)
    with pytest.raises(tss.TssError) as error:
        refused.start()
    assert error.value.code == "UNAUTHENTICATED"
    with pytest.raises(tss.TssError, match="slots of Worker"):
        tss.Worker(slots=0)
