"""The Predict page: which data, whether they fit, and what came of it."""

from __future__ import annotations

import json

import pytest
from page_helpers import PHANTOM, OpenPage, run_named, texts

from histo_core.config import DataConfig, PredictConfig
from histo_core.data.base import prepare_dataset
from histo_core.runs.predictions import predict_with
from histo_core.workspace import Workspace

OTHER = DataConfig(dataset="phantom", options={"patches": 60, "patients": 6, "seed": 5})


@pytest.fixture
def run_id(finished: Workspace) -> str:
    return run_named(finished, "Small CNN").run_id


def test_without_models_it_leads_to_training(workspace: Workspace, open_page: OpenPage) -> None:
    del workspace
    page = open_page("predict")
    assert not page.exception
    assert [link.label for link in page.get("page_link")] == ["Train a model"]


def test_it_starts_with_the_choice_of_data(run_id: str, open_page: OpenPage) -> None:
    page = open_page("predict", run=run_id)
    assert not page.exception
    assert not page.error
    assert page.subheader[0].value.startswith("Choose the patches")
    next(button for button in page.button if button.label == "Use these data").click().run()
    assert not page.exception


def test_data_are_checked_before_they_are_predicted(run_id: str, finished: Workspace, open_page: OpenPage) -> None:
    prepare_dataset(OTHER, finished)
    page = open_page("predict", run=run_id, dataset="phantom", options=json.dumps(OTHER.options), views="flips")
    assert not page.exception
    assert not page.error
    said = texts(page).replace("\\", "")
    assert "Resolution: alike" in said
    assert "Stain:" in said
    assert [button.label for button in page.button if button.label == "Predict"]


def test_labelled_data_show_figures_curves_and_patches(run_id: str, finished: Workspace, open_page: OpenPage) -> None:
    prepare_dataset(OTHER, finished)
    found = predict_with(run_id, OTHER, finished, predict=PredictConfig(tta="symmetries"))
    page = open_page("predict", run=run_id, dataset="phantom", options=json.dumps(OTHER.options), views="symmetries")
    assert not page.exception
    assert not page.error
    assert page.subheader[0].value.replace("\\", "").startswith("60 patches:")
    figures, patches = (element.value for element in page.dataframe)
    assert figures["Where"].tolist() == ["these data", "its own test part"]
    assert figures["AUROC"].str.fullmatch(r"[01]\.\d{3} \(\d\.\d{3} to \d\.\d{3}\)").all()
    assert len(patches) == len(found.table()) == 60
    assert len(page.get("plotly_chart")) == 2
    assert {"Least certain", "Most certain"} <= {element.value for element in page.subheader}
    next(box for box in page.selectbox if box.label == "Show").set_value("wrong").run()
    wrong = page.dataframe[1].value
    assert (wrong["y_true"] != wrong["y_pred"]).all()
    assert page.query_params["show"] == "wrong"


def test_a_part_of_the_own_data(run_id: str, open_page: OpenPage) -> None:
    page = open_page("predict", run=run_id, dataset="phantom", options=json.dumps(PHANTOM.options), part="test")
    assert not page.exception
    assert not page.error
    assert next(box for box in page.selectbox if box.label == "Patches").value == "test"
