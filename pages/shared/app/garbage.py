"""Collect garbage between clicks instead of after each one.

Streamlit collects after every script run, and walks all objects of all imported modules for it: 0.1 to 0.3 s with the
GIL held, most of what a click cost. Here `.streamlit/config.toml` switches that off (``runner.postScriptGC``). A thread
imports the pages' modules when the server starts, moves what they made to the permanent generation (`gc.freeze`), which
no collection looks at, and collects the rest twice a minute.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module

from histo_core import glibc

LOG = logging.getLogger("histoscope.dashboard")
SECONDS = 30.0
"""Between two collections. What they free is a click's cycles: figures, session states of closed tabs."""
HEAPS, BLOCK = 2, 1 << 20
"""Each click has a thread of its own, and glibc a heap for each: 0.4 GB lay free on them after 900 clicks."""
MODULES = (
    *(f"pages.{name}.page" for name in ("home", "data", "train", "experiments", "compare", "explain", "predict")),
    "pages.data.files_view",
    "histo_core.models.inference.predictor",
    "histo_core.prediction.preflight",
    "histo_core.studies.demo",
)
"""What visitors need. Some pages import PyTorch inside functions, so that a command line or a test need not wait."""


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Keep the garbage small while the server runs; for `st.App`."""
    stop = threading.Event()
    threading.Thread(target=keep_small, args=(stop,), name="garbage", daemon=True).start()
    try:
        yield
    finally:
        stop.set()


def keep_small(stop: threading.Event, *, seconds: float = SECONDS, load: Callable[[], None] | None = None) -> None:
    """Import what visitors need, then collect again and again until ``stop`` is set.

    Args:
        stop: ends it.
        seconds: between two collections.
        load: imports; `load_modules` unless given.
    """
    # Full collections are left to this thread: Python would begin one in the middle of somebody's click.
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, 1_000_000)
    glibc.share_heaps(HEAPS)
    glibc.keep_blocks(up_to=BLOCK, trim=BLOCK)
    (load or load_modules)()
    frozen = 0
    while True:
        gc.collect()
        # What was imported since the last look stays for ever. What sessions hold at this moment is frozen with it:
        # it is freed by its reference count as before, only cycles among it are not.
        if len(sys.modules) != frozen:
            frozen = len(sys.modules)
            gc.freeze()
        glibc.give_back()
        if stop.wait(seconds):
            return


def load_modules() -> None:
    """Import the modules that visitors need; one that cannot be imported is left to the page, which says why."""
    for name in MODULES:
        try:
            import_module(name)
        except Exception:
            LOG.exception("%s cannot be imported", name)
