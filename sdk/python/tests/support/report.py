"""A plugin of pytest: writes one line of JSON for each test to the file that TSS_TEST_REPORT names."""

from __future__ import annotations

import json
import os

import pytest

_ends: "dict[str, dict[str, object]]" = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    end = _ends.setdefault(report.nodeid, {"name": report.nodeid, "outcome": "passed", "seconds": 0.0, "text": ""})
    end["seconds"] = float(str(end["seconds"])) + report.duration
    if report.outcome != "passed":
        end["outcome"], end["text"] = report.outcome, report.longreprtext


def pytest_sessionfinish() -> None:
    with open(os.environ["TSS_TEST_REPORT"], "w", encoding="utf-8") as file:
        file.writelines(json.dumps(end) + "\n" for end in _ends.values())
