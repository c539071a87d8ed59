"""Pages get workspace and user from the session, and nowhere else."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from page_helpers import PROJECT, OpenPage
from streamlit.testing.v1 import AppTest

from histo_core.access import LOCAL, User
from histo_core.errors import PermissionDeniedError
from histo_core.workspace import Workspace
from pages.shared.app import session
from pages.shared.app.session import Session, current_session

FILES = sorted((PROJECT / "pages").rglob("*.py"))
OWN_WORKSPACE = {"pages/shared/app/session.py", "pages/shared/components/errors.py"}
"""Files that may ask for the default workspace: the session itself, and the log of errors."""


def _core_calls(tree: ast.Module) -> Iterator[tuple[ast.Call, Any]]:
    """The calls of a file with the function of the core that each reaches."""
    known: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("histo_core"):
            module = import_module(str(node.module))
            known |= {alias.asname or alias.name: getattr(module, alias.name, None) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                yield node, known.get(called.id)
            elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                yield node, getattr(known.get(called.value.id), called.attr, None)


def test_every_action_of_a_page_names_its_user() -> None:
    silent, counted = [], 0
    for file in FILES:
        for call, function in _core_calls(ast.parse(file.read_text())):
            if inspect.isfunction(function) and "user" in inspect.signature(function).parameters:
                counted += 1
                if not any(keyword.arg == "user" for keyword in call.keywords) and function.__name__ != "authorise":
                    silent.append(f"{file.relative_to(PROJECT)}:{call.lineno} {function.__name__}")
    assert not silent
    assert counted >= 15, "the test finds the actions"


def test_only_the_session_says_who_the_local_user_is_and_which_workspace_is_in_use() -> None:
    elsewhere = [
        f"{file.relative_to(PROJECT)}: {word}"
        for file in FILES
        for word in ("LOCAL", "Workspace.default")
        if word in file.read_text() and str(file.relative_to(PROJECT)) not in OWN_WORKSPACE
    ]
    assert not elsewhere


def test_a_render_makes_one_session_and_a_page_sees_its_user(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Session] = []

    def new() -> Session:
        made.append(Session(workspace, LOCAL))
        return made[-1]

    monkeypatch.setattr(session, "new_session", new)
    page = open_page("home")
    assert not page.exception
    assert len(made) == 1
    page.run()
    assert len(made) == 2
    monkeypatch.setattr(session, "new_session", lambda: Session(workspace, User("Ann", "stranger")))  # type: ignore[arg-type]
    page.run()
    assert ["Ann" in str(one.value) for one in page.error] == [True], "Ann is refused"


def test_a_fragment_gets_the_session_of_the_whole_page(workspace: Workspace) -> None:
    def script() -> None:
        import streamlit as st

        from pages.shared.app.session import begin_session, current_session

        if "begun" not in st.session_state:
            st.session_state["begun"] = True
            begin_session()
        st.text(current_session() is current_session())
        st.text(str(current_session().workspace.home))

    page = AppTest.from_function(script).run()
    page.run()
    assert [one.value for one in page.text] == ["True", str(workspace.home)]


def test_without_the_router_the_local_user_works_on_the_default_workspace(workspace: Workspace) -> None:
    assert "session" not in st.session_state
    found = current_session()
    assert (found.workspace, found.user) == (workspace, LOCAL)
    with pytest.raises(PermissionDeniedError, match=r"Bo \(reader\) may not do run.launch on data"):
        Session(Workspace(Path("/somewhere")), User("Bo", "reader")).authorise("run.launch", "data")
