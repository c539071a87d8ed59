"""The Data page's views of one selection, on a small phantom."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from page_helpers import PHANTOM, OpenPage, patches, texts
from streamlit.testing.v1 import AppTest

from histo_core.auditing.embedding.lasso import inside
from histo_core.auditing.embedding.layout import PatchMap, load_map, make_map
from histo_core.auditing.report import make_audit
from histo_core.config import SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.errors import CancelledError
from histo_core.workspace import Workspace

OpenView = Callable[..., AppTest]


@pytest.fixture
def view(finished: Workspace, open_page: OpenPage) -> OpenView:
    """Open a view of the phantom by its name."""
    del finished
    return lambda name, **params: open_page(
        "data", dataset="phantom", options=json.dumps(PHANTOM.options), view=name, **params
    )


@pytest.fixture
def source(finished: Workspace) -> Dataset:
    """What the pages show."""
    return open_dataset(PHANTOM, finished)


@pytest.fixture
def mapped(source: Dataset, finished: Workspace, monkeypatch: pytest.MonkeyPatch) -> PatchMap:
    """A map that was stopped before its UMAP, which takes long to compile."""

    def stop(*_: object, **__: object) -> None:
        raise CancelledError("Stopped.")

    monkeypatch.setattr("histo_core.auditing.embedding.layout.umap_layout", stop)
    with pytest.raises(CancelledError):
        make_map(source, "colour", finished)
    made = load_map(source, "colour", finished)
    assert made is not None
    return made


def said(page: AppTest) -> str:
    """What a page says, as it is read."""
    assert not page.exception
    assert not page.error
    return texts(page).replace("\\", "")


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("overview", "Colour channels of the selection"),
        ("gallery", "240 of 240 patches"),
        ("map", "The map has not been made yet|Draw around patches on the map"),
        ("mosaic", ""),
        ("stain", "Haematoxylin"),
        ("augment", "Left: the patch as it is"),
        ("split", "Build a split"),
        ("audit", "has not been audited yet|patches looked at"),
        ("files", "Can all files be read?"),
    ],
)
def test_each_view_opens_under_the_verdict(view: OpenView, name: str, evidence: str) -> None:
    page = view(name)
    assert "No patient is on both sides" in said(page)
    assert re.search(evidence, said(page))
    assert page.query_params["view"] == name
    assert len(patches(page)) == (48 if name == "gallery" else 0)
    assert bool(page.get("plotly_chart")) == (name in ("overview", "mosaic", "split"))


def test_a_saved_audits_finding_opens_its_patches_in_the_gallery(
    view: OpenView, source: Dataset, finished: Workspace
) -> None:
    report = make_audit(source, make_split(source, SplitConfig()), finished)
    found = next(finding for finding in report.findings if len(finding.table))
    ends = found.table.filter(["sample_id", "other_id"]).to_numpy().ravel()
    ids = list(dict.fromkeys(ends))
    assert report.verdict in said(view("overview"))
    page = view("gallery", finding=found.key)
    assert f"{len(ids)} of 240 patches" in said(page)
    assert list(patches(page)) == ids[:48]


@pytest.mark.parametrize("limit", ["AT_ONCE", "BYTES_AT_ONCE"])
def test_of_many_or_large_patches_the_table_is_told_at_once(
    view: OpenView, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(
        f"pages.shared.components.split_verdict.{limit}", 239 if limit == "AT_ONCE" else 240 * 96 * 96 * 3 - 1
    )
    monkeypatch.setattr("pages.shared.cache.cache.audit", lambda *_: None)
    assert "No patient is on both sides; pixels are not compared yet." in said(view("gallery"))


def test_a_part_of_a_slide_comes_from_the_link(view: OpenView, source: Dataset) -> None:
    slide = str(source.table["slide_id"].iloc[0])
    on_it = int((source.table["slide_id"] == slide).sum())
    row = source.table.iloc[0]
    region = f"{row['y']},{row['x']},{row['y'] + 96},{row['x'] + 96}"
    alone = json.loads(view("mosaic", slide=slide, region=region).get("plotly_chart")[0].proto.spec)
    title = alone["layout"]["meta"]["alt"]
    assert title.startswith("1 patches of slide")
    assert f"; {on_it - 1} lie outside this part" in title
    whole = json.loads(view("mosaic", slide=slide, region="nonsense").get("plotly_chart")[0].proto.spec)
    assert whole["layout"]["meta"]["alt"].startswith(f"{on_it} patches of slide")


def test_a_gallery_can_be_taken_away_and_its_legend_is_said(view: OpenView, source: Dataset) -> None:
    page = view("gallery", **{"class": "tumour"})
    assert [one.proto.label for one in page.get("download_button")] == [
        "Download this page as PNG",
        "Download the selected patches as CSV",
    ]
    legend = page.get("html")[0].proto.body
    assert all(f">{name}<" in legend or f"</span>{name}" in legend for name in source.classes)


def test_an_unknown_view_is_the_overview(view: OpenView) -> None:
    assert "240 of 240 patches" in said(view("nonsense"))


def test_filters_come_from_the_link_and_agree_with_the_table(view: OpenView, source: Dataset) -> None:
    scanner = str(source.table["scanner"].iloc[0])
    expected = int(((source.table["label"] == 1) & (source.table["scanner"].astype(str) == scanner)).sum())
    page = view("gallery", **{"class": "tumour", "by.scanner": scanner})
    assert f"{expected} of 240 patches" in said(page)


def test_nothing_fits_is_said_with_the_way_out(view: OpenView, source: Dataset) -> None:
    patients = source.table.drop_duplicates("patient_id")
    first = patients.iloc[0]
    other = patients[patients["scanner"] != first["scanner"]].iloc[0]
    page = view("gallery", **{"by.scanner": str(first["scanner"]), "by.patient_id": str(other["patient_id"])})
    assert "No patch fits these filters." in said(page)
    next(button for button in page.button if button.label == "Show all patches").click().run()
    assert "240 of 240 patches" in said(page)


def test_a_lasso_selects_among_all_patches(view: OpenView, mapped: PatchMap) -> None:
    low, high = mapped.xy.min(axis=0), np.median(mapped.xy, axis=0)
    corners = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
    text = "colour/pca:" + ";".join(f"{x:.4g},{y:.4g}" for x, y in corners)
    polygon = np.array([[float(value) for value in corner.split(",")] for corner in text.partition(":")[2].split(";")])
    expected = int(inside(mapped.xy, polygon).sum())
    assert 0 < expected < 240
    for name in ("gallery", "map"):
        page = view(name, lasso=text)
        assert f"{expected} of 240 patches" in said(page)
        assert any(f"{expected} patches" in button.label for button in page.button)


@pytest.mark.parametrize("name", ["gallery", "map"])
@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "colour/pca:0,0;1,1;nan,0",
        "colour/pca:0,0;1",
        "no-such-run/pca:0,0;1,1;1,0",
        "../../x/pca:0,0;1,1;1,0",
    ],
)
def test_a_lasso_that_cannot_be_found_is_a_chip_that_can_be_removed(
    view: OpenView, mapped: PatchMap, name: str, text: str
) -> None:
    del mapped
    page = view(name, lasso=text)
    assert "0 of 240 patches" in said(page)
    next(button for button in page.button if "cannot be found again" in button.label).click().run()
    assert "240 of 240 patches" in said(page)
    assert "lasso" not in page.query_params


def test_a_patch_opens_from_a_link_with_all_its_columns(view: OpenView, source: Dataset) -> None:
    row = source.table.iloc[7]
    page = view("gallery", patch=str(row["sample_id"]))
    assert str(row["sample_id"]) in said(page)
    facts = next(frame.value for frame in page.dataframe if "What" in frame.value)
    values = dict(zip(facts["What"], facts["Value"], strict=True))
    assert values["Patient"] == row["patient_id"]
    assert values["Class"] == source.classes[row["label"]]
    assert "8 of 240 patches" in said(page)


def test_a_patch_that_is_not_there_is_said(view: OpenView) -> None:
    assert "no patch <b>nobody" in " ".join(
        str(warning.value) for warning in view("gallery", patch="<b>nobody").warning
    ).replace("\\", "")


def test_channel_statistics_are_those_of_the_selected_pixels(view: OpenView, source: Dataset) -> None:
    page = view("overview", **{"class": "tumour"})
    next(button for button in page.button if button.label == "Measure mean and SD").click().run()
    shown = next(frame.value for frame in page.dataframe if "Channel" in frame.value)
    pixels = source.read(np.flatnonzero(source.table["label"] == 1)).reshape(-1, 3) / 255.0
    np.testing.assert_allclose(shown["Mean"], pixels.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(shown["SD"], pixels.std(axis=0), atol=1e-9)


def test_counts_are_of_the_chosen_column(view: OpenView, source: Dataset) -> None:
    page = view("overview", count="patient_id")
    expected = source.table.groupby("patient_id").size()
    counted = page.dataframe[0].value["total"]
    pd.testing.assert_series_equal(counted, expected, check_names=False, check_dtype=False, check_index_type=False)
