"""From a number to its patches: a click on a cell, the arrow keys, "A right, B wrong", Explain and back, a slice."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from histo_core.comparison.api import compare
from histo_core.comparison.cases import cases
from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.runs.api import launch
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

pytestmark = pytest.mark.browser
MODELS = {"cnn_narrow": "Small CNN", "cnn_rnn": "Recurrent"}


@pytest.fixture(scope="module")
def runs(home: Workspace) -> list[str]:
    """Two finished runs on the same split."""
    found: list[str] = []
    for model, name in MODELS.items():
        config = RunConfig(
            data=DataConfig(dataset="phantom", options={"patches": 240, "patients": 12}),
            preprocess=PreprocessConfig(crop=32),
            model=ModelConfig(name=model),
            train=TrainConfig(epochs=2, batch_size=32, device="cpu", threads=1),
        )
        run = launch(config, home, name=name, start_supervisor=False)
        assert work(run.run_id, home) == 0
        found.append(run.run_id)
    return found


def _listed(page: Page) -> Locator:
    return page.locator(".st-key-cases-grid button")


def _rule(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query)["cases"][0]


def test_a_cell_opens_its_patches_and_a_patch_leads_to_explain_and_back(
    runs: list[str], home: Workspace, visit: Callable[[str], Page]
) -> None:
    compared = compare(runs, home)
    small = compared.results[0]
    true, called = divmod(int(small.confusion.argmax()), 2)  # the fullest cell has patches
    page = visit("/compare?" + "&".join(f"runs={run}" for run in runs))
    matrix = page.locator(f".st-key-compare-matrix-{runs[0]} .nsewdrag")
    expect(matrix).to_be_visible()
    matrix.scroll_into_view_if_needed()
    box = matrix.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * (called * 2 + 1) / 4, box["y"] + box["height"] * (true * 2 + 1) / 4
    page.mouse.move(x - 3, y)  # Plotly finds what is clicked when the mouse moves over it
    page.mouse.click(x, y)
    page.wait_for_url(re.compile("cases=cell"))
    expect(page.get_by_role("radio", name="Cases")).to_be_checked()
    expected = cases(compared, _rule(page))
    assert (expected.rule.true, expected.rule.called) == (compared.classes[true], compared.classes[called])
    expect(_listed(page)).to_have_count(min(len(expected.rows), 48))

    second = str(compared.sample_ids[expected.rows[1]])
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(f"patch={re.escape(second)}"))
    expect(page.get_by_text(f"{second}, patient")).to_be_visible()
    expect(page.locator(".st-key-cases-grid button.chosen")).to_have_attribute("aria-label", re.compile(second))

    pair = next(
        rule for rule in (f"right-wrong:{a},{b}" for a, b in (runs, runs[::-1])) if len(cases(compared, rule).rows)
    )
    names = [MODELS["cnn_narrow"], MODELS["cnn_rnn"]] if pair.split(":")[1].startswith(runs[0]) else [
        MODELS["cnn_rnn"], MODELS["cnn_narrow"]
    ]  # fmt: skip
    page.get_by_role("combobox", name=re.compile("Patches that")).click()
    page.get_by_role("option", name=f"{names[0]} calls rightly and {names[1]} wrongly").click()
    page.wait_for_url(re.compile("cases=right-wrong"))
    rows = cases(compared, pair).rows
    expect(_listed(page)).to_have_count(min(len(rows), 48))
    sample = str(compared.sample_ids[rows[0]])
    expect(page.get_by_text(f"{sample}, patient")).to_be_visible()
    page.get_by_role("link", name=f"Explain {names[1]}").click()
    page.wait_for_url(re.compile("/explain"))
    expect(page.get_by_text(sample).first).to_be_visible()
    page.get_by_role("link", name="Back to the comparison").click()
    page.wait_for_url(re.compile(r"/compare.*cases=right-wrong"))
    expect(page.get_by_text(f"{sample}, patient")).to_be_visible()


def test_a_click_on_a_slice_lists_its_patches(runs: list[str], visit: Callable[[str], Page]) -> None:
    asked = "&".join(f"runs={run}" for run in runs)
    page = visit(f"/compare?{asked}&tab=Slices&slice_metric=accuracy")
    points = page.locator("[class*=st-key-compare-forest] .scatterlayer .point")
    expect(points.first).to_be_visible()
    points.first.scroll_into_view_if_needed()
    box = points.first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 2, y)
    page.mouse.click(x, y)
    page.wait_for_url(re.compile("cases=slice"))
    expect(page.get_by_role("radio", name="Cases")).to_be_checked()
    expect(_listed(page).first).to_be_visible()
