"""Training from the browser: launched from a study's preset, watched, cancelled, resumed, cloned with a change; in
folds; and on a phone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import urlencode, urljoin

import pytest
from browser_helpers import enter
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
MINUTE = 60_000
MANY = 4000
"""Epochs that do not end while somebody looks."""
PHANTOM = {"dataset": "phantom", "options": json.dumps({"patches": 120})}
PHONE = {"width": 390, "height": 844}


def test_launch_watch_cancel_resume_and_clone_with_one_change(visit: Callable[[str], Page]) -> None:
    page = visit(f"/train?{urlencode({'preset': 'wpi_kpcam', **PHANTOM})}")
    expect(page.get_by_text("Metastasis classification and localisation on kPCam")).to_be_visible()
    page.get_by_role("button", name="Remove cnn_rnn", exact=True).click()
    expect(page.get_by_role("button", name="Train 1 model, 5 runs each")).to_be_visible()
    page.get_by_text("Single run", exact=True).click()
    expect(page.get_by_role("button", name="Train 1 model", exact=True)).to_be_visible()
    page.get_by_role("button", name="Open the data and look").click()
    expect(page.get_by_text("This split has not been audited")).to_be_visible(timeout=2 * MINUTE)
    enter(page, "Epochs", str(MANY))
    expect(page.get_by_text(f"Epochs: 30 → {MANY}")).to_be_visible()
    page.get_by_role("button", name="Train 1 model", exact=True).click()

    card = _cards(page).first
    expect(card.get_by_text(re.compile(rf"epoch \d+ of {MANY}"))).to_be_visible(timeout=2 * MINUTE)
    expect(page.locator(".st-key-train-curves .scatterlayer")).to_have_count(1, timeout=MINUTE)
    card.get_by_role("button", name="Cancel").click()
    expect(card.get_by_text("cancelled", exact=True)).to_be_visible(timeout=MINUTE)
    card.get_by_role("button", name="Resume").click()
    expect(card.get_by_text(re.compile(rf"epoch \d+ of {MANY}"))).to_be_visible(timeout=2 * MINUTE)
    card.get_by_role("button", name="Cancel").click()
    expect(card.get_by_text("cancelled", exact=True)).to_be_visible(timeout=2 * MINUTE)

    card.get_by_role("button", name="Clone").click()
    page.wait_for_url(re.compile("clone="))
    expect(page.get_by_text("Nothing is changed yet")).to_be_visible()
    enter(page, "Epochs", "1")
    changes = page.get_by_test_id("stMarkdown").filter(has_text="→").get_by_role("listitem")
    expect(changes).to_have_text([f"Epochs: {MANY} → 1"])
    page.get_by_role("button", name="Train 1 model", exact=True).click()
    expect(_cards(page).first.get_by_text("finished", exact=True)).to_be_visible(timeout=2 * MINUTE)
    expect(_cards(page)).to_have_count(2)


def test_three_folds_show_their_mean_and_interval_and_then_offer_the_test_set(visit: Callable[[str], Page]) -> None:
    held_out = json.dumps({"method": "patient", "hold_out": True, "folds": 3})
    page = visit(f"/train?{urlencode({'preset': 'wpi_kpcam', **PHANTOM, 'split': held_out})}")
    expect(page.get_by_role("button", name="Train 2 models, 5 runs each")).to_be_visible()
    page.get_by_role("button", name="Remove cnn_rnn", exact=True).click()
    expect(page.get_by_role("button", name="Train 1 model, 5 runs each")).to_be_visible()
    enter(page, "Epochs", "1")
    folds = page.get_by_role("spinbutton", name="Folds").first
    folds.fill("3")
    folds.press("Enter")
    page.get_by_role("button", name="Train 1 model, 3 runs each").click()
    page.wait_for_url(re.compile("/experiments"))
    expect(page.get_by_text("of its runs wait or train")).to_be_visible()
    expect(page.get_by_text("3 of 3 runs ended")).to_be_visible(timeout=3 * MINUTE)
    expect(page.get_by_role("heading", name=re.compile(r"0\.\d+ \(0\.\d+ to [01]\.\d+\)"))).to_be_visible()
    expect(page.get_by_text("I have chosen, and will not choose again")).to_be_visible()  # with no reload
    expect(page.get_by_text("of its runs wait or train")).to_have_count(0)


def test_on_a_phone_nothing_is_cut_overlaps_or_is_out_of_reach(visit: Callable[[str], Page]) -> None:
    page = visit("/train?preset=wpi_kpcam")
    page.set_viewport_size(PHONE)
    launch = page.get_by_role("button", name="Train 2 models, 5 runs each")
    launch.scroll_into_view_if_needed()
    box = launch.bounding_box()
    assert box is not None
    assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE["width"]
    page.get_by_text("About this study").click()
    expect(page.get_by_role("tab", name="Reported")).to_be_visible()
    page.get_by_text("Copy as a file or a command").click()
    for path in ("/", "/experiments", "/compare", "/explain", "/predict"):
        _fits(page)
        page.goto(urljoin(page.url, path))
        page.get_by_text("Not a medical device").wait_for()
    _fits(page)


def _fits(page: Page) -> None:
    """No part of the page is wider than the screen, and no control or text lies on another."""
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget], [data-testid=stSkeleton]')")
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth"), page.url
    assert main.evaluate(OVERLAPS) == [], page.url


OVERLAPS = """main => {
  const kinds = "button, input, textarea, a, h1, h2, h3, label p, [data-testid=stMarkdownContainer] > *";
  const shown = one => {  // what is left of its box inside all that clips it
    let {left, top, right, bottom} = one.getBoundingClientRect();
    for (let outer = one.parentElement; outer !== main; outer = outer.parentElement) {
      if (getComputedStyle(outer).overflow === "visible") continue;
      const box = outer.getBoundingClientRect();
      [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
      [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
    }
    return {one, left, top, right, bottom};
  };
  const seen = [...main.querySelectorAll(kinds)].filter(one => one.checkVisibility({checkOpacity: true})).map(shown);
  const name = one => `${one.tagName} ${(one.innerText || one.ariaLabel || one.placeholder || "").slice(0, 40)}`;
  const found = [];  // boxes of text reach a few pixels beyond what is drawn
  seen.forEach((a, i) => seen.slice(i + 1).forEach(b => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 4 && high > 4 && !a.one.contains(b.one)) found.push(`${name(a.one)} on ${name(b.one)}`);
  }));
  return found;
}"""


def _cards(page: Page) -> Locator:
    return page.locator("[class*='st-key-run-']")
