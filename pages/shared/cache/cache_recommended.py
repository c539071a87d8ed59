"""Cache what is recommended for a data set, and what a network would see of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from histo_core.config import DataConfig, PreprocessConfig, RunConfig, SplitConfig
from histo_core.workspace import Workspace
from pages.shared.cache.cache import dataset, split
from pages.shared.cache.hashes import HASHES
from pages.shared.components.contact_sheet import packed_sheet

if TYPE_CHECKING:
    # Imported where they are used: PyTorch takes seconds to load, and most pages do not need it.
    from histo_core.recommendation.choice import Recommendation

_KEPT_SECONDS = 900
"""Weights may be added, and memory freed, while the server runs."""


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=32, ttl=_KEPT_SECONDS)
def recommendation(
    data: DataConfig, state: str, division: SplitConfig, minutes: float, workspace: Workspace
) -> Recommendation:
    """Return the recommended run for data whose content has this ``state``.

    Raises:
        HistoscopeError: as `histo_core.recommendation.api.recommend_run`.
    """
    from histo_core.recommendation.api import recommend_run

    del state
    base = RunConfig(data=data, split=division)
    return recommend_run(base, {}, workspace, minutes=minutes, dataset=dataset(data, workspace))


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def seen_patches(
    data: DataConfig, state: str, division: SplitConfig, preprocess: PreprocessConfig, workspace: Workspace, number: int
) -> tuple[bytes, float]:
    """Return some training patches as a network gets them, as one PNG, and the share of the images that is seen.

    Raises:
        HistoscopeError: a patch cannot be read, or the crop is larger than an image.
    """
    from histo_core.data.integrity import stored_check
    from histo_core.data.transforms.preprocess import Preprocess
    from histo_core.runs.preflight_data import check_sizes, seen_share

    del state
    source, rows = dataset(data, workspace), split(data, division, workspace).indices("train")
    images = source.read(rows[np.linspace(0, len(rows) - 1, min(number, len(rows))).astype(int)])
    check = stored_check(source, workspace)
    sizes = check.sizes if check is not None else Counter(image.shape[:2] for image in images)
    check_sizes(preprocess, sizes)
    seen = Preprocess(preprocess).geometry(images)
    return packed_sheet(seen, len(seen), max(seen.shape[1:3])), seen_share(preprocess, sizes)
