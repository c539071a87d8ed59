"""axe on what a click opens, on what is being made, and on views that have nothing to show; and on an enlarged page."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from browser_helpers import BUSY, SCHEMES, axe_found
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from benchmarks._class_workspace import make_class_workspace
from histo_core.workspace import Workspace
from scripts.dashboard import served

Visit = Callable[[str], Page]
Act = Callable[[Page], None]
PATCHES = 240
DATA = {"dataset": "phantom", "options": f'{{"patches": {PATCHES}, "patients": 24}}'}
NOTHING = {scheme: {} for scheme in SCHEMES}
UPLOADER = {scheme: {"presentation-role-conflict": 1} for scheme in SCHEMES}
LIST = {scheme: {"region": 1} for scheme in SCHEMES}
"""Streamlit's own (docs/accessibility.md): the uploader's area; an open list, which lies outside of all landmarks."""
WAIT = "busy => !document.querySelector(busy)"


@pytest.fixture(scope="module")
def home(home: Workspace) -> Workspace:
    """A workspace with finished runs and an experiment."""
    make_class_workspace(home, patches=PATCHES, models=("cnn_narrow", "cnn_rnn"))
    return home


def _open_all(page: Page) -> None:
    closed = page.locator("details:not([open]) > summary")
    for _ in range(closed.count()):
        closed.first.click()
    page.wait_for_function(WAIT, arg=BUSY)


def _tick(page: Page) -> None:
    page.get_by_test_id("stDataFrame").last.click(position={"x": 18, "y": 52})
    expect(page.get_by_role("link", name="Compare the ticked 1")).to_be_visible()


def _add(page: Page) -> None:
    page.get_by_text("Add models").click()
    page.get_by_role("radio", name="From another program").click()
    expect(page.locator("input[type=file]")).to_have_count(1)
    page.wait_for_function(WAIT, arg=BUSY)


def _put(page: Page) -> None:
    noise = np.random.default_rng(0).normal(0, 20, (150, 200, 3))
    stream = io.BytesIO()
    Image.fromarray(np.clip(np.array([200, 140, 180]) + noise, 0, 255).astype(np.uint8)).save(stream, "PNG")
    file = FilePayload(name="own.png", mimeType="image/png", buffer=stream.getvalue())
    page.locator("input[type=file]").set_input_files([file])


def _upload(page: Page) -> None:
    _put(page)
    expect(page.get_by_role("spinbutton", name="Tile to explain")).to_be_visible()


def _ask(page: Page) -> None:
    _put(page)
    expect(page.get_by_text("Download these probabilities")).to_be_visible()
    page.wait_for_function(WAIT, arg=BUSY)


def _click(name: str, role: str = "button") -> Act:
    return lambda page: page.get_by_role(role, name=name).first.click()  # pyright: ignore[reportArgumentType]


OPENED: dict[str, tuple[str, Act, dict[str, dict[str, int]]]] = {
    "table with a tick": ("/train?table=yes", _tick, NOTHING),
    "filter of the board": ("/train", _click("Filter"), NOTHING),
    "sections of Train": ("/train", _open_all, NOTHING),
    "sections of Compare": ("/compare", _open_all, NOTHING),
    "models to add to Compare": ("/compare", _add, UPLOADER),
    "metrics of Compare": ("/compare?tab=Metrics", lambda page: None, NOTHING),
    "classes of Compare": ("/compare?tab=Classes", _click("Patches and tests"), NOTHING),
    "an upload of Predict": ("/predict?source=upload", _ask, UPLOADER),
    "list of Compare": ("/compare", _click("Class of interest", "combobox"), LIST),
    "sections of Explain": ("/explain", _open_all, NOTHING),
    "tiles of an upload": ("/explain?source=upload", _upload, UPLOADER),
    "no patch of Explain": ("/explain?show=wrong&class=tumour&of=tumour&threshold=0", lambda page: None, NOTHING),
    "form of Data": (f"/data?{urlencode(DATA | {'view': 'files'})}", _open_all, NOTHING),
    "a patch of Data": (
        f"/data?{urlencode(DATA | {'view': 'gallery', 'patch': 'P001-S1-000001'})}",
        lambda page: page.get_by_role("dialog").get_by_text("Haematoxylin").wait_for(),
        NOTHING,
    ),
}


ALIKE = {"classes of Compare", "metrics of Compare", "filter of the board"}
"""Tables and a menu like others of the same page; read by the slow tests."""


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in ALIKE)) for name in OPENED])
def test_axe_finds_nothing_in_what_is_opened(name: str, visit: Visit) -> None:
    path, act, allowed = OPENED[name]
    page = visit(path)
    page.wait_for_function(WAIT, arg=BUSY)
    act(page)
    assert axe_found(page) == allowed


def test_axe_finds_nothing_while_the_demo_is_made(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    with served(Workspace(tmp_path / "home"), HISTOSCOPE_DEMO_PATCHES="400") as address:
        page.goto(address)
        page.get_by_role("button", name="Start the demo").click()
        page.get_by_text("Audit the split").wait_for()
        assert axe_found(page, idle=False) == NOTHING


ENLARGED = (
    "/",
    "/train",
    "/experiments",
    "/compare",
    "/explain",
    f"/predict?{urlencode(DATA)}",
    f"/data?{urlencode(DATA)}",
)
OVERFLOWING = """() => {
  const scrolls = (one) => one.closest("[data-testid=stDataFrame], [data-testid=stTable], [role=radiogroup]");
  return [...document.querySelectorAll("[data-testid=stMain] *")]
    .filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > innerWidth + 1 && !scrolls(one))
    .map((one) => one.outerHTML.slice(0, 120));
}"""


@pytest.mark.parametrize("path", ENLARGED)
def test_at_200_percent_the_content_comes_first_and_nothing_scrolls_sideways(
    path: str, browser: Browser, address: str
) -> None:
    page = browser.new_page(viewport={"width": 720, "height": 450}, device_scale_factor=2)
    page.goto(address + path)
    page.get_by_text("Not a medical device").wait_for()
    page.wait_for_function(WAIT, arg=BUSY)
    title, verdict = page.get_by_role("heading", level=1), page.get_by_role("heading", level=2).first
    for heading in (title, verdict):
        expect(heading).to_be_in_viewport(ratio=1)
        box = heading.bounding_box()
        assert box is not None
        on_top = page.evaluate(
            "([x, y]) => document.elementFromPoint(x, y).closest('h1, h2') !== null",
            [box["x"] + 5, box["y"] + box["height"] / 2],
        )
        assert on_top, "the navigation covers the content"
    main = page.get_by_test_id("stMain")
    assert main.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert page.evaluate(OVERFLOWING) == []
    page.close()


def test_what_has_the_focus_is_outlined_and_less_motion_is_none(browser: Browser, address: str) -> None:
    page = browser.new_page(reduced_motion="reduce")
    page.goto(f"{address}/compare")
    page.get_by_text("Not a medical device").wait_for()
    page.wait_for_function(WAIT, arg=BUSY)
    unseen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        name = page.evaluate(FOCUS_UNSEEN)
        if name:
            unseen.append(name)
    assert unseen == [], "\n".join(unseen)
    assert page.evaluate("document.getAnimations().length") == 0
    page.close()


FOCUS_UNSEEN = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const look = (one) => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  };
  const before = [];
  for (let one = at, up = 0; one && up < 4; one = one.parentElement, up++) {
    if (look(one)) return null;
    before.push([one, getComputedStyle(one).borderColor, getComputedStyle(one).backgroundColor]);
  }
  at.blur();
  const changed = before.some(([one, border, ground]) =>
    getComputedStyle(one).borderColor !== border || getComputedStyle(one).backgroundColor !== ground);
  at.focus();
  return changed ? null : at.outerHTML.slice(0, 150);
}"""
