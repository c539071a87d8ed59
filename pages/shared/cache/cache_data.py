"""Cache results for the views of splits, audits and files, by the rules of `pages.shared.cache.cache`.

Keys contain the data set's state (`Dataset.state`) and its configuration, so that changed files are noticed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.formats.walk import Walk
from histo_core.data.recognise import Recognition, recognise
from histo_core.data.sources.patients import SHOWN, preview
from histo_core.data.splits.folds import folds_of
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.saved_split import SavedSplit, saved_splits
from histo_core.data.splits.split import SPLIT_SETS
from histo_core.data.splits.units import Unit, has_published, published_sets
from histo_core.data.storage.converted import converted_bytes
from histo_core.workspace import Workspace
from pages.shared.cache import cache
from pages.shared.cache.hashes import HASHES
from pages.shared.components.contact_sheet import contact_sheet

SECONDS = 30
"""Seconds for which a folder's listing is cached while a form is filled in."""


_NO_GROUPS = ("sample_id", "label", "split")
_AT_MOST = 0.5
"""A column with more values than this share of the rows identifies patches and groups none."""


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=32)
def fold_counts(data: DataConfig, state: str, config: SplitConfig, workspace: Workspace) -> pd.DataFrame:
    """Count samples by class, and patients, in the held-out set of each fold; columns fold, classes, patients."""
    del state
    source = cache.dataset(data, workspace)
    split_set = "valid" if config.hold_out else "test"
    rows = []
    for one in folds_of(config):
        counts = make_split(source, one, workspace).counts(source)
        rows.append({"fold": one.fold, **counts.loc[split_set].to_dict()})
    return pd.DataFrame(rows)


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=32)
def patch_size(data: DataConfig, state: str, workspace: Workspace) -> tuple[int, int]:
    """Return height and width of the first patch, in pixels."""
    del state
    height, width = cache.dataset(data, workspace).read([0])[0].shape[:2]
    return height, width


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def group_columns(data: DataConfig, state: str, workspace: Workspace) -> list[str]:
    """Return the columns in which several patches share a value and each labelled patch has one."""
    del state
    source = cache.dataset(data, workspace)
    return [
        column
        for column in map(str, source.table.columns)
        if column not in _NO_GROUPS
        and Unit("group", column).known(source)
        and 1 < len(set(source.table[column])) <= len(source) * _AT_MOST
    ]


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def published(data: DataConfig, state: str, workspace: Workspace) -> tuple[str, ...]:
    """Return the sets of the split that was published with a data set; empty where there is no training set."""
    del state
    source = cache.dataset(data, workspace)
    if not has_published(source):
        return ()
    given = published_sets(source)
    return tuple(split_set for split_set in SPLIT_SETS if (given == split_set).any())


def saved(data: DataConfig, state: str, workspace: Workspace) -> tuple[SavedSplit, ...]:
    """List the saved splits of a data set, the newest first."""
    files = sorted((workspace.data / "splits").glob("*/split.json"))
    return _saved(data, state, workspace, tuple(file.stat().st_mtime_ns for file in files))


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def _saved(data: DataConfig, state: str, workspace: Workspace, written: tuple[int, ...]) -> tuple[SavedSplit, ...]:
    del state, written
    return saved_splits(cache.dataset(data, workspace), workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=8)
def _ids(data: DataConfig, state: str, workspace: Workspace) -> pd.Index:
    del state
    return pd.Index(cache.dataset(data, workspace).table["sample_id"])


def find_rows(data: DataConfig, state: str, ids: Sequence[str], workspace: Workspace) -> np.ndarray:
    """Return the row of each id, int64 [n]; -1 where there is none."""
    known = _ids(data, state, workspace)
    return known.get_indexer(pd.Index(ids, dtype=known.dtype)).astype(np.int64)


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def pair_sheet(
    data: DataConfig,
    other: DataConfig,
    states: tuple[str, str],
    workspace: Workspace,
    pairs: tuple[tuple[int, int, bool], ...],
    columns: int,
    cell: int,
    colours: tuple[str, ...],
) -> bytes:
    """Return a contact sheet of pairs, as PNG: a patch, then its partner, pair by pair.

    Each of ``pairs`` is a row of ``data``, the partner's row, and whether the partner is in ``other`` and not in
    ``data``.
    """
    del states
    first, second = cache.dataset(data, workspace), cache.dataset(other, workspace)
    images = [
        image
        for row, partner, outside in pairs
        for image in (*first.read([row]), *(second if outside else first).read([partner]))
    ]
    return contact_sheet(images, columns, cell, colours)


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def copy_bytes(data: DataConfig, state: str, workspace: Workspace) -> int:
    """Return the size of a converted copy, in bytes."""
    del state
    return converted_bytes(cache.dataset(data, workspace))


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=32, ttl=SECONDS)
def recognised(root: str, workspace: Workspace) -> Recognition:
    """Say which data set a folder looks like.

    Raises:
        HistoscopeError: as `histo_core.data.recognise.recognise`.
    """
    return recognise(root, workspace)


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=32, ttl=SECONDS)
def pattern_preview(data: DataConfig, pattern: str, workspace: Workspace) -> pd.DataFrame:
    """Apply a patient pattern to the first names in a data set's folder; columns name and patient_id."""
    return preview(_first_names(data, workspace), pattern)


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=32, ttl=SECONDS)
def _first_names(data: DataConfig, workspace: Workspace) -> list[str]:
    """Return the first images in a data set's folder, folder by folder; no more folders are listed than needed."""
    walk = Walk(workspace.allowed(data.root or ""))
    names: list[str] = []
    folders = [walk.root]
    while folders and len(names) < SHOWN:
        folder = folders.pop(0)
        names += [walk.place(path) for path in walk.images(folder)[:SHOWN]]
        folders = walk.folders(folder) + folders
    return names[:SHOWN]
