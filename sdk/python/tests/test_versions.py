"""Workers and coordinators of releases that are too far apart."""

from __future__ import annotations

import pytest
import tss

from .support.fake_work import FakeWork


def worker_of(address: str) -> tss.Worker:
    worker = tss.Worker(address, api_key="tss_any")

    @worker.task("x")
    def nothing() -> None:
        pass

    return worker


def test_a_worker_says_what_it_speaks_and_leaves_one_that_goes_on_with_another_version() -> None:
    with FakeWork(protocol=999) as work:
        with pytest.raises(tss.TssError) as refused, worker_of(work.address):
            pass
        assert work.greetings.get(timeout=20).hello.worker.protocol == 1
    assert (refused.value.code, refused.value.reason) == ("FAILED_PRECONDITION", "VERSION_TOO_OLD")
    assert str(refused.value) == (
        "The coordinator (version 9.1.0) goes on with version 999 of the worker protocol, and this worker speaks version 1: "
        "use releases that are nearer to each other."
    )


def test_one_that_goes_on_with_its_version_is_taken() -> None:
    with FakeWork(protocol=1) as work, worker_of(work.address):
        pass
