"""Cache what finished runs give: predictions, scores, comparisons, networks and maps; by the rules of
`pages.shared.cache.cache`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from histo_core.auditing.colour import colour_baseline
from histo_core.comparison.aurocs import AurocResults
from histo_core.comparison.entries import load_entry
from histo_core.comparison.join import Joined, RunPredictions, join, load
from histo_core.comparison.kept import kept_auroc_results
from histo_core.comparison.looks import record_look
from histo_core.config import DataConfig, SplitConfig
from histo_core.errors import RunError
from histo_core.experiments.scores import RunScores
from histo_core.experiments.scores import run_scores as score_run
from histo_core.runs.learning import learning_findings
from histo_core.runs.run_cost import RunCost, run_cost
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.training.activations import FILE, EpochActivity, read_activity
from histo_core.training.learning_findings import LearningFinding
from histo_core.workspace import Workspace
from pages.shared.app import url_state
from pages.shared.cache.cache import dataset, split
from pages.shared.cache.hashes import HASHES

if TYPE_CHECKING:
    # Imported where they are used: PyTorch takes seconds to load, and most pages do not need it.
    from histo_core.explanation.base import Explanation
    from histo_core.models.inference.predictor import Predictor

COLOUR_ONLY = "colour-only"
"""In place of a run id: the colour-only baseline."""


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def _predictions(run_id: str, ended: str, name: str, workspace: Workspace, _run: Run) -> RunPredictions:
    del run_id, ended, name
    return load(_run, workspace)


def predictions(run: Run, workspace: Workspace) -> RunPredictions:
    """Return a finished run's predictions under its current name."""
    return _predictions(run.run_id, str(run.ended_at), run.name, workspace, run)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def entry(entry_id: str, run_name: str, workspace: Workspace) -> RunPredictions:
    """Return predictions on other data, or imported ones, by their id, which changes with their content.

    Args:
        entry_id: the id.
        run_name: of the run that made them, because it stands in their name.
        workspace: holds them.
    """
    del run_name
    return load_entry(entry_id, workspace)


def named(runs: Sequence[RunPredictions]) -> tuple[tuple[str, str, str], ...]:
    """Return id, name and version of each run as a cache key; comparisons show names, so a new name is a new entry."""
    return tuple((run.run_id, run.name, run.version) for run in runs)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def joined(
    runs: tuple[tuple[str, str, str], ...],
    split_set: str,
    shared_only: bool,
    classes: tuple[tuple[str, str], ...],
    workspace: Workspace,
    _runs: Sequence[RunPredictions],
) -> Joined:
    """Join runs, by what `named` returns, on the samples of a set; ``classes`` says what other names stand for.

    Raises:
        ComparisonError: as `histo_core.comparison.join.join`; nothing is cached then.
    """
    del runs, workspace
    return join(_runs, split_set, shared_only=shared_only, classes=dict(classes))


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=1024)
def run_scores(run_id: str, ended: str, workspace: Workspace, _run: Run) -> RunScores:
    """Return a finished run's scores; an experiment's view needs those of all its runs at each update."""
    del run_id, ended
    return score_run(_run, workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def _activity(folder: str, written: int, length: int) -> list[EpochActivity]:
    del written, length
    return read_activity(Path(folder))


def activity(run_id: str, workspace: Workspace) -> list[EpochActivity]:
    """Return a run's rectifier activity for each epoch so far; empty where it records none."""
    folder = workspace.run_folder(run_id)
    file = folder / FILE
    if not file.is_file():
        return []
    now = file.stat()
    return _activity(str(folder), now.st_mtime_ns, now.st_size)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=256)
def _run_cost(run_id: str, ended: str, n_classes: int, workspace: Workspace, _run: Run) -> RunCost:
    del run_id, ended
    return run_cost(_run, n_classes, workspace)


