"""The Data page: each control of each view, set to another value, changes what the core is asked, and the link says so.

A new control needs a row in `ROWS`; without one the last test fails.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from other_values import other_values
from page_helpers import PHANTOM, OpenPage
from wiring import controls, fill
from wiring_spy import CLICK, Row, Spy, check

from histo_core.auditing.embedding.layout import PatchMap
from histo_core.config import AugmentConfig, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.transforms.augment.presets import PRESETS
from histo_core.workspace import Workspace

LINK = {"dataset": "phantom", "options": json.dumps(PHANTOM.options)}
GRID, FOUND = "pages.data.explore.gallery.grid", "pages.data.explore.selection.Selection"
STAIN, MAP, AUGMENT = "pages.data.explore.stain", "pages.data.explore.patch_map", "pages.data.explore.augmentation"
PIXELS = np.zeros((1, 96, 96, 3), np.uint8)
"""What augmentation gives, which need not be compiled here."""
MOSAIC = "pages.data.explore.mosaic"


def _table(source: Dataset) -> pd.DataFrame:
    """The data set's own table with class names and the sets of the usual split, for filters of our own."""
    classes = np.array(source.classes)[source.table["label"].to_numpy()]
    return source.table.assign(label=classes, split_set=make_split(source, SplitConfig()).split_sets)


def _rows(**wanted: str) -> Callable[[Dataset], list[int]]:
    """Which rows a filter must leave."""

    def kept(source: Dataset) -> list[int]:
        table = _table(source)
        for column, value in wanted.items():
            table = table[table[column].astype(str) == (_first(source, column) if value == "first" else value)]
        return table.index.tolist()

    return kept


def _first(source: Dataset, column: str) -> str:
    return str(source.table[column].iloc[0])


def _sorted(column: str, *, backwards: bool = False, at: int = 0) -> Callable[[Dataset], list[int]]:
    """The rows of a page of the gallery in the order of a column."""

    def ordered(source: Dataset) -> list[int]:
        table = _table(source)
        rows = table.sort_values(column, kind="stable").index.tolist() if column else table.index.tolist()
        return (rows[::-1] if backwards else rows)[48 * at : 48 * (at + 1)]

    return ordered


def _listed(name: str) -> Callable[[Mapping[str, Any]], list[int]]:
    return lambda arguments: [int(row) for row in arguments[name]]


def _rgb(arguments: Mapping[str, Any]) -> str:
    """A picture by its pixels."""
    return str(np.asarray(arguments["target"], np.int64).sum())


