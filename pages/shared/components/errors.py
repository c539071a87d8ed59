"""Show errors on a page."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st
from streamlit.errors import StreamlitAPIException

from histo_core.disk_errors import DISK, advice
from histo_core.errors import HistoscopeError
from histo_core.workspace import Workspace
from pages.shared.app import url_state
from pages.shared.components.text import plain

LOG = logging.getLogger("histoscope.dashboard")
_UPLOAD_REFUSED = ("filename-contains-null-bytes", "file-uploader-invalid-extension")
"""Streamlit's words for an upload that it refuses by its name, before the page runs."""


@contextmanager
def shown(*, afresh: bool = False) -> Iterator[None]:
    """Show an error where it happened and draw the rest of the page; also usable as a decorator, for fragments.

    Streamlit's own signals (rerun, stop) are not of type `Exception` and pass through.

    Args:
        afresh: whether to offer the page without its selection. A broken link is stored like any other selection, so
            it would block the page for the rest of the session.
    """
    try:
        yield
    except Exception as error:
        show(error)
        if afresh and url_state.names():
            st.button(
                "Open this page afresh",
                key="afresh",
                icon=":material/restart_alt:",
                help="Without the selection that the link names. Nothing is deleted.",
                on_click=url_state.clear,
            )


def show(error: Exception) -> bool:
    """Show an error instead of a traceback; True tells Streamlit that the error was handled.

    A `HistoscopeError`, a disk error and an upload refused by its name are shown with their own messages. Any other
    error is logged under a reference, and the page shows only the reference.
    """
    if isinstance(error, HistoscopeError):
        st.error(plain(error), icon=":material/error:")
        return True
    if isinstance(error, OSError) and error.errno in DISK:
        named = f"{error.filename}: " if error.filename else ""
        st.error(plain(f"{named}{error.strerror}. {advice(error)}."), icon=":material/error:")
        return True
    if isinstance(error, StreamlitAPIException) and error.error_id in _UPLOAD_REFUSED:
        st.error(plain(f"The file was not taken: {error} Rename it, and choose it again."), icon=":material/error:")
        return True
    reference, log = secrets.token_hex(4), _log_file()
    LOG.error("reference %s", reference, exc_info=error)
    st.error(
        "Something went wrong that should not have. Reload the page; if it happens again, report the reference "
        f"`{reference}`. The details are in {plain(log)}.",
        icon=":material/error:",
    )
    return True


def _log_file() -> Path:
    """Return the dashboard's log file in the workspace, after adding a handler for it."""
    # Not that of the session: to read it may end the script, and an error before it began is logged too.
    path = Workspace.default().logs / "dashboard.log"
    if not any(getattr(handler, "baseFilename", None) == str(path) for handler in LOG.handlers):
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        LOG.addHandler(handler)
    return path
