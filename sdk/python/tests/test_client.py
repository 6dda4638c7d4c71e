from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from queue import SimpleQueue
from typing import Any, List

import pytest
import tss

from .conftest import MakeWorker
from .support.agent import Agent
from .support.coordinator import Coordinator


def test_a_task_is_kept_with_all_that_was_asked(client: tss.Client, queue: str) -> None:
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    handle = client.submit(
        "image.resize",
        {"path": "a.jpg"},
        name="resize a.jpg",
        queue=queue,
        priority=5,
        run_at=later,
        timeout=timedelta(minutes=2),
        heartbeat_timeout=1.5,
        retry=tss.Retry(limit=3, interval=0.25, backoff="fixed", max_interval=60, factor=2, jitter=0),
        labels={"team": "web"},
        selector={"zone": "eu"},
        resources={"cpu": 0.5},
        fairness_key="customer-1",
        cancel_grace=3,
        expires=7200,
    )
    task = handle.get()
    assert (task.id, task.name, task.queue, task.priority) == (handle.id, "resize a.jpg", queue, 5)
    assert (task.status, task.reason, task.type, task.max_attempts) == ("waiting", "scheduled", "image.resize", 4)
    assert task.labels == {"team": "web"}
    assert task.run_at is not None and abs(task.run_at - later) < timedelta(milliseconds=1)
    assert not task.ended and handle.duplicate is False


def test_what_a_command_wants_of_its_agent_is_said() -> None:
    from tss._client.task_spec import task_spec
    from tss._proto import task_pb2 as pb
    from tss.codecs import PayloadCodec

    asked = tss.command(
        "x",
        on_agent_restart="kill",
        retry=tss.Retry(release_limit=0),
        user="deploy:www-data",
        umask="027",
        limits={"memory": 2**30, "cpus": 0.5},
    )
    spec = task_spec(asked, PayloadCodec())
    assert spec.on_agent_restart == pb.AGENT_RESTART_KILL
    assert (spec.user, spec.umask, dict(spec.limits)) == ("deploy:www-data", "027", {"memory": 2**30, "cpus": 0.5})
    assert spec.retry.HasField("release_limit") and spec.retry.release_limit == 0
    with pytest.raises(tss.TssError, match='on_agent_restart is \'stay\'; it is "adopt" or "kill".'):
        task_spec(tss.command("x", on_agent_restart="stay"), PayloadCodec())


def test_a_command_runs_and_its_output_is_followed(client: tss.Client, coordinator: Coordinator, queue: str) -> None:
    with Agent(coordinator, queue):
        handle = client.submit(tss.command("echo one; echo two >&2; exit 3", queue=queue))
        pieces = list(handle.logs(follow=True))
        task = handle.wait()
        program = client.submit(tss.command(["printf", "%s", "a  b"], queue=queue))
        program.wait()
    assert (task.status, task.reason, task.exit_code) == ("failed", "exit_code", 3)
    assert task.name == "echo one; echo two >&2; exit 3"
    assert b"".join(one.data for one in pieces if one.stream == "stdout") == b"one\n"
    assert b"".join(one.data for one in pieces if one.stream == "stderr") == b"two\n"
    assert b"".join(one.data for one in program.logs()) == b"a  b"


def test_many_travel_together_and_one_bad_one_fails_alone(client: tss.Client, queue: str) -> None:
    tasks = [tss.task("x", number, queue=queue) for number in range(2500)]
    assert len({handle.id for handle in client.submit_many(tasks)}) == 2500
    good, refused, broken = client.submit_each(
        [tss.task("x", queue=queue), tss.task("x", queue=queue, priority=1000), tss.task("x", {1, 2}, queue=queue)]
    )
    assert isinstance(good, tss.TaskHandle)
    assert isinstance(refused, tss.TssError) and refused.code == "INVALID_ARGUMENT"
    assert refused.violations[0].field == "priority"
    assert isinstance(broken, tss.TssError) and broken.reason == "PAYLOAD_NOT_SERIALIZABLE"
    with pytest.raises(tss.TssError, match="priority"):
        client.submit_many([tss.task("x", queue=queue), tss.task("x", queue=queue, priority=1000)])


def test_the_same_key_is_the_same_task(client: tss.Client, queue: str) -> None:
    first = client.submit("order", 1, queue=queue, idempotency_key=queue, idempotency_ttl=60)
    again = client.submit("order", 1, queue=queue, idempotency_key=queue, idempotency_ttl=60)
    assert (again.id, again.duplicate) == (first.id, True)
    with pytest.raises(tss.TssError) as refused:
        client.submit("order", 2, queue=queue, idempotency_key=queue, idempotency_ttl=60)
    assert refused.value.code == "ALREADY_EXISTS"


