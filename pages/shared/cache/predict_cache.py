"""Cache results for the Predict page, by the rules of `pages.shared.cache.cache`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from histo_core.comparison.external import ExternalValidation, validate
from histo_core.comparison.join import RunPredictions
from histo_core.comparison.training_set import of_training_set
from histo_core.config import DataConfig
from histo_core.data.dataset import UNLABELLED
from histo_core.data.splits.split import Split
from histo_core.prediction.stored import get_predictions
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.shared.cache import cache
from pages.shared.cache.hashes import HASHES

if TYPE_CHECKING:
    from histo_core.prediction.preflight import Check  # it loads PyTorch


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


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=32)
def labelled_classes(data: DataConfig, state: str, workspace: Workspace) -> tuple[str, ...]:
    """Return the classes of a data set that have samples."""
    del state
    source = cache.dataset(data, workspace)
    return tuple(source.classes[label] for label in sorted(set(source.table["label"])) if label != UNLABELLED)


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
def validation(predictions_id: str, split_set: str, workspace: Workspace, _run: Run) -> ExternalValidation:
    """Return a run's metrics on other data and on its own test set."""
    return validate(get_predictions(predictions_id, workspace), _run, workspace, split_set)
