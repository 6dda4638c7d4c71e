"""An agent of this checkout, for tasks that are commands."""

from __future__ import annotations

import os
import subprocess
import tempfile

from .coordinator import NODE_FOLDER, ROOT, Coordinator, node


class Agent:
    def __init__(self, coordinator: Coordinator, queue: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tss-agent-")
        environment = {
            "PATH": f"{NODE_FOLDER}{os.pathsep}{os.environ['PATH']}",
            "HOME": self._folder.name,
            "TSS_COORDINATOR": coordinator.address,
            "TSS_API_KEY": coordinator.api_key,
            "TSS_WORKER_QUEUES": queue,
            "TSS_LOG_LEVEL": "error",
        }
        self._process = subprocess.Popen(
            [str(node()), str(ROOT / "bin" / "tss-agent.cjs")], cwd=self._folder.name, env=environment
        )

    def __enter__(self) -> "Agent":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()
