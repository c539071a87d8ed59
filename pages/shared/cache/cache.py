"""Cache opened data sets, their splits and what is derived from them; the modules beside this one cache the rest.

All users share the cache. Keys are ids, hashes and configurations; arrays and frames are passed as ``_argument``,
because Streamlit hashes only a sample of large ones and would return stale results. The workspace is part of each key,
so that two workspaces in one process never mix.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.auditing.leakage import LeakageReport, audit_leakage
from histo_core.auditing.sides import sides_in_words
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.class_counts import counts_by, offered_columns
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.sources.pcam_report import PCamReport, pcam_report
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import LEFT_OUT, Split
from histo_core.progress import Progress, silent
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace
from pages.shared.cache.hashes import HASHES
from pages.shared.components import unreadable
from pages.shared.components.columns import Columns, code_columns
from pages.shared.components.contact_sheet import contact_sheet, packed_sheet

if TYPE_CHECKING:
    # Imported where they are used: PyTorch takes seconds to load, and most pages do not need it.
    from histo_core.auditing.report import AuditReport
    from histo_core.data.transforms.channel_stats import ChannelStatistics

UNDIVIDED = None
"""In place of a split's configuration: a split without any patch, for data that cannot be split."""


@st.cache_resource(show_spinner=False, hash_funcs=HASHES)
def store(workspace: Workspace) -> Store:
    """Open the workspace's store, and upgrade its tables, once a process."""
    return Store.open(workspace)


def dataset(data: DataConfig, workspace: Workspace, progress: Progress = silent) -> Dataset:
    """Open a data set. `forget_data` makes the next call read the disk again.

    Where its place was taken by others and the files have changed meanwhile, results derived from the former files are
    cleared: else old images would be shown under new names.

    Args:
        data, workspace: the key.
        progress: as `histo_core.data.opening.open_dataset`; not called for a data set that is open.
    """
    key = data.model_dump_json(), workspace
    held, states = _held(*key), _states(*key)
    if not held:
        found = open_dataset(data, workspace, progress)
        if states and states[-1] != found.state:
            _forget_derived()
        states[:] = [found.state]
        held.append(found)
    return held[0]


# These two are not Streamlit's caches: what opening draws, a progress bar, would be drawn again at each look-up.
@lru_cache(maxsize=8)
def _held(data: str, workspace: Workspace) -> list[Dataset]:
    """Return a shared list that holds the open data set; empty before."""
    del data, workspace
    return []


@lru_cache(maxsize=256)
def _states(data: str, workspace: Workspace) -> list[str]:
    """Return a shared list that holds the last state in which a data set was opened; empty before."""
    del data, workspace
    return []


def was_opened(data: DataConfig, workspace: Workspace) -> bool:
    """Return whether a data set was opened in this process before, so that it opens again without a delay."""
    return bool(_states(data.model_dump_json(), workspace))


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def split(data: DataConfig, config: SplitConfig | None, workspace: Workspace) -> Split:
    """Return a data set's split, or that of `UNDIVIDED`."""
    if config is None:
        return Split(
            np.full(len(dataset(data, workspace)), LEFT_OUT, dtype=object), method="none", fingerprint="", note=""
        )
    return make_split(dataset(data, workspace), config, workspace)


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def sides(data: DataConfig, config: SplitConfig | None, workspace: Workspace) -> str:
    """Describe the leakage of a split as a clause, from the table alone and without reading pixels."""
    return sides_in_words(dataset(data, workspace), split(data, config, workspace))


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def leakage(data: DataConfig, config: SplitConfig | None, workspace: Workspace) -> LeakageReport:
    """Return the leakage of a split; this reads each patch once."""
    return audit_leakage(dataset(data, workspace), split(data, config, workspace))


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def sheet(
    data: DataConfig, workspace: Workspace, indices: tuple[int, ...], columns: int, cell: int, colours: tuple[str, ...]
) -> bytes:
    """Return a contact sheet of some patches, as PNG."""
    images, _ = unreadable.images(dataset(data, workspace), indices)
    return contact_sheet(images, columns, cell, colours)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=8)
def columns(data: DataConfig, config: SplitConfig | None, workspace: Workspace) -> Columns:
    """Return a data set's table with its split, coded for fast filters."""
    return code_columns(dataset(data, workspace), split(data, config, workspace))


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def packed(
    data: DataConfig, workspace: Workspace, indices: tuple[int, ...], columns: int, largest: int
) -> tuple[bytes, int, np.ndarray]:
    """Return some patches in one PNG without gaps, at their own size up to ``largest``; the cell's side; and which
    patches cannot be read, bool [n]."""
    images, torn = unreadable.images(dataset(data, workspace), indices)
    cell = min(max(max(image.shape[:2]) for image in images), largest)
    return packed_sheet(images, columns, cell), cell, torn


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=8)
def _audit(
    data: DataConfig, config: SplitConfig | None, workspace: Workspace, other: DataConfig | None, audits_changed: int
) -> AuditReport | None:
    from histo_core.auditing.report import load_audit

    del audits_changed
    against = dataset(other, workspace) if other else None
    return load_audit(dataset(data, workspace), split(data, config, workspace), workspace, other=against)


def audit(
    data: DataConfig, config: SplitConfig | None, workspace: Workspace, other: DataConfig | None = None
) -> AuditReport | None:
    """Return the saved audit of a split, against another data set where one is given; else None.

    An audit's folder is named by a hash of the whole table, which takes seconds for hundreds of thousands of rows. So
    the result is cached, None too, until an audit's folder is added or removed.
    """
    audits = workspace.data / "audits"
    return _audit(data, config, workspace, other, audits.stat().st_mtime_ns if audits.is_dir() else 0)


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def counts(data: DataConfig, config: SplitConfig | None, workspace: Workspace, by: str | None) -> pd.DataFrame:
    """Count patches of each class by a column of the table, or by the sets of the split."""
    source = dataset(data, workspace)
    return split(data, config, workspace).counts(source) if by is None else counts_by(source, by)


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=8)
def countable(data: DataConfig, workspace: Workspace) -> dict[str, int]:
    """Return the columns that are useful to count by, with their numbers of values."""
    table = dataset(data, workspace).table
    return {name: len(table[name].dropna().unique()) for name in offered_columns(dataset(data, workspace))}


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=8)
def report_of_pcam(data: DataConfig, workspace: Workspace) -> PCamReport | None:
    """Return PatchCamelyon's own tables; None for other data."""
    return pcam_report(dataset(data, workspace))


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def channels(data: DataConfig, rows_sha256: str, workspace: Workspace, _rows: np.ndarray) -> ChannelStatistics:
    """Return mean and SD of each colour channel over some patches, keyed by the SHA-256 of their rows."""
    from histo_core.data.transforms.channel_stats import channel_statistics

    del rows_sha256
    return channel_statistics(dataset(data, workspace), _rows)


MADE_OF_DATA: list[Any] = []
"""Cached functions of other modules, which register themselves; cleared when data are reopened."""


def forget_data() -> None:
    """Clear all opened data sets, because their files may have changed."""
    _held.cache_clear()
    _forget_derived()


def _forget_derived() -> None:
    """Clear the results derived from data sets."""
    own = (split, sides, leakage, sheet, columns, packed, counts, countable, report_of_pcam, channels, _audit)
    for cached in (*own, *MADE_OF_DATA):
        cached.clear()
