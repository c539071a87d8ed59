"""Restrict requests to the server's own hosts and to its own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

NO_ORIGIN = "null"
"""The origin of a sandboxed frame or a file; a websocket without an origin counts as one."""
POLICY_VIOLATION = 1008
_METRICS = "/_stcore/metrics"


class SameOrigin:
    """ASGI middleware that refuses requests of pages of other sites or other ports.

    Streamlit checks only the Host header of websockets, and accepts any port of this machine as its own origin.

    - The Host header must be in the option ``server.allowedHosts``, so that a foreign name that resolves to this
      machine (DNS rebinding) reaches nothing.
    - An Origin header must equal the Host, including the port, or be in the option ``server.corsAllowedOrigins``;
      where ``server.enableCORS`` is off, any origin is allowed.
    - ``/_stcore/metrics`` does not exist.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on allowed requests; else answer 400, 403 or 404, or close the websocket."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not _known_host(headers):
            refusal = PlainTextResponse("This host is not among server.allowedHosts.", 400)
        elif not _own_origin(headers, scope["type"]):
            refusal = PlainTextResponse("This origin is not among server.corsAllowedOrigins.", 403)
        elif scope["path"].rstrip("/").endswith(_METRICS):
            refusal = PlainTextResponse("Not Found", 404)
        else:
            await self.app(scope, receive, send)
            return
        answer = WebSocketClose(POLICY_VIOLATION) if scope["type"] == "websocket" else refusal
        await answer(scope, receive, send)


def _known_host(headers: Headers) -> bool:
    return all(is_host_allowed(host) for host in headers.getlist("host") or [None])


def _own_origin(headers: Headers, kind: str) -> bool:
    origins = headers.getlist("origin") or ([NO_ORIGIN] if kind == "websocket" else [])
    if not st.get_option("server.enableCORS"):
        return True
    allowed = {str(origin).strip().lower() for origin in st.get_option("server.corsAllowedOrigins")}
    host = headers.get("host", "").lower()
    return all(origin.lower() in allowed or _names(origin, host) for origin in origins)


def _names(origin: str, host: str) -> bool:
    """Return whether an origin belongs to this host."""
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc == host
