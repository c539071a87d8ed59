"""The Data page's buttons: what is opened, divided, saved, exported and compared is what stands on the page."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from other_values import other_values
from page_helpers import PHANTOM, OpenPage, press
from streamlit.testing.v1 import AppTest
from wiring import controls, fill, tried
from wiring_spy import Spy

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import DATASETS, Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.saved_split import save_split
from histo_core.data.splits.split import Split
from histo_core.workspace import Workspace

LINK = {"dataset": "phantom", "options": json.dumps(PHANTOM.options)}


@pytest.fixture
def source(phantom_home: Workspace) -> Dataset:
    return open_dataset(PHANTOM, phantom_home)


def _link_of(page: AppTest) -> dict[str, Any]:
    return {name: page.query_params[name] for name in page.query_params}


def test_the_form_opens_what_it_says(
    phantom_home: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page("data", **LINK, split='{"seed": 4}')
    opened: list[DataConfig] = []
    monkeypatch.setattr("pages.shared.components.data_choice.opened_or_job", lambda data, _: opened.append(data))
    values = other_values(DATASETS["phantom"].Options)
    prefix = f"data.{PHANTOM.model_dump_json()}.phantom."
    fill(page, values, prefix=prefix)
    press(page.run(), "Open and check")
    assert opened[-1] == DataConfig(options=values)
    assert "split" not in page.query_params, "other data start with the split that suits them"
    assert json.loads(page.query_params["options"]) == values


def test_the_way_to_training_takes_data_and_split_along(source: Dataset, open_page: OpenPage) -> None:
    page = open_page("data", **LINK, view="split", split='{"seed": 4}')
    for label in ("Train on these data", "Train on this split"):
        (link,) = [one.element for one in controls(page) if one.label == label]
        asked = _query(link.proto.query_string)
        assert link.proto.page.endswith("train")
        assert json.loads(asked.pop("split")) == {"seed": 4}
        assert json.loads(asked.pop("options")) == PHANTOM.options
        assert asked == {"dataset": "phantom"}


def _query(text: str) -> dict[str, str]:
    return dict(parse_qsl(text.removeprefix("?")))


SPLITS: list[dict[str, Any]] = [
    {"method": "random", "valid": 0.3, "test": 0.1, "stratify": False, "subset": 100, "seed": 5},
    {"method": "group", "group": "slide_id"},
    {"method": "patient", "folds": 3, "fold": 2, "valid": 0.2},
    {"method": "slide", "folds": 3, "fold": 1, "hold_out": True, "test": 0.2},
    {"method": "saved", "saved": "{saved}"},
]
"""Divisions that between them change each field of `SplitConfig`."""


def test_every_field_of_a_split_is_in_some_row() -> None:
    assert {name for one in SPLITS for name in one} == set(SplitConfig.model_fields)


@pytest.mark.parametrize("wanted", SPLITS, ids=lambda one: one["method"])
def test_each_field_of_a_split_is_divided_by_and_goes_into_the_link(
    wanted: dict[str, Any],
    source: Dataset,
    phantom_home: Workspace,
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pages.shared.cache.cache.audit", lambda *_: None)
    kept = make_split(source, SplitConfig(seed=77))
    save_split(source, kept, SplitConfig(seed=77), "kept", phantom_home)
    wanted = {name: kept.fingerprint if value == "{saved}" else value for name, value in wanted.items()}
    page = open_page("data", **LINK, view="split")
    spy = Spy("pages.data.split_view._take", "wanted", monkeypatch)
    prefix = f"split.{SplitConfig().model_dump_json()}."
    for first in ("method", "folds", "hold_out"):
        if first in wanted:
            tried(page, {f"{prefix}{first}": wanted[first]})
    fill(page, wanted, prefix=prefix)
    page.run()
    assert not page.error
    assert spy.newest() == SplitConfig(**wanted)
    press(page, "Use this split")
    assert json.loads(page.query_params["split"]) == wanted
    divided = Spy("pages.data.page.Explored", "split", monkeypatch)
    open_page("data", **_link_of(page))
    again: Split = divided.newest()
    assert again.fingerprint == make_split(source, SplitConfig(**wanted), phantom_home).fingerprint


def test_a_split_is_saved_as_it_was_built(
    source: Dataset, phantom_home: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "pages.data.split_view.save_split",
        lambda dataset, split, config, name, workspace: calls.append({"split": split, "config": config, "name": name}),
    )
    page = open_page("data", **LINK, view="split")
    tried(page, {f"split.{SplitConfig().model_dump_json()}.seed": 6})
    tried(page, {"split.name": "Mine"})
    press(page, "Save")
    (call,) = calls
    assert (call["name"], call["config"]) == ("Mine", SplitConfig(seed=6))
    assert call["split"].fingerprint == make_split(source, SplitConfig(seed=6)).fingerprint
    kept = [make_split(source, SplitConfig(seed=seed)) for seed in (71, 72)]
    for number, split in enumerate(kept):
        save_split(source, split, SplitConfig(seed=71 + number), f"kept {number}", phantom_home)
    page.run()
    taken = next(one for one in page.selectbox if one.label == "Take a saved split")
    wanted = next(index for index, shown in enumerate(taken.options) if shown.startswith("kept 0"))
    taken.select_index(wanted).run()
    press(page, "Use it")
    assert json.loads(page.query_params["split"]) == {"method": "saved", "saved": kept[0].fingerprint}


DIVISION = SplitConfig(seed=9)
DATA = PHANTOM.model_dump(mode="json")
AUDIT = {"data": DATA, "split": DIVISION.model_dump(mode="json"), "other": None}


@pytest.mark.parametrize(
    ("view", "label", "kind", "params"),
    [
        ("map", "Make the map", "map", {"data": DATA, "features": "squeezenet"}),
        ("audit", "Audit this split", "audit", AUDIT),
        ("files", "Check all files", "check", {"data": DATA}),
    ],
)
def test_each_button_of_long_work_starts_it_with_what_the_page_shows(
    view: str,
    label: str,
    kind: str,
    params: dict[str, Any],
    phantom_home: Workspace,
    open_page: OpenPage,
    started: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pages.shared.cache.cache_maps.patch_map", lambda *_: None)
    monkeypatch.setattr("pages.data.files_view.stored_check", lambda *_: None)
    monkeypatch.setattr("pages.shared.cache.cache.audit", lambda *_: None)
    page = open_page(
        "data", **LINK, view=view, split=DIVISION.model_dump_json(exclude_defaults=True), features="squeezenet"
    )
    press(page, label)
    assert started == [(kind, params)]


@pytest.mark.parametrize(
    ("layout", "file", "expected"),
    [
        ("pcam", "Folder", "pcam"),
        ("csv", "File", "table"),
        ("parquet", "File", "table"),
        ("folders", "Folder", "folders"),
    ],
)
def test_an_export_writes_what_is_chosen(
    layout: str, file: str, expected: str, phantom_home: Workspace, open_page: OpenPage, started: list[Any]
) -> None:
    page = open_page("data", **LINK, view="files", split=DIVISION.model_dump_json(exclude_defaults=True))
    tried(page, {"export.layout": layout})
    asked = next(one for one in page.text_input if one.label == file)
    assert asked.value.endswith(f".{layout}" if file == "File" else f"/{layout}")
    asked.set_value(f"/somewhere/new.{layout}").run()
    press(page, "Export")
    target = {"layout": expected, "target": f"/somewhere/new.{layout}"}
    assert started == [("export", {"data": DATA, "split": DIVISION.model_dump(mode="json"), **target})]


def test_the_audit_compares_with_the_data_of_its_form(
    phantom_home: Workspace, open_page: OpenPage, started: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.shared.cache.cache.audit", lambda *_: None)
    page = open_page("data", **LINK, view="audit")
    values = {"patches": 60, "patients": 6, "seed": 5}
    fill(page, values, prefix="audit.against.phantom.")
    press(page.run(), "Open and compare")
    assert json.loads(page.query_params["against"]) == {"options": values}
    press(page, "Audit both")
    other = DataConfig(options=values).model_dump(mode="json")
    assert started == [("audit", {"data": DATA, "split": SplitConfig().model_dump(mode="json"), "other": other})]
