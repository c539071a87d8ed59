"""Pages whose data, runs or links are no longer what they were when they were opened."""

from __future__ import annotations

import shutil
from pathlib import Path
from unittest.mock import Mock

import pytest
from page_helpers import PHANTOM, OpenPage, press, run_named, texts
from PIL import Image
from streamlit.testing.v1 import AppTest

from histo_core.comparison.join import load
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.opening import open_dataset
from histo_core.prediction.predict import predict_with
from histo_core.workspace import Workspace
from pages.shared.cache import cache, cache_runs

SIDE = 32
PATCHES = 12


@pytest.fixture
def folder(finished: Workspace) -> Path:
    """Two classes of patches, each patch of one grey, in a folder that may be read."""
    root = finished.home / "patches"
    shutil.rmtree(root, ignore_errors=True)
    for number in range(PATCHES):
        place = root / ("normal", "tumour")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (SIDE, SIDE), (20 * number,) * 3).save(place / f"{number:02}.png")
    cache.forget_data()
    return root


def test_an_answer_about_other_files_than_lie_there_is_none(
    folder: Path, finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, data = run_named(finished, "Small CNN").run_id, DataConfig(dataset="folder", root=str(folder))
    predict_with(run_id, data, finished, device="cpu")
    link = {"run": run_id, "dataset": "folder", "root": str(folder)}
    assert open_page("predict", **link).header[0].value.startswith("12 patches")
    for file in sorted((folder / "normal").iterdir())[:3]:
        file.unlink()
    cache.forget_data()
    drawn = Mock()
    monkeypatch.setattr(cache, "sheet", drawn)
    page = open_page("predict", **link)
    assert not page.exception
    assert "have changed since they were predicted" in page.header[0].value
    drawn.assert_not_called()  # a patch that is gone would be shown as another


def test_what_was_predicted_of_changed_files_is_shown_without_opening_them_by_hand(
    folder: Path, finished: Workspace, open_page: OpenPage
) -> None:
    run_id, data = run_named(finished, "Small CNN").run_id, DataConfig(dataset="folder", root=str(folder))
    link = {"run": run_id, "dataset": "folder", "root": str(folder)}
    open_page("predict", **link)  # the data are kept as they are now
    next((folder / "normal").iterdir()).unlink()
    predict_with(run_id, data, finished, device="cpu")
    assert open_page("predict", **link).header[0].value.startswith("11 patches")


def test_patches_that_came_after_the_data_were_opened_are_explained(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_named(finished, "Small CNN")
    sample = load(run, finished).table.query("split == 'test'")["sample_id"].iloc[-1]
    now, before = open_dataset(PHANTOM, finished), open_dataset(PHANTOM, finished)
    before.table = before.table[before.table["sample_id"] != sample].reset_index(drop=True)
    looks = iter([before, now])
    monkeypatch.setattr("pages.shared.cache.cache.open_dataset", lambda data, workspace, progress: next(looks))
    cache.forget_data()
    page = open_page("explain", run=run.run_id, patch=sample)
    cache.forget_data()
    assert not page.exception
    assert not page.error
    assert sample in texts(page).replace("\\", "")


def test_pictures_of_former_files_never_stand_under_the_names_of_others(folder: Path, finished: Workspace) -> None:
    data = DataConfig(dataset="folder", root=str(folder))

    def sheet() -> bytes:
        cache.dataset(data, finished)
        return cache.sheet(data, finished, (0,), 1, SIDE, ("#000000",))

    before = sheet()
    (folder / "normal" / "00.png").unlink()
    cache._held.cache_clear()  # as where eight others took its place
    assert sheet() != before


@pytest.mark.parametrize(
    ("page", "params"),
    [
        ("data", {"dataset": "phantom", "options": "{"}),
        ("predict", {"dataset": "phantom", "options": "{"}),
        ("train", {"clone": "gone-1"}),
    ],
)
def test_a_link_that_cannot_be_followed_bars_no_page(
    page: str, params: dict[str, str], finished: Workspace, open_page: OpenPage
) -> None:
    del finished
    shown: AppTest = open_page(page, **params)
    assert shown.error
    press(shown, "Open this page afresh")
    assert not shown.exception
    assert not shown.error
    assert not shown.query_params
    assert not shown.session_state["state.kept"][page]


def test_a_link_to_compare_with_that_cannot_be_read_leaves_the_form(
    phantom_home: Workspace, open_page: OpenPage
) -> None:
    del phantom_home
    options = '{"patches": 240, "patients": 12}'
    page = open_page("data", dataset="phantom", options=options, view="audit", against="{")
    assert "cannot be read" in texts(page)
    assert "Open and compare" in [button.label for button in page.button]


def test_the_colour_only_baseline_is_of_the_files_that_lie_there(folder: Path, finished: Workspace) -> None:
    data, division = DataConfig(dataset="folder", root=str(folder)), SplitConfig(method="random", valid=0.25, test=0.25)
    before = cache_runs.colour_only(data, division, finished)
    assert cache_runs.colour_only(data, division, finished) is before
    for number, file in enumerate(sorted(folder.rglob("*.png"))):
        Image.new("RGB", (SIDE, SIDE), (255 - 20 * number,) * 3).save(file)
    cache.forget_data()
    after = cache_runs.colour_only(data, division, finished)
    assert after.fingerprint == before.fingerprint  # ids, labels and split are what they were
    assert after.table["prob_tumour"].tolist() != before.table["prob_tumour"].tolist()
    assert cache_runs.named([after]) != cache_runs.named([before]), "a comparison with it is made anew, too"
