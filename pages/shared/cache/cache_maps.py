"""Cache results for the map and the mosaic of the Data page, by the rules of `pages.shared.cache.cache`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.auditing.embedding.features import COLOUR, SQUEEZENET, feature_key
from histo_core.config import DataConfig
from histo_core.workspace import Workspace
from pages.shared.cache.cache import MADE_OF_DATA, dataset
from pages.shared.cache.hashes import HASHES
from pages.shared.components.lasso import parse as parse_lasso

if TYPE_CHECKING:
    from histo_core.auditing.embedding.layout import PatchMap
    from histo_core.slides.mosaic import Mosaic, SlideRegion

T = TypeVar("T")
P = ParamSpec("P")
OWN_FEATURES = {COLOUR: "Colour and texture", SQUEEZENET: "SqueezeNet (ImageNet)"}
"""Titles of the features for a patch map that need no run."""


def feature_source(name: str, workspace: Workspace) -> str:
    """Return a map's feature source: a name of `OWN_FEATURES`, or the folder of the run with this id."""
    return name if name in OWN_FEATURES else str(workspace.run_folder(name))


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=4)
def _patch_map(data: DataConfig, features: str, version: str, workspace: Workspace) -> PatchMap:
    from histo_core.auditing.embedding.layout import load_map

    del version
    return _made(load_map(dataset(data, workspace), feature_source(features, workspace), workspace))


def patch_map(data: DataConfig, features: str, workspace: Workspace) -> PatchMap | None:
    """Return the saved map of a data set; None where there is none yet. Only a map with UMAP is cached.

    Raises:
        HistoscopeError: as `histo_core.auditing.embedding.features.feature_key`.
    """
    version = _version(features, workspace)
    found = _if_made(_patch_map, data, features, version, workspace)
    if found is not None and found.umap_xy is None:
        _patch_map.clear(data, features, version, workspace)
    return found


def _version(features: str, workspace: Workspace) -> str:
    """Return a version of the features, so that a resumed run's new best epoch gets a new entry."""
    return feature_key(feature_source(features, workspace), workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def _within(data: DataConfig, drawn: str, version: str, workspace: Workspace) -> np.ndarray:
    from histo_core.auditing.embedding.layout import inside

    del version
    lasso = parse_lasso(drawn)
    made = _made(patch_map(data, lasso.features, workspace))
    polygon = np.asarray(lasso.polygon, np.float64)
    if lasso.projection == "pca":
        return np.flatnonzero(inside(made.xy, polygon))
    return _made(made.umap_rows)[inside(_made(made.umap_xy), polygon)]


def within(data: DataConfig, drawn: str, workspace: Workspace) -> np.ndarray | None:
    """Return the rows inside a lasso, int64, by its text in the URL; None where its map does not exist.

    Raises:
        HistoscopeError: the text cannot be parsed, or names unknown features.
    """
    return _if_made(_within, data, drawn, _version(parse_lasso(drawn).features, workspace), workspace)


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=8)
def slides(data: DataConfig, workspace: Workspace) -> pd.DataFrame:
    """Return the slides that can be laid out, with their numbers of patches."""
    from histo_core.slides.mosaic import mosaic_slides

    return mosaic_slides(dataset(data, workspace))


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def densest(data: DataConfig, slide_id: str, workspace: Workspace) -> SlideRegion | None:
    """Return the region of a slide with the most patches; None where all are legible on the whole slide."""
    from histo_core.slides.mosaic import densest

    return densest(dataset(data, workspace), slide_id)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=8)
def mosaic(data: DataConfig, slide_id: str, region: SlideRegion | None, workspace: Workspace) -> Mosaic:
    """Return the mosaic of a slide, or of a region of it; this reads each patch once."""
    from histo_core.slides.mosaic import mosaic

    return mosaic(dataset(data, workspace), slide_id, region=region)


class _NotMadeError(Exception):
    """The result does not exist yet. An exception is never cached, so the next call checks again."""


def _made(value: T | None) -> T:
    if value is None:
        raise _NotMadeError
    return value


def _if_made(find: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    try:
        return find(*args, **kwargs)
    except _NotMadeError:
        return None


MADE_OF_DATA.extend((_patch_map, _within, slides, densest, mosaic))
