"""Data: open a data set, read the verdict on its split, look at its patches."""

from __future__ import annotations

import streamlit as st

from histo_core.access import LOCAL, authorise
from histo_core.config import DataConfig, SplitConfig
from histo_core.errors import BrokenFilesError, DataError
from histo_core.workspace import Workspace
from pages.ui import cache, data_choice, layout, navigation, state
from pages.ui.explore import views
from pages.ui.explore.context import Explored
from pages.ui.text import count, plain

AT_ONCE = 5_000
"""Patches whose pixels are compared while one waits; an audit of more is started by hand."""


def render() -> None:
    """Draw the page."""
    authorise(LOCAL, "data.read")
    chosen = data_choice.from_url()
    if chosen is None:
        layout.header("Data", "Choose a data set to see what is in it.")
        _choice(DataConfig(), SplitConfig())
        return
    data, division = chosen
    top = st.container()
    with st.expander(f"Data set: {plain(data_choice.describe(data))}"):
        _choice(data, division)
    page = _opened(data, division)
    if page is None:
        return
    with top:
        layout.header("Data", _verdict(page))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(plain(page.split.note), width="content")
            navigation.link(
                "train",
                "Train on these data",
                icon=":material/model_training:",
                **data_choice.to_params(data, division),
            )
    view = state.choose(
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
    """The form, whose answer goes into the URL; other data start with the split that suits them."""
    chosen = data_choice.form(data, prefix=f"data.{data.model_dump_json()}")
    if st.button("Open and check", type="primary", icon=":material/fact_check:"):
        cache.forget_data()
        kept = division if chosen == data else SplitConfig()
        navigation.go("data", **data_choice.to_params(chosen, kept))


def _opened(data: DataConfig, division: SplitConfig) -> Explored | None:
    """What is explored; where samples cannot be used they are listed instead, with the way on."""
    home = str(Workspace.default().home)
    try:
        source = data_choice.opened(data)
        split = cache.split(data.model_dump_json(), division.model_dump_json(), home)
    except BrokenFilesError as error:
        from pages.ui import files_view

        layout.header("Data", f"{count(len(error.problems), 'sample')} cannot be used.")
        files_view.broken(error, data, division)
        return None
    return Explored(data, division, source, split, home)


def _verdict(page: Explored) -> str:
    """One sentence on what stands on both sides of the split: the saved audit's, else what can be told at once."""
    report = cache.audit(*page.key)
    if report is not None:
        return report.verdict
    if len(page.source) > AT_ONCE:
        return f"{count(len(page.source), 'patch', 'patches')}, not audited yet: see Audit for what the parts share."
    with st.spinner("Looking for patches that stand on both sides…", show_time=True):
        try:
            return cache.leakage(*page.key).verdict
        except DataError as error:  # a file that cannot be read must not bar the way to the view that names them all
            return f"{error.found} See Files for all that cannot be read."
