"""Explain's first screen: sentence and maps above the fold, drawn in the browser without asking the server."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks._class_workspace import make_class_workspace
from histo_core.workspace import Workspace

pytestmark = pytest.mark.browser
PICTURES = ("The patch", "Grad-CAM", "LIME")

Visit = Callable[[str], Page]


@pytest.fixture(scope="module")
def home(home: Workspace) -> Workspace:
    """A workspace with finished runs."""
    make_class_workspace(home, patches=240, models=("cnn_narrow",))
    return home


def picture(page: Page, name: str) -> Locator:
    """A picture that has been drawn."""
    canvas = page.locator(f"canvas[data-drawn='{name}']")
    expect(canvas).to_have_count(1)
    return canvas


def pixels(page: Page) -> list[str]:
    """All pixels of all pictures, after the browser's next frame."""
    look = "canvas => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(canvas.toDataURL()))))"
    return [picture(page, name).evaluate(look) for name in PICTURES]


@pytest.mark.parametrize(("width", "columns"), [(1440, 3), (820, 2)])
def test_the_first_screen_shows_the_answer_and_the_maps(width: int, columns: int, visit: Visit) -> None:
    page = visit("/explain?class=tumour")
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("heading", name="The model says").wait_for()
    boxes = [picture(page, name).bounding_box() for name in PICTURES]
    first, *_ = tops = [box["y"] for box in boxes if box is not None]
    assert tops.count(first) == columns
    if width == 1440:
        assert all(box is not None and box["y"] + box["height"] < 900 for box in boxes)
        expect(page.locator(".ticks").first).to_be_in_viewport(ratio=1)
    else:
        assert first < 900 - 200
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_move_of_a_control_asks_the_server(visit: Visit) -> None:
    page = visit("/explain?class=tumour")
    pixels(page)
    page.evaluate("""() => {
      window.sent = 0;
      const send = WebSocket.prototype.send;
      WebSocket.prototype.send = function (...parts) { window.sent++; return send.apply(this, parts); };
    }""")
    seen = [pixels(page)]
    strength = page.get_by_role("slider", name="Strength")
    for act in (
        lambda: strength.press("Home"),
        lambda: strength.press("End"),
        lambda: page.get_by_role("button", name="Grey tissue").click(),
        lambda: page.get_by_label("Colours").select_option("solid"),
        lambda: page.get_by_label("Contours").select_option("three"),
        lambda: page.get_by_role("button", name="Mask").click(),
        lambda: page.get_by_role("button", name="Zoom").click(),
    ):
        act()
        seen.append(pixels(page))
    changed = [before[1:] != after[1:] for before, after in pairwise(seen)]
    # Maps after two epochs may be negligible: they are grey on coloured tissue whatever the colours.
    assert [*changed[:2], *changed[4:]] == [True] * 5
    assert page.evaluate("window.sent") == 0
    page.get_by_role("button", name="Next").click()
    page.wait_for_function("window.sent > 0")


def test_a_setting_stays_from_patch_to_patch(visit: Visit) -> None:
    page = visit("/explain?show=all")
    pixels(page)
    page.get_by_role("slider", name="Strength").press("End")
    expect(page.locator("output")).to_have_text("100%")
    before = pixels(page)[0]
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]"
        ".map(part => part.shadowRoot.querySelector('canvas[data-drawn=\"The patch\"]'))"
        ".some(canvas => canvas && canvas.toDataURL() !== before)",
        arg=before,
    )
    expect(page.locator("output")).to_have_text("100%")
