"""Handlers for processes; they stand at the top of a module. Those that sleep are work that takes longer than it may."""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Dict

import tss


def compute(input: Dict[str, Any], task: tss.TaskContext) -> Any:
    task.message(f"in {os.getpid()}")
    task.progress(50, "half")
    kind = input["kind"]
    if kind == "sleep":
        time.sleep(60)
    if kind == "deaf":
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
    if kind == "event":
        task.wait_stopped(60)
        return task.stop_cause
    if kind == "die":
        os.kill(os.getpid(), 9)
    if kind == "exit":
        raise SystemExit(2)
    if kind == "unfit":
        return threading.Lock()
    if kind == "fatal":
        raise tss.Fatal("no such customer")
    if kind == "later" and task.attempt == 1:
        raise tss.RetryLater(0.01)
    return {"pid": os.getpid(), "attempt": task.attempt}
