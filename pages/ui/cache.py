"""Everything that the pages keep between reruns; no other module calls Streamlit's caches.

What is cached is shared by all users. Keys are ids, hashes and parameters; arrays and frames go in as ``_argument``,
because Streamlit hashes large ones by a sample and would return stale results. The workspace's folder is part of each
key, so that two workspaces in one process never mix.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from histo_core.audit.colour import colour_baseline
from histo_core.audit.leakage import LeakageReport, audit_leakage
from histo_core.comparison.aurocs import AurocResults, auroc_results
from histo_core.comparison.join import Joined, RunPredictions, load
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.base import Dataset, open_dataset
from histo_core.data.split import Split, make_split
from histo_core.runs.records import Run
from histo_core.runs.store import Store
from histo_core.workspace import Workspace
from pages.ui.gallery import contact_sheet

if TYPE_CHECKING:
    # Loaded where they are used: PyTorch takes seconds, and most pages do without.
    from histo_core.explain.base import Explanation
    from histo_core.models.predictor import Predictor

COLOUR_ONLY = "colour-only"
"""Stands for a run id where the colour baseline is compared with runs."""


@st.cache_resource(show_spinner=False)
def store(home: str) -> Store:
    """The workspace's runs; opened, and its tables upgraded, once a process."""
    return Store.open(Workspace(Path(home)))


@st.cache_resource(show_spinner=False, max_entries=8)
def dataset(data: str, home: str) -> Dataset:
    """An opened data set, by its configuration as JSON. `forget_data` looks at the disk again."""
    return open_dataset(DataConfig.model_validate_json(data), Workspace(Path(home)))


@st.cache_resource(show_spinner=False, max_entries=16)
def split(data: str, config: str, home: str) -> Split:
    """A data set's division, by both configurations as JSON."""
    return make_split(dataset(data, home), SplitConfig.model_validate_json(config))


@st.cache_data(show_spinner=False, max_entries=16)
def leakage(data: str, config: str, home: str) -> LeakageReport:
    """What stands on both sides of a split; it reads each patch once."""
    return audit_leakage(dataset(data, home), split(data, config, home))


@st.cache_data(show_spinner=False, max_entries=64)
def sheet(data: str, home: str, indices: tuple[int, ...], columns: int, cell: int, colours: tuple[str, ...]) -> bytes:
    """A contact sheet of some patches, as PNG."""
    return contact_sheet(dataset(data, home).read(indices), columns, cell, colours)


def forget_data() -> None:
    """Open data sets afresh, because their files may have changed."""
    for cached in (dataset, split, leakage, sheet):
        cached.clear()


@st.cache_resource(show_spinner=False, max_entries=64)
def predictions(run_id: str, ended: str, home: str, _run: Run) -> RunPredictions:
    """A finished run's predictions; ``ended`` tells a resumed run from what it was before."""
    del run_id, ended
    return load(_run, Workspace(Path(home)))


@st.cache_resource(show_spinner=False, max_entries=8)
def colour_only(data: str, config: str, home: str) -> RunPredictions:
    """What a model that sees colours and no shapes would predict, as if it were a run."""
    source, division = dataset(data, home), split(data, config, home)
    table = colour_baseline(source, division)
    return RunPredictions(COLOUR_ONLY, "Colour only", table, division.fingerprint, source.classes, source.positive)


@st.cache_resource(show_spinner=False, max_entries=64)
def aurocs(
    runs: tuple[str, ...], part: str, shared_only: bool, class_of_interest: str, home: str, _joined: Joined
) -> AurocResults:
    """The slow part of a comparison, which no threshold changes."""
    del part, shared_only, home
    return auroc_results(_joined, class_of_interest, reference=COLOUR_ONLY if COLOUR_ONLY in runs else None)


@st.cache_resource(show_spinner=False, max_entries=4)
def predictor(run_id: str, ended: str, home: str) -> Predictor:
    """A run's network with its own preprocessing."""
    from histo_core.models.predictor import Predictor

    del ended
    return Predictor.from_run(Workspace(Path(home)).run_folder(run_id))


@st.cache_data(show_spinner=False, max_entries=256)
def probabilities(run_id: str, ended: str, image_sha256: str, home: str, _image: np.ndarray) -> tuple[float, ...]:
    """What a run's network says about one image, a probability a class."""
    del image_sha256
    return tuple(float(value) for value in predictor(run_id, ended, home).probabilities([_image])[0])


@st.cache_data(show_spinner=False, max_entries=256)
def explanation(
    run_id: str, ended: str, image_sha256: str, method: str, options: str, target: int, home: str, _image: np.ndarray
) -> Explanation:
    """One map, by run, image, method, its options as JSON, and the explained class."""
    from histo_core.explain.base import EXPLAINERS

    del image_sha256
    kind = EXPLAINERS[method]
    return kind(kind.Options.model_validate_json(options)).attribute(predictor(run_id, ended, home), _image, target)
