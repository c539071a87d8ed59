"""Cache results for the Predict page, by the rules of `pages.shared.cache.cache`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.comparison.external import ExternalValidation, validate
from histo_core.comparison.join import RunPredictions
from histo_core.comparison.training_set import of_training_set
from histo_core.config import DataConfig
from histo_core.data.splits.split import Split
from histo_core.prediction.kept_calibration import KeptCalibration
from histo_core.prediction.stored import get_predictions
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.shared.cache import cache, cache_runs
from pages.shared.cache.hashes import HASHES

if TYPE_CHECKING:
    from histo_core.prediction.image_answer import ImageAnswer  # these load PyTorch
    from histo_core.prediction.preflight import Check


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=32)
def fit(run_id: str, ended: str, data: DataConfig, state: str, workspace: Workspace, _run: Run) -> tuple[Check, ...]:
    """Compare resolution and stain of a data set with a run's training data."""
    from histo_core.data.transforms.preprocess import Preprocess
    from histo_core.prediction.preflight import fit_checks, trained_on

    del run_id, ended, state
    source = cache.dataset(data, workspace)
    trained = trained_on(_run, workspace)
    return fit_checks(trained, source, source.table.index.to_numpy(), Preprocess(_run.config.preprocess))


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=8)
def own_split(run_id: str, data: DataConfig, state: str, workspace: Workspace, _run: Run) -> Split | None:
    """Return the run's split of these data; None where they are not its own."""
    from histo_core.prediction.seen_samples import own_split

    del run_id, state
    return own_split(_run, cache.dataset(data, workspace), workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def image_answer(
    run_id: str,
    ended: str,
    image_sha256: str,
    microns_per_pixel: float | None,
    workspace: Workspace,
    _image: np.ndarray,
    _run: Run,
) -> ImageAnswer:
    """Answer for an image of the user's own, checked against the run's training patches."""
    from histo_core.prediction.image_answer import answer_image
    from histo_core.prediction.training_look import training_look

    del image_sha256
    found, look = cache_runs.predictor(run_id, ended, workspace), training_look(_run, workspace)
    return answer_image(found, _image, look, microns_per_pixel=microns_per_pixel)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def table(predictions_id: str, workspace: Workspace) -> pd.DataFrame:
    """Return predictions by their id, which changes with their content; callers must not change the table."""
    return get_predictions(predictions_id, workspace).table()


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def training_set(
    run_id: str, ended: str, predictions_id: str, workspace: Workspace, _found: RunPredictions, _run: Run
) -> RunPredictions | None:
    """Return a run's predictions of its training set: from later predictions by their id, or without one its own."""
    del run_id, ended, predictions_id
    return of_training_set(_found, _run, workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def validation(
    predictions_id: str,
    split_set: str,
    calibrated: str,
    workspace: Workspace,
    _run: Run,
    _calibration: KeptCalibration | None = None,
) -> ExternalValidation:
    """Return a run's metrics on other data and on its own test set; ``calibrated`` changes with the calibration."""
    del calibrated
    return validate(get_predictions(predictions_id, workspace), _run, workspace, split_set, _calibration)