def test_wait_ends_in_time_and_cancel_is_seen(client: tss.Client, queue: str) -> None:
    handle = client.submit("nobody serves this", queue=queue)
    with pytest.raises(tss.TssError, match=f"Task {handle.id} has not ended within 0.05 s.") as late:
        handle.wait(0.05)
    assert late.value.code == "DEADLINE_EXCEEDED"
    assert handle.explain().summary
    assert handle.cancel().status == "cancelled"
    with pytest.raises(tss.TaskFailed, match='"nobody serves this" cancelled') as failed:
        handle.result()
    assert failed.value.task.reason == "aborted"
    assert [task.status for task in handle.watch()] == ["cancelled"]
    assert handle.retry().get().retry_of == handle.id


def test_lists_by_label_and_status_in_pages(client: tss.Client, queue: str) -> None:
    client.submit_many([tss.task("x", queue=queue, labels={"page": queue}, name=f"n{number}") for number in range(120)])
    names = [task.name for task in client.list(labels=[f"page={queue}"], status=["waiting"])]
    assert sorted(names) == sorted(f"n{number}" for number in range(120))
    assert [task.name for task in client.list(queue=queue, name="n7")] == ["n7"]
    assert list(client.list(queue=queue, created_after=datetime.now(timezone.utc) + timedelta(hours=1))) == []
    with pytest.raises(tss.TssError, match='"done" is no status; these are: waiting'):
        list(client.list(status=["done"]))


def test_watch_sees_tasks_change(client: tss.Client, make_worker: MakeWorker, queue: str) -> None:
    worker = make_worker()
    go = threading.Event()
    worker.task("x")(lambda: go.wait(60))
    worker.start()
    handle = client.submit("x", queue=queue)
    seen = []
    for task in handle.watch():
        seen.append(task.status)
        go.set()
    assert seen[-1] == "succeeded"
    changes: "SimpleQueue[tss.TaskView]" = SimpleQueue()

    ends: List[str] = []

    def watch() -> None:
        try:
            for change in client.watch(queue=queue):
                if change.task is not None:
                    changes.put(change.task)
        except tss.TssError as error:
            ends.append(str(error))

    watching = threading.Thread(target=watch)
    watching.start()
    # Nothing tells when a watch has begun: tasks are submitted until one is seen.
    while changes.empty():
        client.submit("x", queue=queue).result(60)
    assert changes.get().queue == queue
    client.close()
    watching.join()
    assert ends == ["The client was closed."]


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"colour": "red"}, "colour is no option of a task; these are: cancel_grace"),
        ({"priority": 1.5}, "priority is 1.5; it is a whole number."),
        ({"delay": float("nan")}, "delay is nan; it is a number."),
        ({"name": 7}, "name is int; it is a text."),
        ({"labels": {"a": "\ud800"}}, "labels.a has half of a surrogate pair"),
        ({"run_at": datetime(2030, 1, 1)}, "run_at has no time zone"),
        ({"retry": {"limit": 3}}, r"retry is dict; it is tss.Retry\(limit=…\)."),
        ({"retry": tss.Retry(backoff="slow")}, "retry.backoff is 'slow'"),
        ({"queue": "Not A Queue"}, "queue must"),
        ({"delay": 1, "run_at": datetime.now(timezone.utc)}, "delay"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(client: tss.Client, options: Any, sentence: str) -> None:
    with pytest.raises(tss.TssError, match=sentence) as refused:
        client.submit("x", **options)
    assert refused.value.code == "INVALID_ARGUMENT"
    assert "\n" not in str(refused.value)


def test_threads_share_a_client(client: tss.Client, queue: str) -> None:
    ids: set[str] = set()
    threads = [
        threading.Thread(target=lambda: ids.update(client.submit("x", queue=queue).id for _ in range(20)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 160


def test_a_closed_client_says_so(coordinator: Coordinator) -> None:
    client = tss.Client(coordinator.address, api_key=coordinator.api_key)
    client.ready()
    client.close()
    client.close()
    with pytest.raises(tss.TssError, match="The client is closed; make a new one."):
        client.submit("x")


def test_a_key_that_is_refused(coordinator: Coordinator) -> None:
    with tss.Client(coordinator.address, api_key="tss_nothing") as client:
        with pytest.raises(tss.TssError) as refused:
            client.submit("x")
    assert refused.value.code == "UNAUTHENTICATED"