def run_costs(ids: Sequence[str], n_classes: int, workspace: Workspace) -> dict[str, RunCost]:
    """Return the cost of those ids that are runs, by id."""
    store, runs = Store.open(workspace), {}
    for name in ids:
        with suppress(RunError):  # the colour-only baseline, or an ensemble
            runs[name] = store.get(name)
    return {name: _run_cost(name, str(run.ended_at), n_classes, workspace, run) for name, run in runs.items()}


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=8)
def _colour_only(data: DataConfig, state: str, config: SplitConfig | None, workspace: Workspace) -> RunPredictions:
    source, division = dataset(data, workspace), split(data, config, workspace)
    table = colour_baseline(source, division)
    return RunPredictions(
        COLOUR_ONLY, "Colour only", table, division.fingerprint, source.classes, source.positive, version=state
    )


def colour_only(data: DataConfig, config: SplitConfig | None, workspace: Workspace) -> RunPredictions:
    """Return the predictions of the colour-only baseline in the form of a run's; anew where the data have changed."""
    return _colour_only(data, dataset(data, workspace).state, config, workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def aurocs(
    runs: tuple[tuple[str, str, str], ...],
    split_set: str,
    shared_only: bool,
    classes: tuple[tuple[str, str], ...],
    class_of_interest: str,
    comparator: str | None,
    workspace: Workspace,
    _joined: Joined,
) -> AurocResults:
    """Compute the slow part of a comparison, or read it where the workspace keeps it; the threshold changes nothing."""
    del split_set, shared_only, classes
    reference = COLOUR_ONLY if any(run_id == COLOUR_ONLY for run_id, *_ in runs) else None
    return kept_auroc_results(_joined, workspace, class_of_interest, reference=reference, comparator=comparator)


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=256)
def looks(run_ids: tuple[str, ...], workspace: Workspace, _runs: Sequence[Run]) -> str:
    """Record once that a set of models is compared on the test set; say how often that was scored before.

    Args:
        run_ids: of all models, also of those that are no runs.
        workspace: holds the runs.
        _runs: the runs among them.
    """
    own = {run.run_id for run in _runs}
    return record_look(_runs, workspace, [one for one in run_ids if one not in own])


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=4)
def predictor(run_id: str, ended: str, workspace: Workspace) -> Predictor:
    """Return a run's network with its own preprocessing."""
    from histo_core.models.inference.predictor import Predictor

    del ended
    loaded = Predictor.from_run(workspace.run_folder(run_id))
    loaded.interactive = True
    loaded.before_batch = url_state.stop_if_left  # LIME on a large upload takes hours, even after the user left
    return loaded


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=256)
def probabilities(
    run_id: str, ended: str, image_sha256: str, workspace: Workspace, _image: np.ndarray
) -> tuple[float, ...]:
    """Return a run's probabilities for one image, one a class."""
    del image_sha256
    return tuple(float(value) for value in predictor(run_id, ended, workspace).probabilities([_image])[0])


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=256)
def explanation(
    run_id: str,
    ended: str,
    image_sha256: str,
    method: str,
    options: str,
    target: int,
    workspace: Workspace,
    _image: np.ndarray,
) -> Explanation:
    """Return one map, by run, image, method, its options as JSON, and the explained class."""
    from histo_core.explanation.base import EXPLAINERS

    del image_sha256
    kind = EXPLAINERS[method]
    return kind(kind.Options.model_validate_json(options)).explain(predictor(run_id, ended, workspace), _image, target)


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=256)
def _learning(run_id: str, ended: str, workspace: Workspace, _run: Run) -> tuple[LearningFinding, ...]:
    del run_id, ended
    return learning_findings(_run, workspace)


def learning(run: Run, workspace: Workspace) -> tuple[LearningFinding, ...]:
    """Return why a run ended without learning; empty for a healthy one, and until it has ended."""
    return () if run.status.active else _learning(run.run_id, f"{run.status} {run.ended_at}", workspace, run)
