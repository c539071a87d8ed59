"""Training from the browser: launched from a preset, watched, cancelled, resumed, cloned with a change; in folds."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
MINUTE = 60_000
MANY = 4000
"""Epochs that do not end while somebody looks."""


def test_launch_watch_cancel_resume_and_clone_with_one_change(visit: Callable[[str], Page]) -> None:
    page = visit("/train?preset=demo")
    _only_the_small_cnn(page)
    page.get_by_role("button", name="Open the data and look").click()
    expect(page.get_by_text("This split has not been audited")).to_be_visible(timeout=2 * MINUTE)
    _enter(page, "Epochs", str(MANY))
    expect(page.get_by_text(f"Epochs: 8 → {MANY}")).to_be_visible()
    page.get_by_role("button", name="Train 1 model").click()

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
    _enter(page, "Epochs", "1")
    changes = page.get_by_test_id("stMarkdown").filter(has_text="→").get_by_role("listitem")
    expect(changes).to_have_text([f"Epochs: {MANY} → 1"])
    page.get_by_role("button", name="Train 1 model").click()
    expect(_cards(page).first.get_by_text("finished", exact=True)).to_be_visible(timeout=2 * MINUTE)
    expect(_cards(page)).to_have_count(2)


def test_three_folds_show_their_mean_and_interval(visit: Callable[[str], Page]) -> None:
    page = visit("/train?preset=demo")
    _only_the_small_cnn(page)
    _enter(page, "Epochs", "1")
    page.get_by_text("Folds", exact=True).first.click()
    folds = page.get_by_role("spinbutton", name="Folds").first
    folds.fill("3")
    folds.press("Enter")
    page.get_by_role("button", name="Train 1 model, 3 runs each").click()
    page.wait_for_url(re.compile("/experiments"))
    expect(page.get_by_text("3 of 3 runs ended")).to_be_visible(timeout=3 * MINUTE)
    expect(page.get_by_role("heading", name=re.compile(r"0\.\d+ \(0\.\d+ to [01]\.\d+\)"))).to_be_visible()


def _only_the_small_cnn(page: Page) -> None:
    """Leave the preset's first network."""
    for name in ("ResNet18", "CNN-RNN"):
        page.get_by_role("button", name=f"Remove {name}", exact=True).click()
    expect(page.get_by_role("button", name="Train 1 model")).to_be_visible()


def _cards(page: Page) -> Locator:
    return page.locator("[class*='st-key-run-']")


def _enter(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Enter")
