"""What the views of splits, audits and files keep between reruns; the same rules as in `pages.shared.cache.cache`.

Keys hold the data set's state (`Dataset.state`) beside its configuration, so that changed files are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.formats.walk import Walk
from histo_core.data.sources.patients import SHOWN, preview
from histo_core.data.splits.folds import folds_of
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.saved_split import SavedSplit, saved_splits
from histo_core.data.splits.units import Unit
from histo_core.data.storage.converted import converted_bytes
from histo_core.workspace import Workspace
from pages.shared.cache import cache
from pages.shared.components.contact_sheet import contact_sheet

SECONDS = 30
"""How long what lies in a folder is remembered while a form is filled in."""


@st.cache_resource(show_spinner=False)
def _opened(home: str) -> set[str]:
    del home
    return set()


def note_opened(data: str, home: str) -> None:
    """Remember that a data set was opened in this process, so that opening it again takes no waiting."""
    _opened(home).add(data)


def was_opened(data: str, home: str) -> bool:
    """Whether a data set, by its configuration as JSON, was opened before."""
    return data in _opened(home)


_NO_GROUPS = ("sample_id", "label", "split")
_AT_MOST = 0.5
"""A column with more values than this share of the rows tells patches apart and keeps none together."""


@st.cache_data(show_spinner=False, max_entries=32)
def fold_counts(data: str, state: str, config: str, home: str) -> pd.DataFrame:
    """Samples by class and patients in the part that each fold holds out; columns fold, classes, patients."""
    del state
    source, division = cache.dataset(data, home), SplitConfig.model_validate_json(config)
    part = "valid" if division.hold_out else "test"
    rows = []
    for one in folds_of(division):
        counts = make_split(source, one, Workspace(Path(home))).counts(source)
        rows.append({"fold": one.fold, **counts.loc[part].to_dict()})
    return pd.DataFrame(rows)


@st.cache_data(show_spinner=False, max_entries=32)
def patch_size(data: str, state: str, home: str) -> tuple[int, int]:
    """Height and width of the first patch, in pixels."""
    del state
    height, width = cache.dataset(data, home).read([0])[0].shape[:2]
    return height, width


@st.cache_data(show_spinner=False, max_entries=16)
def group_columns(data: str, state: str, home: str) -> list[str]:
    """Columns in which several patches agree and each labelled one has a value."""
    del state
    source = cache.dataset(data, home)
    return [
        column
        for column in map(str, source.table.columns)
        if column not in _NO_GROUPS
        and Unit("group", column).known(source)
        and 1 < len(set(source.table[column])) <= len(source) * _AT_MOST
    ]


def saved(data: str, state: str, home: str) -> tuple[SavedSplit, ...]:
    """The saved splits of a data set, the newest first."""
    files = sorted((Workspace(Path(home)).data / "splits").glob("*/split.json"))
    return _saved(data, state, home, tuple(file.stat().st_mtime_ns for file in files))


@st.cache_data(show_spinner=False, max_entries=16)
def _saved(data: str, state: str, home: str, written: tuple[int, ...]) -> tuple[SavedSplit, ...]:
    del state, written
    return saved_splits(cache.dataset(data, home), Workspace(Path(home)))


@st.cache_resource(show_spinner=False, max_entries=8)
def _ids(data: str, state: str, home: str) -> pd.Index:
    del state
    return pd.Index(cache.dataset(data, home).table["sample_id"])


def find_rows(data: str, state: str, ids: Sequence[str], home: str) -> np.ndarray:
    """The row of each id, int64 [n]; -1 where there is none."""
    known = _ids(data, state, home)
    return known.get_indexer(pd.Index(ids, dtype=known.dtype)).astype(np.int64)


@st.cache_data(show_spinner=False, max_entries=16)
def pair_sheet(
    data: str,
    other: str,
    states: tuple[str, str],
    home: str,
    pairs: tuple[tuple[int, int, bool], ...],
    columns: int,
    cell: int,
    colours: tuple[str, ...],
) -> bytes:
    """A contact sheet of pairs, as PNG: a patch, then its partner, pair by pair.

    ``pairs`` are a row of ``data``, the partner's row, and whether that is a row of ``other`` rather than of ``data``.
    """
    del states
    first, second = cache.dataset(data, home), cache.dataset(other, home)
    images = [
        image
        for row, partner, outside in pairs
        for image in (*first.read([row]), *(second if outside else first).read([partner]))
    ]
    return contact_sheet(images, columns, cell, colours)


@st.cache_data(show_spinner=False, max_entries=16)
def copy_bytes(data: str, state: str, home: str) -> int:
    """The size that a converted copy would have."""
    del state
    return converted_bytes(cache.dataset(data, home))


@st.cache_data(show_spinner=False, max_entries=32, ttl=SECONDS)
def pattern_preview(data: str, pattern: str, home: str) -> pd.DataFrame:
    """What a patient pattern finds in the first names below a data set's folder; columns name and patient_id."""
    return preview(_first_names(data, home), pattern)


@st.cache_data(show_spinner=False, max_entries=32, ttl=SECONDS)
def _first_names(data: str, home: str) -> list[str]:
    """The first images below a data set's folder, folder by folder: no more folders are listed than are needed."""
    walk = Walk(Workspace(Path(home)).allowed(DataConfig.model_validate_json(data).root or ""))
    names: list[str] = []
    folders = [walk.root]
    while folders and len(names) < SHOWN:
        folder = folders.pop(0)
        names += [walk.place(path) for path in walk.images(folder)[:SHOWN]]
        folders = walk.folders(folder) + folders
    return names[:SHOWN]
