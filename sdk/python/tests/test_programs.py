from __future__ import annotations

import re
import signal
from pathlib import Path

import tss

from .support.coordinator import Coordinator
from .support.programs import SDK, Program

SLOW = """
import threading, tss
worker = tss.Worker(queues=[QUEUE])

@worker.task("slow")
def slow(seconds, task):
    print("begun", flush=True)
    task.wait_stopped(seconds)
    if task.stopped:
        print("told", task.stop_cause, flush=True)
        task.check()
    return "done"

@worker.task("deaf")
def deaf():
    print("begun", flush=True)
    threading.Event().wait()

worker.run(grace=GRACE)
print("left", flush=True)
"""


def program_of(coordinator: Coordinator, queue: str, folder: Path, grace: str = "None") -> Program:
    return Program(SLOW.replace("QUEUE", repr(queue)).replace("GRACE", grace), coordinator, folder)


def test_sigterm_lets_what_runs_end(coordinator: Coordinator, client: tss.Client, queue: str, tmp_path: Path) -> None:
    program = program_of(coordinator, queue, tmp_path)
    running = client.submit("slow", 0.5, queue=queue)
    program.read_until("begun")
    program.process.send_signal(signal.SIGTERM)
    assert program.rest()[-1] == "left"
    assert program.process.returncode == 0
    assert running.result(60) == "done"
    program.close()


def test_a_second_signal_stops_what_runs(
    coordinator: Coordinator, client: tss.Client, queue: str, tmp_path: Path
) -> None:
    program = program_of(coordinator, queue, tmp_path)
    running = client.submit("slow", 60, queue=queue)
    program.read_until("begun")
    program.process.send_signal(signal.SIGINT)
    program.read_until("takes nothing more")
    program.process.send_signal(signal.SIGTERM)
    assert "told drained" in program.rest()
    assert program.process.returncode == 0
    assert running.wait(60).reason == "lost"
    program.close()


def test_the_grace_of_run_stops_what_runs_and_a_third_signal_ends_the_process(
    coordinator: Coordinator, client: tss.Client, queue: str, tmp_path: Path
) -> None:
    program = program_of(coordinator, queue, tmp_path, grace="0.05")
    client.submit("deaf", queue=queue)
    running = client.submit("slow", 60, queue=queue)
    program.read_until("begun", 2)
    program.process.send_signal(signal.SIGTERM)
    program.read_until("told drained")
    assert running.wait(60).reason == "lost"
    for _ in range(2):
        program.process.send_signal(signal.SIGTERM)
        if _ == 0:
            program.read_until("ends the process")
    assert program.process.wait() == 128 + signal.SIGTERM
    program.close()


UNGUARDED = """
import tss
worker = tss.Worker(queues=[QUEUE], slots=1)

@worker.task("compute", process=True)
def compute():
    return 1

worker.run()
"""


def test_a_program_without_its_main_guard_is_told_so(
    coordinator: Coordinator, client: tss.Client, queue: str, tmp_path: Path
) -> None:
    program = Program(UNGUARDED.replace("QUEUE", repr(queue)), coordinator, tmp_path)
    task = client.submit("compute", queue=queue).wait(30)
    assert task.error is not None
    assert task.error.message == "The process of the handler ended with exit code 1."
    program.process.terminate()
    text = "\n".join(program.rest())
    assert 'worker.run() is reached by a process of handlers; put it below: if __name__ == "__main__":' in text
    program.close()


def blocks(page: str) -> "list[str]":
    return re.findall(r"```python\n(.*?)```", (SDK / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_readme_submits_runs_and_follows_a_task_in_fifteen_lines(coordinator: Coordinator, tmp_path: Path) -> None:
    worker, submit = blocks("README.md")[:2]
    assert len((worker + submit).splitlines()) <= 15
    runs = Program(worker, coordinator, tmp_path, "worker.py")
    says = Program(submit, coordinator, tmp_path, "submit.py")
    try:
        lines = says.rest()
        assert says.process.returncode == 0, lines
        assert lines[-1] == "{'greeting': 'Hello, Ada!'}"
        assert any("50" in line for line in lines)
    finally:
        runs.process.terminate()
        runs.rest()
        runs.close()
        says.close()


def test_the_example_is_submitted_followed_and_counted(coordinator: Coordinator, tmp_path: Path) -> None:
    worker = Program(None, coordinator, tmp_path, "worker.py")
    submit = Program(None, coordinator, tmp_path, "submit.py")
    lines = submit.rest()
    assert submit.process.returncode == 0, lines
    assert lines[0].startswith("submitted ") and lines[-2:] == ["6 words", "168 primes"]
    assert "succeeded line 2 of 2" in lines
    together = Program(None, coordinator, tmp_path, "submit_async.py")
    assert together.rest() == ["[2, 2, 6]"]
    worker.process.terminate()
    worker.rest()
    assert worker.process.returncode == 0
    for program in (worker, submit, together):
        program.close()
