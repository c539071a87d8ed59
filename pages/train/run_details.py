"""Show a run's details on a click: its place in the queue, its name, tags and note, its history and its log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from histo_core.errors import RunError
from histo_core.runs.artifacts.events import read_events
from histo_core.runs.artifacts.log_file import log_end
from histo_core.runs.store.delete import delete
from histo_core.runs.store.edit import NAME_LENGTH, NOTE_LENGTH, archive, rename, set_note, set_tags
from histo_core.runs.store.queue import move
from histo_core.runs.store.records import Run, RunStatus
from histo_core.training.events import EpochDone
from histo_core.workspace import Workspace
from pages.shared.app.session import current_session
from pages.shared.cache import cache_studies
from pages.shared.components import keeping, layout, reported_view, run_card
from pages.shared.components.errors import shown
from pages.shared.components.text import ago, count, plain, size
from pages.train import activation_view

LOG_LINES = 30
_WRITE: dict[str, Callable[..., object]] = {
    "name": lambda *what, user: rename(*what, user=user),
    "tags": lambda *what, user: set_tags(*what, user=user),
    "note": lambda *what, user: set_note(*what, user=user),
}


def draw(run: Run, workspace: Workspace, tags: Sequence[str]) -> None:
    """Draw the details of a run, which are read when they are opened.

    Args:
        run: its present state in the store.
        workspace: holds the run.
        tags: the workspace's tags, to choose among.
    """
    box = st.expander("Details", key=f"details.{run.run_id}", type="compact", on_change="rerun")
    if not box.open:
        return
    with box:
        st.caption(plain(_facts(run)))
        _writing(run, workspace, tags)
        history(run, workspace)
        reported_view.draw(cache_studies.reported_for_run(run, workspace))
        activation_view.draw(run, workspace)
        log = tail(workspace.run_folder(run.run_id) / "log.txt")
        if log:
            st.caption("The end of its log")
            st.code(log, language=None, wrap_lines=True, height=220)
        if not run.status.active:
            keeping.buttons(
                run.run_id,
                archived=run.archived_at is not None,
                archive=lambda on: archive(run.run_id, workspace, on=on, user=current_session().user),
                delete=lambda: delete(run.run_id, workspace, user=current_session().user),
                loss=lambda: _loss(run, workspace),
            )


def moves(run: Run, workspace: Workspace, place: int, waiting: int) -> None:
    """Draw buttons that move a waiting run in the queue; those that would change nothing are disabled.

    Args:
        run: a waiting run.
        workspace: holds the run.
        place: its place in the queue, counted from 1.
        waiting: the number of waiting runs.
    """
    if run.status is not RunStatus.QUEUED or waiting < 2:
        return
    steps = (
        ("First", "vertical_align_top", 1 - place),
        ("Up", "arrow_upward", -1),
        ("Down", "arrow_downward", 1),
    )
    for label, icon, by in steps:
        if st.button(
            label,
            key=f"move.{label}.{run.run_id}",
            icon=f":material/{icon}:",
            type="tertiary",
            disabled=not by or not 1 <= place + by <= waiting,
            help="Changes the order in which waiting runs are started.",
        ):
            with shown():
                move(
                    run.run_id,
                    workspace,
                    first=label == "First",
                    by=0 if label == "First" else by,
                    user=current_session().user,
                )
                st.rerun()


def epochs(run: Run, workspace: Workspace) -> list[EpochDone]:
    """Return the epochs that a run has finished, in order."""
    events = read_events(workspace.run_folder(run.run_id))
    return [event for event in events if isinstance(event, EpochDone)]


def tail(path: Path) -> str:
    """Return the last lines of a log; its file may be long and may grow meanwhile."""
    return "\n".join(log_end(path, LOG_LINES))


def history(run: Run, workspace: Workspace) -> None:
    """Offer the run's epochs as CSV, where there are any."""
    done = epochs(run, workspace)
    if done:
        table = pd.DataFrame([asdict(event) | {"epoch": event.epoch + 1} for event in done])
        layout.download_table(table, f"history-{run.run_id}", "Download its history as CSV")


def _facts(run: Run) -> str:
    data = run.config.data.dataset
    parts = [f"Run {run.run_id}", f"{run.config.model.name} on {data}", f"device {run.device}"]
    parts.append(f"launched {ago(run.created_at)}")
    if run.priority:
        parts.append(f"priority {run.priority}")
    return " · ".join(parts)


def _writing(run: Run, workspace: Workspace, tags: Sequence[str]) -> None:
    """Draw the form for name, tags and note; fields that the user did not change are not written."""
    now = {"name": run_card.label(run), "tags": list(run.tags), "note": run.note}
    key = f"written.{run.run_id}"
    if f"note.{run.run_id}" not in st.session_state:  # the form is drawn anew
        st.session_state[key] = now
    shown_here = st.session_state.setdefault(key, now)
    with st.form(f"writing.{run.run_id}", border=False):
        name = st.text_input("Name", shown_here["name"], max_chars=NAME_LENGTH, key=f"name.{run.run_id}")
        chosen = st.multiselect(
            "Tags",
            sorted({*tags, *shown_here["tags"]}, key=str.casefold),
            default=shown_here["tags"],
            accept_new_options=True,
            placeholder="Choose or type",
            key=f"tags.{run.run_id}",
            help="To find it by; type a new one and press Enter.",
        )
        note = st.text_area("Note", shown_here["note"], max_chars=NOTE_LENGTH, height=80, key=f"note.{run.run_id}")
        if st.form_submit_button("Save", key=f"save.{run.run_id}"):
            with shown():
                written = {"name": name, "tags": chosen, "note": note}
                changed = [what for what in written if written[what] != shown_here[what]]
                _check_unchanged(changed, shown_here, now)
                for what in changed:
                    _WRITE[what](run.run_id, written[what], workspace, user=current_session().user)
                st.session_state[key] = shown_here | {what: written[what] for what in changed}
                st.rerun()


def _check_unchanged(changed: Sequence[str], before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to overwrite fields that another user changed since these details were opened.

    Raises:
        RunError: it names these fields.
    """
    for what in changed:
        if now[what] != before[what]:
            raise RunError(
                f"Somebody else changed the {what} to {now[what]!r} since these details were opened.",
                "Nothing was saved.",
                "Copy what you wrote, close and open the details, and write it again.",
            )


def _loss(run: Run, workspace: Workspace) -> str:
    """Describe what deleting removes."""
    files = [file for file in workspace.run_folder(run.run_id).rglob("*") if file.is_file()]
    weight = size(sum(file.stat().st_size for file in files))
    return (
        f"{run_card.label(run)}: its weights, curves, predictions and log are deleted, {count(len(files), 'file')} of "
        f"{weight}. Nothing brings them back."
    )
