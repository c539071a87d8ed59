"""Cache results that most pages use; `cache_data`, `cache_maps` and `predict_cache` serve single views.

All users share the cache. Keys are ids, hashes and parameters; arrays and frames are passed as ``_argument``, because
Streamlit hashes only a sample of large ones and would return stale results. The workspace's folder is part of each
key, so that two workspaces in one process never mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.auditing.colour import colour_baseline
from histo_core.auditing.leakage import LeakageReport, audit_leakage
from histo_core.auditing.sides import side_findings
from histo_core.comparison.aurocs import AurocResults, auroc_results
from histo_core.comparison.join import Joined, RunPredictions, join, load
from histo_core.comparison.looks import record_look
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.class_counts import counts_by, offered_columns
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.sources.pcam_report import PCamReport, pcam_report
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import LEFT_OUT, Split
from histo_core.experiments.scores import RunScores
from histo_core.experiments.scores import run_scores as score_run
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.training.activations import FILE, EpochActivity, read_activity
from histo_core.workspace import Workspace
from pages.shared.app import url_state
from pages.shared.components import unreadable
from pages.shared.components.columns import Columns, code_columns
from pages.shared.components.contact_sheet import contact_sheet, packed_sheet

if TYPE_CHECKING:
    # Imported where they are used: PyTorch takes seconds to load, and most pages do not need it.
    from histo_core.auditing.report import AuditReport
    from histo_core.data.transforms.channel_stats import ChannelStatistics
    from histo_core.explanation.base import Explanation
    from histo_core.models.inference.predictor import Predictor

UNDIVIDED = ""
"""In place of a split's configuration: a split without any patch, for data that cannot be split."""
COLOUR_ONLY = "colour-only"
"""In place of a run id: the colour-only baseline."""


@st.cache_resource(show_spinner=False)
def store(home: str) -> Store:
    """Open the workspace's store, and upgrade its tables, once a process."""
    return Store.open(Workspace(Path(home)))


@st.cache_resource(show_spinner=False, max_entries=8)
def dataset(data: str, home: str) -> Dataset:
    """Open a data set by its configuration as JSON. `forget_data` makes the next call read the disk again.

    Where the entry was evicted and the files have changed meanwhile, results derived from the former files are
    cleared: else old images would be shown under new names.
    """
    found = open_dataset(DataConfig.model_validate_json(data), Workspace(Path(home)))
    states = _states(data, home)
    if states and states[-1] != found.state:
        _forget_derived()
    states[:] = [found.state]
    return found


@st.cache_resource(show_spinner=False, max_entries=256)
def _states(data: str, home: str) -> list[str]:
    """Return a shared list that holds the last state in which a data set was opened; empty before."""
    del data, home
    return []


@st.cache_resource(show_spinner=False, max_entries=16)
def split(data: str, config: str, home: str) -> Split:
    """Return a data set's split, by both configurations as JSON, or for `UNDIVIDED`."""
    if config == UNDIVIDED:
        return Split(np.full(len(dataset(data, home)), LEFT_OUT, dtype=object), method="none", fingerprint="", note="")
    return make_split(dataset(data, home), SplitConfig.model_validate_json(config), Workspace(Path(home)))


@st.cache_data(show_spinner=False, max_entries=16)
def sides(data: str, config: str, home: str) -> str:
    """Describe the leakage of a split as a clause, from the table alone and without reading pixels."""
    clauses = (finding.clause for finding in side_findings(dataset(data, home), split(data, config, home)))
    return "; ".join(clause for clause in clauses if clause)


@st.cache_data(show_spinner=False, max_entries=16)
def leakage(data: str, config: str, home: str) -> LeakageReport:
    """Return the leakage of a split; this reads each patch once."""
    return audit_leakage(dataset(data, home), split(data, config, home))


@st.cache_data(show_spinner=False, max_entries=64)
def sheet(data: str, home: str, indices: tuple[int, ...], columns: int, cell: int, colours: tuple[str, ...]) -> bytes:
    """Return a contact sheet of some patches, as PNG."""
    images, _ = unreadable.images(dataset(data, home), indices)
    return contact_sheet(images, columns, cell, colours)


