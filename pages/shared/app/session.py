"""Say on behalf of whom, and on which workspace, a page works."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from histo_core.access import LOCAL, Action, User, authorise
from histo_core.workspace import Workspace

_KEY = "session"


@dataclass(frozen=True)
class Session:
    """The workspace that a page shows, and the user who looks at it."""

    workspace: Workspace
    user: User

    def authorise(self, action: Action, target: str = "") -> None:
        """Allow an action of the user or refuse it, as `histo_core.access.authorise`."""
        authorise(self.user, action, target)


def begin_session() -> None:
    """Make the session of this render; the router calls this on every run of its script."""
    st.session_state[_KEY] = new_session()


def current_session() -> Session:
    """Return the session of this render. The rerun of a fragment gets that of the last whole page.

    A page that is drawn without the router, as in a test, gets a new one.
    """
    return st.session_state.get(_KEY) or new_session()


def new_session() -> Session:
    """Return a session that no render has yet, such as that of a request beside the pages."""
    return Session(Workspace.default(), LOCAL)
