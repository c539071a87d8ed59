"""Histoscope's front: the server that `streamlit run app.py` starts.

The script that it runs for each session lies in `pages/ui/`, not here: beside a folder named ``pages``, a fresh server
would run any of its files when asked for by name, and a link to a page would find it empty.
"""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from histo_core.private_files import make_private
from pages.ui import garbage
from pages.ui.errors import show
from pages.ui.headers import SafeHeaders
from pages.ui.same_origin import SameOrigin

make_private()

app = st.App(
    Path(__file__).parent / "pages" / "ui" / "router.py",
    middleware=[Middleware(SafeHeaders), Middleware(SameOrigin)],
    on_script_error=show,
    lifespan=garbage.lifespan,
)
