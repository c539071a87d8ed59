"""Word and show the verdict on a split: that of its audit, else what can be found out at once."""

from __future__ import annotations

import streamlit as st

from histo_core.auditing.split_verdict import split_verdict
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.errors import DataError
from histo_core.workspace import Workspace
from pages.shared.app import navigation
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_data
from pages.shared.components import data_choice
from pages.shared.components.errors import shown
from pages.shared.components.text import plain

AT_ONCE, BYTES_AT_ONCE = 5_000, 3e8
"""The most patches, and bytes, whose pixels are compared at once in a few seconds; above that, users start an audit."""


def sentence(data: DataConfig, split: SplitConfig, source: Dataset, workspace: Workspace) -> str:
    """Return the verdict on a split, which is the same on every page; pixels of a small data set are compared at once.

    Args:
        data: configuration of ``source``.
        split: configuration of its split.
        source: the opened data set.
        workspace: keeps the audits.
    """
    sides, report = cache.sides(data, split, workspace), cache.audit(data, split, workspace)
    try:
        if report is not None or not _quickly_read(data, source, workspace):
            return split_verdict(sides, report)
        with st.spinner("Looking for patches that stand on both sides…", show_time=True):
            return split_verdict(sides, leakage=cache.leakage(data, split, workspace))
    except DataError as error:  # an unreadable file must not block the view that lists all such files
        return f"{sides}. {error.found} See Files for all that cannot be read."


def _quickly_read(data: DataConfig, source: Dataset, workspace: Workspace) -> bool:
    return len(source) <= AT_ONCE and cache_data.copy_bytes(data, source.state, workspace) <= BYTES_AT_ONCE


@shown()
def draw(data: DataConfig, split: SplitConfig) -> None:
    """Draw the verdict in a frame, with a link to the audit. Data that are not open yet are opened only on demand."""
    workspace = current_session().workspace
    with st.container(border=True, key="split.verdict"):
        if not (cache.was_opened(data, workspace) or _known_soon(data, workspace)):
            st.caption("Whether training and test share patients or patches is known once the data have been opened.")
            if st.button("Open the data and look", icon=":material/fact_check:", type="tertiary"):
                data_choice.opened(data, workspace)
                st.rerun()
            return
        source = data_choice.opened(data, workspace)
        report = cache.audit(data, split, workspace)
        st.markdown(f"**{plain(sentence(data, split, source, workspace))}**")
        if report is None:
            st.caption(plain(cache.split(data, split, workspace).note))
        navigation.link(
            "data",
            "This split has not been audited: do it now" if report is None else "Read the audit",
            icon=":material/fact_check:",
            view="audit",
            **data_choice.to_params(data, split),
        )


def _known_soon(data: DataConfig, workspace: Workspace) -> bool:
    """Whether to open data without a click: an audit exists, and no preparation is needed."""
    audits = workspace.data / "audits"
    return audits.is_dir() and any(audits.iterdir()) and data_choice.is_ready(data, workspace)
