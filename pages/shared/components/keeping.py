"""Putting something away, and deleting it, which takes a second click: the same for runs and experiments."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.shared.components.errors import shown
from pages.shared.components.text import plain


def buttons(
    key: str,
    *,
    archived: bool = False,
    archive: Callable[[bool], object] | None,
    delete: Callable[[], object],
    loss: Callable[[], str],
) -> None:
    """The buttons.

    Args:
        key: what it is, by its id.
        archived: whether it was archived.
        archive: puts it away, or brings it back; None for what cannot be read, which can be deleted only.
        delete: for good; called after the second click.
        loss: says what deleting takes away.
    """
    sure = f"sure.{key}"
    if st.session_state.get(sure):
        st.warning(plain(loss()), icon=":material/delete:")
    with st.container(horizontal=True):
        if archive is not None and st.button(
            "Bring back" if archived else "Archive",
            key=f"archive.{key}",
            icon=":material/unarchive:" if archived else ":material/archive:",
            help="Shows it in lists again." if archived else "Leaves it out of lists; nothing is lost.",
        ):
            with shown():
                archive(not archived)
                st.rerun()
        if not st.session_state.get(sure):
            if st.button("Delete", key=f"delete.{key}", icon=":material/delete:", help="Asks once more."):
                st.session_state[sure] = True
                st.rerun()
            return
        if st.button("Delete for good", key=f"really.{key}", type="primary"):
            st.session_state[sure] = False
            with shown():
                delete()
                st.rerun()
        if st.button("Keep it", key=f"keep.{key}"):
            st.session_state[sure] = False
            st.rerun()
