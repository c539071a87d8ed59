"""What the page tests share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import DRAFTS
from histo_core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[2]
PHANTOM = DataConfig(dataset="phantom", options={"patches": 240, "patients": 12})
HOSTILE = "<script>alert(1)</script> **bold** $x$"

OpenPage = Callable[..., AppTest]


def opened_page(name: str, **params: str | list[str]) -> AppTest:
    """Open a page by its name, with URL parameters."""
    router = PROJECT / "pages" / "shared" / "app" / "router.py"
    app = AppTest.from_file(str(router), default_timeout=120)
    if name != "home":
        app._page_hash = calc_hash(name)  # `switch_page` knows pages by their files' names, ours have one of their own
    for key, value in params.items():
        app.query_params[key] = value
    return app.run()


def small_run(model: str, seed: int = 0) -> RunConfig:
    """A run that takes seconds."""
    return RunConfig(
        data=PHANTOM,
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name=model),
        train=TrainConfig(epochs=2, batch_size=32, device="cpu", threads=1),
        seed=seed,
    )


def forget_drafts(workspace: Workspace) -> None:
    """Delete what was left in the forms of a workspace that several tests share."""
    with Store.open(workspace).database.write() as connection:
        connection.execute(sa.delete(DRAFTS))


def texts(app: AppTest) -> str:
    """All that a page says, in one string."""
    kinds = ("title", "header", "markdown", "caption", "text", "info", "warning", "error")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def viewer_panels(app: AppTest) -> list[dict[str, Any]]:
    """What the page's patch viewers show, panel by panel."""
    parts = [part.proto for part in app.get("bidi_component")]
    sent = [json.loads(part.json) for part in parts if part.component_name == "histoscope_patch_viewer"]
    return [panel for one in sent for panel in one.get("panels", [])]


def patches(app: AppTest) -> dict[str, str]:
    """The patches of the page's grids in their order: the note under each name."""
    parts = app.get("bidi_component")
    grids = (json.loads(part.proto.json) for part in parts if part.proto.component_name == "histoscope_patch_grid")
    return {cell["name"]: cell["note"] for grid in grids for cell in grid["cells"]}


def press(app: AppTest, label: str) -> AppTest:
    """Click the button with a label."""
    return next(button for button in app.button if button.label == label).click().run()


def run_named(workspace: Workspace, name: str) -> Run:
    """The run of this name."""
    return next(run for run in Store.open(workspace).runs() if run.name == name)


def newest(workspace: Workspace) -> Run:
    """The run that was made last, with which pages begin."""
    return Store.open(workspace).runs()[0]
