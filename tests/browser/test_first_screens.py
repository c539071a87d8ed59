"""The first screen of a view, 1440 x 900, shows its picture or result, and what changes it stands beside or below."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from browser_helpers import BUSY
from playwright.sync_api import Locator, Page, expect

from benchmarks._class_workspace import make_class_workspace
from histo_core.workspace import Workspace

Visit = Callable[[str], Page]
DATA = {"dataset": "phantom", "options": '{"patches": 240, "patients": 24}'}
HEIGHT = 900


@pytest.fixture(scope="module")
def home(home: Workspace) -> Workspace:
    """A workspace with four runs on one split."""
    make_class_workspace(home, patches=240, models=("cnn_narrow", "cnn_rnn"))
    return home


def _box(place: Locator) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom in pixels."""
    found = place.bounding_box()
    assert found is not None
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


def _opened(visit: Visit, path: str, width: int) -> Page:
    page = visit(path)
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.wait_for_function("busy => !document.querySelector(busy)", arg=BUSY)
    return page


def _drawn(page: Page, key: str) -> Locator:
    return page.locator(f"[class*='st-key-{key}'] .nsewdrag")


@pytest.mark.parametrize(("models", "across"), [(2, 2), (3, 3), (4, 2)])
def test_roc_and_matrices_stand_beside_each_other_above_the_fold(
    models: int, across: int, home: Workspace, visit: Visit
) -> None:
    runs = [("runs", folder.name) for folder in sorted(home.runs.iterdir())[:models]]
    page = _opened(visit, f"/compare?{urlencode(runs)}", 1440)
    curve, matrices = _drawn(page, "compare-roc"), _drawn(page, "compare-matrix")
    expect(matrices).to_have_count(models)
    page.wait_for_timeout(300)  # plots are drawn anew at their new width
    boxes = [_box(one) for one in matrices.all()]
    left, top, right, bottom = _box(curve)
    first_row = [box for box in boxes if abs(box[1] - boxes[0][1]) < 60]
    assert top < bottom < HEIGHT
    assert all(box[0] > right and box[3] < HEIGHT for box in first_row)
    assert len(first_row) == across
    assert left < boxes[0][0]


@pytest.mark.parametrize(("view", "first"), [("split", "What it gives"), ("files", "Can all files be read?")])
def test_the_result_comes_before_the_form(view: str, first: str, visit: Visit) -> None:
    for width in (1440, 820):
        page = _opened(visit, f"/data?{urlencode(DATA | {'view': view})}", width)
        expect(page.get_by_role("heading", level=2).nth(1)).to_have_text(first)
        page.close()


def test_no_metric_of_compare_is_cut_at_820(visit: Visit) -> None:
    page = _opened(visit, "/compare", 820)
    table = page.locator(".dvn-scroller").first
    table.wait_for()
    page.wait_for_timeout(500)
    assert table.evaluate("one => one.scrollWidth - one.clientWidth") <= 1
