"""Keep the user's own data in the URL, so that a recommendation follows them and stays after a launch."""

from __future__ import annotations

import streamlit as st

from histo_core.config import DataConfig
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.components import data_choice, fetch
from pages.train.recommended_view import is_own


def follow(chosen: DataConfig, before: DataConfig, *, demo: bool) -> None:
    """Start the form afresh with data that were chosen in it, where they are the user's own and there.

    Args:
        chosen: the form's data.
        before: the data that it started with.
        demo: whether its settings are the demo's, which are for drawn tissue only.
    """
    if chosen == before or not is_own(chosen) or chosen.root is None:
        return
    if fetch.is_missing(chosen.root, current_session().workspace):
        return
    if demo:
        url_state.put("preset", None)
    for name, value in data_choice.to_params(chosen).items():
        url_state.put(name, value)
    st.rerun()


def correct() -> None:
    """Draw the form of the URL's data alone, where nothing can be recommended for them."""
    (linked, _) = data_choice.from_url() or (DataConfig(), None)
    with st.expander("Data", expanded=True):
        chosen = data_choice.form(linked, prefix=f"train.data.{linked.model_dump_json()}")
    follow(chosen, linked, demo=False)
