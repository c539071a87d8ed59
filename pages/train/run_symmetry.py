"""Check, beside the crop's controls, whether an equivariant network is exact at its input size."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from histo_core.config import RunConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import HistoscopeError
from histo_core.models.layers.equivariance import inexact
from histo_core.studies.recipes import NamedConfig
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_data
from pages.shared.components import data_choice
from pages.shared.components.text import plain


def draw(members: Sequence[NamedConfig]) -> None:
    """Draw one warning for each network that would not be exact, with the sides at which it is; else nothing.

    Args:
        members: the form's runs. Without crop and resize the size is known only after the data were opened.
    """
    notes = {member.config.model.model_dump_json(): _note(member.config) for member in members}
    for note in dict.fromkeys(filter(None, notes.values())):
        st.warning(plain(note), icon=":material/rotate_right:")


def _note(config: RunConfig) -> str:
    size = _input_size(config)
    return "" if size is None else inexact(config.model, size)


def _input_size(config: RunConfig) -> tuple[int, int] | None:
    side = config.preprocess.resize or config.preprocess.crop
    if side is not None:
        return side, side
    data, workspace = config.data, current_session().workspace
    if not cache.was_opened(data, workspace):
        return None
    try:
        height, width = cache_data.patch_size(data, data_choice.opened(data, workspace).state, workspace)
        return Preprocess(config.preprocess).output_size(height, width)
    except HistoscopeError:  # the launch reports what is wrong with the data
        return None
