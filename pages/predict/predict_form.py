"""What a run is asked to predict: the data, which of them, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from histo_core.config import DataConfig, PredictConfig, SplitConfig, parse_config
from histo_core.data.dataset import Dataset
from histo_core.prediction.stored import asked
from pages.shared.app import navigation, url_state
from pages.shared.cache import predict_cache
from pages.shared.components import data_choice
from pages.shared.components.text import plain

ALL = "all"
PATCHES = {
    ALL: "All patches",
    "test": "Test set",
    "valid": "Validation set",
    "train": "Training set",
}
VIEWS = {"none": "As they are", "flips": "With mirror images", "symmetries": "All eight symmetries"}
COMBINE = {"mean": "Mean probability", "vote": "Votes"}
NO_CLASS = ""


@dataclass(frozen=True)
class PredictRequest:
    """What is asked of a run."""

    data: DataConfig
    split: SplitConfig | None
    predict: PredictConfig
    classes: dict[str, str] | None

    def asked(self) -> dict[str, Any]:
        """By what its answer is found again."""
        return asked(self.data, self.split, self.predict, self.classes)

    def params(self, run_id: str) -> dict[str, Any]:
        """Of the job that answers it."""
        return {"run_id": run_id, **self.asked()}


def choose_data(run_id: str, data: DataConfig) -> None:
    """The data form, whose answer goes into the URL."""
    chosen = data_choice.form(data, prefix=f"predict.{data.model_dump_json()}")
    if st.button("Use these data", type="primary", icon=":material/folder_open:"):
        navigation.go("predict", run=run_id, **data_choice.to_params(chosen))


def choose(
    data: DataConfig, division: SplitConfig, source: Dataset, classes: Sequence[str], home: str, *, own: bool
) -> PredictRequest:
    """Which patches, in which views, and what their classes mean to the run.

    Args:
        data: the chosen data set.
        division: how it is divided where a part is chosen.
        source: the data set, open.
        classes: the run's.
        home: of the workspace.
        own: whether the run was trained on these data; then the test set is offered first.
    """
    known = predict_cache.labelled_classes(data.model_dump_json(), source.state, home)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        offered = list(PATCHES) if known else [ALL]
        part = url_state.choose(
            "Patches",
            "part",
            offered,
            default="test" if own else ALL,
            format_func=PATCHES.__getitem__,
            width=200,
            help="Sets of the run's own split." if own else "Sets of the data's split.",
        )
        views = url_state.choose(
            "Look at each patch",
            "views",
            list(VIEWS),
            format_func=VIEWS.__getitem__,
            width=220,
            help="Test-time augmentation: more views are slower and often a little better.",
        )
        combine = "mean"
        if views != "none":
            combine = url_state.choose(
                "Combine views by", "combine", list(COMBINE), format_func=COMBINE.__getitem__, width=200
            )
    how = {"tta": views, "combine": combine} | ({} if part == ALL else {"parts": [part]})
    return PredictRequest(
        data, None if part == ALL else division, parse_config(PredictConfig, how), _mapping(known, classes)
    )


def _mapping(known: Sequence[str], classes: Sequence[str]) -> dict[str, str] | None:
    """What each class of the data stands for; None where all names are the run's own."""
    strange = [name for name in known if name not in classes]
    if not strange:
        return None
    st.caption(
        "Some classes have other names than in training. Say what they stand for; those without label do not count."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        return {
            name: url_state.choose(
                plain(name),
                f"means.{name}",
                [*classes, NO_CLASS],
                default=NO_CLASS,
                format_func=lambda other: other or "no label",
                width=200,
            )
            for name in strange
        }
