"""Cache predictions by the rows of a data set, by the rules of `pages.shared.cache.cache`."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from histo_core.comparison.row_predictions import PredictionSource, RowPredictions, find_sources, row_predictions
from histo_core.config import DataConfig
from histo_core.errors import RunError
from histo_core.prediction.stored import home
from histo_core.runs.store.records import Run, RunStatus
from histo_core.workspace import Workspace
from pages.shared.cache import cache
from pages.shared.cache.hashes import HASHES


def sources(data: DataConfig, asked: str | None, workspace: Workspace) -> dict[str, PredictionSource]:
    """Return the predictions that may fit a data set, by their keys in a link, the newest runs first.

    Args:
        data: the data set.
        asked: the key that the link names; its run is looked at however old it is.
        workspace: holds runs and predictions.
    """
    store, state = cache.store(workspace), cache.dataset(data, workspace).state
    runs = store.runs(statuses=[RunStatus.SUCCEEDED])
    if asked and all(run.run_id != asked for run in runs):
        with suppress(RunError):  # the id of later predictions, or of none
            runs.append(store.get(asked))
    ended = tuple((run.run_id, run.name, str(run.ended_at)) for run in runs)
    folder = home(workspace)
    changed = folder.stat().st_mtime_ns if folder.is_dir() else 0
    found = _sources(data, state, ended, changed, workspace, runs)
    return {one.key: one for one in found}


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def _sources(
    data: DataConfig,
    state: str,
    runs: tuple[tuple[str, str, str], ...],
    predictions_changed: int,
    workspace: Workspace,
    _runs: list[Run],
) -> list[PredictionSource]:
    del runs, predictions_changed
    return find_sources(data, state, _runs, workspace)


def rows(data: DataConfig, source: PredictionSource, workspace: Workspace) -> RowPredictions:
    """Return predictions by the rows of a data set.

    Raises:
        HistoscopeError: as `histo_core.comparison.row_predictions.row_predictions`.
    """
    state = cache.dataset(data, workspace).state
    return _rows(data, state, source.key, str(source.run.ended_at), workspace, source)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def _rows(
    data: DataConfig, state: str, key: str, ended: str, workspace: Workspace, _source: PredictionSource
) -> RowPredictions:
    del state, key, ended
    return row_predictions(_source, cache.dataset(data, workspace), workspace)
