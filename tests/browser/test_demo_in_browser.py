"""The demo, from an empty workspace to a comparison and two maps."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
MINUTE = 60_000


def test_from_nothing_to_three_models_their_curves_and_both_maps(visit: Callable[[str], Page]) -> None:
    page = visit("/")
    expect(page.get_by_text("Nothing is here yet.")).to_be_visible()
    page.get_by_role("button", name="Start the demo").click()
    expect(page.get_by_test_id("stProgress").first).to_be_visible(timeout=MINUTE)
    expect(page.get_by_role("link", name="Look closer")).to_be_visible(timeout=2 * MINUTE)
    expect(page.get_by_role("img", name=re.compile("The model"))).to_be_visible()
    expect(page.get_by_text("3 models: 3 finished.")).to_be_visible(timeout=4 * MINUTE)

    page.get_by_role("link", name="Compare the 3 models that share a split").click()
    expect(page.get_by_text("has the highest AUROC").first).to_be_visible()
    assert page.url.count("runs=") == 3
    expect(page.locator(".st-key-compare-roc .legendtext")).to_have_count(3)
    page.get_by_role("slider", name="Threshold").press("ArrowRight")
    page.wait_for_url(re.compile("threshold=0.51"))
    page.reload()
    expect(page.get_by_role("slider", name="Threshold")).to_have_value("0.51")

    page.get_by_role("link", name="Patches it got wrong").last.click()
    expect(page.get_by_text("and it is wrong").first).to_be_visible()
    for method in ("Grad-CAM", "LIME"):
        expect(page.locator(f"canvas[data-drawn='{method}']")).to_have_count(1)
    expect(page.get_by_text("How this was made (seed 0)")).to_be_visible()


def test_back_restores_a_selection(visit: Callable[[str], Page]) -> None:
    page = visit("/compare")
    expect(page.get_by_text(re.compile("test: held out")).first).to_be_visible()
    page.get_by_role("button", name="Patches and tests").click()
    page.get_by_text("Colour-only baseline").click()
    page.wait_for_url(re.compile("colour=yes"))
    expect(page.get_by_text("Colour only:")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Colour only:")).to_have_count(0)


def test_compare_is_found_as_it_was_left(visit: Callable[[str], Page]) -> None:
    """Comparator, a threshold from validation and all else survive a visit to another page, and the way back."""
    page = visit("/compare")
    expect(page.get_by_text("All 3 pairs of models were tested")).to_be_visible()
    page.get_by_role("button", name="Patches and tests").click()
    for label, option in (("Compare with", "Small CNN"), ("Threshold from", "Youden, validation")):
        page.get_by_role("combobox", name=label).click()
        page.get_by_role("option", name=re.compile(option)).first.click()
    page.wait_for_url(re.compile("comparator=.*rule=validation"))
    expect(page.get_by_text("named beforehand: 2 pairs")).to_be_visible()
    page.get_by_role("link", name="Data").click()
    page.wait_for_url(re.compile("/data$"))
    expect(page.get_by_text("the largest Youden index")).to_have_count(0)
    page.get_by_role("link", name="Compare", exact=True).first.click()
    page.wait_for_url(re.compile("/compare.*comparator=.*rule=validation"))
    expect(page.get_by_text("the largest Youden index on its own validation set").first).to_be_visible()
    expect(page.get_by_text("named beforehand: 2 pairs")).to_be_visible()
    page.get_by_role("radio", name="Classes").click()
    expect(page.get_by_text("weighted ones by its patches")).to_be_visible()


def test_an_upload_that_is_no_image_gets_a_clear_message(visit: Callable[[str], Page]) -> None:
    page = visit("/explain?source=upload")
    page.locator("input[type=file]").set_input_files(
        {"name": "<img src=x onerror=alert(1)>.png", "mimeType": "image/png", "buffer": b"#!/bin/sh\necho"}
    )
    expect(page.get_by_text("no image that can be read")).to_be_visible()
    expect(page.get_by_text("PNG, JPEG, TIFF, BMP or WebP files are read.")).to_be_visible()