@st.cache_resource(show_spinner=False, max_entries=8)
def columns(data: str, config: str, home: str) -> Columns:
    """Return a data set's table with its split, coded for fast filters."""
    return code_columns(dataset(data, home), split(data, config, home))


@st.cache_data(show_spinner=False, max_entries=64)
def packed(data: str, home: str, indices: tuple[int, ...], columns: int, largest: int) -> tuple[bytes, int, np.ndarray]:
    """Return some patches in one PNG without gaps, at their own size up to ``largest``; the cell's side; and which
    patches cannot be read, bool [n]."""
    images, torn = unreadable.images(dataset(data, home), indices)
    cell = min(max(max(image.shape[:2]) for image in images), largest)
    return packed_sheet(images, columns, cell), cell, torn


@st.cache_resource(show_spinner=False, max_entries=8)
def _audit(data: str, config: str, home: str, other: str, audits_changed: int) -> AuditReport | None:
    from histo_core.auditing.report import load_audit

    del audits_changed
    against = dataset(other, home) if other else None
    return load_audit(dataset(data, home), split(data, config, home), Workspace(Path(home)), other=against)


def audit(data: str, config: str, home: str, other: str = "") -> AuditReport | None:
    """Return the saved audit of a split, against another data set where its configuration is given; else None.

    An audit's folder is named by a hash of the whole table, which takes seconds for hundreds of thousands of rows. So
    the result is cached, None too, until an audit's folder is added or removed.
    """
    audits = Workspace(Path(home)).data / "audits"
    return _audit(data, config, home, other, audits.stat().st_mtime_ns if audits.is_dir() else 0)


@st.cache_data(show_spinner=False, max_entries=64)
def counts(data: str, config: str, home: str, by: str | None) -> pd.DataFrame:
    """Count patches of each class by a column of the table, or by the sets of the split."""
    source = dataset(data, home)
    return split(data, config, home).counts(source) if by is None else counts_by(source, by)


@st.cache_data(show_spinner=False, max_entries=8)
def countable(data: str, home: str) -> dict[str, int]:
    """Return the columns that are useful to count by, with their numbers of values."""
    table = dataset(data, home).table
    return {name: len(table[name].dropna().unique()) for name in offered_columns(dataset(data, home))}


@st.cache_data(show_spinner=False, max_entries=8)
def report_of_pcam(data: str, home: str) -> PCamReport | None:
    """Return PatchCamelyon's own tables; None for other data."""
    return pcam_report(dataset(data, home))


@st.cache_data(show_spinner=False, max_entries=16)
def channels(data: str, rows_sha256: str, home: str, _rows: np.ndarray) -> ChannelStatistics:
    """Return mean and SD of each colour channel over some patches, keyed by the SHA-256 of their rows."""
    from histo_core.data.transforms.channel_stats import channel_statistics

    del rows_sha256
    return channel_statistics(dataset(data, home), _rows)


MADE_OF_DATA: list[Any] = []
"""Cached functions of other modules, which register themselves; cleared when data are reopened."""


def forget_data() -> None:
    """Clear all opened data sets, because their files may have changed."""
    dataset.clear()
    _forget_derived()


def _forget_derived() -> None:
    """Clear the results derived from data sets."""
    own = (split, sides, leakage, sheet, columns, packed, counts, countable, report_of_pcam, channels, _audit)
    for cached in (*own, *MADE_OF_DATA):
        cached.clear()


@st.cache_resource(show_spinner=False, max_entries=64)
def _predictions(run_id: str, ended: str, name: str, home: str, _run: Run) -> RunPredictions:
    del run_id, ended, name
    return load(_run, Workspace(Path(home)))


def predictions(run: Run, home: str) -> RunPredictions:
    """Return a finished run's predictions under its current name."""
    return _predictions(run.run_id, str(run.ended_at), run.name, home, run)


def named(runs: Sequence[RunPredictions]) -> tuple[tuple[str, str], ...]:
    """Return id and name of each run as a cache key: a comparison shows names, so a renamed run needs a new entry."""
    return tuple((run.run_id, run.name) for run in runs)


