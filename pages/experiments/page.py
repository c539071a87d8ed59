"""Experiments: show folds, repeats and sweeps, each with its mean, spread and interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import streamlit as st

from histo_core.experiments.api import list_experiments
from histo_core.experiments.records import Experiment
from pages.experiments import experiment_view
from pages.shared.app import navigation, url_state
from pages.shared.app.session import current_session
from pages.shared.components import layout, unreadable_rows
from pages.shared.components.text import count

KINDS = {"single": "single run", "folds": "folds", "repeats": "repeats", "sweep": "sweep"}


def render() -> None:
    """Draw the page."""
    current_session().authorise("run.read")
    workspace = current_session().workspace
    found = list_experiments(workspace, archived=True)
    layout.header("Experiments", "" if found.readable else "No experiment was started yet.")
    unreadable_rows.experiments(found.unreadable, workspace)
    everything = {one.experiment_id: one for one in found.readable}
    if not everything:
        layout.empty(
            "Folds, repeats and sweeps appear here: several runs as one answer, with mean, spread and interval.",
            lambda: navigation.link("train", "Start one", icon=":material/model_training:"),
        )
        return
    put_away = any(one.archived_at for one in everything.values())
    both = put_away and url_state.switch("Show archived experiments", "archived")
    asked = url_state.asked("experiment")
    known = {key: one for key, one in everything.items() if both or key in asked or one.archived_at is None}
    if not known:
        layout.empty("All experiments are archived.", _show_archived)
        return
    names = _labels(known)
    chosen = url_state.choose(
        "Experiment", "experiment", list(known), format_func=names.__getitem__, help="Newest first."
    )
    if asked and asked[0] not in known:
        st.warning("The experiment of this link is not in this workspace; the newest one is shown.")
    experiment_view.draw(chosen)


def _show_archived() -> None:
    st.button("Show them", icon=":material/unarchive:", on_click=url_state.put, args=("archived", "yes"))


def _labels(known: Mapping[str, Experiment]) -> dict[str, str]:
    """Return a label for each id; where several experiments have the same name, the id is appended."""
    labels = {key: _label(one) for key, one in known.items()}
    times = Counter(labels.values())
    return {key: label if times[label] == 1 else f"{label} ({key})" for key, label in labels.items()}


def _label(experiment: Experiment) -> str:
    protocol = experiment.protocol
    what = f"{protocol.folds} folds" if protocol.kind == "folds" else KINDS[protocol.kind]
    # Labels must not change by themselves: a select box identifies its choices by their labels.
    begun = experiment.created_at.astimezone().strftime("%d %b %Y, %H:%M")
    archived = ", archived" * (experiment.archived_at is not None)
    return f"{experiment.name}: {what}, {count(protocol.size, 'run')}, {begun}{archived}"
