"""Choose a folder from a list instead of typing its path, and say which data set it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from histo_core.config import DataConfig
from histo_core.data.browse import Browsed, browse, nearest
from histo_core.data.recognise import Candidate, Recognition
from histo_core.errors import HistoscopeError
from pages.shared.app.session import current_session
from pages.shared.cache import cache_data
from pages.shared.components import errors
from pages.shared.components.text import count, plain

LISTED = 200
"""The most folders that are drawn; a search finds the others."""
OFFERED = 8
"""The most data sets in the folders below that are offered with a button."""
ROOTS = ""
"""In place of a path: the list of allowed roots."""


def prefilled(prefix: str) -> DataConfig | None:
    """Return the data set that was taken from a folder for the form with this prefix; None where none was."""
    return st.session_state.get(_key(prefix, "prefilled"))


def draw(prefix: str, data: DataConfig) -> None:
    """Draw the button that opens the list of folders, and the list where it is open.

    Args:
        prefix: of the form's widget keys; `prefilled` gives what was taken.
        data: the form's data set; its folder is where browsing starts.
    """
    place = _key(prefix, "place")
    if st.button(
        "Browse folders", key=_key(prefix, "browse"), icon=":material/folder_open:", help="Choose a folder from a list."
    ):
        start = nearest(data.root, current_session().workspace)
        st.session_state[place] = ROOTS if start is None else str(start)
    if place in st.session_state:
        _dialog(prefix, data)


def recognised(prefix: str, root: str, chosen: DataConfig) -> None:
    """Say which data set a folder looks like; where it is another than the chosen one, offer to open it as that.

    Args:
        prefix: of the form's widget keys.
        root: the folder, which is there and may be read.
        chosen: the form's data set, with the options that it started with.
    """
    seen = cache_data.recognised(root, current_session().workspace)
    fitting = [one for one in seen.candidates if _is(one, chosen)]
    if fitting and fitting[0].root == seen.folder:
        one = fitting[0]
        if one.missing:
            st.caption(f":material/warning: {plain(one)}")
        else:
            st.caption(f":material/check_circle: {plain(one)}")
        return
    if not seen.candidates:
        st.info(plain(" ".join(seen.sentences[:2])), icon=":material/help:")
        return
    _candidates(prefix, seen, "taken")


def _dialog(prefix: str, data: DataConfig) -> None:
    def close() -> None:
        st.session_state.pop(_key(prefix, "place"), None)

    @st.dialog("Choose a folder", width="medium", on_dismiss=close)
    @errors.shown()
    def drawn() -> None:
        here = st.session_state.get(_key(prefix, "place"))
        if here is None:  # a folder was taken
            st.rerun()
        try:
            level = browse(here or None, current_session().workspace)
        except HistoscopeError as error:
            errors.show(error)
            st.button("Back to the allowed folders", on_click=_go, args=(prefix, ROOTS))
            return
        _level(prefix, level)
        if level.folder is not None:
            _offer(prefix, level.folder, data)

    drawn()


def _level(prefix: str, level: Browsed) -> None:
    """Draw the folders of one level, each a button that opens it."""
    if level.folder is None:
        st.caption("Folders that may be read; HISTOSCOPE_DATA_ROOTS names them.")
    else:
        up = ROOTS if level.up is None else str(level.up)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Up", key=_key(prefix, "up"), icon=":material/arrow_upward:", on_click=_go, args=(prefix, up))
            st.markdown(f"**{plain(level.folder)}**", width="content")
        st.caption(plain(level.note))
    folders = level.folders
    if len(folders) > LISTED // 10:
        text = st.text_input("Find a folder", key=_key(prefix, "find"), placeholder="part of its name").strip()
        folders = [folder for folder in folders if text.casefold() in folder.name.casefold()]
    with st.container(height=240, border=True, gap="xxsmall"):
        for number, folder in enumerate(folders[:LISTED]):
            name = str(folder) if level.folder is None else folder.name
            st.button(
                plain(name),
                key=_key(prefix, f"folder.{number}"),
                icon=":material/folder:",
                type="tertiary",
                on_click=_go,
                args=(prefix, str(folder)),
            )
        if not folders:
            st.caption("No folder is in here.")
        if len(folders) > LISTED:
            st.caption(f"The first {LISTED} of {count(len(folders), 'folder')}; a part of the name finds the others.")


def _offer(prefix: str, folder: Path, data: DataConfig) -> None:
    """Say what the folder looks like, and draw the buttons that take it."""
    seen = cache_data.recognised(str(folder), current_session().workspace)
    _candidates(prefix, seen, "offered")
    if not seen.candidates:
        st.caption(plain(" ".join(seen.sentences[:1])))
    if not any(one.root == folder and not one.missing for one in seen.candidates):
        kind = data.dataset if data.root is not None else "folder"
        st.button(
            "Use this folder",
            key=_key(prefix, "use"),
            icon=":material/check:",
            on_click=_use,
            args=(prefix, DataConfig(dataset=kind, root=str(folder))),
        )


def _candidates(prefix: str, seen: Recognition, key: str) -> None:
    """Draw a button for each data set that a folder looks like, with its evidence."""
    here = [one for one in seen.candidates if one.root == seen.folder]
    for one in here[:1]:
        st.info(plain(one), icon=":material/warning:" if one.missing else ":material/lightbulb:")
    if not here and seen.candidates:
        st.info("The folders below look like data sets.", icon=":material/lightbulb:")
    with st.container(horizontal=True):
        for number, one in enumerate(seen.candidates[:OFFERED]):
            below = seen.place(one).removesuffix(": ")
            st.button(
                plain(f"Use {below} as {one.title}" if below else f"Use as {one.title}"),
                key=_key(prefix, f"{key}.{number}"),
                icon=":material/check:",
                type="primary" if one in here[:1] and not one.missing else "secondary",
                help=plain(one),
                on_click=_use,
                args=(prefix, one.config),
            )
    if len(seen.candidates) > OFFERED:
        st.caption(f"And {count(len(seen.candidates) - OFFERED, 'other')} in the folders below.")


def _go(prefix: str, path: str) -> None:
    st.session_state[_key(prefix, "place")] = path
    st.session_state.pop(_key(prefix, "find"), None)


def _use(prefix: str, data: DataConfig) -> None:
    st.session_state[_key(prefix, "prefilled")] = data
    st.session_state.pop(_key(prefix, "place"), None)


def _is(one: Candidate, chosen: DataConfig) -> bool:
    """Return whether the chosen data set is the recognised one, with the options that it needs."""
    options: Mapping[str, object] = chosen.options
    return one.dataset == chosen.dataset and all(options.get(name) == value for name, value in one.options.items())


def _key(prefix: str, name: str) -> str:
    return f"{prefix}.folders.{name}"
