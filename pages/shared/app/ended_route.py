"""Answer a browser's question which runs and experiments ended lately."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from histo_core.errors import HistoscopeError
from pages.shared.app.session import new_session

PATH = "/ended"
LONGEST = timedelta(days=1)
"""How long ago something may have ended to be told of."""
NO_STORE = {"cache-control": "no-store"}


async def ended(request: Request) -> JSONResponse:
    """Return the server's time and what ended since ``since`` (seconds, as this function gave before).

    Without ``since``, or with one that is no number, nothing has ended.
    """
    now = datetime.now(UTC)
    since = _moment(request.query_params.get("since", ""), now)
    try:
        found = [] if since is None else await run_in_threadpool(_found, since)
    except HistoscopeError:  # the page itself says what is wrong
        return JSONResponse({"now": now.timestamp(), "ended": []}, 503, headers=NO_STORE)
    return JSONResponse({"now": now.timestamp(), "ended": found}, headers=NO_STORE)


def route() -> Route:
    """Return the route, below the server's base path."""
    return Route(path(), ended, methods=["GET"])


def path() -> str:
    """Return the path that a browser asks."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{PATH}" if base else PATH


def _found(since: datetime) -> list[dict[str, object]]:
    from histo_core.experiments.endings import endings  # the first question comes after the first page

    session = new_session()
    return [
        {"key": f"{one.id} {one.ended_at.timestamp()}", "sentence": one.sentence}
        for one in endings(session.workspace, since, user=session.user)
    ]


def _moment(text: str, now: datetime) -> datetime | None:
    try:
        moment = datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return max(moment, now - LONGEST)
