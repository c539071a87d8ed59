"""Encode panels as what JSON holds; the browser decodes arrays into typed ones."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from histo_core.errors import ConfigError
from histo_core.shown_text import showable
from pages.shared.components.patch_viewer.panel import MapLayer, Panel, bounds

STEPS = 32_767
"""Steps of a map from 0 to its largest absolute value: 16 bits a pixel, with an error of at most 1/65,534 of that."""
MOST_BYTES = 64_000_000
"""The most that one viewer sends: a patch of four million pixels with three maps."""


def payload(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """Return panels as plain values.

    Arrays are little-endian and row by row, in Base64: a map as int16 fractions of its ``scale`` (`STEPS`), a mask as
    uint8.

    Raises:
        ConfigError: as `Panel.check`, or they take more than `MOST_BYTES` together.
    """
    for panel in panels:
        panel.check()
    sent = [_panel(panel) for panel in panels]
    total = sum(
        len(one["image"]) + len(one["mask"] or "") + sum(len(layer["values"]) for layer in one["maps"]) for one in sent
    )
    if total > MOST_BYTES:
        raise ConfigError(
            f"The pictures take {total / 1e6:,.0f} MB.", f"At most {MOST_BYTES / 1e6:,.0f} MB.", "Show fewer at once."
        )
    return sent


def _panel(panel: Panel) -> dict[str, Any]:
    height, width = panel.shape
    partly = panel.seen is not None and not panel.seen.all()
    return {
        "label": showable(panel.label),
        "alt": showable(panel.alt),
        "width": width,
        "height": height,
        "image": _text(panel.png),
        "maps": [_map(one) for one in panel.maps],
        "frame": bounds(panel.seen) if panel.seen is not None and partly else None,
        "box": panel.box if panel.box is not None and panel.box < min(height, width) else None,
        "mask": None if panel.mask is None or not panel.mask.any() else _text(panel.mask.astype(np.uint8).tobytes()),
        "microns": panel.microns,
    }


def _map(layer: MapLayer) -> dict[str, Any]:
    values = layer.values.astype(np.float64)
    scale = float(np.abs(values).max()) or 1.0
    steps = np.rint(values / scale * STEPS).astype("<i2")
    return {
        "label": showable(layer.label),
        "values": _text(steps.tobytes()),
        "scale": scale,
        "low": float(values.min()),
        "high": float(values.max()),
        "signed": layer.signed,
        "grey": layer.grey,
        "speaksFor": showable(layer.speaks_for),
    }


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
