"""People who see badly, or use no mouse, read every page too: axe finds nothing amiss, in light and in dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from browser_helpers import BUSY, SCHEMES, axe_found
from playwright.sync_api import Browser, Page, expect

from benchmarks._class_workspace import make_class_workspace
from histo_core.workspace import Workspace
from scripts.dashboard import served

Visit = Callable[[str], Page]
PATCHES = 240
DATA = {"dataset": "phantom", "options": f'{{"patches": {PATCHES}, "patients": 24}}'}
VIEWS = ("overview", "gallery", "map", "mosaic", "stain", "augment", "split", "audit", "files")
NAMES = ("", "data", "train", "experiments", "compare", "explain", "predict")
PATHS = (
    *(f"/{name}" for name in NAMES if name not in {"data", "predict"}),
    *(f"/data?{urlencode(DATA | {'view': view})}" for view in VIEWS),
    "/explain?source=upload",
    f"/predict?{urlencode(DATA)}",
)
STREAMLITS_OWN = {"/explain?source=upload": {"presentation-role-conflict": 1}}
"""By path and rule of axe, how many elements no label, theme or order of ours can reach (docs/accessibility.md)."""


@pytest.fixture(scope="module")
def home(home: Workspace) -> Workspace:
    """A workspace with finished runs and an experiment."""
    make_class_workspace(home, patches=PATCHES, models=("cnn_narrow", "cnn_rnn"))
    return home


@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_on_a_page(path: str, visit: Visit) -> None:
    allowed = STREAMLITS_OWN.get(path, {})
    assert axe_found(visit(path)) == dict.fromkeys(SCHEMES, allowed)


@pytest.mark.parametrize(
    ("path", "slider"),
    [("/explain?show=all", True), (f"/data?{urlencode(DATA | {'view': 'gallery', 'patch': 'P001-S1-000001'})}", False)],
)
def test_the_arrow_keys_step_through_patches_and_leave_a_slider_alone(path: str, slider: bool, visit: Visit) -> None:
    page = visit(path)
    page.wait_for_function("busy => !document.querySelector(busy)", arg=BUSY)
    place = page.get_by_text(re.compile(r"^\d+ of \d+ patches")).last
    first = place.inner_text()
    page.keyboard.press("ArrowRight")
    expect(place).not_to_have_text(first)
    page.keyboard.press("ArrowLeft")
    expect(place).to_have_text(first)
    if slider:
        page.get_by_role("slider").first.press("ArrowRight")
        page.wait_for_function("busy => !document.querySelector(busy)", arg=BUSY)
        expect(place).to_have_text(first)


def test_axe_finds_nothing_in_an_empty_workspace(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    with served(Workspace(tmp_path / "home")) as address:
        for name in NAMES:
            page.goto(f"{address}/{name}")
            page.get_by_text("Not a medical device").wait_for()
            assert axe_found(page) == {scheme: {} for scheme in SCHEMES}, name
