"""Show the verdict on a split before training: that of its audit, else the limits of the split."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from histo_core.config import DataConfig, SplitConfig
from histo_core.workspace import Workspace
from pages.shared.app import navigation
from pages.shared.cache import cache, cache_data
from pages.shared.components import data_choice
from pages.shared.components.errors import shown
from pages.shared.components.text import plain


@shown()
def draw(data: DataConfig, division: SplitConfig) -> None:
    """Draw the verdict in a frame, with a link to the audit. Data that are not open yet are opened only on demand."""
    home = str(Workspace.default().home)
    with st.container(border=True, key="split.verdict"):
        if not (cache_data.was_opened(data.model_dump_json(), home) or _known_soon(data, home)):
            st.caption("Whether training and test share patients or patches is known once the data have been opened.")
            if st.button("Open the data and look", icon=":material/fact_check:", type="tertiary"):
                data_choice.opened(data)
                st.rerun()
            return
        data_choice.opened(data)
        report = cache.audit(data.model_dump_json(), division.model_dump_json(), home)
        if report is not None:
            st.markdown(f"**{plain(report.verdict)}**")
        else:
            split = cache.split(data.model_dump_json(), division.model_dump_json(), home)
            sides = cache.sides(data.model_dump_json(), division.model_dump_json(), home)
            st.markdown(f"**{plain(f'{sides}; pixels are not compared yet.')}**")
            st.caption(plain(split.note))
        navigation.link(
            "data",
            "This split has not been audited: do it now" if report is None else "Read the audit",
            icon=":material/fact_check:",
            view="audit",
            **data_choice.to_params(data, division),
        )


def _known_soon(data: DataConfig, home: str) -> bool:
    """Return whether to open data without a click: an audit exists, and no preparation is needed."""
    audits = Workspace(Path(home)).data / "audits"
    return audits.is_dir() and any(audits.iterdir()) and data_choice.is_ready(data)
