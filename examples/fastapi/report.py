"""What the route hands off and the worker runs: one definition, imported by both."""

from typing import Dict, TypedDict

import tss


class Month(TypedDict):
    month: str


build_report = tss.TaskType[Month, Dict[str, int]]("report.build")
