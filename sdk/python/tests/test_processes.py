from __future__ import annotations

import os
from typing import Any

import pytest
import tss

from .conftest import MakeWorker
from .support.computing import compute


@pytest.fixture
def run(client: tss.Client, make_worker: MakeWorker, queue: str) -> Any:
    worker = make_worker(processes=2)
    worker.task("compute", process=True)(compute)
    worker.task("event", process=True, on_stop="event")(compute)
    worker.start()
    return lambda kind, type="compute", **options: client.submit(type, {"kind": kind}, queue=queue, **options)


def test_a_process_computes_and_is_kept_for_the_next(run: Any) -> None:
    first = run("compute").result(30)
    assert first["pid"] != os.getpid()
    task = run("later", retry=tss.Retry(limit=2)).wait(30)
    assert (task.status, task.attempt) == ("succeeded", 2)
    assert task.progress.percent == 50 and task.messages[-1].text == f"in {first['pid']}"
    assert run("fatal").wait(30).error == tss.ErrorView("Fatal", "no such customer")
    assert run("exit").wait(30).error == tss.ErrorView("SystemExit", "2")
    unfit = run("unfit", retry=tss.Retry(limit=2)).wait(30)
    assert unfit.attempt == 1
    assert unfit.error.message.startswith("The result cannot be sent from the handler's process: ")


def test_a_stop_reaches_what_sleeps_and_ends_what_is_deaf(run: Any) -> None:
    sleeping = run("sleep", timeout=0.4)
    told = run("event", type="event")
    while not told.get().messages:
        pass
    told.cancel()
    assert (sleeping.wait(30).reason, told.wait(30).status) == ("timed_out", "cancelled")
    deaf = run("deaf", timeout=0.2, cancel_grace=0.2)
    assert deaf.wait(30).reason == "timed_out"
    assert run("compute").result(30)["attempt"] == 1


def test_a_process_that_dies_fails_its_attempt_alone(run: Any) -> None:
    task = run("die").wait(30)
    assert (task.reason, task.error.message) == ("handler_error", "The process of the handler ended by SIGKILL.")
    assert run("compute").result(30)["attempt"] == 1
