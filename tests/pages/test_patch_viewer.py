"""What the patch viewer sends to the browser, and what it refuses in words."""

from __future__ import annotations

import io
import json
import re
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from histo_core.errors import ConfigError
from pages.shared.components import patch_viewer
from pages.shared.components.patch_viewer import mount
from pages.shared.components.patch_viewer.panel import MOST_PIXELS, MapLayer, Panel, bounds
from pages.shared.components.patch_viewer.payload import STEPS, payload

HEIGHT, WIDTH = 20, 30
FOLDER = Path(patch_viewer.__file__).parent


def png(height: int = HEIGHT, width: int = WIDTH) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), (200, 150, 190)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def values() -> np.ndarray:
    """From -0.5 to 2, so that the largest absolute value is 2."""
    return np.linspace(-0.5, 2, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)


@pytest.fixture
def panel(values: np.ndarray) -> Panel:
    seen, mask = (np.zeros((HEIGHT, WIDTH), bool) for _ in range(2))
    seen[4:16, 5:25], mask[3, 7] = True, True
    layer = MapLayer("LIME", values, speaks_for="tumour")
    return Panel("LIME", "Where it looked.", png(), (layer,), seen=seen, box=8, mask=mask, microns=0.5)


def sent(panel: Panel) -> dict[str, Any]:
    (found,) = json.loads(json.dumps(payload([panel])))
    return found


def test_a_map_arrives_within_half_a_step(panel: Panel, values: np.ndarray) -> None:
    layer = sent(panel)["maps"][0]
    decoded = np.frombuffer(b64decode(layer["values"]), "<i2").reshape(HEIGHT, WIDTH) * layer["scale"] / STEPS
    assert layer["scale"] == 2
    assert np.abs(decoded - values).max() <= 2 / STEPS / 2 * (1 + 1e-9)
    assert (layer["low"], layer["high"]) == (-0.5, 2.0)
    assert (layer["signed"], layer["grey"], layer["speaksFor"]) == (True, False, "tumour")


def test_a_panel_says_its_size_frame_box_mask_and_scale(panel: Panel) -> None:
    found = sent(panel)
    assert (found["width"], found["height"]) == (WIDTH, HEIGHT)
    assert found["frame"] == [5, 4, 20, 12]
    assert (found["box"], found["microns"]) == (8, 0.5)
    mask = np.frombuffer(b64decode(found["mask"]), np.uint8).reshape(HEIGHT, WIDTH)
    assert np.argwhere(mask).tolist() == [[3, 7]]
    assert b64decode(found["image"]) == panel.png


def test_what_would_not_show_is_not_sent(panel: Panel) -> None:
    everything, nothing = np.ones((HEIGHT, WIDTH), bool), np.zeros((HEIGHT, WIDTH), bool)
    found = sent(replace(panel, seen=everything, box=HEIGHT, mask=nothing, microns=None))
    assert [found[name] for name in ("frame", "box", "mask", "microns")] == [None] * 4


def test_a_map_of_zeros_has_a_scale(panel: Panel) -> None:
    layer = sent(replace(panel, maps=(MapLayer("flat", np.zeros((HEIGHT, WIDTH))),)))["maps"][0]
    assert (layer["scale"], layer["low"], layer["high"]) == (1.0, 0.0, 0.0)


def test_names_that_would_break_the_text_are_made_showable(panel: Panel, values: np.ndarray) -> None:
    found = sent(replace(panel, label="a\x00b", alt="\u202eabc", maps=(MapLayer("x\x07", values, speaks_for="\x1b"),)))
    assert (found["label"], found["alt"]) == ("a\ufffdb", "\ufffdabc")
    assert (found["maps"][0]["label"], found["maps"][0]["speaksFor"]) == ("x\ufffd", "\ufffd")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_is_refused(panel: Panel, values: np.ndarray, bad: float) -> None:
    values[2, 3:5] = bad
    with pytest.raises(
        ConfigError, match=r"LIME: 2 of 600 values of the map are not finite .* say why the method failed"
    ):
        payload([panel])


def corners() -> np.ndarray:
    found = np.zeros((HEIGHT, WIDTH), bool)
    found[0, 0] = found[-1, -1] = True
    return found


REFUSED = {
    "no PNG": ({"png": b"GIF89a" + bytes(30)}, "is no PNG file"),
    "cut short": ({"png": png()[:20]}, "is no PNG file"),
    "too large": ({"png": png(2001, 2000)}, f"2,000 x 2,001 pixels. At most {MOST_PIXELS:,}"),
    "mask": ({"mask": np.ones((HEIGHT, 3), bool)}, "the mask has 20 x 3 values, the patch 20 x 30"),
    "seen": ({"seen": np.ones((WIDTH, HEIGHT), bool)}, "the area seen has 30 x 20 values"),
    "map": ({"maps": (MapLayer("flat", np.zeros((3, 4, 5))),)}, "flat has 3 x 4 x 5 values"),
    "no rectangle": ({"seen": corners()}, "is no rectangle"),
    "nothing seen": ({"seen": np.zeros((HEIGHT, WIDTH), bool)}, "is no rectangle"),
    "microns": ({"microns": 0.0}, "0.0 µm per pixel"),
    "microns unknown": ({"microns": float("nan")}, "nan µm per pixel"),
}


@pytest.mark.parametrize(("changed", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_drawn_is_refused_in_words(panel: Panel, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        payload([replace(panel, **changed)])


def test_too_much_at_once_is_refused(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "pages.shared.components.patch_viewer.payload.MOST_BYTES"
    one = sent(panel)
    size = len(one["image"]) + len(one["mask"]) + len(one["maps"][0]["values"])
    monkeypatch.setattr(module, 2 * size)
    assert len(payload([panel, panel])) == 2
    with pytest.raises(ConfigError, match="Show fewer at once"):
        payload([panel, panel, panel])


def test_bounds_by_hand() -> None:
    assert bounds(corners()) == (0, 0, WIDTH, HEIGHT)
    assert bounds(np.zeros((3, 3), bool)) == (0, 0, 0, 0)


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.js")), ids=lambda script: script.name)
def test_no_script_makes_markup_of_text_or_loads_another(script: Path) -> None:
    words = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\bimport\b|https?://(?!www\.w3\.org/2000/svg)"
    assert not re.search(words, script.read_text())


def test_every_script_is_part_of_the_component() -> None:
    assert sorted(mount._SCRIPTS) == sorted(script.stem for script in FOLDER.glob("*.js"))
