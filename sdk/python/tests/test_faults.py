from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Dict, Iterator, List

import pytest
import tss

from .conftest import MakeWorker
from .support.coordinator import Coordinator
from .support.programs import Program

HOLDING = """
import threading, tss
worker = tss.Worker(slots=100, queues=[QUEUE])

@worker.task("hold")
def hold(_, task):
    if task.attempt == 1:
        print("begun", flush=True)
        threading.Event().wait()

worker.run()
"""


@pytest.fixture
def own_coordinator() -> Iterator[List[Coordinator]]:
    """One for a test that kills it; the last of the list is stopped."""
    running = [Coordinator({"TSS_LEASE_TTL": "10s"})]
    yield running
    running[-1].stop()


def test_a_coordinator_that_dies_and_comes_back_elsewhere_costs_no_attempt(own_coordinator: List[Coordinator]) -> None:
    first = own_coordinator[0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        elsewhere = f"127.0.0.1:{free.getsockname()[1]}"
    addresses = [first.address, elsewhere]
    begun, release = threading.Event(), threading.Event()
    worker = tss.Worker(addresses, api_key=first.api_key)

    @worker.task("hold")
    def hold(number: int) -> int:
        begun.set()
        release.wait(30)
        return number

    with tss.Client(addresses, api_key=first.api_key) as client, worker:
        running = client.submit("hold", 1, retry=tss.Retry(limit=3, interval=0.01))
        assert begun.wait(60)
        waited: List[tss.TaskView] = []
        waiting = threading.Thread(target=lambda: waited.append(running.wait(30)))
        waiting.start()
        first.kill()
        later: Dict[str, int] = {}
        submitting = threading.Thread(target=lambda: later.update(id=client.submit("hold", 2).result(30)))
        submitting.start()
        own_coordinator.append(Coordinator({"TSS_LEASE_TTL": "10s"}, first.folder, elsewhere))
        release.set()
        waiting.join()
        submitting.join()
    assert (waited[0].status, waited[0].attempt) == ("succeeded", 1)
    assert later == {"id": 2}


def test_a_worker_that_is_killed_with_a_hundred_tasks_loses_none(
    coordinator: Coordinator, client: tss.Client, make_worker: MakeWorker, queue: str, tmp_path: Path
) -> None:
    program = Program(HOLDING.replace("QUEUE", repr(queue)), coordinator, tmp_path)
    tasks = [tss.task("hold", queue=queue, retry=tss.Retry(limit=1, interval=0.01)) for _ in range(100)]
    handles = client.submit_many(tasks)
    program.read_until("begun", 100)
    program.process.kill()
    worker = make_worker(slots=100)
    worker.task("hold")(lambda: "elsewhere")
    worker.start()
    assert {handle.result(30) for handle in handles} == {"elsewhere"}
    ends = [handle.get() for handle in handles]
    assert {task.attempt for task in ends} == {2}
    assert {task.attempts[0].reason for task in ends} == {"lost"}
    program.close()


LEAKING = """
import resource, threading, tss
worker = tss.Worker(slots=2, queues=[QUEUE])

@worker.task("leak")
def leak(number):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return number

@worker.task("hungry")
def hungry(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, hard))
    try:
        return len(bytearray(size))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))

worker.run()
print("left", flush=True)
"""


def test_a_handler_that_leaves_threads_behind_costs_no_slot_and_nobody_who_leaves(
    coordinator: Coordinator, client: tss.Client, queue: str, tmp_path: Path
) -> None:
    program = Program(LEAKING.replace("QUEUE", repr(queue)), coordinator, tmp_path)
    handles = client.submit_many([tss.task("leak", number, queue=queue) for number in range(50)])
    assert [handle.result(30) for handle in handles] == list(range(50))
    program.process.terminate()
    assert program.rest()[-1] == "left"
    assert program.process.returncode == 0
    program.close()


def test_a_worker_without_memory_says_so_of_the_task_that_wants_too_much_and_goes_on(
    coordinator: Coordinator, client: tss.Client, queue: str, tmp_path: Path
) -> None:
    program = Program(LEAKING.replace("QUEUE", repr(queue)), coordinator, tmp_path)
    ended = client.submit("hungry", 2 << 30, queue=queue).wait(30)
    assert ended.error is not None
    assert (ended.status, ended.reason, ended.error.type) == ("failed", "handler_error", "MemoryError")
    assert client.submit("hungry", 7, queue=queue).result(30) == 7
    program.close()


FORKS = """
import os, warnings, tss
warnings.simplefilter("ignore")  # Newer Pythons warn of every fork beside threads.
unused, used = tss.Client(), tss.Client()
used.ready()
child = os.fork()
if child == 0:
    try:
        used.submit("x")
    except tss.TssError as error:
        print("used:", error, flush=True)
    print("unused:", len(unused.submit("x", queue="forked").id), flush=True)
    os._exit(0)
print("child:", os.waitpid(child, 0)[1], flush=True)
print("parent:", len(used.submit("x", queue="forked").id), flush=True)
"""


def test_a_client_after_a_fork_works_or_says_what_to_do(coordinator: Coordinator, tmp_path: Path) -> None:
    program = Program(FORKS, coordinator, tmp_path)
    lines = program.rest()
    pid = program.process.pid
    sentence = f"used: This client was used by process {pid} before it forked; make one in each process."
    assert lines == [sentence, "unused: 26", "child: 0", "parent: 26"]
    program.close()


def test_an_import_costs_no_connection_and_no_thread() -> None:
    check = "import threading, tss; tss.Client('127.0.0.1:1'); tss.Worker('127.0.0.1:1'); print(threading.active_count())"
    folder = Path(__file__).resolve().parents[1]
    assert subprocess.run([sys.executable, "-c", check], cwd=folder, capture_output=True, text=True).stdout == "1\n"
