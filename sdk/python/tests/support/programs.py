"""Programs of users: files of their own, run by the interpreter of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import List, Optional

from .coordinator import Coordinator

SDK = Path(__file__).resolve().parents[2]
EXAMPLES = SDK.parents[1] / "examples" / "python"


class Program:
    """`text` is written to a file first; absent: `name` is one of the examples."""

    def __init__(
        self, text: Optional[str], coordinator: Coordinator, folder: Path, name: str = "program.py"
    ) -> None:
        self.file = (folder if text is not None else EXAMPLES) / name
        if text is not None:
            self.file.write_text(text, encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(SDK),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TSS_COORDINATOR": coordinator.address,
            "TSS_API_KEY": coordinator.api_key,
        }
        self.process = subprocess.Popen(
            [sys.executable, str(self.file)],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read_until(self, word: str, times: int = 1) -> List[str]:
        """Lines up to the one that holds the word for that many times."""
        lines: List[str] = []
        while times > 0:
            line = self._line()
            if line is None:
                raise AssertionError(f"{self.file.name} ended without {word!r}:\n" + "\n".join(lines))
            lines.append(line)
            times -= word in line
        return lines

    def rest(self) -> List[str]:
        """All lines until it ends."""
        lines: List[str] = []
        line = self._line()
        while line is not None:
            lines.append(line)
            line = self._line()
        self.process.wait()
        return lines

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _line(self) -> Optional[str]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return line.rstrip("\n") if line else None
