"""The handler that obeys its input; see ../../README.md."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Callable, Dict, List, NoReturn

import tss

Emit = Callable[[Dict[str, Any]], None]


class Releases:
    """Tasks that were told to go on."""

    def __init__(self) -> None:
        self._released: Dict[str, asyncio.Event] = {}

    def of(self, task: str) -> asyncio.Event:
        return self._released.setdefault(task, asyncio.Event())


async def obey(input: Any, task: tss.TaskContext, releases: Releases) -> Any:
    for step in input["steps"]:
        while step[0] == "before":
            step = step[2] if task.attempt < step[1] else ["nothing"]
        verb, words = step[0], step[1:]
        if verb == "return":
            return words[0] if words else input.get("value")
        if verb == "returnRepeat":
            return words[0] * words[1]
        if verb == "returnBase64":
            return base64.b64decode(words[0])
        if verb == "unencodable":
            return {"set": {1, 2}}
        if verb == "describe":
            return describe(task)
        await do(verb, words, task, releases)
    return None


async def do(verb: str, words: List[Any], task: tss.TaskContext, releases: Releases) -> None:
    if verb == "progress":
        task.progress(words[0], words[1])
    elif verb == "message":
        task.message(words[0])
    elif verb == "heartbeat":
        task.heartbeat()
    elif verb == "sleep":
        await asyncio.sleep(words[0] / 1000)
    elif verb == "await":
        await first(releases.of(task.id).wait(), task.until_stopped())
        if not releases.of(task.id).is_set():
            task.check()
    elif verb == "deaf":
        await releases.of(task.id).wait()
    elif verb == "awaitStop":
        await task.until_stopped()
    elif verb == "obey":
        task.check()
    elif verb != "nothing":
        fail(verb, words)


def fail(verb: str, words: List[Any]) -> NoReturn:
    if verb == "fatal":
        raise tss.Fatal(words[0])
    if verb == "retryLater":
        raise tss.RetryLater(words[0] / 1000, words[1])
    if verb == "fail":
        raise RuntimeError(words[0])
    raise tss.Fatal(f"{verb} is no step.")


def describe(task: tss.TaskContext) -> Dict[str, Any]:
    return {
        "id": task.id,
        "name": task.name,
        "queue": task.queue,
        "labels": dict(task.labels),
        "attempt": task.attempt,
        "maxAttempts": task.max_attempts,
        "fencingToken": task.fencing_token,
        "hasDeadline": task.deadline is not None,
    }


async def first(*waits: Any) -> None:
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in tasks:
            one.cancel()
