"""Draw the form of a prediction: the data, the set, and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from histo_core.config import DataConfig, PredictConfig, SplitConfig, parse_config
from histo_core.data.dataset import Dataset
from histo_core.prediction.stored import asked
from histo_core.workspace import Workspace
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
    """A request for predictions of a run."""

    data: DataConfig
    split: SplitConfig | None
    predict: PredictConfig
    classes: dict[str, str] | None

    def asked(self) -> dict[str, Any]:
        """Return the values by which its predictions are found again."""
        return asked(self.data, self.split, self.predict, self.classes)

    def params(self, run_id: str) -> dict[str, Any]:
        """Return the parameters of the job that makes the predictions."""
        return {"run_id": run_id, **self.asked()}


def choose_data(run_id: str, data: DataConfig) -> None:
    """Draw the data form, whose values go into the URL."""
    chosen = data_choice.form(data, prefix=f"predict.{data.model_dump_json()}")
    if st.button("Use these data", type="primary", icon=":material/folder_open:"):
        navigation.go("predict", run=run_id, **data_choice.to_params(chosen))


def choose(
    data: DataConfig, division: SplitConfig, source: Dataset, classes: Sequence[str], workspace: Workspace, *, own: bool
) -> PredictRequest:
    """Draw the controls for the patches, the test-time augmentation and the class mapping, and return the request.

    Args:
        data: the chosen data set.
        division: its split, used where a set is chosen.
        source: the opened data set.
        classes: the run's classes.
        workspace: holds the runs.
        own: whether the run was trained on these data; the test set is then offered first.
    """
    known = predict_cache.labelled_classes(data, source.state, workspace)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        offered = list(PATCHES) if known else [ALL]
        split_set = url_state.choose(
            "Patches",
            "part",
            offered,
            default="test" if own else ALL,
            format_func=PATCHES.__getitem__,
            width=200,
            help="Sets of the run's own split." if own else "Sets of the data's split.",
        )
        views = url_state.choose(
            "Test-time augmentation",
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
    how = {"tta": views, "combine": combine} | ({} if split_set == ALL else {"parts": [split_set]})
    return PredictRequest(
        data, None if split_set == ALL else division, parse_config(PredictConfig, how), _mapping(known, classes)
    )


def _mapping(known: Sequence[str], classes: Sequence[str]) -> dict[str, str] | None:
    """Return the run's class for each class of the data; None where all names are the run's own."""
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
