"""Show augmented patches side by side: any preset or changed settings, with a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from histo_core.config import AugmentConfig
from histo_core.config.base import parse_config
from histo_core.data.transforms.augment.presets import GROUPS, PRESETS, TITLES
from histo_core.data.transforms.augment.preview import augment
from pages.data.explore import selection
from pages.data.explore.context import Explored
from pages.data.explore.selection import Selection
from pages.shared.app import url_state
from pages.shared.components import layout, model_form, unreadable
from pages.shared.components.contact_sheet import contact_sheet
from pages.shared.components.text import plain

PATCHES = 6
DRAWS = 7
CELL = 128


def draw(page: Explored, chosen: Selection) -> None:
    """Draw the view: a row a patch, first the original, then the patch in each epoch."""
    if not len(chosen):
        selection.none_fits()
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = url_state.choose(
            "Preset",
            "preset",
            list(PRESETS),
            default="default",
            format_func=TITLES.__getitem__,
            width=520,
            help="Which random changes (augmentation).",
        )
        seed = st.number_input("Seed", 0, 2**32 - 1, key="explore.seed", width=140, help="Of the run that would train.")
        config = _settings(name)
    changed = "" if config == PRESETS[name] else ", changed"
    # The list truncates long titles.
    st.caption(plain(f"{TITLES[name]}{changed}. {'; '.join(_words(config)) or 'Nothing changes'}."))
    rows = chosen.rows[:: max(len(chosen) // PATCHES, 1)][:PATCHES]
    images, torn = unreadable.images(page.source, rows)
    unreadable.tell(torn, key="explore.augment")
    cells = [
        cell
        for row, image in zip(rows, images, strict=True)
        for cell in (image, *_epochs(image, config, int(seed), int(row)))
    ]
    colours = [page.colour(int(row)) for row in rows for _ in range(DRAWS + 1)]
    sheet = contact_sheet(cells, DRAWS + 1, CELL, colours)
    st.image(sheet, output_format="PNG", alt=f"A row a patch: as it is, then as {DRAWS} epochs would show it.")
    st.caption(f"Left: the patch as it is. Then as epochs 1 to {DRAWS} would show it with this seed.")
    layout.download("Download as PNG", sheet, "augmentation.png", "image/png")


def _epochs(image: np.ndarray, config: AugmentConfig, seed: int, row: int) -> list[np.ndarray]:
    """Return a patch as augmented in each epoch; one that is not square cannot be rotated by 90 degrees."""
    if image.shape[0] != image.shape[1]:
        config = config.model_copy(update={"quarter_turns": False})
    sample = np.array([row])
    return [augment(image[None], config, seed=seed, epoch=epoch, samples=sample)[0] for epoch in range(DRAWS)]


def _settings(name: str) -> AugmentConfig:
    """Return the preset with the user's changes; choosing another preset resets them."""
    preset = PRESETS[name].model_dump()
    given: dict[str, Any] = {}
    with st.popover("Settings", icon=":material/tune:"):
        for title, group in GROUPS.items():
            st.markdown(f"**{title}**")
            given |= model_form.fields(AugmentConfig, preset, prefix=f"explore.augment.{name}", only=group)
    return parse_config(AugmentConfig, given)


def _words(config: AugmentConfig) -> list[str]:
    """Return each setting that differs from no augmentation, with its value."""
    off = PRESETS["none"]
    values = {
        field.title: getattr(config, name)
        for name, field in type(config).model_fields.items()
        if getattr(config, name) != getattr(off, name)
    }
    return [f"{title}: {_said(value)}" for title, value in values.items()]


def _said(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value).replace("_", " ")
