"""Show the results of a prediction: first the metrics, then the curves, then the patches."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from histo_core.config import DataConfig
from histo_core.data.export.kaggle_submission import submission_csv
from histo_core.data.predictions import predicted_counts
from histo_core.jobs.onnx_export import onnx_path
from histo_core.plots.confusion import confusion_figure, confusion_table
from histo_core.plots.roc import roc_figure
from histo_core.plots.theme import class_colours
from histo_core.prediction.kept_calibration import KeptCalibration, kept_calibration
from histo_core.prediction.stored import PredictionSet
from histo_core.regular_files import MAX_DOWNLOAD, read_regular
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_data, predict_cache
from pages.shared.components import layout
from pages.shared.components.comparison_table import roc_points
from pages.shared.components.contact_sheet import legend
from pages.shared.components.errors import shown
from pages.shared.components.job_card import job_card
from pages.shared.components.text import count, plain, word_for_all

SHEET, CELL = 16, 64
"""Patches of a contact sheet, and the side of each in pixels."""
COLUMNS = 8
SHOW = {"all": "All", "wrong": "Wrong ones", "unsure": "Uncertain ones"}
ANY = ""
"""Any predicted class; no class has this name."""
OWN = "The Parquet file and the submission hold the model's own probabilities, as Compare does."
UNSURE = 0.75
"""Probability of the predicted class below which a patch counts as uncertain."""


def draw(found: PredictionSet, run: Run, data: DataConfig, workspace: Workspace, links: Callable[[], None]) -> None:
    """Draw a prediction set, below the page's header; ``links`` draws where to go with the chosen patches."""
    for warning in found.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    kept = kept_calibration(run, workspace)
    table = _table_of(found, kept, workspace)
    if found.labelled:
        _scores(found, run, table, kept, workspace)
    if kept is not None:
        st.caption(f":material/tune: {plain(f'Probabilities on this page are {kept.words}. {OWN}')}")
    certainty = _certainty(table, found)
    _sheets(table, certainty, data, found, workspace)
    _table(table, certainty, found, links)


def sentence(found: PredictionSet, run: Run, workspace: Workspace) -> str:
    """Return the page's first sentence."""
    return predicted_counts(_table_of(found, kept_calibration(run, workspace), workspace))


def _table_of(found: PredictionSet, kept: KeptCalibration | None, workspace: Workspace) -> pd.DataFrame:
    """Return the predictions, calibrated where a calibration is kept with the run."""
    table = predict_cache.table(found.id, workspace)
    return table if kept is None else kept.table(table)


def _scores(
    found: PredictionSet, run: Run, table: pd.DataFrame, kept: KeptCalibration | None, workspace: Workspace
) -> None:
    split_sets = [
        split_set
        for split_set in found.facts["parts"]
        if table.loc[table["split"] == split_set, "y_true"].notna().any()
    ]
    result = predict_cache.validation(
        found.id, split_sets[0], f"{kept.words} {kept.made_at}" if kept else "", workspace, run, kept
    )
    st.dataframe(
        pd.DataFrame([each.row() for each in (result.here, result.own) if each is not None]).rename(
            columns=lambda name: name[0].upper() + name[1:]
        ),
        hide_index=True,
        alt="The run's figures on these data and on its own test set, each with its 95% interval.",
    )
    comparison = result.here.comparison
    st.caption(
        f"Class of interest: {plain(comparison.class_of_interest)}; 95% intervals; threshold 0.5. "
        + " ".join(plain(warning) for warning in comparison.warnings)
    )
    grid = layout.halves()
    with grid.cell():
        layout.figure(roc_figure(comparison), key="predict.roc", name="roc", data=roc_points(comparison), title="above")
    with grid.cell():
        layout.figure(
            confusion_figure(comparison.results[0], comparison.classes),
            key="predict.matrix",
            name="confusion",
            data=confusion_table(comparison.results[0], comparison.classes),
            title="above",
        )