VIEW = {name: {**LINK, "view": name} for name in ("overview", "gallery", "map", "mosaic", "stain", "augment")}
ROWS: dict[str, list[Row]] = {
    "gallery": [
        Row("button_group: Set", "test", FOUND, _listed("rows"), _rows(split_set="test")),
        Row("selectbox: Class", "tumour", FOUND, _listed("rows"), _rows(label="tumour")),
        Row("selectbox: Scanner", "{scanner}", FOUND, _listed("rows"), _rows(scanner="first")),
        Row("selectbox: Patient", "{patient_id}", FOUND, _listed("rows"), _rows(patient_id="first")),
        Row("selectbox: Slide", "{slide_id}", FOUND, _listed("rows"), _rows(slide_id="first")),
        Row("selectbox: Sort by", "label", GRID, _listed("rows"), _sorted("label")),
        Row(
            *("selectbox: Coloured by", "scanner", "pages.data.explore.gallery.legend"),
            *(lambda arguments: sorted(arguments["colours"]), lambda source: _values(source, "scanner")),
        ),
        Row("toggle: Descending", True, GRID, _listed("rows"), _sorted("", backwards=True)),
        Row("select_slider: Size", 192, GRID, "side", 192),
        Row("pagination: ", 3, GRID, _listed("rows"), _sorted("", at=2)),
    ],
    "overview": [
        Row("button_group: View", "gallery", "pages.data.explore.views.draw", "name", "gallery"),
        Row(
            *("selectbox: Count by", "slide_id", "pages.shared.cache.cache.counts_by", "column", "slide_id"),
            fresh=("pages.shared.cache.cache.counts",),
        ),
        Row(
            *("button: Measure mean and SD", CLICK, "histo_core.data.transforms.channel_stats.channel_statistics"),
            *(_listed("rows"), _rows(label="tumour")),
            params={"class": "tumour"},
            fresh=("pages.shared.cache.cache.channels",),
        ),
    ],
    "map": [
        Row(
            "selectbox: Similarity by",
            "squeezenet",
            "pages.shared.cache.cache_maps.patch_map",
            "features",
            "squeezenet",
        ),
        Row(
            *("selectbox: Coloured by", "scanner", f"{MAP}.map_figure"),
            *(lambda arguments: sorted(map(str, arguments["classes"])), lambda source: _values(source, "scanner")),
        ),
        Row("button_group: Projection", "umap", f"{MAP}.map_figure", "layout", "umap"),
    ],
    "mosaic": [
        Row("selectbox: Slide", "{last_slide}", "pages.shared.cache.cache_maps.mosaic", "slide_id", "{last_slide}"),
        Row(
            *("selectbox: Coloured by", "scanner", f"{MOSAIC}.mosaic_figure"),
            *(lambda arguments: sorted(arguments["colours"]), lambda source: _values(source, "scanner")),
        ),
        Row("slider: Opacity", 0.8, f"{MOSAIC}.mosaic_figure", "opacity", 0.8),
    ],
    "stain": [
        Row("button_group: Show", "eosin", f"{STAIN}._sheet", "name", "Eosin"),
        Row("button_group: Show", "macenko", f"{STAIN}._sheet", "name", "Normalised (Macenko)"),
        Row("pagination: ", 2, f"{STAIN}._sheet", _listed("rows"), lambda _: list(range(24, 48))),
        Row(
            *("selectbox: Target stain", "{fifth}", f"{STAIN}.StainNormaliser.fit", _rgb),
            lambda source: str(source.read([4])[0].astype(np.int64).sum()),
            params={"dye": "macenko"},
        ),
    ],
    "augment": [
        Row("selectbox: Preset", "none", f"{AUGMENT}.augment", "config", PRESETS["none"], answer=PIXELS),
        Row("number_input: Seed", 31, f"{AUGMENT}.augment", "seed", 31, answer=PIXELS, key="explore.seed"),
    ],
}
ELSEWHERE = {  # in test_wiring_data_work unless another file is named
    "selectbox: Data set": "test_wiring_forms, test_the_form_opens_what_it_says",
    "button: Open and check": "test_the_form_opens_what_it_says",
    "page_link: Train on these data": "test_the_way_to_training_takes_data_and_split_along",
    "page_link: Train on this split": "test_the_way_to_training_takes_data_and_split_along",
    "button: Make the map": "test_each_button_of_long_work_starts_it_with_what_the_page_shows",
    "button: Audit this split": "test_each_button_of_long_work_starts_it_with_what_the_page_shows",
    "button: Check all files": "test_each_button_of_long_work_starts_it_with_what_the_page_shows",
    "button: Export": "test_an_export_writes_what_is_chosen",
    "button_group: Format": "test_an_export_writes_what_is_chosen",
    "text_input: Folder": "test_an_export_writes_what_is_chosen",
    "text_input: File": "test_an_export_writes_what_is_chosen",
    "button: Use this split": "test_each_field_of_a_split_is_divided_by_and_goes_into_the_link",
    "selectbox: Take a saved split": "test_a_split_is_saved_as_it_was_built",
    "button: Use it": "test_a_split_is_saved_as_it_was_built",
    "text_input: Name": "test_a_split_is_saved_as_it_was_built",
    "button: Save": "test_a_split_is_saved_as_it_was_built",
    "button: Open and compare": "test_the_audit_compares_with_the_data_of_its_form",
    "download_button: HTML": "a chart's own",
    "download_button: CSV": "test_downloads_hold_the_selection",
    "download_button: Download as CSV": "test_split_view, test_audit_view: the table on the page",
    "download_button: Download as PNG": "the picture on the page",
    "download_button: Download this page as PNG": "test_downloads_hold_the_selection",
    "download_button: Download the table of all patches": "test_downloads_hold_the_selection",
    "download_button: Download the selected patches as CSV": "test_downloads_hold_the_selection",
}
FORMS = ("data.", "audit.against.", "split.{", "explore.augment.")
"""Beginnings of the keys of forms from models, each control of which is set in a test of forms."""


