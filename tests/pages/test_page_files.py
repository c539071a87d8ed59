"""A file under ``pages/`` defines functions; nothing comes of asking for it except through the router."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_helpers import PROJECT
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash
from websockets.sync.client import connect

from histo_core.workspace import Workspace
from scripts.dashboard import served

FILES = sorted((PROJECT / "pages").glob("*/page.py"))
PAGES = [file.parent.name for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_a_page_file_run_by_itself_shows_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROJECT))
    page = AppTest.from_file(str(file), default_timeout=120).run()
    assert not page.exception
    assert len(page.main.children) == 0


def test_a_fresh_server_answers_for_a_page_through_the_router_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Workspace(tmp_path / "home")) as address:
        for name in (*PAGES, "page", "shared", "__init__"):
            navigated, said = _ask(address, name)
            assert navigated == [
                page.capitalize() for page in ("home", "data", "train", "experiments", "compare", "explain", "predict")
            ]
            assert said[-1] == "For research and teaching. Not a medical device."


def _ask(address: str, name: str) -> tuple[list[str], list[str]]:
    """Ask for a page by its file's name over a socket of its own: the menu's titles, and all Markdown in order."""
    request = BackMsg()
    request.rerun_script.page_script_hash = calc_hash(name)
    request.rerun_script.page_name = name
    titles: list[str] = []
    said: list[str] = []
    url = address.replace("http", "ws") + "/_stcore/stream"
    with connect(url, subprotocols=["streamlit"], max_size=None, origin=address) as socket:  # type: ignore
        socket.send(request.SerializeToString())
        while True:
            message = ForwardMsg.FromString(socket.recv(timeout=120))  # type: ignore[arg-type]
            if message.HasField("navigation"):
                titles = [page.page_name for page in message.navigation.app_pages]
            elif message.HasField("delta") and message.delta.new_element.HasField("markdown"):
                said.append(message.delta.new_element.markdown.body)
            elif message.HasField("script_finished"):
                return titles, said
