"""A coordinator of this checkout as a program of its own, on SQLite and a free port."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, List, Optional

ROOT = Path(__file__).resolve().parents[4]
NODE_FOLDER = ROOT / "node_modules" / ".bin"


_empty: List[bytes] = []
"""A database with its schema; made once, copied for the others."""


class Coordinator:
    """Started when the constructor returns."""

    def __init__(
        self, settings: Optional[Dict[str, str]] = None, folder: Optional[str] = None, listen: str = "127.0.0.1:0"
    ) -> None:
        self.folder = folder or tempfile.mkdtemp(prefix="tss-python-")
        self._environment = {
            "PATH": f"{NODE_FOLDER}{os.pathsep}{os.environ['PATH']}",
            "HOME": self.folder,
            "TSS_DATABASE_URL": f"sqlite:{self.folder}/tss.db",
            "TSS_COORDINATOR_LISTEN": listen,
            "TSS_LOG_LEVEL": "error",
            **(settings or {}),
        }
        if not os.path.exists(f"{self.folder}/tss.db"):
            if not _empty:
                self._run("tss", "db", "init").wait()
                _empty.append(Path(self.folder, "tss.db").read_bytes())
            Path(self.folder, "tss.db").write_bytes(_empty[0])
        self._process = self._run("tss-coordinator")
        output = ""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            output += line
            if "listens on" in line:
                break
        else:
            raise RuntimeError(f"The coordinator ended:\n{output}")
        self.address = _found(r"listens on (\S+)", output) or ""
        key_file = Path(self.folder, "key")
        key = _found(r"tss_\w+", output)
        if key is not None:
            key_file.write_text(key)
        self.api_key = key_file.read_text()

    def kill(self) -> None:
        """As a crash does it; the database stays."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> "subprocess.Popen[str]":
        command: List[str] = [str(node()), str(ROOT / "bin" / f"{program}.cjs"), *arguments]
        return subprocess.Popen(
            command, cwd=self.folder, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )


def node() -> Path:
    given = os.environ.get("TSS_TEST_NODE")
    return Path(given) if given else NODE_FOLDER / "node"


def _found(pattern: str, text: str) -> Optional[str]:
    match = re.search(pattern, text)
    return match and match.group(match.lastindex or 0)
