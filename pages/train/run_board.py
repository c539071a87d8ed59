"""Show all runs with progress and curves: first running, then waiting in order, then ended ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import get_args

import plotly.graph_objects as go
import streamlit as st

from histo_core.plots.training import RUNNING, Measure, curves_figure, curves_table
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.search import Found, RunFilter, all_tags, find_runs
from histo_core.training.events import EpochDone
from histo_core.workspace import Workspace
from pages.shared.app import url_state
from pages.shared.cache import cache
from pages.shared.cache.hashes import HASHES
from pages.shared.components import layout, run_card
from pages.shared.components.text import count, word_for_all
from pages.train import run_details

SHOWN = 12
"""Runs a page."""
STATES: dict[str, tuple[RunStatus, ...]] = {
    "any": (),
    "waiting or training": (RunStatus.QUEUED, RunStatus.RUNNING),
    **{run_card.WORDS[one][0]: (one,) for one in RunStatus if one.resumable or one is RunStatus.SUCCEEDED},
}
ANY_TAG = ""
"""Any tag; no tag is the empty text."""
ANCHOR, FORM = "runs", "new"
"""Anchors for links on a page that is too narrow for two columns: the board, and the form of a new run."""
LEGEND = 32
"""Characters of a name in the legend of the curves."""


def draw(workspace: Workspace) -> None:
    """Draw the board, which updates while something is active."""
    st.header("Runs", anchor=ANCHOR)
    store = cache.store(workspace)
    tags = all_tags(store)
    wanted = _filter(tags)
    first = find_runs(store, wanted, limit=SHOWN)
    if not first.total:
        if wanted == RunFilter():
            words = "Runs appear here with their progress and their curves."
            layout.empty(words, _to_the_form)
        else:
            layout.empty("No run is like that.", _clear)
        return
    pages = -(-first.total // SHOWN)
    offset = SHOWN * (_page(pages) - 1)

    def poll() -> Found:
        return find_runs(store, wanted, limit=SHOWN, offset=offset)

    known = poll().runs if offset else first.runs
    watched, measure = _curves_of(known)
    active = any(run.status.active for run in known)
    run_card.watch(active, lambda: _board(poll().runs, watched, measure, workspace, tags))
    if pages > 1:
        st.caption(f"{count(first.total, 'run')} on {count(pages, 'page')}.")


def _filter(tags: Sequence[str]) -> RunFilter:
    """Draw the filter's controls, and return the filter."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = run_card.search("Find", "find")
        with st.popover("Filter", icon=":material/filter_list:", key="runs.filter"):
            said = url_state.choose("State", "state", list(STATES), clears=["page"])
            words = {ANY_TAG: word_for_all(tags)} | {tag: tag for tag in tags}
            tag = url_state.choose("Tag", "tag", list(words), format_func=words.__getitem__, clears=["page"])
            archived = url_state.switch("Show archived runs", "archived")
    return RunFilter(text=text, tag=tag, statuses=STATES[said], archived=archived)


def _to_the_form() -> None:
    st.markdown(f"[To the form of a new run](#{FORM})")


def _clear() -> None:
    """Draw the button that shows all runs again."""
    if st.button("Clear the filters", icon=":material/filter_list_off:"):
        for name in ("find", "state", "tag", "archived", "page"):
            url_state.put(name, None)
        st.rerun()


def _page(pages: int) -> int:
    return url_state.page(pages) if pages > 1 else 1


def _curves_of(known: Sequence[Run]) -> tuple[list[str], Measure]:
    named = run_card.unique_labels(known)
    watched = url_state.choose_many(
        "Show curves of",
        "watch",
        list(named),
        default=[run.run_id for run in known if run.status is not RunStatus.QUEUED][:3],
        format_func=named.__getitem__,
        help="After each epoch, in training and validation.",
    )
    measure = url_state.choose("Curve", "curve", list(get_args(Measure)), widget=st.segmented_control)
    return watched, measure


def _board(
    now: Sequence[Run], watched: Sequence[str], measure: Measure, workspace: Workspace, tags: Sequence[str]
) -> None:
    chosen = [run for run in now if run.run_id in watched]
    names = {run_id: _short(name) for run_id, name in run_card.unique_labels(chosen).items()}
    epochs = {names[run.run_id]: run_details.epochs(run, workspace) for run in chosen}
    going = {names[run.run_id]: run.progress for run in chosen if run.progress and run.status is RunStatus.RUNNING}
    if going or any(epochs.values()):
        made_of = tuple((run.run_id, name, repr(epochs[name][-1:])) for run, name in zip(chosen, epochs, strict=True))
        chart = curves_figure(epochs, measure, going) if going else _curves(made_of, measure, epochs)
        name = f"curves-{measure}"
        layout.figure(chart, key="train.curves", name=name, data=lambda: curves_table(epochs), title="above")
        st.caption(RUNNING)
    queue = [run.run_id for run in cache.store(workspace).queue()]
    for run in now:
        place = queue.index(run.run_id) + 1 if run.run_id in queue else None
        moves = None if place is None else partial(run_details.moves, run, workspace, place, len(queue))
        with run_card.card(run, workspace, place, moves):
            if run.status is not RunStatus.UNREADABLE:
                run_details.draw(run, workspace, tags)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def _curves(
    made_of: tuple[tuple[str, str, str], ...], measure: Measure, _epochs: Mapping[str, Sequence[EpochDone]]
) -> go.Figure:
    """Return the curves of runs, each keyed by its id, its name and its last epoch."""
    del made_of
    return curves_figure(_epochs, measure)


def _short(name: str) -> str:
    """Shorten a name for a legend on a narrow screen; its end is kept, which distinguishes equal names."""
    return name if len(name) <= LEGEND else f"{name[: LEGEND - 11]}…{name[-10:]}"
