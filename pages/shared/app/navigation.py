"""Links from page to page.

`app.py` owns the pages and registers them here, so that a page can name another without importing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NoReturn

import streamlit as st

PageName = Literal["home", "data", "train", "experiments", "compare", "explain", "predict"]
_KEY = "navigation.pages"


def register(pages: Mapping[str, st.Page]) -> None:
    """Remember the pages of this session."""
    st.session_state[_KEY] = dict(pages)


def link(page: PageName, label: str, *, icon: str | None = None, **params: object) -> None:
    """A link to another page with its selection in the URL; a list makes a repeated parameter."""
    st.page_link(st.session_state[_KEY][page], label=label, icon=icon, query_params=_query(params))


def go(page: PageName, **params: object) -> NoReturn:
    """Leave for another page."""
    st.switch_page(st.session_state[_KEY][page], query_params=_query(params))


def _query(params: Mapping[str, object]) -> dict[str, str | list[str]]:
    return {
        name: [str(item) for item in value] if isinstance(value, list | tuple) else str(value)
        for name, value in params.items()
        if value is not None
    }
