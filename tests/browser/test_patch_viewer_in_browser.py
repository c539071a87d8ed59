"""The patch viewer in a real browser: each pixel that it draws is computed by hand, and no move asks the server."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_helpers import enter
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from viewer_page import HOSTILE, PINK, SIDE

from histo_core.workspace import Workspace
from scripts.dashboard import served_process

pytestmark = pytest.mark.browser
BLUE, ORANGE, PALE = np.array([0, 114, 178]), np.array([230, 159, 0]), np.array([240, 240, 240])
COLOUR, GREY = np.array(PINK), np.full(3, round(0.2126 * 200 + 0.7152 * 150 + 0.0722 * 190))
STRENGTH = 0.7
FOR, AGAINST, UNSEEN = (7, 4), (16, 4), (0.9, 12)
"""Places in image pixels away from every line: in the left half, in the right half, outside of the frame."""

Visit = Callable[[str], Page]


@pytest.fixture(scope="module")
def address(home: Workspace) -> Iterator[str]:
    """A server of the page with known pictures, in place of the dashboard."""
    with served_process(home, script=str(Path(__file__).with_name("viewer_page.py"))) as (url, _):
        yield url


@pytest.fixture
def page(visit: Visit) -> Page:
    """The page, drawn."""
    page = visit("/")
    expect(page.locator("canvas[data-drawn]")).to_have_count(3)
    expect(page.locator("output")).to_have_text("70%")
    return page


def panel(page: Page, number: int = 0) -> Locator:
    """A picture with maps; 0 has two of them and all marks."""
    return page.locator("[data-testid=stMain] figure > canvas").nth(number)


def expect_pixel(canvas: Locator, place: tuple[float, float], colour: np.ndarray, *, tolerance: float = 2) -> None:
    """Wait until the canvas shows a colour at a place of the image; in shares of it once zoomed."""
    probe = """async (canvas, [x, y, side, wanted, tolerance]) => {
      let found;
      for (let tries = 0; tries < 200; tries++) {
        const at = [Math.floor(x / side * canvas.width), Math.floor(y / side * canvas.height)];
        found = [...canvas.getContext('2d').getImageData(...at, 1, 1).data.slice(0, 3)];
        if (found.every((value, channel) => Math.abs(value - wanted[channel]) <= tolerance)) return found;
        await new Promise(requestAnimationFrame);
      }
      return found;
    }"""
    found = canvas.evaluate(probe, [*place, SIDE, np.asarray(colour).tolist(), tolerance])
    assert np.abs(np.array(found) - colour).max() <= tolerance, f"{found} at {place} instead of {colour}"


def blend(below: np.ndarray, colour: np.ndarray, opacity: float) -> np.ndarray:
    return (1 - opacity) * below + opacity * colour


def watch_messages(page: Page) -> None:
    """Count from now on, in ``window.sent``, what the browser sends to the server."""
    page.evaluate("""() => {
      window.sent = 0;
      const send = WebSocket.prototype.send;
      WebSocket.prototype.send = function (...parts) { window.sent++; return send.apply(this, parts); };
    }""")


def test_what_the_first_drawing_shows(page: Page) -> None:
    expect_pixel(panel(page), FOR, blend(GREY, ORANGE, STRENGTH))
    expect_pixel(panel(page), AGAINST, blend(GREY, BLUE, STRENGTH / 2))
    expect_pixel(panel(page), UNSEEN, 0.5 * GREY)
    expect_pixel(panel(page, 1), FOR, blend(GREY, ORANGE, STRENGTH))
    expect_pixel(page.locator("canvas[data-drawn=Alone]"), FOR, COLOUR)
    assert [
        canvas.get_attribute("aria-label")
        for canvas in page.get_by_role("img").all()
        if canvas.get_attribute("data-drawn")
    ].count(HOSTILE) == 1
    expect(page.locator(".legend").nth(1).locator(".ticks span")).to_have_text(["\u22121", "0", "1"])
    expect(page.locator(".words").first).to_have_text("against tumourfor tumour")
    expect(page.locator(".range").first).to_have_text("\u22120.5 to 1; full colour at \u00b11, its own scale")
    assert page.locator("img[src=x]").count() == 0
    expect(page.locator(".words .high").nth(1)).to_have_text(f"for {HOSTILE}")


def test_strength_colours_and_scale_change_pixels_without_the_server(page: Page) -> None:
    watch_messages(page)
    page.locator("h1").click()
    page.keyboard.press("]")
    expect(page.locator("output")).to_have_text("75%")
    expect_pixel(panel(page), FOR, blend(GREY, ORANGE, 0.75))
    page.keyboard.press("[")
    page.keyboard.press("[")
    expect_pixel(panel(page), FOR, blend(GREY, ORANGE, 0.65))
    page.get_by_role("slider", name="Strength").press("End")
    expect_pixel(panel(page), FOR, ORANGE)
    page.get_by_label("Colours").select_option("solid")
    expect_pixel(panel(page), AGAINST, blend(PALE, BLUE, 0.5))
    page.get_by_label("Colours").select_option("cividis")
    expect_pixel(panel(page), FOR, np.array([254, 232, 56]))
    page.get_by_label("Colours").select_option("clear")
    page.get_by_role("button", name="One scale").click()
    expect_pixel(panel(page), FOR, blend(GREY, ORANGE, 0.5))
    expect_pixel(panel(page, 1), FOR, ORANGE)
    expect(page.locator(".range").first).to_have_text("\u22120.5 to 1; full colour at \u00b12, one scale for all maps")
    page.get_by_role("button", name="Grey tissue").click()
    expect_pixel(panel(page), FOR, blend(COLOUR, ORANGE, 0.5))
    assert page.evaluate("window.sent") == 0
    enter(page, "Note", "said")
    page.wait_for_function("window.sent > 0")


def test_the_space_bar_hides_the_overlay_until_pressed_again_or_released(page: Page) -> None:
    watch_messages(page)
    page.locator("h1").click()
    overlay = page.get_by_role("button", name="Overlay")
    page.keyboard.press(" ")
    expect(overlay).to_have_attribute("aria-pressed", "false")
    for place in (FOR, AGAINST, UNSEEN):
        expect_pixel(panel(page), place, COLOUR)
    page.keyboard.press(" ")
    expect_pixel(panel(page), FOR, blend(GREY, ORANGE, STRENGTH))
    page.keyboard.down(" ")
    expect_pixel(panel(page), FOR, COLOUR)
    page.wait_for_timeout(600)
    page.keyboard.up(" ")
    expect_pixel(panel(page), FOR, blend(GREY, ORANGE, STRENGTH))
    overlay.press(" ")
    expect(overlay).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("window.sent") == 0


def test_keys_that_are_typed_into_a_field_are_text(page: Page) -> None:
    page.get_by_label("Note").press_sequentially("a [z] ?2")
    expect(page.get_by_label("Note")).to_have_value("a [z] ?2")
    expect(page.locator("output")).to_have_text("70%")
    expect(page.get_by_role("button", name="Zoom")).to_have_text("Zoom 1\u00d7 z")


def test_zoom_and_pan_go_in_step_and_the_lens_shows_the_tissue(page: Page) -> None:
    page.locator("h1").click()
    page.keyboard.press("z")
    expect(page.get_by_role("button", name="Zoom")).to_have_text("Zoom 2\u00d7 z")
    for number in (0, 1):
        expect_pixel(panel(page, number), (2, 4.4), blend(GREY, ORANGE, STRENGTH))  # 7 of the image
        expect_pixel(panel(page, number), (22, 4.4), blend(GREY, BLUE, STRENGTH / 2))
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    for number in (0, 1):  # now 12 to 24 are in view
        expect_pixel(panel(page, number), (3, 5), blend(GREY, BLUE, STRENGTH / 2))
    for _ in range(3):
        page.keyboard.press("z")
    expect_pixel(panel(page), UNSEEN, 0.5 * GREY)
    page.get_by_role("button", name="Lens").click()
    size = panel(page).bounding_box()
    assert size is not None
    panel(page).hover(position={"x": size["width"] * 7.5 / SIDE, "y": size["height"] * 4.5 / SIDE})
    for number in (0, 1):
        expect_pixel(panel(page, number), FOR, COLOUR)
        expect_pixel(panel(page, number), (16, 18.5), blend(GREY, BLUE, STRENGTH / 2))
    expect(page.locator(".range").first).to_have_text("x 7, y 4: 1")
    expect(page.locator(".range").nth(1)).to_have_text("x 7, y 4: 2")


def test_a_map_is_chosen_by_its_number_and_contours_surround_its_strongest_pixels(page: Page) -> None:
    page.locator("h1").click()
    page.keyboard.press("2")
    expect(page.get_by_role("combobox", name="Map")).to_have_value("1")
    expect(page.locator(".legend").nth(1).locator(".ticks span")).to_have_text(["0", "1", "2"])
    page.get_by_role("slider", name="Strength").press("End")
    ramp = np.linspace(0, 3, SIDE)[5] / np.linspace(0, 3, SIDE)[21]
    expect_pixel(panel(page), (5.5, 4), blend(GREY, ORANGE, ramp))
    page.get_by_label("Contours").select_option("ten")
    # Of 20 columns that are seen the strongest two: the line runs on the left edge of column 20.
    expect_pixel(panel(page), (20, 6.03), ORANGE, tolerance=30)
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Map").select_option("0")
    expect(page.locator(".legend").nth(1).locator(".ticks span")).to_have_text(["\u22121", "0", "1"])


def test_settings_are_found_again_after_a_reload(page: Page) -> None:
    page.locator("h1").click()
    page.keyboard.press("]")
    page.get_by_role("button", name="Mask").click()
    expect(page.locator("output")).to_have_text("75%")
    page.reload()
    expect(page.locator("output")).to_have_text("75%")
    expect(page.get_by_role("button", name="Mask")).to_have_attribute("aria-pressed", "false")
    page.evaluate('localStorage.setItem(\'histoscope.viewer\', \'{"strength": 7, "colours": "toString", "grey": 0}\')')
    page.reload()
    expect(page.locator("output")).to_have_text("70%")
    expect(page.get_by_label("Colours")).to_have_value("clear")


def test_a_figure_is_saved_as_it_is_drawn(page: Page) -> None:
    with page.expect_download() as started:
        page.get_by_role("button", name="PNG").click()
    assert started.value.suggested_filename == "two_maps.png"
    picture = Image.open(io.BytesIO(Path(started.value.path()).read_bytes())).convert("RGB")
    colours = {colour for _, colour in picture.getcolors(maxcolors=1 << 24) or []}
    drawn = blend(GREY, ORANGE, STRENGTH)
    assert min(np.abs(np.array(colour) - drawn).max() for colour in colours) <= 1
    assert {(255, 255, 255), (0, 0, 0)} <= colours
    with page.expect_download() as started:
        page.get_by_role("button", name="SVG").click()
    assert started.value.suggested_filename == "two_maps.svg"
    root = ElementTree.fromstring(Path(started.value.path()).read_bytes())  # noqa: S314 - our own
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Halves", HOSTILE, "Alone", "against tumour", f"for {HOSTILE}", "\u22121"} <= set(texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}image"))) == 5, "three patches and two colour bars"


def test_the_list_of_keys_opens_and_closes_and_axe_finds_nothing(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(500)
        assert [rule["id"] for rule in Axe().run(page, context=".stMain").response["violations"]] == []
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_text("overlay weaker, stronger")).to_be_visible()
    assert [rule["id"] for rule in Axe().run(page, context=".stMain").response["violations"]] == []
    page.keyboard.press("Escape")
    expect(page.get_by_text("overlay weaker, stronger")).to_be_hidden()
