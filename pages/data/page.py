"""Data: open a data set, show the verdict on its split and its patches."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.config import DataConfig, SplitConfig
from histo_core.errors import BrokenFilesError, DataError, HistoscopeError, SplitError
from pages.data.explore import views
from pages.data.explore.context import Explored
from pages.shared.app import navigation, url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_data
from pages.shared.components import data_choice, layout
from pages.shared.components.text import count, plain

AT_ONCE, BYTES_AT_ONCE = 5_000, 3e8
"""The most patches, and bytes, whose pixels are compared at once in a few seconds; above that, users start an audit."""


def render() -> None:
    """Draw the page."""
    current_session().authorise("data.read")
    chosen = data_choice.from_url()
    if chosen is None:
        layout.header("Data", "Choose a data set to see what is in it.")
        _choice(DataConfig(), SplitConfig())
        return
    data, division = chosen
    top = st.container()
    with st.expander(f"Data set: {plain(data_choice.describe(data))}"):
        _choice(data, division)
    page = _opened(data, division, top)
    if page is None:
        return
    with top:
        layout.header("Data", _verdict(page))
        with st.container(horizontal=True, vertical_alignment="center"):
            if page.undivided:
                st.caption("All views but the audit do without a split.", width="content")
                st.button("Build a split", icon=":material/call_split:", on_click=url_state.put, args=("view", "split"))
            else:
                st.caption(plain(page.split.note), width="content")
                navigation.link(
                    "train",
                    "Train on these data",
                    icon=":material/model_training:",
                    **data_choice.to_params(data, division),
                )
        left = page.source.left_out
        if left.count:
            number = f"{'' if left.whole else 'At least '}{count(left.count, 'file')}"
            st.caption(plain(f"{number} in the folder {'is' if left.count == 1 else 'are'} not used; see Files."))
    view = url_state.choose(
        "View",
        "view",
        list(views.TITLES),
        format_func=views.TITLES.__getitem__,
        widget=st.segmented_control,
        clears=("page", "patch"),
        label_visibility="collapsed",
    )
    views.draw(view, page)


def _choice(data: DataConfig, division: SplitConfig) -> None:
    """Draw the form, whose values go into the URL; another data set starts with its recommended split."""
    chosen = data_choice.form(data, prefix=f"data.{data.model_dump_json()}")
    if st.button("Open and check", type="primary", icon=":material/fact_check:"):
        cache.forget_data()
        kept = division if chosen == data else SplitConfig()
        navigation.go("data", **data_choice.to_params(chosen, kept))


def _opened(data: DataConfig, division: SplitConfig, top: DeltaGenerator) -> Explored | None:
    """Open the data set and its split; where samples cannot be used, list them and offer to leave them out."""
    workspace = current_session().workspace
    try:
        source = data_choice.opened_or_job(data, workspace)
    except BrokenFilesError as error:
        from pages.data import files_view

        with top:
            layout.header("Data", f"{count(len(error.problems), 'sample')} cannot be used.")
        files_view.broken(error, data)
        return None
    except HistoscopeError:
        with top:
            layout.header("Data", "These data cannot be opened.")
        raise
    if source is None:
        with top:
            layout.header("Data", "The data are being made ready.")
        return None
    try:
        return Explored(data, division, source, cache.split(data, division, workspace), workspace)
    except SplitError as error:
        return Explored(
            data, division, source, cache.split(data, cache.UNDIVIDED, workspace), workspace, undivided=str(error)
        )


def _verdict(page: Explored) -> str:
    """Return one sentence on leakage: from the saved audit, else from what can be computed at once."""
    if page.undivided:
        return page.undivided
    report = cache.audit(*page.key)
    if report is not None:
        return report.verdict
    try:
        if _quickly_read(page):
            with st.spinner("Looking for patches that stand on both sides…", show_time=True):
                return cache.leakage(*page.key).verdict
    except DataError as error:  # an unreadable file must not block the view that lists all such files
        return f"{cache.sides(*page.key)}. {error.found} See Files for all that cannot be read."
    return f"{cache.sides(*page.key)}; pixels are not compared yet, see Audit."


def _quickly_read(page: Explored) -> bool:
    if len(page.source) > AT_ONCE:
        return False
    return cache_data.copy_bytes(page.data, page.source.state, page.workspace) <= BYTES_AT_ONCE