def _values(source: Dataset, column: str) -> list[str]:
    return sorted(set(source.table[column].astype(str)))


@pytest.fixture
def source(phantom_home: Workspace) -> Dataset:
    return open_dataset(PHANTOM, phantom_home)


@pytest.fixture
def one_map(monkeypatch: pytest.MonkeyPatch) -> PatchMap:
    """A map that need not be made, with both layouts."""
    plane = np.random.default_rng(0).normal(size=(240, 2)).astype(np.float32)
    found = PatchMap(plane, plane[:, ::-1].copy(), np.arange(240), (0.5, 0.3), "colour", "A map.")
    monkeypatch.setattr("pages.shared.cache.cache_maps.patch_map", lambda data, features, home: found)
    return found


CASES = [(view, row) for view, rows in ROWS.items() for row in rows]


@pytest.mark.parametrize(("view", "row"), CASES, ids=[f"{view}, {row.id}" for view, row in CASES])
def test_a_control_of_a_view_arrives_in_the_core(
    view: str,
    row: Row,
    source: Dataset,
    phantom_home: Workspace,
    one_map: PatchMap,
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {f"{{{column}}}": _first(source, column) for column in ("scanner", "patient_id", "slide_id")}
    names |= {"{fifth}": str(source.table["sample_id"].iloc[4])}
    names |= {"{last_slide}": _values(source, "slide_id")[-1]}
    to, value = (names.get(one, one) if isinstance(one, str) else one for one in (row.to, row.value))
    params = {**VIEW[view], **row.params}
    check(replace(row, to=to, value=value, params=params), "data", open_page, monkeypatch, source)


def test_each_setting_of_the_augmentation_is_drawn_with(
    phantom_home: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = other_values(AugmentConfig)
    assert set(values) == set(AugmentConfig.model_fields)
    page = open_page("data", **VIEW["augment"])
    spy = Spy(f"{AUGMENT}.augment", "config", monkeypatch, PIXELS)
    fill(page, values, prefix="explore.augment.default.")
    page.run()
    assert spy.newest() == AugmentConfig(**values)


def test_downloads_hold_the_selection(
    source: Dataset, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]
) -> None:
    sheets = Spy(
        "pages.shared.cache.cache.sheet", lambda arguments: (list(arguments["indices"]), arguments["cell"]), monkeypatch
    )
    open_page("data", **LINK, view="gallery", **{"class": "tumour", "size": "64"})
    ids = pd.read_csv(io.BytesIO(given["selection.csv"]()))["sample_id"].tolist()
    expected = _rows(label="tumour")(source)
    assert ids == source.table["sample_id"].iloc[expected].tolist()
    given["gallery.png"]()
    assert sheets.newest() == (expected[:48], 64)
    open_page("data", **LINK, view="overview", **{"class": "tumour"})
    assert len(pd.read_csv(io.BytesIO(given["samples.csv"]()))) == len(source)
    assert pd.read_csv(io.BytesIO(given["counts-split.csv"]())).filter(["normal", "tumour"]).to_numpy().sum() == 240


@pytest.mark.parametrize("view", [*VIEW, "split", "audit", "files"])
def test_every_control_of_a_view_has_a_row(
    view: str, phantom_home: Workspace, open_page: OpenPage, one_map: PatchMap
) -> None:
    known = {row.control for rows in ROWS.values() for row in rows} | set(ELSEWHERE)
    page = open_page("data", **LINK, view=view, dye="macenko")
    found = {one.name for one in controls(page) if not one.key.startswith(FORMS)}
    assert found - known == set(), "add a row, or say under ELSEWHERE which test pins it"
