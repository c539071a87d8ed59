"""Real patches: from a folder to an explanation, under a name that would like to be a script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from browser_helpers import enter
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
MINUTE = 60_000
HOSTILE = "<script>alert(1)</script>"


def test_data_then_train_then_explain(visit: Callable[[str], Page], kpcam: Path) -> None:
    page = visit("/data")
    page.get_by_role("combobox", name="Data set").click()
    page.get_by_role("option", name="Kaggle PCam").click()
    enter(page, "Folder", str(kpcam))
    page.get_by_role("button", name="Open and check").click()
    expect(page.get_by_text("Patients are not known").first).to_be_visible(timeout=MINUTE)
    expect(page.get_by_text("600 of 600 patches")).to_be_visible()

    page.get_by_role("link", name="Train on these data").click()
    page.get_by_role("combobox", name="Preset").click()
    page.get_by_role("option", name="Small CNN-RNN").click()
    expect(page.get_by_role("button", name="Train 2 models, 5 runs each")).to_be_visible()  # as in the study
    page.get_by_text("Single run", exact=True).click()
    expect(page.get_by_role("button", name="Train 2 models, 5 runs each")).to_have_count(0)  # drawn once more, first
    expect(page.get_by_label("Epochs", exact=True)).to_have_count(1)
    enter(page, "Epochs", "1")
    expect(page.get_by_text("Epochs: 30 → 1")).to_be_visible()
    enter(page, "Name prefix", HOSTILE)
    page.get_by_role("button", name="Train 2 models", exact=True).click()
    card = page.locator("[class*='st-key-run-']").first
    expect(card.get_by_text("finished")).to_be_visible(timeout=3 * MINUTE)
    expect(card.get_by_text(HOSTILE)).to_be_visible()

    card.get_by_role("link", name="Explain").click()
    expect(page.get_by_text("The model says").first).to_be_visible(timeout=MINUTE)
    for method in ("Grad-CAM", "LIME"):
        expect(page.locator(f"canvas[data-drawn='{method}']")).to_have_count(1)
