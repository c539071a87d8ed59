"""Garbage is collected between clicks, and what is imported is not looked at."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
import tomllib
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit.config
from page_helpers import PROJECT

from pages.shared.app import garbage


class Knot:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process's collector, put back as it was; the C library's allocator is left alone."""
    for name in ("share_heaps", "keep_blocks", "give_back"):
        monkeypatch.setattr(garbage.glibc, name, lambda *_, **__: None)
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_streamlit_does_not_collect_after_each_run() -> None:
    settings = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())
    assert settings["runner"]["postScriptGC"] is False
    assert streamlit.config.get_option("runner.postScriptGC") in (True, False)  # an unknown option raises


def test_what_is_imported_is_frozen_and_what_comes_later_is_collected(collector: None) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=garbage.keep_small, args=(stop,), kwargs={"seconds": 0.05, "load": lambda: None})
    thread.start()
    try:
        _until(lambda: gc.get_freeze_count() > 0)
        knot = weakref.ref(Knot())
        _until(lambda: knot() is None)
    finally:
        stop.set()
        thread.join(timeout=10)
    assert not thread.is_alive()


def test_python_begins_no_full_collection_by_itself(collector: None) -> None:
    stop = threading.Event()
    stop.set()
    garbage.keep_small(stop, load=lambda: None)
    young, middle, full = gc.get_threshold()
    assert young > 0
    assert middle > 0
    assert full >= 1_000_000


def test_modules_that_come_later_are_frozen_too(
    collector: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen: list[int] = []
    monkeypatch.setattr(garbage.gc, "freeze", lambda: frozen.append(len(sys.modules)))
    (tmp_path / "garbage_late_module.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            del timeout
            looks.append(len(frozen))
            if len(looks) == 2:
                __import__("garbage_late_module")
            return len(looks) == 4

    looks: list[int] = []
    garbage.keep_small(Stop(), load=lambda: None)
    del sys.modules["garbage_late_module"]
    assert looks == [1, 1, 2, 2]


def test_a_module_that_cannot_be_imported_is_left_to_its_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(garbage, "MODULES", ("no_such_module", "pages.home.page"))
    with caplog.at_level(logging.ERROR):
        garbage.load_modules()
    assert "no_such_module cannot be imported" in caplog.text


def test_all_pages_are_imported_before_the_first_visitor() -> None:
    pages = {f"pages.{file.parent.name}.page" for file in (PROJECT / "pages").glob("*/page.py")}
    assert len(pages) == 7
    assert pages <= set(garbage.MODULES)


def _until(happened: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
