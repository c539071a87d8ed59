"""Predict: apply a finished model to other patches, labelled or not."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.comparison.entries import is_other
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split
from histo_core.prediction.seen_samples import count_seen, division_in_words
from histo_core.prediction.stored import PredictionSet, find_predictions, same_but_classes
from histo_core.runs.store.records import Run
from histo_core.runs.store.test_set_access import kept_back_by, scored_before
from histo_core.workspace import Workspace
from pages.predict import onward_links, predict_form, predict_results, upload_view
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_runs, predict_cache
from pages.shared.components import data_choice, layout, run_card
from pages.shared.components.errors import shown
from pages.shared.components.job_card import job_card
from pages.shared.components.text import count, plain

if TYPE_CHECKING:
    from histo_core.prediction.preflight import Check

ICONS = {"alike": ":material/check_circle:", "differs": ":material/warning:", "unknown": ":material/help:"}
SOURCES = {"data": "A data set", "upload": "An image of my own"}
FIRST = "Check that the data fit the model, then predict."
MAPPED = "These patches are predicted already: only their labels are read anew, which takes seconds."
CHANGED = "The data have changed since they were predicted: predict them again."


def render() -> None:
    """Draw the page."""
    current_session().authorise("run.read")
    workspace = current_session().workspace
    top = st.container()
    finished = run_card.finished(
        "Predict", "A finished model is applied here to patches it has never seen, from any data set.", is_other
    )
    if not finished:
        return
    names = run_card.unique_labels(list(finished.values()))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_id = url_state.choose(
            "Model", "run", list(finished), format_func=names.__getitem__, width=320, help="A finished training run."
        )
        source = url_state.choose(
            "What to predict",
            "source",
            list(SOURCES),
            format_func=SOURCES.__getitem__,
            widget=st.segmented_control,
            help="Any number of patches, or one image of any size, which is cut into tiles.",
        )
    run = finished[run_id]
    if source == "upload":
        upload_view.draw(run, workspace, top)
        return
    chosen = data_choice.from_url()
    if chosen is None:
        with top:
            layout.header("Predict", "Choose the patches that the model should be applied to.")
        predict_form.choose_data(run.run_id, run.config.data)
        return
    _predict(run, *chosen, workspace, top)


def _predict(run: Run, data: DataConfig, division: SplitConfig, workspace: Workspace, top: DeltaGenerator) -> None:
    with st.expander(f"Data set: {plain(data_choice.describe(data))}"):
        predict_form.choose_data(run.run_id, data)
    source = data_choice.opened(data, workspace)
    own = predict_cache.own_split(run.run_id, data, source.state, workspace, run)
    if own is not None and not url_state.asked("split"):
        division = run.config.split
    classes = cache_runs.predictions(run, workspace).classes
    trained_on = run.config.data.dataset
    question = predict_form.choose(data, division, source, classes, trained_on, own=own is not None)
    found = find_predictions(run.run_id, question.asked(), workspace, state=source.state)
    before = None if found else find_predictions(run.run_id, question.asked(), workspace)
    request = {"run_id": run.run_id, "asked": question.asked()}
    mapped = None if found else same_but_classes(request, workspace, state=source.state)
    if before is not None:
        _open_again(before)
    grid = layout.halves()
    with grid.cell():
        _checks(run, data, source, workspace)
        if own is not None:
            _own(run, question, own, found, workspace)
    with grid.cell():
        job_card(
            "predict",
            question.params(run.run_id),
            "Predict",
            then="The patches are predicted.",
            note=MAPPED
            if mapped
            else f"Applies the model to {_which(question, source)}. It goes on when this page is closed.",
            primary=True,
        )
    with top:
        layout.header(
            "Predict",
            predict_results.sentence(found, run, workspace) if found else FIRST if before is None else CHANGED,
        )
    if found is not None:
        links = partial(onward_links.draw, run, data, division, own=own is not None)
        predict_results.draw(found, run, data, workspace, links)
    predict_results.onnx(run, workspace)


def _open_again(answer: PredictionSet) -> None:
    """Reopen the data once where the predictions are of other files than are open: the files may have changed."""
    if st.session_state.get("predict.opened_for") != answer.id:
        st.session_state["predict.opened_for"] = answer.id
        cache.forget_data()
        st.rerun()


def _which(question: predict_form.PredictRequest, source: Dataset) -> str:
    if question.split is None:
        return count(len(source), "patch")
    return " and ".join(f"the {predict_form.PATCHES[split_set].lower()}" for split_set in question.predict.parts)


@shown()
def _own(
    run: Run, question: predict_form.PredictRequest, own: Split, found: PredictionSet | None, workspace: Workspace
) -> None:
    """Show how much of its own data the run has seen, and how often the test set was scored."""
    from histo_core.prediction.preflight import held_out_check, seen_check  # it loads PyTorch

    division, split_sets = own, question.predict.parts
    if question.split is None:
        rows = np.arange(len(own.split_sets))
    else:
        division = cache.split(question.data, question.split, workspace)
        rows = np.concatenate([division.indices(split_set) for split_set in split_sets])
        st.caption(f":material/call_split: {plain(f'Sets: {division_in_words(division, question.split, own)}.')}")
    _say(seen_check(count_seen(own, rows), len(rows)))
    if division.fingerprint != own.fingerprint or "test" not in split_sets or question.split is None:
        return
    database, before = cache.store(workspace).database, found.id if found else ""
    _say(held_out_check(scored_before(database, run.test_fingerprint, before), kept_back_by(run, database)))


def _say(check: Check) -> None:
    st.caption(f"{ICONS[check.verdict]} {plain(check.sentence)}")


@shown()
def _checks(run: Run, data: DataConfig, source: Dataset, workspace: Workspace) -> None:
    """Show how the data compare with the model's training data."""
    with st.spinner("Comparing the data with those of the training…", show_time=True):
        checks = predict_cache.fit(run.run_id, str(run.ended_at), data, source.state, workspace, run)
    for check in checks:
        _say(check)
