"""Write again and again while a disk is full for a moment."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

LOG = logging.getLogger(__name__)


def write_within(seconds: float, write: Callable[[], object], refused: type[Exception]) -> None:
    """Call ``write`` once a second until it succeeds. What ended a run or a job, a full disk, may also refuse its end.

    Args:
        seconds: for how long; the last attempt's error is raised.
        write: what to call.
        refused: the error after which it is called again.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            write()
        except refused as error:
            if time.monotonic() > deadline:
                raise
            LOG.warning("will try again: %s", error)
            time.sleep(1.0)
        else:
            return
