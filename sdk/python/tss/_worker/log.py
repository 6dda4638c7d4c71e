"""What a worker tells its operator."""

from __future__ import annotations

import logging

from ..errors import Fatal, RetryLater, Stopped

logger = logging.getLogger("tss.worker")


def log_failure(id: str, type: str, stopped: bool, error: BaseException) -> None:
    """Expected ends are no news; of others the author wants to see the place."""
    if stopped or isinstance(error, (RetryLater, Fatal, Stopped)):
        logger.info("Task %s (%s) ended with %s: %s", id, type, error.__class__.__name__, error)
    else:
        logger.error("Task %s (%s) failed.", id, type, exc_info=error)