@st.cache_resource(show_spinner=False, max_entries=16)
def joined(
    runs: tuple[tuple[str, str], ...], split_set: str, shared_only: bool, home: str, _runs: Sequence[RunPredictions]
) -> Joined:
    """Join runs, by their ids and names, on the samples of a set.

    Raises:
        ComparisonError: as `histo_core.comparison.join.join`; nothing is cached then.
    """
    del runs, home
    return join(_runs, split_set, shared_only=shared_only)


@st.cache_resource(show_spinner=False, max_entries=1024)
def run_scores(run_id: str, ended: str, home: str, _run: Run) -> RunScores:
    """Return a finished run's scores; an experiment's view needs those of all its runs at each update."""
    del run_id, ended
    return score_run(_run, Workspace(Path(home)))


@st.cache_resource(show_spinner=False, max_entries=16)
def _activity(folder: str, written: int, length: int) -> list[EpochActivity]:
    del written, length
    return read_activity(Path(folder))


def activity(run_id: str, home: str) -> list[EpochActivity]:
    """Return a run's rectifier activity for each epoch so far; empty where it records none."""
    folder = Workspace(Path(home)).run_folder(run_id)
    file = folder / FILE
    if not file.is_file():
        return []
    now = file.stat()
    return _activity(str(folder), now.st_mtime_ns, now.st_size)


@st.cache_resource(show_spinner=False, max_entries=8)
def colour_only(data: str, config: str, home: str) -> RunPredictions:
    """Return the predictions of the colour-only baseline in the form of a run's."""
    source, division = dataset(data, home), split(data, config, home)
    table = colour_baseline(source, division)
    return RunPredictions(COLOUR_ONLY, "Colour only", table, division.fingerprint, source.classes, source.positive)


@st.cache_resource(show_spinner=False, max_entries=64)
def aurocs(
    runs: tuple[tuple[str, str], ...],
    split_set: str,
    shared_only: bool,
    class_of_interest: str,
    comparator: str | None,
    home: str,
    _joined: Joined,
) -> AurocResults:
    """Compute the slow part of a comparison, by the runs' ids and names; it does not depend on the threshold."""
    del split_set, shared_only, home
    reference = COLOUR_ONLY if COLOUR_ONLY in dict(runs) else None
    return auroc_results(_joined, class_of_interest, reference=reference, comparator=comparator)


@st.cache_data(show_spinner=False, max_entries=256)
def looks(run_ids: tuple[str, ...], home: str, _runs: Sequence[Run]) -> str:
    """Record once that a set of runs is compared on the test set; say how often that was scored before."""
    del run_ids
    return record_look(_runs, Workspace(Path(home)))


@st.cache_resource(show_spinner=False, max_entries=4)
def predictor(run_id: str, ended: str, home: str) -> Predictor:
    """Return a run's network with its own preprocessing."""
    from histo_core.models.inference.predictor import Predictor

    del ended
    loaded = Predictor.from_run(Workspace(Path(home)).run_folder(run_id))
    loaded.interactive = True
    loaded.before_batch = url_state.stop_if_left  # LIME on a large upload takes hours, even after the user left
    return loaded


@st.cache_data(show_spinner=False, max_entries=256)
def probabilities(run_id: str, ended: str, image_sha256: str, home: str, _image: np.ndarray) -> tuple[float, ...]:
    """Return a run's probabilities for one image, one a class."""
    del image_sha256
    return tuple(float(value) for value in predictor(run_id, ended, home).probabilities([_image])[0])


@st.cache_data(show_spinner=False, max_entries=256)
def explanation(
    run_id: str, ended: str, image_sha256: str, method: str, options: str, target: int, home: str, _image: np.ndarray
) -> Explanation:
    """Return one map, by run, image, method, its options as JSON, and the explained class."""
    from histo_core.explanation.base import EXPLAINERS

    del image_sha256
    kind = EXPLAINERS[method]
    return kind(kind.Options.model_validate_json(options)).explain(predictor(run_id, ended, home), _image, target)
