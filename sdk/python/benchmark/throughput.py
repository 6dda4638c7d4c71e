"""How many tasks a second one Python worker runs: python benchmark/throughput.py [--kind async] [--tasks 20000]

Starts a coordinator on SQLite (``synchronous=FULL``), hands it tasks whose handler does nothing, then starts a worker. The
time goes from the worker's first task to the acknowledgement of its last report. Prints each round and the median; the
rate by processor time depends less on what else the machine does.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

import tss
from tests.support.coordinator import Coordinator


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=("thread", "async", "process"), default="thread")
    parser.add_argument("--tasks", type=int, default=20_000)
    parser.add_argument("--slots", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}; {options}")
    coordinator = Coordinator()
    try:
        rates = [one_round(coordinator, options, f"round-{number}") for number in range(options.rounds)]
        print(f"median: {statistics.median(rates):.0f} tasks/s")
    finally:
        coordinator.stop()


def one_round(coordinator: Coordinator, options: Any, queue: str) -> float:
    with tss.Client(coordinator.address, api_key=coordinator.api_key) as client:
        began = time.perf_counter()
        client.submit_many([tss.task("nothing", {"n": number}, queue=queue) for number in range(options.tasks)])
        submitted = options.tasks / (time.perf_counter() - began)
    slots = 4 if options.kind == "process" else options.slots
    worker = tss.Worker(coordinator.address, api_key=coordinator.api_key, slots=slots, queues=[queue])
    counter = Counter(options.tasks)
    if options.kind == "async":

        @worker.task("nothing")
        async def nothing(input: Any) -> None:
            counter.count()

    elif options.kind == "process":
        worker.task("nothing", process=True)(do_nothing)
    else:
        worker.task("nothing")(counter.count)
    before = time.process_time()
    worker.start()
    if options.kind == "process":
        counter.first = time.perf_counter()
        client = tss.Client(coordinator.address, api_key=coordinator.api_key)
        while any(client.list(queue=queue, status=["waiting", "running"])):
            time.sleep(0.1)  # Handlers in other processes cannot tell us; the rate is over seconds.
    else:
        counter.done.wait()
    worker.close()
    rate: float = options.tasks / (time.perf_counter() - counter.first)
    by_cpu = options.tasks / (time.process_time() - before)
    print(f"{rate:.0f} tasks/s run, {by_cpu:.0f} per second of the worker's processor time; {submitted:.0f} submitted/s")
    return rate


class Counter:
    def __init__(self, tasks: int) -> None:
        self.first = 0.0
        self.done = threading.Event()
        self._left = tasks
        self._lock = threading.Lock()

    def count(self) -> None:
        with self._lock:
            self.first = self.first or time.perf_counter()
            self._left -= 1
            if self._left == 0:
                self.done.set()


def do_nothing(input: Any) -> None:
    return None


if __name__ == "__main__":
    main()
