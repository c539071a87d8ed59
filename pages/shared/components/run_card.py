"""Draw a run as a card with its state, its progress and its actions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.errors import RunError
from histo_core.runs.api import cancel, keep_supervised, resume
from histo_core.runs.devices.devices import Device
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.search import RunFilter, find_runs
from histo_core.workspace import Workspace
from pages.shared.app import navigation, url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache
from pages.shared.components import layout, onward, unreadable_rows
from pages.shared.components.errors import shown
from pages.shared.components.text import ago, duration, plain, size

SECONDS = 2.0
"""Seconds between two updates while something is active."""
OFFERED = 200
"""The most finished runs to choose among."""
_DONE = (RunStatus.SUCCEEDED,)

WORDS: dict[RunStatus, tuple[str, str]] = {
    RunStatus.QUEUED: ("waiting", "gray"),
    RunStatus.RUNNING: ("training", "blue"),
    RunStatus.SUCCEEDED: ("finished", "green"),
    RunStatus.FAILED: ("failed", "red"),
    RunStatus.CANCELLED: ("cancelled", "gray"),
    RunStatus.INTERRUPTED: ("interrupted", "orange"),
    RunStatus.UNREADABLE: ("not readable", "red"),
}
PHASES = {
    "preparing": "Reading the data",
    "training": "Training",
    "predicting": "Applying the model to held-out patches",
}


def watch(active: bool, draw: Callable[[], None]) -> None:
    """Draw runs, and update every two seconds if any of them is active when the page is drawn.

    Each update ensures that active runs have a supervisor: after a reboot there is none, and a run whose worker is
    gone would be shown as training for ever.

    The updates continue after the last run has ended, until the page is drawn again: a rerun of the whole page at that
    moment replaced a click on one of its links (2 clicks of 12 were lost), and an update costs little. So everything
    that depends on the progress of runs belongs in ``draw``.

    Args:
        active: whether runs wait or train, or more will follow.
        draw: called at each update.
    """

    @st.fragment(run_every=SECONDS if active else None)
    @shown()
    def board() -> None:
        keep_supervised(current_session().workspace)
        draw()

    board()


def finished(page: str, nothing: str, other: Callable[[str], bool] = lambda _: False) -> dict[str, Run]:
    """Return succeeded runs by id, newest first; where there are none, say so and link to the Train page.

    Of many runs, only the newest and those that match a search are offered. The runs that the URL names under ``run``
    or ``runs`` are always included, and a warning names those that are not finished runs.

    Args:
        page: the page's title.
        nothing: what the page would show.
        other: whether an id of the URL is that of something else than a run, which the page looks for itself.
    """
    store = cache.store(current_session().workspace)
    known = {run.run_id: run for run in _offered(store)}
    asked = [
        run_id
        for run_id in dict.fromkeys((*url_state.asked("run"), *url_state.asked("runs")))
        if run_id not in known and not other(run_id)
    ]
    known |= {run_id: run for run_id in asked if (run := _succeeded(store, run_id)) is not None}
    if not known:
        layout.header(page, "No model is finished yet.")
        layout.empty(nothing, onward.first_steps)
    elif missing := [run_id for run_id in asked if run_id not in known]:
        st.warning(f"Not among the finished runs of this workspace: {plain(', '.join(missing))}.")
    return known


def _offered(store: Store) -> Sequence[Run]:
    """Return the newest succeeded runs; where there are more, draw a search field for the others."""
    newest = find_runs(store, RunFilter(statuses=_DONE), limit=OFFERED)
    if newest.total <= OFFERED:
        return newest.runs
    text = search(
        "Find", "find", help=f"Of {newest.total:,} finished models, the newest {OFFERED} that fit are offered."
    )
    found = find_runs(store, RunFilter(text=text, statuses=_DONE), limit=OFFERED)
    if not found.total:
        st.caption("No finished model is like that; the newest are offered.")
    return found.runs or newest.runs


def _succeeded(store: Store, run_id: str) -> Run | None:
    """Return a succeeded run by its id, archived or not."""
    try:
        run = store.get(run_id)
    except RunError:
        return None
    return run if run.status is RunStatus.SUCCEEDED else None


def search(label: str, name: str, *, help: str | None = None) -> str:  # noqa: A002 (as Streamlit calls it)
    """Draw a search field for runs, kept in the URL, and return its text; a new text starts at the first page."""
    key = f"url.{name}"
    st.session_state[key] = next(iter(url_state.asked(name)), "")

    def write() -> None:
        url_state.put(name, st.session_state[key].strip() or None)
        url_state.put("page", None)

    placeholder = "name, note, network, data or id"
    return st.text_input(label, key=key, on_change=write, placeholder=placeholder, help=help).strip()


def card(
    run: Run, workspace: Workspace, place: int | None = None, also: Callable[[], None] | None = None
) -> DeltaGenerator:
    """Draw one run: name, state, progress, and the next step.

    Args:
        run: its present state in the store.
        workspace: holds the run.
        place: its place in the queue, counted from 1; None where it is not waiting or the place is unknown.
        also: draws further buttons beside those of the next step.

    Returns:
        The card's container, for further content.
    """
    box = st.container(border=True, key=f"run.{run.run_id}")
    with box:
        words, colour = WORDS[run.status]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{title(run)}**", width="content")
            st.badge(words, color=colour)  # type: ignore[arg-type]
            if run.archived_at is not None:
                st.badge("archived", color="gray")
            for tag in run.tags:
                # st.badge escapes brackets itself, and escaping twice cancels out.
                st.markdown(f":gray-badge[:material/sell: {plain(tag)}]", width="content")
        if run.status.active:
            st.progress(fraction(run), text=line(run, place))
            if run.status is RunStatus.RUNNING:
                st.caption(load(run) or "Its speed and memory are shown in a moment.")
        elif run.reason:
            st.caption(plain(run.reason))
        else:
            st.caption(f"{run.ended_at and ago(run.ended_at)} · {_took(run)}")
        if run.status is RunStatus.UNREADABLE:
            unreadable_rows.delete_run(run, workspace)
            return box
        with st.container(horizontal=True, vertical_alignment="center"):
            _steps(run, workspace)
            if also is not None:
                also()
    return box


def title(run: Run) -> str:
    """Return the run's name, else its model's, escaped for Markdown."""
    return plain(label(run))


def label(run: Run) -> str:
    """Return the run's name, else its model's, not escaped."""
    return run.name or run.config.model.name


def unique_labels(runs: Sequence[Run]) -> dict[str, str]:
    """Return a label for each run id; where several runs have the same name, the id is appended."""
    names = Counter(label(run) for run in runs)
    return {run.run_id: label(run) if names[label(run)] == 1 else f"{label(run)} ({run.run_id})" for run in runs}


def alike(run: Run, other: Run) -> bool:
    """Return whether two runs have the same data, split and predicted sets; a sweep's runs predict no test set."""
    return (run.split_fingerprint, run.config.predict.parts) == (other.split_fingerprint, other.config.predict.parts)


