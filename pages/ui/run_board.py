"""All runs with their progress, and the curves and log of those that are watched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from histo_core.plots.training import curves_figure
from histo_core.runs.events import read_events
from histo_core.runs.records import Run
from histo_core.training.events import EpochDone
from histo_core.workspace import Workspace
from pages.ui import cache, layout, runs, state

SHOWN = 20
LOG_LINES = 30
LOG_BYTES = 16_384


def draw(workspace: Workspace) -> None:
    """The board, which looks again while something is active."""
    store = cache.store(str(workspace.home))
    known = store.runs(limit=SHOWN)
    if not known:
        layout.empty("Runs appear here with their progress and their curves.", lambda: None)
        return
    named = runs.unique_labels(known)
    watched = state.choose_many(
        "Show curves of",
        "watch",
        list(named),
        default=[run.run_id for run in known[:3]],
        format_func=named.__getitem__,
        help="Loss after each epoch, in training and validation.",
    )
    runs.watch(lambda: store.runs(limit=SHOWN), lambda now: _board(now, watched, workspace))


def _board(now: Sequence[Run], watched: Sequence[str], workspace: Workspace) -> None:
    chosen = [run for run in now if run.run_id in watched]
    names = runs.unique_labels(chosen)
    epochs = {names[run.run_id]: _epochs(run, workspace) for run in chosen}
    if any(epochs.values()):
        layout.figure(
            curves_figure(epochs),
            key="train.curves",
            name="loss",
            alt="Loss after each epoch in training and in validation, one colour a run.",
        )
    for run in now:
        with runs.card(run, workspace):
            if run.run_id in watched:
                _log(run, workspace)


def _epochs(run: Run, workspace: Workspace) -> list[EpochDone]:
    events = read_events(workspace.run_folder(run.run_id))
    return [event for event in events if isinstance(event, EpochDone)]


def _log(run: Run, workspace: Workspace) -> None:
    text = _tail(workspace.run_folder(run.run_id) / "log.txt")
    if text:
        with st.expander("Log"):
            st.code(text, language=None, wrap_lines=True)


def _tail(path: Path) -> str:
    """The last lines of a log; its file may be long and is being written."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - LOG_BYTES, 0))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-LOG_LINES:])
