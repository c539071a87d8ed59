"""Draw buttons to archive and delete runs and experiments; deleting takes a second click."""

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
    """Draw the buttons.

    Args:
        key: the id of the run or experiment.
        archived: whether it is archived.
        archive: archives it, or brings it back; None for an unreadable one, which can only be deleted.
        delete: deletes it; called after the second click.
        loss: returns a description of what deleting removes.
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
