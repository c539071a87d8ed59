"""Collect garbage between clicks instead of after each one.

Streamlit collects after every script run and traverses all objects of all imported modules: 0.1 to 0.3 s with the GIL
held, most of the cost of a click. `.streamlit/config.toml` switches that off (``runner.postScriptGC``). Instead, a
thread imports the pages' modules when the server starts, moves their objects to the permanent generation
(`gc.freeze`), which no collection traverses, and collects the rest twice a minute.
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
"""Seconds between two collections, which free reference cycles: figures, session states of closed tabs."""
HEAPS, BLOCK = 2, 1 << 20
"""Limits of glibc's heaps. It has one for each thread, and each click has its own thread: after 900 clicks 0.4 GB
were allocated and unused."""
MODULES = (
    *(f"pages.{name}.page" for name in ("home", "data", "train", "experiments", "compare", "explain", "predict")),
    "pages.data.files_view",
    "histo_core.models.inference.predictor",
    "histo_core.prediction.preflight",
    "histo_core.recommendation.api",
    "histo_core.studies.demo",
)
"""Modules that users need. Some pages import PyTorch inside functions, so that commands and tests need not wait."""


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Collect garbage while the server runs; for `st.App`."""
    stop = threading.Event()
    threading.Thread(target=keep_small, args=(stop,), name="garbage", daemon=True).start()
    try:
        yield
    finally:
        stop.set()


def keep_small(stop: threading.Event, *, seconds: float = SECONDS, load: Callable[[], None] | None = None) -> None:
    """Import the modules that users need, then collect repeatedly until ``stop`` is set.

    Args:
        stop: ends the loop.
        seconds: time between two collections.
        load: imports the modules; `load_modules` by default.
    """
    # Only this thread runs full collections: Python itself would run one in the middle of a click.
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, 1_000_000)
    glibc.share_heaps(HEAPS)
    glibc.keep_blocks(up_to=BLOCK, trim=BLOCK)
    (load or load_modules)()
    frozen = 0
    while True:
        gc.collect()
        # Modules imported since the last round stay for ever. Objects that sessions hold now are frozen too: reference
        # counting still frees them, but cycles among them are never freed.
        if len(sys.modules) != frozen:
            frozen = len(sys.modules)
            gc.freeze()
        glibc.give_back()
        if stop.wait(seconds):
            return


def load_modules() -> None:
    """Import the modules that users need; an import error is left to the page, which shows it."""
    for name in MODULES:
        try:
            import_module(name)
        except Exception:
            LOG.exception("%s cannot be imported", name)
