"""Real patches of breast tissue: found, opened, drawn around, laid back on their slide, divided and judged."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from histo_core.auditing.embedding.layout import make_map
from histo_core.config import DataConfig
from histo_core.data.opening import open_dataset
from histo_core.errors import CancelledError
from histo_core.workspace import Workspace

pytestmark = pytest.mark.browser
PATIENTS = 12


@pytest.fixture
def folder(shared_data: Path, home: Workspace) -> Path:
    """The first patients of IDC, where the server may read them."""
    folder = home.home.parent / "idc"
    if not folder.is_dir():
        for patient in sorted(path for path in (shared_data / "idc").iterdir() if path.is_dir())[:PATIENTS]:
            shutil.copytree(patient, folder / patient.name)
    return folder


@pytest.fixture
def link(folder: Path) -> str:
    """The Data page on them."""
    return f"/data?{urlencode({'dataset': 'idc', 'root': str(folder)})}"


@pytest.fixture
def patch_map(folder: Path, home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their map, stopped before its UMAP, which takes long to compile."""

    def stop(*_: object, **__: object) -> None:
        raise CancelledError("Stopped.")

    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", str(folder.parent))
    monkeypatch.setattr("histo_core.auditing.embedding.layout.umap_layout", stop)
    with pytest.raises(CancelledError):
        make_map(open_dataset(DataConfig(dataset="idc", root=str(folder)), home), "colour", home)


def test_filter_and_open_a_patch(visit: Callable[[str], Page], link: str) -> None:
    page = visit(f"{link}&view=gallery")
    expect(page.get_by_text("No patient is on both sides").first).to_be_visible()
    patches = _patches(page)
    expect(patches).to_have_count(48)
    page.get_by_text("test", exact=True).click()
    page.wait_for_url(re.compile("split_set=test"))
    _choose(page, "Class", "tumour")
    expect(patches.first).to_have_attribute("aria-label", re.compile(", tumour$"))

    name = str(patches.nth(2).get_attribute("aria-label")).partition(",")[0]
    patches.nth(2).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(name).first).to_be_visible()
    page.wait_for_url(re.compile(f"patch={name}"))
    dialog.get_by_role("button", name=re.compile("^Next")).click()
    expect(dialog.get_by_text(re.compile("^4 of"))).to_be_visible()
    page.reload()
    expect(dialog.get_by_text(re.compile("^4 of"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).not_to_have_url(re.compile("patch="))


def test_what_is_drawn_on_the_map_is_what_the_gallery_shows(
    visit: Callable[[str], Page], link: str, patch_map: None
) -> None:
    page = visit(f"{link}&view=map")
    chart = page.locator(".stPlotlyChart .nsewdrag").first
    chart.wait_for()
    _draw(page, chart)
    page.wait_for_url(re.compile("lasso=colour"))
    chip = page.get_by_role("button", name="Drawn on the map")
    expect(chip).to_be_visible()
    drawn = int(re.sub(r"\D", "", str(chip.text_content())))
    assert 0 < drawn < 48  # fewer than a page, so that a gallery of all is not taken for them
    expect(page.get_by_text(re.compile(f"^{drawn} of [0-9,]+ patches$"))).to_be_visible()
    expect(_patches(page)).to_have_count(drawn)
    page.get_by_text("Gallery", exact=True).click()
    expect(page.locator(".stPlotlyChart")).to_have_count(0)  # the map has gone
    expect(_patches(page)).to_have_count(drawn)
    chip.click()
    expect(chip).to_have_count(0)
    expect(page).not_to_have_url(re.compile("lasso="))


def test_a_mosaic_a_split_and_a_verdict(visit: Callable[[str], Page], link: str) -> None:
    page = visit(f"{link}&view=mosaic")
    expect(page.locator(".stPlotlyChart .imagelayer image")).to_have_count(2)  # the tissue, and the labels over it
    page.get_by_role("combobox", name="Slide").click()
    other = page.get_by_role("option").nth(3)
    slide = str(other.text_content()).split()[0]
    other.click()
    page.wait_for_url(re.compile("slide="))
    expect(page.locator(".stPlotlyChart .gtitle", has_text=f"slide {slide},")).to_be_visible()
    expect(page.locator(".stPlotlyChart .gtitle")).to_have_count(1)  # the former slide's has gone
    for kind in ("PNG", "SVG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download as {kind}").click()
        assert download.value.suggested_filename == f"mosaic.{kind.lower()}"
        start = Path(download.value.path()).read_bytes()[:4]
        assert start == {"PNG": b"\x89PNG", "SVG": b"<svg"}[kind]

    page.get_by_text("Splits", exact=True).click()
    expect(page.get_by_text("Build a split")).to_be_visible()
    field = page.get_by_label("Test share", exact=True)
    field.fill("0.5")
    field.press("Enter")
    page.get_by_role("button", name="Use this split").click()
    page.wait_for_url(re.compile("split="))
    expect(page.get_by_text("6 of 12 patients are held out for test").first).to_be_visible()
    expect(page.get_by_text("No patient is on both sides").first).to_be_visible()


def test_an_audit_runs_apart_and_its_finding_opens_its_patches(visit: Callable[[str], Page], link: str) -> None:
    page = visit(f"{link}&view=audit")
    page.get_by_role("button", name="Audit this split").click()
    expect(page.get_by_text("No patient is on both sides;").first).to_be_visible(timeout=120_000)
    opening = page.get_by_role("button", name="Show the patches").first
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    opening.click()
    page.wait_for_url(re.compile("finding="))
    chip = page.locator(".st-key-chip-finding")
    expect(chip).to_be_visible()
    shown = int(re.findall(r"([0-9,]+) patch", str(chip.text_content()))[-1].replace(",", ""))
    expect(page.get_by_text(re.compile(f"^{shown:,} of [0-9,]+ patches$"))).to_be_visible()
    expect(_patches(page)).to_have_count(min(shown, 48))


def _patches(page: Page) -> Locator:
    return page.locator(".st-key-explore-grid button")


def _choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=re.compile(option)).click()


def _draw(page: Page, chart: Locator) -> None:
    """Draw around a few points in the middle of a chart."""
    box = chart.bounding_box()
    assert box is not None
    corners = [(0.5, 0.5), (0.62, 0.5), (0.62, 0.62), (0.5, 0.62), (0.5, 0.51)]
    places = [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()
