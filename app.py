"""Histoscope's front: the server that `streamlit run app.py` starts.

The script that it runs for each session lies in `pages/shared/app/`, not here: beside a folder named ``pages``, a fresh
server would run any of its files when asked for by name, and a link to a page would find it empty.
"""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from histo_core.private_files import make_private
from pages.shared.app import ended_route, garbage
from pages.shared.app.nested_addresses import NestedAddresses
from pages.shared.app.same_origin import SameOrigin
from pages.shared.app.security_headers import SafeHeaders
from pages.shared.components.errors import show

make_private()

app = st.App(
    Path(__file__).parent / "pages" / "shared" / "app" / "router.py",
    routes=[ended_route.route()],
    middleware=[Middleware(SafeHeaders), Middleware(SameOrigin), Middleware(NestedAddresses)],
    on_script_error=show,
    lifespan=garbage.lifespan,
)
