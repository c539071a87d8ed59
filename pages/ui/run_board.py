"""All runs with their progress: what is running, what waits in its order, and what has ended; with their curves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import get_args

import streamlit as st

from histo_core.plots.training import Measure, curves_figure
from histo_core.runs.find import Found, Wanted, all_tags, find_runs
from histo_core.runs.records import Run, RunStatus
from histo_core.workspace import Workspace
from pages.ui import cache, layout, run_details, runs, state
from pages.ui.text import count

SHOWN = 12
"""Runs a page."""
STATES: dict[str, tuple[RunStatus, ...]] = {
    "any": (),
    "waiting or training": (RunStatus.QUEUED, RunStatus.RUNNING),
    **{runs.WORDS[status][0]: (status,) for status in RunStatus if not status.active},
}
ANY_TAG = "any"
ANCHOR = "runs"
"""Where a link on the page leads that is too narrow for two columns."""
LEGEND = 24
"""Characters of a name in the legend of the curves."""


def draw(workspace: Workspace) -> None:
    """The board, which looks again while something is active."""
    st.subheader("Runs", anchor=ANCHOR)
    store = cache.store(str(workspace.home))
    tags = all_tags(store)
    wanted = _filter(tags)
    total = find_runs(store, wanted, limit=0).total
    if not total:
        words = "Runs appear here with their progress and their curves."
        layout.empty(words if wanted == Wanted() else "No run is like that.", lambda: None)
        return
    pages = -(-total // SHOWN)
    offset = SHOWN * (_page(pages) - 1)

    def look() -> Found:
        return find_runs(store, wanted, limit=SHOWN, offset=offset)

    known = look().runs
    watched, measure = _curves_of(known)
    runs.watch(lambda: look().runs, lambda now: _board(now, watched, measure, workspace, tags))
    if pages > 1:
        st.caption(f"{count(total, 'run')} on {count(pages, 'page')}.")


def _filter(tags: Sequence[str]) -> Wanted:
    """Which runs the URL and its controls ask for."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = _text("Find", "find", placeholder="name, note, network, data or id")
        with st.popover("Filter", icon=":material/filter_list:", key="runs.filter"):
            said = state.choose("State", "state", list(STATES), clears=["page"])
            tag = state.choose("Tag", "tag", [ANY_TAG, *tags], clears=["page"])
            archived = state.switch("Show archived runs", "archived")
    return Wanted(text=text, tag="" if tag == ANY_TAG else tag, statuses=STATES[said], archived=archived)


def _text(label: str, name: str, *, placeholder: str) -> str:
    """A line of text in the URL; another text begins at the first page."""
    key = f"url.{name}"
    st.session_state[key] = next(iter(state.asked(name)), "")

    def write() -> None:
        state.put(name, st.session_state[key].strip() or None)
        state.put("page", None)

    return st.text_input(label, key=key, on_change=write, placeholder=placeholder).strip()


def _page(pages: int) -> int:
    return state.page(pages) if pages > 1 else 1


def _curves_of(known: Sequence[Run]) -> tuple[list[str], Measure]:
    named = runs.unique_labels(known)
    watched = state.choose_many(
        "Show curves of",
        "watch",
        list(named),
        default=[run.run_id for run in known if run.status is not RunStatus.QUEUED][:3],
        format_func=named.__getitem__,
        help="After each epoch, in training and validation.",
    )
    measure = state.choose("Curve", "curve", list(get_args(Measure)), widget=st.segmented_control)
    return watched, measure


def _board(
    now: Sequence[Run], watched: Sequence[str], measure: Measure, workspace: Workspace, tags: Sequence[str]
) -> None:
    chosen = [run for run in now if run.run_id in watched]
    names = runs.unique_labels(chosen)
    epochs = {_short(names[run.run_id]): run_details.epochs(run, workspace) for run in chosen}
    if any(epochs.values()):
        chart = curves_figure(epochs, measure)
        layout.figure(chart, key="train.curves", name=measure, narrow=True)
    queue = [run.run_id for run in cache.store(str(workspace.home)).queue()]
    for run in now:
        place = queue.index(run.run_id) + 1 if run.run_id in queue else None
        moves = None if place is None else partial(run_details.moves, run, workspace, place, len(queue))
        with runs.card(run, workspace, place, moves):
            run_details.draw(run, workspace, tags)


def _short(name: str) -> str:
    """A name that fits into a legend on a narrow screen; its end, which tells equal names apart, is kept."""
    return name if len(name) <= LEGEND else f"{name[: LEGEND - 11]}…{name[-10:]}"
