"""The Splits view: a form that asks only what matters, the counts that result, and saved splits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from page_helpers import PHANTOM, OpenPage, texts
from PIL import Image
from streamlit.testing.v1 import AppTest

from histo_core.config import SplitConfig
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.saved_split import saved_splits
from histo_core.workspace import Workspace


@pytest.fixture(scope="module")
def drawn_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which the phantom lies already."""
    workspace = Workspace(tmp_path_factory.mktemp("drawn") / "home")
    prepare_dataset(PHANTOM, workspace)
    return workspace


@pytest.fixture
def drawn(drawn_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("HISTOSCOPE_HOME", str(drawn_workspace.home))
    return drawn_workspace


@pytest.fixture(autouse=True)
def _no_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.shared.cache.cache.audit", lambda *_: None)


def _open(open_page: OpenPage, **division: object) -> AppTest:
    page = open_page(
        "data", dataset="phantom", options=json.dumps(PHANTOM.options), view="split", split=json.dumps(division)
    )
    assert not page.exception
    return page


def _control(page: AppTest, kind: str, key: str):
    return next(
        control for control in page.get(kind) if str(control.key).startswith("split.") and control.key.endswith(key)
    )


def _has(page: AppTest, key: str) -> bool:
    return any(
        str(control.key).startswith("split.{") and control.key.endswith(f".{key}")
        for kind in ("selectbox", "number_input", "checkbox", "text_input")
        for control in page.get(kind)
    )


@pytest.mark.parametrize(
    ("division", "asked", "not_asked"),
    [
        (
            {},
            {"method", "valid", "test", "folds", "stratify", "subset", "seed"},
            {"group", "saved", "fold", "hold_out"},
        ),
        ({"method": "group", "group": "patient_id"}, {"group", "valid", "test"}, {"saved", "fold"}),
        ({"method": "patient", "folds": 3}, {"valid", "fold", "hold_out"}, {"test", "group"}),
        ({"method": "patient", "folds": 3, "hold_out": True}, {"test", "fold", "hold_out"}, {"valid"}),
    ],
)
def test_only_what_matters_is_asked(
    drawn: Workspace, open_page: OpenPage, division: dict[str, object], asked: set[str], not_asked: set[str]
) -> None:
    page = _open(open_page, **division)
    assert {name for name in asked if not _has(page, name)} == set()
    assert {name for name in not_asked if _has(page, name)} == set()


def test_the_shares_of_published_sets_are_not_asked(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", str(tmp_path))
    root = tmp_path / "patches"
    for split_set in ("train", "test"):
        for name in ("normal", "tumour"):
            (root / split_set / name).mkdir(parents=True)
            for number in range(8):
                pixels = np.full((16, 16, 3), 20 * number + len(name), np.uint8)
                Image.fromarray(pixels).save(root / split_set / name / f"{number}.png")
    page = open_page("data", dataset="folder", root=str(root), view="split")
    assert not page.exception
    assert (_has(page, "valid"), _has(page, "test")) == (True, False)
    assert "Test set: as published with the data." in texts(page)
    shown = next(table.value for table in page.dataframe if "split" in table.value)
    assert list(shown) == ["split", "normal", "tumour"], "patients are not known, and no column says None"
    _control(page, "selectbox", ".method").set_value("random").run()
    assert (_has(page, "valid"), _has(page, "test")) == (True, True)


def test_counts_note_and_url_follow_the_form(drawn: Workspace, open_page: OpenPage) -> None:
    page = _open(open_page)
    _control(page, "number_input", ".test").set_value(0.5).run()
    source = open_dataset(PHANTOM, drawn)
    wanted = SplitConfig(test=0.5)
    expected = make_split(source, wanted)
    shown = next(table.value for table in page.dataframe if "split" in table.value)
    counted = expected.counts(source).rename({"train": "training", "valid": "validation"})
    assert shown.set_index("split").astype(int).to_dict() == counted.astype(int).to_dict()
    assert expected.note in texts(page).replace("\\", "")
    next(button for button in page.button if button.label == "Use this split").click().run()
    assert SplitConfig.model_validate_json(page.query_params["split"]) == wanted
    assert "This is the split in use." in texts(page).replace("\\", "")


def test_folds_are_counted_one_by_one(drawn: Workspace, open_page: OpenPage) -> None:
    page = _open(open_page, method="patient", folds=3)
    folds = next(table.value for table in page.dataframe if "fold" in table.value)
    assert list(folds["fold"]) == [0, 1, 2]
    assert folds["patients"].sum() == 12
    source = open_dataset(PHANTOM, drawn)
    assert folds[list(source.classes)].to_numpy().sum() == len(source)


def test_too_many_folds_are_a_sentence(drawn: Workspace, open_page: OpenPage) -> None:
    page = _open(open_page, method="patient")
    _control(page, "number_input", ".folds").set_value(50).run()
    assert not page.exception
    assert "cannot be divided into 50 folds" in page.error[0].value.replace("\\", "")


def test_a_split_is_saved_under_a_name_that_stays_text_and_taken_again(drawn: Workspace, open_page: OpenPage) -> None:
    name = "<b>five</b> *folds*"
    page = _open(open_page, seed=7)
    next(control for control in page.text_input if control.label == "Name").set_value(name).run()
    next(button for button in page.button if button.label == "Save").click().run()
    assert not page.exception
    source = open_dataset(PHANTOM, drawn)
    (kept,) = saved_splits(source, drawn)
    assert kept.name == name
    assert name not in texts(page)
    assert name in list(next(table.value for table in page.dataframe if "Fingerprint" in table.value)["Name"])
    next(button for button in page.button if button.label == "Use it").click().run()
    assert SplitConfig.model_validate_json(page.query_params["split"]).saved == kept.fingerprint
    assert not page.exception
    assert not page.error
    assert make_split(source, SplitConfig(seed=7)).fingerprint == kept.fingerprint
