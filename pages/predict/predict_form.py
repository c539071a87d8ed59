"""Draw the form of a prediction: the data, the set, and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from histo_core.config import DataConfig, PredictConfig, SplitConfig, parse_config
from histo_core.data.class_mapping import REASONS, ClassMapping, mapping_for
from histo_core.data.dataset import Dataset
from histo_core.prediction.stored import asked
from pages.shared.app import navigation, url_state
from pages.shared.components import data_choice
from pages.shared.components.text import count, plain

ALL = "all"
PATCHES = {
    ALL: "All patches",
    "test": "Test set",
    "valid": "Validation set",
    "train": "Training set",
}
VIEWS = {"none": "As they are", "flips": "With mirror images", "symmetries": "All eight symmetries"}
COMBINE = {"mean": "Mean probability", "vote": "Votes"}
NO_CLASS = "-"
"""What the URL says for a class without label; an empty value would mean that nothing was chosen."""


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
    data: DataConfig, division: SplitConfig, source: Dataset, classes: Sequence[str], trained_on: str, *, own: bool
) -> PredictRequest:
    """Draw the controls for the patches, the test-time augmentation and the class mapping, and return the request.

    Args:
        data: the chosen data set.
        division: its split, used where a set is chosen.
        source: the opened data set.
        classes: the run's classes.
        trained_on: registered name of the run's data set, whose synonyms help to match classes.
        own: whether the run was trained on these data; the test set is then offered first.
    """
    proposed = mapping_for(source, classes, trained_on)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        offered = list(PATCHES) if proposed.labelled else [ALL]
        split_set = url_state.choose(
            "Patches",
            "split_set",
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
        data, None if split_set == ALL else division, parse_config(PredictConfig, how), _mapping(proposed)
    )


def _mapping(proposed: ClassMapping) -> dict[str, str] | None:
    """Show what classes of other names are taken for, let the user change it, and count what would be ignored.

    Returns:
        The run's class for each class of another name; None where all names are the run's own.
    """
    strange = [match for match in proposed.matches if match.patches and match.reason != "same"]
    if not strange:
        return proposed.plain
    st.caption(
        "Some classes have other names than in training. This is what they are taken for: change it where it is wrong. "
        "Classes without label do not count in the figures."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choices = {
            match.theirs: url_state.choose(
                f"{plain(match.theirs)} ({count(match.patches, 'patch')})",
                f"means.{match.theirs}",
                [*proposed.classes, NO_CLASS],
                default=match.ours or NO_CLASS,
                format_func=lambda other: "no label" if other == NO_CLASS else other,
                width=220,
                help=f"Proposed because: {REASONS[match.reason]}.",
            )
            for match in strange
        }
    meant = proposed.changed({theirs: "" if ours == NO_CLASS else ours for theirs, ours in choices.items()})
    if meant.ignored:
        st.warning(plain(meant.sentence), icon=":material/warning:")
    elif meant.sentence:
        st.caption(f":material/check_circle: {plain(meant.sentence)}")
    return meant.plain
