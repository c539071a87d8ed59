"""Compare: show which of several runs is best, and whether the data distinguish it from the others."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.comparison.aurocs import AurocResults
from histo_core.comparison.compare import at_threshold
from histo_core.comparison.entries import is_other, runs_behind
from histo_core.comparison.join import Joined, RunPredictions
from histo_core.errors import ComparisonError
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.compare import chooser, class_names, compare_results, training_set_view
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_runs
from pages.shared.components import layout, run_card
from pages.shared.components.text import count, plain

SET_WORDS = {
    "test": "test: held out",
    "valid": "validation: used to choose the epoch",
    "train": "training: what the models have learnt from",
}
CHOICE = 220
"""Pixels of a list beside the models; with theirs, one row at 1440."""
BEST = "best"
"""The value in the link for no comparator."""


def render() -> None:
    """Draw the page."""
    current_session().authorise("run.read")
    workspace = current_session().workspace
    top = st.container()
    finished = run_card.finished(
        "Compare",
        "Finished models are compared here: ROC curves, confusion matrices, and whether the best is really better.",
        is_other,
    )
    if not finished:
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    chosen = chooser.choose(finished, workspace, row)
    if not chosen:
        with top:
            layout.header("Compare", "Choose the models to compare.")
        return
    with row:
        split_set, name, comparator, baseline = _controls(chosen, finished)
    trained = [finished[run.run_id] for run in chosen if run.run_id in finished]
    if baseline:
        chosen = [*chosen, _colour_only(trained[0], workspace)]
    if split_set == "train" and trained:
        own = [run for run in chosen if run.run_id in finished]
        if not (known := training_set_view.known(own, finished, workspace)):
            with top:
                layout.header("Compare", "The training set is predicted on request.")
            return
        chosen = [*known, *(run for run in chosen if run.run_id not in finished)]
    classes = class_names.choose(chosen, split_set)
    try:
        joined, shared = _join(chosen, split_set, classes, workspace)
    except ComparisonError:
        with top:
            layout.header("Compare", "These models cannot be compared like that.")
        raise
    behind = [finished.get(run_id) or cache.store(workspace).get(run_id) for run_id in _runs_behind(chosen)]
    looks = (
        cache_runs.looks(tuple(sorted(run.run_id for run in chosen if not _is_baseline(run))), workspace, behind)
        if split_set == "test" and behind
        else ""
    )
    key = cache_runs.named(chosen), split_set, shared, classes, name, comparator, workspace
    with st.spinner("Working out the intervals…", show_time=True):
        aurocs = cache_runs.aurocs(*key, joined)
    _result(key, joined, aurocs, looks, top)


def _controls(chosen: Sequence[RunPredictions], finished: dict[str, Run]) -> tuple[str, str, str | None, bool]:
    """Return the set, class of interest, comparator (None: find the best), and whether to add the colour baseline."""
    trained = [finished[run.run_id] for run in chosen if run.run_id in finished]
    named = {run.run_id: run.name for run in chosen} | run_card.unique_labels(trained)
    name = url_state.choose(
        "Class of interest",
        "class",
        chosen[0].classes,
        default=chosen[0].positive,
        width=CHOICE,
        help="The positive class of the ROC curve.",
    )
    with st.popover("Patches and tests", icon=":material/tune:", width="content"):
        split_set = url_state.choose(
            "Patches",
            "split_set",
            list(SET_WORDS),
            default=_shared_set(chosen),
            format_func=SET_WORDS.__getitem__,
            help="A set of the split.",
        )
        comparator = url_state.choose(
            "Compare with",
            "comparator",
            [BEST, *named],
            format_func=lambda run_id: "the best, over all pairs" if run_id == BEST else named[run_id],
            help="Which models are tested against each other. To look for the best is to test all pairs. A model that "
            "was named before the numbers were seen, such as the one in use today, is tested against each other one: "
            "fewer tests, so that a smaller difference is seen. Chosen after a look, its P values are too small.",
        )
        baseline = (
            bool(trained)
            and split_set != "train"
            and url_state.switch(
                "Colour-only baseline",
                "colour",
                help="A logistic regression on colour histograms: how far does a model get that sees no shapes at all?",
            )
        )
    return split_set, name, None if comparator == BEST else comparator, baseline


def _shared_set(chosen: Sequence[RunPredictions]) -> str | None:
    """Return the first set that all runs predicted; None where there is none. Imported predictions know no set."""
    own = [one for one in chosen if not one.imported]
    return next(
        (split_set for split_set in SET_WORDS if all((one.table["split"] == split_set).any() for one in own)), None
    )


def _runs_behind(chosen: Sequence[RunPredictions]) -> list[str]:
    """Return the ids of the compared runs, and of those that compared ensembles are made of."""
    return runs_behind([run for run in chosen if not _is_baseline(run)])


def _is_baseline(run: RunPredictions) -> bool:
    return run.run_id == cache_runs.COLOUR_ONLY


def _colour_only(run: Run, workspace: Workspace) -> RunPredictions:
    with st.spinner("Fitting a model on colours alone…", show_time=True):
        return cache_runs.colour_only(run.config.data, run.config.split, workspace)


def _join(
    chosen: Sequence[RunPredictions], split_set: str, classes: tuple[tuple[str, str], ...], workspace: Workspace
) -> tuple[Joined, bool]:
    """Join the runs; where they do not match, show the reason and offer to use their shared patches."""
    if url_state.asked("shared") == ["yes"]:
        url_state.switch("Only patches that all of them share", "shared")
        return cache_runs.joined(cache_runs.named(chosen), split_set, True, classes, workspace, chosen), True
    try:
        return cache_runs.joined(cache_runs.named(chosen), split_set, False, classes, workspace, chosen), False
    except ComparisonError:
        url_state.switch(
            "Only patches that all of them share",
            "shared",
            help="A patch that one run trained on is no fair test for it; only patches held out by all are kept.",
        )
        raise


def _result(key: Hashable, joined: Joined, aurocs: AurocResults, looks: str, top: DeltaGenerator) -> None:
    first = replace(at_threshold(joined, aurocs), looks=looks)
    with top:
        layout.header("Compare", first.verdict)
        groups = f" of {count(first.n_groups, first.group_kind)}" if first.group_kind else ""
        st.caption(f"{count(first.n, 'patch')}{groups}, {SET_WORDS[first.split_set]}. {plain(looks)}")
        for warning in first.warnings:
            st.warning(plain(warning), icon=":material/info:")
    compare_results.threshold_section(key, joined, aurocs, looks)
