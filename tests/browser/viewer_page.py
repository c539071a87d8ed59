"""A page with nothing but the patch viewer, on pictures whose every pixel is known; a test serves it."""

import io

import numpy as np
import streamlit as st
from PIL import Image

from pages.shared.components.patch_viewer import MapLayer, Panel, patch_viewer, viewer_controls

SIDE = 24
PINK = (200, 150, 190)
HOSTILE = "<img src=x onerror=alert(1)>"


def _png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), PINK).save(stream, "PNG")
    return stream.getvalue()


seen, mask = (np.zeros((SIDE, SIDE), bool) for _ in range(2))
seen[2:22, 2:22], mask[14:20, 14:20] = True, True
halves, ramp = (np.zeros((SIDE, SIDE), np.float32) for _ in range(2))
halves[seen] = np.broadcast_to(np.where(np.arange(SIDE) < SIDE // 2, 1, -0.5), (SIDE, SIDE))[seen]
ramp[seen] = np.broadcast_to(np.linspace(0, 3, SIDE), (SIDE, SIDE))[seen]

st.set_page_config(page_title="Viewer", layout="wide")
st.title("Viewer")
st.text_input("Note")
viewer_controls(key="controls", name="two maps")
patch_viewer(
    [
        Panel(
            "Halves",
            "Left for, right against.",
            _png(),
            (MapLayer("Halves", halves, speaks_for="tumour"), MapLayer("Ramp", ramp, signed=False)),
            seen=seen,
            mask=mask,
            box=8,
            microns=0.5,
        ),
        Panel(HOSTILE, HOSTILE, _png(), (MapLayer(HOSTILE, 2 * halves, speaks_for=HOSTILE),)),
    ],
    key="both",
)
with st.sidebar:
    patch_viewer([Panel("Alone", "The patch alone.", _png())], key="alone", height=200)
st.caption("Not a medical device.")
