"""The Predict page: which data, whether they fit, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from page_helpers import PHANTOM, OpenPage, run_named, small_run, texts
from streamlit.testing.v1 import AppTest

from histo_core.comparison.join import load
from histo_core.config import DataConfig, PredictConfig, SplitConfig
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.prediction.predict import predict_with
from histo_core.runs.api import launch
from histo_core.runs.store.delete import delete
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

OTHER = DataConfig(dataset="phantom", options={"patches": 60, "patients": 6, "seed": 5})


@pytest.fixture
def run_id(finished: Workspace) -> str:
    return run_named(finished, "Small CNN").run_id


OWN = SplitConfig(method="patient", seed=3)
"""How one run divided its data: not as is done unless something else is said."""


@pytest.fixture(scope="module")
def own_run(finished_workspace: Workspace) -> Iterator[Run]:
    """A finished run with a split of its own, which nobody else finds."""
    config = small_run("cnn_narrow", seed=9).model_copy(update={"split": OWN})
    run = launch(config, finished_workspace, name="Own split", start_supervisor=False)
    assert work(run.run_id, finished_workspace) == 0
    yield Store.open(finished_workspace).get(run.run_id)
    delete(run.run_id, finished_workspace)


def test_without_models_it_leads_to_training(workspace: Workspace, open_page: OpenPage) -> None:
    del workspace
    page = open_page("predict")
    assert not page.exception
    assert [link.label for link in page.get("page_link")] == ["Train a model", "Try the demo"]


def test_it_starts_with_the_choice_of_data(run_id: str, open_page: OpenPage) -> None:
    page = open_page("predict", run=run_id)
    assert not page.exception
    assert not page.error
    assert page.header[0].value.startswith("Choose the patches")
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
    assert page.header[0].value.replace("\\", "").startswith("60 patches; the model predicts normal for ")
    figures, patches = (element.value for element in page.dataframe)
    assert figures["Where"].tolist() == ["these data", "its own test set"]
    assert figures["AUROC"].str.fullmatch(r"[01]\.\d{3} \(\d\.\d{3} to \d\.\d{3}\)").all()
    assert len(patches) == len(found.table()) == 60
    assert len(page.get("plotly_chart")) == 2
    assert {"Least certain", "Most certain"} <= {element.value for element in page.header}
    next(box for box in page.selectbox if box.label == "Show").set_value("wrong").run()
    wrong = page.dataframe[1].value
    assert (wrong["y_true"] != wrong["y_pred"]).all()
    assert page.query_params["show"] == "wrong"


def _own(open_page: OpenPage, run_id: str, **params: str) -> AppTest:
    page = open_page("predict", run=run_id, dataset="phantom", options=json.dumps(PHANTOM.options), **params)
    assert not page.exception
    assert not page.error
    return page


def test_of_its_own_data_a_run_is_offered_its_own_test_set(
    own_run: Run, finished: Workspace, open_page: OpenPage
) -> None:
    page = _own(open_page, own_run.run_id)
    assert next(box for box in page.selectbox if box.label == "Patches").value == "test"
    said = texts(page).replace("\\", "")
    assert "Sets: the run's own split." in said
    assert "Shared patches: none was trained on." in said
    assert "Test set: scored once before" in said, "when the run ended"
    next(button for button in page.button if button.label == "Predict")
    found = predict_with(own_run.run_id, PHANTOM, finished, split=OWN, predict=PredictConfig(parts=("test",)))
    assert set(found.table()["sample_id"]) == set(load(own_run, finished).table.query("split == 'test'")["sample_id"])
    figures = _own(open_page, own_run.run_id).dataframe[0].value
    assert figures["Where"].tolist() == ["these data, test (the run's own split)", "its own test set"]
    assert figures["AUROC"].nunique() == 1


@pytest.mark.parametrize(
    ("params", "parts"), [({"split_set": "all"}, 240), ({"split_set": "test", "split": '{"seed": 7}'}, None)]
)
def test_patches_that_it_was_trained_on_are_counted(
    own_run: Run, finished: Workspace, open_page: OpenPage, params: dict[str, str], parts: int | None
) -> None:
    source = open_dataset(PHANTOM, finished)
    own = make_split(source, OWN)
    asked = np.arange(240) if parts else make_split(source, SplitConfig(seed=7)).indices("test")
    seen = len(set(asked) & {*own.indices("train"), *own.indices("valid")})
    assert seen > 0
    said = texts(_own(open_page, own_run.run_id, **params)).replace("\\", "")
    assert f"Shared patches: {seen} of {len(asked)} patches are from the run's own training or validation set" in said


@pytest.mark.parametrize("page", ["predict", "explain", "compare"])
def test_a_link_to_an_older_or_unknown_run_never_shows_another_without_a_word(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setattr("pages.shared.components.run_card.OFFERED", 1)
    oldest = run_named(finished, "Small CNN")
    key = "runs" if page == "compare" else "run"
    shown = open_page(page, **{key: oldest.run_id})
    assert not [one for one in shown.warning if "Not among" in one.value]
    boxes = [*shown.selectbox, *shown.multiselect]
    (chosen,) = [box for box in boxes if box.label in ("Model", "Models")]
    assert chosen.value in (oldest.run_id, [oldest.run_id])
    assert "Find" in [box.label for box in shown.text_input]
    unknown = open_page(page, **{key: "nonsense"})
    assert "nonsense" in unknown.warning[0].value.replace("\\", "")
    found = open_page(page, find="small cnn")
    (chosen,) = [box for box in [*found.selectbox, *found.multiselect] if box.label in ("Model", "Models")]
    assert chosen.options == ["Small CNN"]
