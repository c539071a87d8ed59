"""Put patch viewers and their controls on a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from plotly.colors import hex_to_rgb, sequential
from streamlit.components.v2 import component

from histo_core.plots.overlay_layers import AGAINST, FOR, GREY
from pages.shared.components.patch_viewer.panel import Panel
from pages.shared.components.patch_viewer.payload import STEPS, payload
from pages.shared.components.text import file_name

_FOLDER = Path(__file__).parent
_SCRIPTS = ("state", "colours", "outlines", "panel", "figure", "controls", "mount")
_CONSTANTS = {
    "AGAINST": AGAINST,
    "FOR": FOR,
    "GREY": GREY,
    "CIVIDIS": [hex_to_rgb(colour) for colour in sequential.Cividis],
    "STEPS": STEPS,
}


def _script() -> str:
    """Return one module made of all scripts: a component's module can import no other."""
    constants = [f"const {name} = {json.dumps(value)};" for name, value in _CONSTANTS.items()]
    return "\n".join([*constants, *((_FOLDER / f"{name}.js").read_text() for name in _SCRIPTS)])


_VIEWER = component("histoscope_patch_viewer", css=(_FOLDER / "viewer.css").read_text(), js=_script())


HEIGHT = 430
"""The largest height of a picture in the page's pixels, unless another is given."""


def patch_viewer(panels: Sequence[Panel], *, key: str, height: int = HEIGHT) -> None:
    """Draw panels side by side, as many in a row as fit.

    How they are drawn is set with `viewer_controls`, for all viewers of the page, without the server.

    Args:
        panels: what to show.
        key: keeps the viewer when its patch changes.
        height: the largest of a picture, in the page's pixels; its width is that of its column at most.

    Raises:
        ConfigError: as `pages.shared.components.patch_viewer.payload.payload`.
    """
    _VIEWER(key=key, data={"panels": payload(panels), "height": height})


def viewer_controls(*, key: str, name: str) -> None:
    """Draw the controls of all patch viewers of the page: one row of buttons, with their keys.

    Args:
        key: keeps the controls.
        name: of saved figures, without an extension.
    """
    _VIEWER(key=key, data={"controls": file_name(name)})
