"""Show the verdict on a split before training: that of its audit, else the limits of the split."""

from __future__ import annotations

import streamlit as st

from histo_core.config import DataConfig, SplitConfig
from histo_core.workspace import Workspace
from pages.shared.app import navigation
from pages.shared.app.session import current_session
from pages.shared.cache import cache
from pages.shared.components import data_choice
from pages.shared.components.errors import shown
from pages.shared.components.text import plain


@shown()
def draw(data: DataConfig, division: SplitConfig) -> None:
    """Draw the verdict in a frame, with a link to the audit. Data that are not open yet are opened only on demand."""
    workspace = current_session().workspace
    with st.container(border=True, key="split.verdict"):
        if not (cache.was_opened(data, workspace) or _known_soon(data, workspace)):
            st.caption("Whether training and test share patients or patches is known once the data have been opened.")
            if st.button("Open the data and look", icon=":material/fact_check:", type="tertiary"):
                data_choice.opened(data, workspace)
                st.rerun()
            return
        data_choice.opened(data, workspace)
        report = cache.audit(data, division, workspace)
        if report is not None:
            st.markdown(f"**{plain(report.verdict)}**")
        else:
            split = cache.split(data, division, workspace)
            sides = cache.sides(data, division, workspace)
            st.markdown(f"**{plain(f'{sides}; pixels are not compared yet.')}**")
            st.caption(plain(split.note))
        navigation.link(
            "data",
            "This split has not been audited: do it now" if report is None else "Read the audit",
            icon=":material/fact_check:",
            view="audit",
            **data_choice.to_params(data, division),
        )


def _known_soon(data: DataConfig, workspace: Workspace) -> bool:
    """Whether to open data without a click: an audit exists, and no preparation is needed."""
    audits = workspace.data / "audits"
    return audits.is_dir() and any(audits.iterdir()) and data_choice.is_ready(data, workspace)
