"""Choose the held-out patch to explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.comparison.join import RunPredictions
from histo_core.comparison.threshold import parse_threshold
from histo_core.data.dataset import Dataset
from histo_core.errors import ComparisonError
from histo_core.prediction.kept_calibration import kept_calibration
from histo_core.review.first_patch import choose_first_patch
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_data, cache_runs
from pages.shared.components import data_choice, layout
from pages.shared.components.image_upload import sha256_of
from pages.shared.components.text import count, plain, word_for_all

ALL = ""
SHOW = {ALL: "all", "wrong": "wrong answers", "right": "right answers"}
SET_WORDS = {"test": "test", "valid": "validation"}


@dataclass(frozen=True, eq=False)
class Patch:
    """An image to explain.

    Attributes:
        name: the displayed name, also of downloads; never a path.
        image: uint8 H x W x 3 RGB.
        sha256: of its size and pixels.
        label: its true class, or None where unknown.
        mask: the tumour area, bool H x W, or None.
        microns: micrometres per pixel, or None where unknown.
        doubts: why the model's answer may mean nothing, in sentences.
    """

    name: str
    image: np.ndarray
    sha256: str
    label: str | None = None
    mask: np.ndarray | None = None
    microns: float | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Threshold:
    """A probability from which on a patch is called one class of two.

    Attributes:
        value: the probability, 0 to 1.
        of: the class that is called from there on.
        other: the class that is called below.
    """

    value: float
    of: str
    other: str

    def called(self, table: pd.DataFrame) -> np.ndarray:
        """Return the class that each row's patch is called, object [n]."""
        above = table[f"prob_{self.of}"].to_numpy() >= self.value
        return np.where(above, self.of, self.other).astype(object)


def of_run(run: Run, workspace: Workspace, chooser: DeltaGenerator, stepper: DeltaGenerator) -> Patch | None:
    """Return a held-out patch of the run, chosen by filters and by stepping; None where no patch passes the filters.

    Args:
        run: a finished run.
        workspace: of the run.
        chooser: the container for the filters.
        stepper: the container for the buttons to the previous and next patch.
    """
    current_session().authorise("data.read", run.config.data.dataset)
    predicted = cache_runs.predictions(run, workspace)
    with chooser:
        split_set, show, label = _filters(predicted)
    threshold = _threshold(predicted)
    kept = kept_calibration(run, workspace) if threshold is None else None  # a threshold is of the model's own
    found = _fitting(
        predicted.table if kept is None else kept.table(predicted.table), split_set, show, label, threshold
    )
    if found.empty:
        layout.empty("No patch fits these filters.", _clear)
        return None
    source = _opened(run, predicted.table, workspace)
    samples = found["sample_id"].tolist()
    asked = next(iter(url_state.asked("patch")), "")
    if asked not in samples:
        asked = samples[0] if show == "wrong" else _first_shown(found, predicted.positive, source)
    with stepper:
        sample = _step(samples, samples.index(asked))
        if threshold is not None and show != ALL:
            st.caption(f"By Compare's threshold: {plain(threshold.of)} from {threshold.value:g} on.", width="content")
    image = pixels_of(source, sample)
    truth = predicted.table.loc[predicted.table["sample_id"] == sample, "y_true"].iloc[0]
    return Patch(
        sample,
        image,
        sha256_of(image),
        truth if isinstance(truth, str) else None,
        source.mask(source.row_of(sample)),
        source.microns_per_pixel,
    )


def _filters(predicted: RunPredictions) -> tuple[str, str, str]:
    """Draw the filters; return the chosen set, which answers, and which label, `ALL` for all."""
    split_set = url_state.choose(
        "Patches of",
        "split_set",
        list(SET_WORDS),
        default=next((split_set for split_set in SET_WORDS if split_set in set(predicted.table["split"])), None),
        format_func=SET_WORDS.__getitem__,
        width=120,
        help="A set of the split.",
    )
    show = url_state.choose(
        "Show", "show", list(SHOW), format_func=SHOW.__getitem__, width=160, help="By the model's answer."
    )
    words = {ALL: word_for_all(predicted.classes)} | {name: name for name in predicted.classes}
    label = url_state.choose(
        "Labelled",
        "class",
        list(words),
        format_func=words.__getitem__,
        width=140,
        help="The true class, as the data say.",
    )
    return split_set, show, label


