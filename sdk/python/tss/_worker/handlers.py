"""The functions that do the work, and how each is run."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from typing import Any, Callable, Optional, Sequence

from ..errors import TssError
from .context import TaskContext

ON_STOP = ("raise", "event")


@dataclass(frozen=True)
class Handler:
    type: str
    run: Callable[..., Any]
    kind: str
    """``async``: in the worker's event loop; ``thread``; ``process``."""
    raises: bool
    """Whether a stop is raised in it."""
    arguments: int

    def call(self, input: Any, context: TaskContext) -> Any:
        return self.run(*arguments_of(self.arguments, input, context))


def arguments_of(count: int, input: Any, context: TaskContext) -> Sequence[Any]:
    return (input, context)[:count]


def make_handler(type: str, run: Callable[..., Any], on_stop: Optional[str], process: bool) -> Handler:
    """Raises TssError for a function that cannot be a handler."""
    name = getattr(run, "__qualname__", repr(run))
    is_async = asyncio.iscoroutinefunction(run) or asyncio.iscoroutinefunction(getattr(run, "__call__", None))
    if not type:
        raise _refused(name, "has no type; give its name, such as @worker.task(\"image.resize\").")
    if inspect.isgeneratorfunction(run) or inspect.isasyncgenfunction(run):
        raise _refused(name, "is a generator; a handler returns one result.")
    if process and is_async:
        raise _refused(name, "is async, and process=True is for plain functions that compute.")
    if process and ("<locals>" in name or "<lambda>" in name):
        raise _refused(name, "is made inside a function; with process=True a handler stands at the top of its module.")
    if on_stop is not None and on_stop not in ON_STOP:
        raise _refused(name, f'has on_stop {on_stop!r}; it is "raise" or "event".')
    kind = "process" if process else "async" if is_async else "thread"
    # Raising in a thread may strike anywhere, also while it holds a lock: it is for those who ask for it.
    raises = (on_stop or ("event" if kind == "thread" else "raise")) == "raise"
    return Handler(type, run, kind, raises, _count(run, name))


def _count(run: Callable[..., Any], name: str) -> int:
    """How many of (input, task) it takes."""
    try:
        parameters = inspect.signature(run).parameters.values()
    except (TypeError, ValueError):
        return 2
    kinds = inspect.Parameter
    if any(one.kind is kinds.VAR_POSITIONAL for one in parameters):
        return 2
    placed = [one for one in parameters if one.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]
    needed = sum(one.default is kinds.empty for one in placed)
    lone = [one.name for one in parameters if one.kind is kinds.KEYWORD_ONLY and one.default is kinds.empty]
    if needed > 2 or lone:
        raise _refused(name, "asks for more than (input, task).")
    return min(2, max(needed, len(placed)))


def _refused(name: str, problem: str) -> TssError:
    return TssError("INVALID_ARGUMENT", f"The handler {name} {problem}", reason="HANDLER")
