"""Show where to get a data set and where to put it, and download it where its publisher allows that."""

from __future__ import annotations

import streamlit as st

from histo_core.data.dataset import DATASETS
from histo_core.data.fetch.catalogue import DOWNLOADS
from histo_core.errors import DataNotFoundError, PathNotAllowedError
from histo_core.workspace import Workspace
from pages.shared.app import navigation
from pages.shared.app.session import current_session
from pages.shared.components.job_card import job_card
from pages.shared.components.text import plain, size


def is_missing(root: str, workspace: Workspace) -> bool:
    """Return whether a folder that may be read does not exist; opening reports a folder that may not be read."""
    try:
        workspace.allowed(root)
    except DataNotFoundError:
        return True
    except PathNotAllowedError:
        return False
    return False


def describe(name: str) -> None:
    """Draw source, licence and layout of a data set, as text."""
    info = DATASETS[name].info
    lines = {"Source": info.source, "Licence": info.licence, "How the files must lie": info.layout}
    if info.expected_counts:
        lines["In full"] = ", ".join(f"{key} {number:,}" for key, number in info.expected_counts.items())
    st.markdown("\n".join(f"- **{title}**: {plain(line)}" for title, line in lines.items()))


def draw(name: str, folder: str | None, *, prefix: str) -> None:
    """Draw what to fetch and where to put it, with a download where the publisher allows one.

    Args:
        name: the data set's name.
        folder: the folder that the user chose; a folder in the workspace by default.
        prefix: of the widget keys.
    """
    describe(name)
    workspace = current_session().workspace
    place = folder or str(workspace.data / "downloads" / name)
    if name not in DOWNLOADS:
        st.caption(plain(f"Fetch it from its source, put the files into {place}, and open that folder."))
        return
    target = st.text_input(
        "Download into",
        value=place,
        key=f"{prefix}.download.{name}",
        help="A folder on the machine that Histoscope runs on; what is there already is checked and kept.",
    ).strip()
    if not target:
        return
    known = sum(download.bytes or 0 for download in DOWNLOADS[name])
    fetched = job_card(
        "download",
        {"dataset": name, "folder": target},
        "Download",
        then=f"The files are in {target}.",
        note=f"About {size(known)} from the publisher. It goes on where it stopped, and the files are checked.",
    )
    if fetched is not None and fetched.state == "succeeded":
        st.caption(f"The files are in {plain(target)}.")
        if st.button("Open these data", key=f"{prefix}.open.{name}", icon=":material/folder_open:"):
            navigation.go("data", dataset=name, root=target)