def device_words(device: Device, labels: Mapping[str, str]) -> str:
    """Describe a device, its free memory and its use: "CPU, 2 cores, 9.1 GB of memory free, busy with ResNet18".

    Args:
        device: a device of this machine.
        labels: names of runs by id.
    """
    busy = device.busy_with
    does = "idle" if busy is None else f"busy with {labels.get(busy, busy)}"
    return f"{device.title}, {size(device.memory_free)} of memory free, {does}"


def fraction(run: Run) -> float:
    """Return the share of the training that is done, 0 to 1."""
    at = run.progress
    if at is None or not at.epochs:
        return 0.0
    if at.phase == "predicting":
        return 1.0
    return min((at.epoch + (at.batch / at.batches if at.batches else 0.0)) / at.epochs, 1.0)


def line(run: Run, place: int | None = None) -> str:
    """Describe an active run's progress: "Waiting: 2nd in line", "Training: epoch 3 of 8, batch 12 of 38, loss 0.412,
    about 2 min left".
    """
    if run.status is RunStatus.QUEUED:
        return "Waiting for the device" if place is None else f"Waiting: {_in_line(place)}"
    if run.cancel_requested:
        return "Stopping after this batch"
    at = run.progress
    if at is None:
        return "Starting"
    if at.phase != "training":
        return PHASES.get(at.phase, at.phase)
    parts = [f"Training: epoch {min(at.epoch + 1, at.epochs)} of {at.epochs}"]
    if at.train_loss is not None and at.batch:
        parts.append(f"batch {at.batch:,} of {at.batches:,}, loss {at.train_loss:.3f}")
    if left := _seconds_left(run):
        parts.append(f"about {duration(left)} left")
    return ", ".join(parts)


def load(run: Run) -> str:
    """Describe a running run's speed and resource use: "412 patches a second · 1.2 GB · GPU 85%"."""
    at = run.progress
    if at is None:
        return ""
    parts = [
        f"{at.images_per_second:,.0f} patches a second" if at.images_per_second else "",
        f"{size(at.memory_bytes)} of memory" if at.memory_bytes else "",
        f"{size(at.gpu_memory_bytes)} on the GPU" if at.gpu_memory_bytes else "",
        f"GPU {at.gpu_percent}% busy" if at.gpu_percent is not None else "",
    ]
    return " · ".join(part for part in parts if part)


def _in_line(place: int) -> str:
    if place == 1:
        return "next in line"
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place:,}{ending} in line"


def _seconds_left(run: Run) -> float | None:
    """Estimate the seconds left from the speed of the last batches, so that it is also right for a resumed run."""
    at = run.progress
    if at is None or not at.images_per_second:
        return None
    batches = (at.epochs - at.epoch) * at.batches - at.batch
    return batches * run.config.train.batch_size / at.images_per_second


def _took(run: Run) -> str:
    if run.started_at is None or run.ended_at is None:
        return ""
    return f"took {duration((run.ended_at - run.started_at).total_seconds())}"


def _steps(run: Run, workspace: Workspace) -> None:
    if run.status is RunStatus.SUCCEEDED:
        navigation.link("compare", "Compare", runs=[run.run_id])
        navigation.link("explain", "Explain", run=run.run_id)
    elif run.status.active and not run.cancel_requested:
        if st.button("Cancel", key=f"cancel.{run.run_id}", help="Stops at the next batch; it can be resumed later."):
            cancel(run.run_id, workspace, user=current_session().user)
            st.rerun()
    elif run.status.resumable and st.button(
        "Resume", key=f"resume.{run.run_id}", help="Goes on from the last checkpoint, with the same settings."
    ):
        resume(run.run_id, workspace, user=current_session().user)
        st.rerun()
    if not run.status.active and st.button(
        "Clone",
        key=f"clone.{run.run_id}",
        icon=":material/content_copy:",
        type="tertiary",
        help="Opens the form with this run's settings, to be changed.",
    ):
        navigation.go("train", clone=run.run_id)