def _opened(run: Run, predicted: pd.DataFrame, workspace: Workspace) -> Dataset:
    """Open the run's data; reopen them once a session where patches that it predicted are missing."""
    data, opened_for = run.config.data, f"explain.opened_for.{run.run_id}"
    source = data_choice.opened(data, workspace)
    if opened_for in st.session_state:
        return source
    rows = cache_data.find_rows(data, source.state, predicted["sample_id"].tolist(), workspace)
    if (rows >= 0).all():
        return source
    st.session_state[opened_for] = True
    cache.forget_data()
    return data_choice.opened(data, workspace)


def _first_shown(found: pd.DataFrame, positive: str, source: Dataset) -> str:
    """Return the patch to start with, of one or more; `choose_first_patch` says which."""
    return cast(str, choose_first_patch(found, positive, lambda sample: pixels_of(source, sample)))


def pixels_of(source: Dataset, sample: str) -> np.ndarray:
    """Read a patch by its id, uint8 H x W x 3 RGB.

    Raises:
        DataNotFoundError: there is no such patch.
        CorruptDataError: it cannot be read.
    """
    return source.read([source.row_of(sample)])[0]


def _clear() -> None:
    """Draw the button that shows all patches again."""
    if st.button("Clear the filters", icon=":material/filter_list_off:"):
        for name in ("split_set", "show", "class", "threshold", "of"):
            url_state.put(name, None)
        st.rerun()


def _threshold(predicted: RunPredictions) -> Threshold | None:
    """Return the threshold in the URL, by which a link chose its patches; None where there is none that fits."""
    name = next(iter(url_state.asked("of")), "")
    text = next(iter(url_state.asked("threshold")), "")
    if len(predicted.classes) != 2 or name not in predicted.classes:
        return None
    try:
        rule = parse_threshold(text)
    except ComparisonError:
        return None
    (other,) = set(predicted.classes) - {name}
    return None if rule.from_validation else Threshold(rule.value, name, other)


def _fitting(
    table: pd.DataFrame, split_set: str, show: str, label: str, threshold: Threshold | None = None
) -> pd.DataFrame:
    """Return the rows of the patches that pass the filters, the most certain first."""
    truth = table["y_true"].to_numpy(dtype=object)
    keep = (table["split"] == split_set).to_numpy(dtype=bool)
    if label != ALL:
        keep = keep & (truth == label)
    if show != ALL:
        called = table["y_pred"].to_numpy(dtype=object) if threshold is None else threshold.called(table)
        right = called == truth
        keep = keep & table["y_true"].notna().to_numpy() & (right == (show == "right"))
    certainty = table.filter(regex="^prob_").max(axis=1).to_numpy()
    order = np.argsort(-certainty, kind="stable")
    return table.iloc[order[keep[order]]]


def _step(found: list[str], at: int) -> str:
    """Draw buttons to the previous and next patch of the list, and return the chosen patch."""
    st.button(
        "Previous",
        icon=":material/chevron_left:",
        shortcut="Left",
        disabled=at == 0,
        on_click=url_state.put,
        args=("patch", found[at - 1]),
    )
    st.button(
        "Next",
        icon=":material/chevron_right:",
        shortcut="Right",
        disabled=at + 1 == len(found),
        on_click=url_state.put,
        args=("patch", found[(at + 1) % len(found)]),
    )
    st.caption(
        f"{at + 1:,} of {count(len(found), 'patch')}, the surest answers first",
        width="content",
    )
    return found[at]
