"""Recorded activations, from the form's checkbox to the figures below the run."""

from __future__ import annotations

import json

import pytest
from page_helpers import OpenPage, run_named, small_run, texts
from streamlit.testing.v1 import AppTest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from histo_core.runs.api import launch
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.training.activations import in_words, read_activity
from histo_core.workspace import Workspace
from pages.train.run_details import epochs


@pytest.fixture
def linked(finished_workspace: Workspace, workspace: Workspace) -> Workspace:
    """An empty workspace with drawn tissue."""
    workspace.home.mkdir(parents=True, exist_ok=True)
    (workspace.home / "data").symlink_to(finished_workspace.home / "data")
    return workspace


def figures(page: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]


def test_from_the_form_to_the_figures(linked: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 0)
    template = launch(small_run("cnn_narrow"), linked, name="Template", start_supervisor=False)
    page = open_page("train", clone=template.run_id)
    box = next(one for one in page.checkbox if one.label == "Record activations")
    assert not box.value
    box.set_value(True).run()
    next(one for one in page.text_input if one.label == "Name").input("Watched").run()
    assert "Record activations: False → True" in texts(page).replace("\\", "")
    next(one for one in page.button if one.label == "Train 1 model").click().run()
    assert not page.exception
    run = run_named(linked, "Watched")
    assert run.config.train.activations
    assert not run_named(linked, "Template").config.train.activations

    assert work(run.run_id, linked) == 0
    folder = linked.run_folder(run.run_id)
    recorded = read_activity(folder)
    assert [one.epoch for one in recorded] == [0, 1]
    found = EventAccumulator(str(folder / "tensorboard")).Reload()
    layers = [layer.layer for layer in recorded[-1].layers]
    assert {f"activations/{name}" for name in layers} == set(found.Tags()["histograms"])
    assert found.Scalars(f"never_active/{layers[0]}")[1].value == pytest.approx(
        recorded[1].layers[0].never_active_share
    )

    page = open_page("train", find="Watched")
    page.session_state[f"details.{run.run_id}"] = True
    page.run()
    assert not page.exception
    said = texts(page).replace("\\", "")
    assert in_words(recorded[-1]) in said
    assert "A unit is a channel of a feature map" in said
    chooser = page.selectbox(f"layer.{run.run_id}")
    assert list(chooser.options) == layers
    chooser.select(layers[-1]).run()
    share = recorded[-1].layers[-1].zero_share
    assert f"Outputs of {layers[-1]} that are 0: " in texts(page).replace("\\", "")
    assert f"{share:.1%} after epoch 2." in texts(page).replace("\\", "")


def test_a_run_that_records_none_has_no_such_figure(finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, "Small CNN")
    page = open_page("train", watch=[""])
    page.session_state[f"details.{run.run_id}"] = True
    page.run()
    assert not page.exception
    assert not figures(page)


@pytest.mark.parametrize("measure", ["loss", "accuracy", "AUROC", "precision", "recall", "F1"])
def test_each_curve_can_be_chosen_and_says_what_training_figures_are(
    finished: Workspace, open_page: OpenPage, measure: str
) -> None:
    run = run_named(finished, "Small CNN")
    page = open_page("train", watch=[run.run_id])
    next(one for one in page.get("button_group") if one.label == "Curve").set_value(measure).run()
    assert not page.exception
    field = measure.lower()
    drawn = {trace["name"]: trace["y"] for trace in figures(page)[0]["data"]}
    told = epochs(Store.open(finished).get(run.run_id), finished)
    expected = {"validation": [getattr(event, f"valid_{field}") for event in told]}
    expected["training (running)"] = [getattr(event, f"train_{field}") for event in told]
    for split_set, values in expected.items():
        found = drawn.get(f"Small CNN, {split_set}")
        if any(value is not None for value in values):
            assert found == values
        else:
            assert found is None
    assert "the epoch's own forward passes: augmented patches" in texts(page).replace("\\", "")