def _certainty(table: pd.DataFrame, found: PredictionSet) -> pd.Series:
    """Return the probability of the predicted class, for each row."""
    return table[[f"prob_{name}" for name in found.facts["classes"]]].max(axis=1)


@shown()
def _sheets(
    table: pd.DataFrame, certainty: pd.Series, data: DataConfig, found: PredictionSet, workspace: Workspace
) -> None:
    """Draw the least and the most certain patches side by side, with frames in the colour of the prediction."""
    colours = class_colours(found.facts["classes"])
    order = certainty.sort_values(kind="stable").index
    st.html(legend(colours))
    grid = layout.halves()
    for title, rows in (("Least certain", order[:SHEET]), ("Most certain", order[::-1][:SHEET])):
        chosen = table.loc[rows]
        places = cache_data.find_rows(
            data, cache.dataset(data, workspace).state, chosen["sample_id"].tolist(), workspace
        )
        with grid.cell():
            st.header(title, anchor=False)
            frames = tuple(colours[name] for name in chosen["y_pred"])
            low, high = certainty.loc[rows].min(), certainty.loc[rows].max()
            st.image(cache.sheet(data, workspace, tuple(int(place) for place in places), COLUMNS, CELL, frames))
            st.caption(f"Probability of the predicted class: {low:.3f} to {high:.3f}.")


def onnx(run: Run, workspace: Workspace) -> None:
    """Offer the model as ONNX for other programs."""
    with st.expander("The model for other programs (ONNX)"):
        file = onnx_path(run.run_id, workspace)
        if file.is_file():
            current_session().authorise("data.export", run.run_id)
            layout.download(
                "Download as ONNX",
                lambda: read_regular(file, MAX_DOWNLOAD),
                f"{run.run_id}.onnx",
                "application/octet-stream",
            )
            return
        job_card(
            "onnx",
            {"run_id": run.run_id},
            "Write the ONNX file",
            then="The file is written.",
            note="Takes preprocessed patches and gives probabilities. It is checked to give what the model gives.",
        )


@st.fragment
@shown()
def _table(table: pd.DataFrame, certainty: pd.Series, found: PredictionSet, links: Callable[[], None]) -> None:
    """Draw the filtered predictions with their downloads, and links that take the filters along."""
    labelled = bool(found.labelled)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        offered = list(SHOW) if labelled else [name for name in SHOW if name != "wrong"]
        show = url_state.choose("Show", "show", offered, format_func=SHOW.__getitem__, width=200)
        words = {ANY: word_for_all(found.facts["classes"])} | {name: name for name in found.facts["classes"]}
        says = url_state.choose("Predicted class", "says", list(words), format_func=words.__getitem__, width=200)
    kept = pd.Series(data=True, index=table.index)
    if show == "wrong":
        kept &= table["y_true"].notna() & (table["y_true"] != table["y_pred"])
    elif show == "unsure":
        kept &= certainty < UNSURE
    if says != ANY:
        kept &= table["y_pred"] == says
    filtered = table.loc[kept]
    st.caption(f"{count(len(filtered), 'patch')} of {len(table):,}.")
    st.dataframe(filtered, hide_index=True, height=320, alt="Predictions of single patches.")
    links()
    current_session().authorise("data.export", found.id)
    with st.container(horizontal=True):
        layout.download_table(filtered, f"predictions-{found.id}", "Download these as CSV")
        layout.download(
            "Download all as Parquet",
            lambda: read_regular(found.folder / "predictions.parquet", MAX_DOWNLOAD),
            f"predictions-{found.id}.parquet",
            "application/octet-stream",
        )
        if len(found.facts["classes"]) == 2:
            layout.download(
                "Submission to Kaggle",
                lambda: submission_csv(found.table(), str(found.facts["positive"])),
                "submission.csv",
                "text/csv",
            )
