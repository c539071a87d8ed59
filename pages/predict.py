"""Predict: a finished model applied to other patches, labelled or not."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.access import LOCAL, authorise
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.base import Dataset
from histo_core.runs.predictions_kept import find_predictions
from histo_core.runs.records import Run
from histo_core.workspace import Workspace
from pages.ui import cache, data_choice, layout, predict_cache, predict_form, predict_results, runs, state
from pages.ui.errors import shown
from pages.ui.jobs import job_card
from pages.ui.text import count, plain

ICONS = {"alike": ":material/check_circle:", "differs": ":material/warning:", "unknown": ":material/help:"}


def render() -> None:
    """Draw the page."""
    authorise(LOCAL, "run.read")
    workspace = Workspace.default()
    finished = runs.finished(
        "Predict", "A finished model is applied here to patches it has never seen, from any data set."
    )
    if not finished:
        return
    top = st.container()
    names = runs.unique_labels(list(finished.values()))
    run = finished[
        state.choose(
            "Model", "run", list(finished), format_func=names.__getitem__, width=320, help="A finished training run."
        )
    ]
    chosen = data_choice.from_url()
    if chosen is None:
        with top:
            layout.header("Predict", "Choose the patches that the model should be applied to.")
        predict_form.choose_data(run.run_id, run.config.data, SplitConfig())
        return
    _predict(run, *chosen, workspace, top)


def _predict(run: Run, data: DataConfig, division: SplitConfig, workspace: Workspace, top: DeltaGenerator) -> None:
    home = str(workspace.home)
    with st.expander(f"Data set: {plain(data_choice.describe(data))}"):
        predict_form.choose_data(run.run_id, data, division)
    source = data_choice.opened(data)
    classes = cache.predictions(run.run_id, str(run.ended_at), home, run).classes
    question = predict_form.choose(data, division, source, classes, home)
    grid = layout.halves()
    with grid.cell():
        _checks(run, data, source, home)
    with grid.cell():
        job_card(
            "predict",
            question.params(run.run_id),
            "Predict",
            then="The patches are predicted.",
            note=f"Applies the model to {count(len(source), 'patch', 'patches')} or the chosen part. It goes on when "
            "this page is closed.",
            primary=True,
        )
    found = find_predictions(run.run_id, question.asked(), workspace)
    with top:
        layout.header(
            "Predict",
            "Check that the data fit the model, then predict."
            if found is None
            else predict_results.sentence(found, home),
        )
    if found is not None:
        predict_results.draw(found, run, data, home)
    predict_results.onnx(run, workspace)


@shown()
def _checks(run: Run, data: DataConfig, source: Dataset, home: str) -> None:
    """How the data compare with what the model was trained on."""
    with st.spinner("Comparing the data with those of the training…", show_time=True):
        checks = predict_cache.fit(run.run_id, str(run.ended_at), data.model_dump_json(), source.state, home, run)
    for check in checks:
        st.caption(f"{ICONS[check.verdict]} {plain(check.sentence)}")
