"""Compare: which of several runs is best, and whether it can be told apart from the others."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.access import LOCAL, authorise
from histo_core.comparison.aurocs import AurocResults
from histo_core.comparison.compare import Comparison, at_threshold
from histo_core.comparison.join import Joined, RunPredictions, join
from histo_core.errors import ComparisonError
from histo_core.plots.confusion import confusion_figure, confusion_table
from histo_core.plots.roc import roc_figure
from histo_core.reports.comparison import comparison_zip
from histo_core.runs.records import Run
from histo_core.workspace import Workspace
from pages.ui import cache, layout, navigation, runs, state, training_part
from pages.ui.comparison_table import differences_table, metrics_table, roc_points
from pages.ui.errors import shown
from pages.ui.text import count, plain

PARTS = {
    "test": "test: held out",
    "valid": "validation: used to choose the epoch",
    "train": "training: what the models have learnt from",
}
MATRIX = 300
"""Pixels that one confusion matrix needs."""


def render() -> None:
    """Draw the page."""
    authorise(LOCAL, "run.read")
    home = str(Workspace.default().home)
    top = st.container()
    finished = runs.finished(
        "Compare",
        "Finished models are compared here: ROC curves, confusion matrices, and whether the best is really better.",
    )
    if not finished:
        return
    chosen = _choose(finished)
    if not chosen:
        with top:
            layout.header("Compare", "Choose the models to compare.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part = state.choose(
            "Patches",
            "part",
            list(PARTS),
            default=_shared_part(chosen),
            format_func=PARTS.__getitem__,
            help="Part of the split.",
        )
        classes = chosen[0].classes
        name = state.choose(
            "Class of interest",
            "class",
            classes,
            default=chosen[0].positive,
            help="The positive class of the ROC curve.",
        )
        baseline = part != "train" and state.switch(
            "Colour-only baseline",
            "colour",
            help="A logistic regression on colour histograms: how far does a model get that sees no shapes at all?",
        )
    if baseline:
        chosen = [*chosen, _colour_only(finished[chosen[0].run_id], home)]
    if part == "train" and not (chosen := training_part.known(chosen, finished, home)):
        with top:
            layout.header("Compare", "The training set is predicted on request.")
        return
    try:
        joined, shared = _join(chosen, part)
    except ComparisonError:
        with top:
            layout.header("Compare", "These models cannot be compared like that.")
        raise
    key = tuple(run.run_id for run in chosen), part, shared, name, home
    with st.spinner("Drawing patients again for the intervals…", show_time=True):
        aurocs = cache.aurocs(*key, joined)
    _result(joined, aurocs, top)


def _choose(finished: dict[str, Run]) -> list[RunPredictions]:
    named = runs.unique_labels(list(finished.values()))
    newest = next(iter(finished.values()))
    fitting = [run.run_id for run in finished.values() if runs.alike(run, newest)]
    ids = state.choose_many(
        "Models",
        "runs",
        list(finished),
        default=fitting[::-1],
        format_func=named.__getitem__,
        help="Finished runs. Runs on different splits can be compared only on the patches they share.",
    )
    home = str(Workspace.default().home)
    return [cache.predictions(run_id, str(finished[run_id].ended_at), home, finished[run_id]) for run_id in ids]


def _shared_part(chosen: Sequence[RunPredictions]) -> str | None:
    """The first part that all of them predicted; None where there is none."""
    return next((part for part in PARTS if all((one.table["split"] == part).any() for one in chosen)), None)


def _colour_only(run: Run, home: str) -> RunPredictions:
    with st.spinner("Fitting a model on colours alone…", show_time=True):
        return cache.colour_only(run.config.data.model_dump_json(), run.config.split.model_dump_json(), home)


def _join(chosen: Sequence[RunPredictions], part: str) -> tuple[Joined, bool]:
    """The runs side by side; where they do not fit, the reason and the offer to use what they share."""
    if state.asked("shared") == ["yes"]:
        state.switch("Only patches that all of them share", "shared")
        return join(chosen, part, shared_only=True), True
    try:
        return join(chosen, part), False
    except ComparisonError:
        state.switch(
            "Only patches that all of them share",
            "shared",
            help="A patch that one run trained on is no fair test for it; only patches held out by all are kept.",
        )
        raise


def _result(joined: Joined, aurocs: AurocResults, top: DeltaGenerator) -> None:
    first = at_threshold(joined, aurocs, 0.5)
    with top:
        layout.header("Compare", first.verdict)
        groups = f" of {count(first.n_groups, first.group_kind)}" if first.group_kind else ""
        st.caption(f"{count(first.n, 'patch', 'patches')}{groups}, {PARTS[first.part]}.")
        for warning in first.warnings:
            st.warning(plain(warning), icon=":material/info:")
    _moving(joined, aurocs)


@st.fragment
@shown()
def _moving(joined: Joined, aurocs: AurocResults) -> None:
    """All that follows the threshold."""
    two = len(joined.classes) == 2
    threshold = state.slide(
        "Call it positive from this probability on" if two else "Threshold of the class of interest",
        "threshold",
        0.0,
        1.0,
        0.5,
        help="The decision threshold. A lower one finds more (sensitivity) and raises more false alarms (specificity).",
    )
    comparison = at_threshold(joined, aurocs, threshold)
    st.dataframe(
        metrics_table(comparison), hide_index=True, alt="Each model's AUROC and, at the threshold, its other metrics."
    )
    grid = layout.halves()
    with grid.cell():
        layout.figure(
            roc_figure(comparison),
            key="compare.roc",
            name="roc",
            data=roc_points(comparison),
            title="above",
        )
        if comparison.differences:
            st.subheader("Is the best really better?", anchor=False)
            st.dataframe(
                differences_table(comparison),
                hide_index=True,
                alt="Differences of each model from the best, with intervals.",
            )
    with grid.cell(), st.grid("auto", min_column_width=MATRIX, gap="small") as matrices:
        for result in comparison.results:
            with matrices.cell():
                layout.figure(
                    confusion_figure(result, comparison.classes),
                    key=f"compare.matrix.{result.run_id}",
                    name=f"confusion-{result.run_id}",
                    data=confusion_table(result, comparison.classes),
                    title="above",
                )
                if not result.is_reference and joined.part != "train":  # Explain shows what was held out
                    navigation.link(
                        "explain",
                        "Patches it got wrong",
                        icon=":material/error:",
                        run=result.run_id,
                        show="wrong",
                        part=joined.part,
                    )
    with st.container(horizontal=True, vertical_alignment="center"):
        layout.download_table(comparison.table(), "comparison", "Download the table")
        layout.download("Download the report", lambda: _report(comparison), "comparison.zip", "application/zip")


def _report(comparison: Comparison) -> bytes:
    authorise(LOCAL, "report")
    return comparison_zip(comparison)
