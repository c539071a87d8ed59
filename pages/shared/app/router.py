"""Define what Streamlit runs for each session: the list of pages and the content of each."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import streamlit as st

from pages.shared.app import url_state
from pages.shared.app.navigation import PageName, register
from pages.shared.app.session import begin_session
from pages.shared.components import notices, server_gone
from pages.shared.components.errors import shown

ASSETS = Path(__file__).resolve().parents[3] / "assets"
ICONS: dict[PageName, str] = {
    "home": "home",
    "data": "grid_view",
    "train": "model_training",
    "experiments": "science",
    "compare": "balance",
    "explain": "center_focus_strong",
    "predict": "online_prediction",
}


def renderer(name: PageName) -> Callable[[], None]:
    """Return a page's render function; the page is imported on first use, so that Home need not wait for PyTorch."""
    return lambda: import_module(f"pages.{name}.page").render()


st.set_page_config(page_title="Histoscope", page_icon=str(ASSETS / "icon.svg"), layout="wide")
st.logo(ASSETS / "logo.svg", size="large")
st.html(ASSETS / "access.css")
st.html(ASSETS / "controls.css")
pages = {
    name: st.Page(
        renderer(name), title=name.capitalize(), icon=f":material/{icon}:", url_path=name, default=name == "home"
    )
    for name, icon in ICONS.items()
}
server_gone.draw()
register(pages)
page = st.navigation(list(pages.values()), position="top")
url_state.arrive(next(name for name, known in pages.items() if known == page))
with shown(afresh=True):
    begin_session()
    page.run()
url_state.settle()
with st.container(horizontal=True, horizontal_alignment="distribute", key="foot"):
    st.caption("For research and teaching. Not a medical device.", width="content")
    notices.draw()
