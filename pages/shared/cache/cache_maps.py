"""What the map and the mosaic of the Data page keep between reruns; the same rules as in `pages.shared.cache.cache`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.auditing.embedding.features import COLOUR, SQUEEZENET, feature_key
from histo_core.workspace import Workspace
from pages.shared.cache.cache import MADE_OF_DATA, dataset
from pages.shared.components.lasso import parse as parse_lasso

if TYPE_CHECKING:
    from histo_core.auditing.embedding.layout import PatchMap
    from histo_core.slides.mosaic import Mosaic, SlideRegion

T = TypeVar("T")
P = ParamSpec("P")
OWN_FEATURES = {COLOUR: "Colour and texture", SQUEEZENET: "SqueezeNet (ImageNet)"}
"""What a map of patches can be made from without a run, in words."""


def feature_source(name: str, workspace: Workspace) -> str:
    """What a map is made from: a name of its own, or the folder of the run with this id."""
    return name if name in OWN_FEATURES else str(workspace.run_folder(name))


@st.cache_resource(show_spinner=False, max_entries=4)
def _patch_map(data: str, features: str, version: str, home: str) -> PatchMap:
    from histo_core.auditing.embedding.layout import load_map

    del version
    workspace = Workspace(Path(home))
    return _made(load_map(dataset(data, home), feature_source(features, workspace), workspace))


def patch_map(data: str, features: str, home: str) -> PatchMap | None:
    """The saved map of a data set; None where there is none yet. Only a map with its UMAP is remembered.

    Raises:
        HistoscopeError: as `histo_core.auditing.embedding.features.feature_key`.
    """
    version = _version(features, home)
    found = _if_made(_patch_map, data, features, version, home)
    if found is not None and found.umap_xy is None:
        _patch_map.clear(data, features, version, home)
    return found


def _version(features: str, home: str) -> str:
    """Tells a resumed run's best epoch from what it was before."""
    workspace = Workspace(Path(home))
    return feature_key(feature_source(features, workspace), workspace)


@st.cache_resource(show_spinner=False, max_entries=16)
def _within(data: str, drawn: str, version: str, home: str) -> np.ndarray:
    from histo_core.auditing.embedding.layout import inside

    del version
    lasso = parse_lasso(drawn)
    made = _made(patch_map(data, lasso.features, home))
    polygon = np.asarray(lasso.polygon, np.float64)
    if lasso.projection == "pca":
        return np.flatnonzero(inside(made.xy, polygon))
    return _made(made.umap_rows)[inside(_made(made.umap_xy), polygon)]


def within(data: str, drawn: str, home: str) -> np.ndarray | None:
    """Rows that a lasso encloses, int64, by its text in the URL; None where its map is not there.

    Raises:
        HistoscopeError: the text cannot be read, or names what no map can be made from.
    """
    return _if_made(_within, data, drawn, _version(parse_lasso(drawn).features, home), home)


@st.cache_data(show_spinner=False, max_entries=8)
def slides(data: str, home: str) -> pd.DataFrame:
    """The slides that can be laid out, with their patches."""
    from histo_core.slides.mosaic import mosaic_slides

    return mosaic_slides(dataset(data, home))


@st.cache_data(show_spinner=False, max_entries=64)
def densest(data: str, slide_id: str, home: str) -> SlideRegion | None:
    """The part of a slide with the most patches; None where the whole slide shows each of them well."""
    from histo_core.slides.mosaic import densest

    return densest(dataset(data, home), slide_id)


@st.cache_resource(show_spinner=False, max_entries=8)
def mosaic(data: str, slide_id: str, region: SlideRegion | None, home: str) -> Mosaic:
    """A slide's patches, or those of a part of it, where they sat; it reads each of them once."""
    from histo_core.slides.mosaic import mosaic

    return mosaic(dataset(data, home), slide_id, region=region)


class _NotMadeError(Exception):
    """What was asked for does not exist yet. An exception is never cached, so the next look sees it when it does."""


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
