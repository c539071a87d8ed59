"""A run whose name would like to be markup: wherever a page reads Markdown, it is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.message import Message
from page_helpers import HOSTILE, OpenPage, run_named, texts
from streamlit.testing.v1 import AppTest

from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.errors import ConfigError
from histo_core.experiments.api import start_experiment
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace

READ = {"help", "label", "text", "body", "content"}
"""Fields of what is sent to the browser that it reads as Markdown, in most elements."""
AS_IT_IS = {"Code", "Text", "Html"}
"""Elements that show their text letter by letter."""


def read_as_markdown(page: AppTest) -> list[str]:
    """Every text of a page that the browser reads as Markdown."""
    assert not page.exception
    protos = [getattr(node, "proto", None) for node in page._tree]
    return [text for proto in protos if isinstance(proto, Message) for text in _texts(proto)]


def _texts(message: Message) -> Iterator[str]:
    if message.DESCRIPTOR.name in AS_IT_IS:
        return
    for field, value in message.ListFields():
        values: list[Any] = list(value) if field.is_repeated else [value]
        for one in values:
            if isinstance(one, Message):
                yield from _texts(one)
            elif isinstance(one, str) and field.name in READ:
                yield one


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("home", {}),
        ("train", {}),
        ("train", {"clone": "the run"}),
        ("compare", {}),
        ("explain", {"run": "the run"}),
        ("predict", {"run": "the run", "dataset": "phantom", "options": '{"patches": 240, "patients": 12}'}),
    ],
)
def test_the_name_of_a_run_is_text(name: str, params: dict[str, str], finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, HOSTILE)
    page = open_page(name, **{key: run.run_id if value == "the run" else value for key, value in params.items()})
    heard = read_as_markdown(page)
    assert not [text for text in heard if "**bold**" in text or "$x$" in text or "<script>" in text]
    assert any(HOSTILE in text.replace("\\", "") for text in heard) or name in ("explain", "predict")


def test_why_a_run_cannot_be_launched_is_text_on_the_button_too(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: RunConfig) -> None:
        raise ConfigError("Too small.", "", "")

    monkeypatch.setattr("pages.train.run_form._check_size", refuse)
    page = open_page("train", clone=run_named(finished, HOSTILE).run_id)
    (button,) = [one for one in page.button if one.label.startswith("Train ")]
    assert button.disabled
    assert HOSTILE in button.help.replace("\\", "")
    assert not [text for text in read_as_markdown(page) if "**bold**" in text]


def test_an_experiment_and_its_runs_are_text(
    finished: Workspace, workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
    workspace.home.mkdir(parents=True)
    (workspace.home / "data").symlink_to(finished.home / "data")
    monkeypatch.setenv("HISTOSCOPE_HOME", str(workspace.home))
    config = Store.open(finished).runs()[0].config
    start_experiment(config, ProtocolConfig(kind="folds", folds=2), workspace, name=HOSTILE)
    for name in ("experiments", "train"):
        page = open_page(name)
        assert not [text for text in read_as_markdown(page) if "**bold**" in text or "<script>" in text], texts(page)
