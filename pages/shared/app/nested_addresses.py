"""Answer addresses below a page: send a browser to the page, and Streamlit's probe for a base path elsewhere.

Streamlit serves its start page at each address, with links relative to it, so that ``/data/x`` stays blank. On
``/data`` its script asks first whether the server lives below ``/data``: two requests that fail in the console.
"""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

OWN = ("static", "media", "component", "app")
"""First segments below which Streamlit serves files; so it does below all that begin with an underscore."""
PROBES = ("_stcore/health", "_stcore/host-config")
ELSEWHERE = 300
"""A status that is neither a success, on which the script would settle for this base, nor an error in the console."""


class NestedAddresses:
    """ASGI middleware that answers requests below the address of a page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect ``/page/more`` to ``/page``, with its query; answer a probe below a page with 300."""
        answer = _answer(scope) if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
        await (answer or self.app)(scope, receive, send)


def _answer(scope: Scope) -> PlainTextResponse | RedirectResponse | None:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    base = f"/{base}/" if base else "/"
    if not scope["path"].startswith(base):
        return None
    first, _, rest = scope["path"].removeprefix(base).lstrip("/").partition("/")
    if not rest.strip("/") or first in OWN or first.startswith("_"):
        return None
    if rest in PROBES:
        return PlainTextResponse("The server's base path is shorter.", ELSEWHERE)
    query = scope["query_string"].decode("latin-1")
    return RedirectResponse(f"{base}{quote(first)}{'?' if query else ''}{query}")
