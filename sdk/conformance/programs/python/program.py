"""The conformance program of the Python SDK: obeys lines of JSON on its standard input."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
from typing import Any, Awaitable, Callable, Dict, List

import tss
from steps import Releases, obey
from words import codec_of, error_of, locks_of, request_of, task_of, value_of, without_nothing


class Program:
    def __init__(self) -> None:
        self._releases = Releases()
        self._workers: Dict[str, tss.Worker] = {}
        self._serving: Dict[str, "asyncio.Future[None]"] = {}
        self._client = tss.AsyncClient()
        self._over = asyncio.Event()

    async def live(self) -> None:
        loop = asyncio.get_running_loop()
        lines: "asyncio.Queue[str]" = asyncio.Queue()
        threading.Thread(target=read_lines, args=(loop, lines), daemon=True).start()
        loop.add_signal_handler(signal.SIGTERM, lambda: loop.create_task(self.drain_all()))
        emit({"event": "ready", "protocol": 1, "sdk": "python", "can": ["bytes", "codecs", "signals", "stop", "attempts"]})
        loop.create_task(self.obey_lines(lines))
        await self._over.wait()

    async def obey_lines(self, lines: "asyncio.Queue[str]") -> None:
        while True:
            line = await lines.get()
            if not line:
                await asyncio.gather(*[one.aclose(0) for one in self._workers.values()])
                self._over.set()
                return
            asyncio.get_running_loop().create_task(self.answer(json.loads(line)))

    async def answer(self, call: Dict[str, Any]) -> None:
        try:
            action: Callable[[Dict[str, Any]], Awaitable[Any]] = getattr(self, f"do_{call['do']}")
            emit({"id": call["id"], "ok": await action(call.get("with", {}))})
        except Exception as error:
            emit({"id": call["id"], "error": error_of(error)})

    def client(self, words: Dict[str, Any]) -> tss.AsyncClient:
        return tss.AsyncClient(codec=codec_of(words["codecs"])) if "codecs" in words else self._client

    async def do_submit(self, words: Dict[str, Any]) -> Any:
        handle = await self.client(words).submit(request_of(words["task"]))
        return {"id": handle.id, "duplicate": handle.duplicate}

    async def do_submitMany(self, words: Dict[str, Any]) -> Any:
        handles = await self._client.submit_each([request_of(one) for one in words["tasks"]])
        results: List[Any] = [
            {"error": error_of(one)} if isinstance(one, tss.TssError) else {"id": one.id, "duplicate": one.duplicate}
            for one in handles
        ]
        return {"results": results}

    async def do_get(self, words: Dict[str, Any]) -> Any:
        return task_of(await self._client.task(words["id"]).get())

    async def do_wait(self, words: Dict[str, Any]) -> Any:
        limit = words["timeoutMs"] / 1000 if "timeoutMs" in words else None
        return task_of(await self._client.task(words["id"]).wait(limit))

    async def do_result(self, words: Dict[str, Any]) -> Any:
        return value_of(await self.client(words).task(words["id"]).result())

    async def do_cancel(self, words: Dict[str, Any]) -> Any:
        return task_of(await self._client.task(words["id"]).cancel())

    async def do_retry(self, words: Dict[str, Any]) -> Any:
        return {"id": (await self._client.task(words["id"]).retry()).id}

    async def do_list(self, words: Dict[str, Any]) -> Any:
        return {"tasks": [task_of(one) async for one in self._client.list(**words)]}

    async def do_watch(self, words: Dict[str, Any]) -> Any:
        statuses: List[str] = []
        async for task in self._client.task(words["id"]).watch():
            if statuses[-1:] != [task.status]:
                statuses.append(task.status)
        return {"statuses": statuses}

    async def do_explain(self, words: Dict[str, Any]) -> Any:
        told = await self._client.task(words["id"]).explain()
        items = [{"code": one.code, "message": one.message, "action": one.action} for one in told.explanations]
        return {"summary": told.summary, "explanations": items}

    async def do_release(self, words: Dict[str, Any]) -> Any:
        self._releases.of(words["task"]).set()
        return {}

    async def do_drain(self, words: Dict[str, Any]) -> Any:
        grace = words["graceMs"] / 1000 if "graceMs" in words else None
        await self._workers[words["worker"]].aclose(grace)
        await self._serving[words["worker"]]
        return {}

    async def do_work(self, words: Dict[str, Any]) -> Any:
        name = words["worker"]
        worker = tss.Worker(
            words.get("address"),
            api_key=words.get("apiKey"),
            name=name,
            slots=words.get("slots", 10),
            queues=words.get("queues", ()),
            codec=codec_of(words.get("codecs")),
        )
        worker.task("conformance.echo")(echo)
        worker.task("conformance", on_stop="event")(self.handler(name))
        greeted = asyncio.Event()
        serving = asyncio.ensure_future(worker.serve(on_ready=greeted.set))
        ready = asyncio.ensure_future(greeted.wait())
        await asyncio.wait([serving, ready], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            ready.cancel()
            await serving
        self._workers[name], self._serving[name] = worker, serving
        return {}

    def handler(self, worker: str) -> Callable[[Any, tss.TaskContext], Awaitable[Any]]:
        async def handle(input: Any, task: tss.TaskContext) -> Any:
            about = {"worker": worker, "task": task.id, "attempt": task.attempt}
            emit(without_nothing({"event": "begin", **about, "fencingToken": task.fencing_token, "locks": locks_of(task.locks)}))
            watching = asyncio.ensure_future(tell_stop(task, about))
            try:
                return await obey(input, task, self._releases)
            finally:
                if task.stopped:
                    await watching
                watching.cancel()
                emit({"event": "end", **about})

        return handle

    async def drain_all(self) -> None:
        await asyncio.gather(*[one.aclose() for one in self._workers.values()])
        self._over.set()


async def tell_stop(task: tss.TaskContext, about: Dict[str, Any]) -> None:
    await task.until_stopped()
    emit({"event": "stop", **about, "cause": task.stop_cause})


async def echo(input: Any) -> Any:
    return input


def emit(line: Dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def read_lines(loop: asyncio.AbstractEventLoop, lines: "asyncio.Queue[str]") -> None:
    for line in sys.stdin:
        loop.call_soon_threadsafe(lines.put_nowait, line)
    loop.call_soon_threadsafe(lines.put_nowait, "")


async def main() -> None:
    await Program().live()


asyncio.run(main())
