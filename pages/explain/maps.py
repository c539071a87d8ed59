"""Show a model's prediction of one patch in words, and a card for each map."""

from __future__ import annotations

import io
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from PIL import Image

from histo_core.data.dataset import DATASETS
from histo_core.explanation.base import EXPLAINERS, Explanation
from histo_core.explanation.words import percent
from histo_core.plots.overlay import describe, overlay_figure, overlay_png
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.explain.patches import Patch
from pages.shared.cache import cache_runs
from pages.shared.cache.hashes import HASHES
from pages.shared.components import layout
from pages.shared.components.contact_sheet import png
from pages.shared.components.text import plain

SIDE = 430
"""Pixels of the patch's longer side on the page; small patches are enlarged without smoothing."""


@dataclass(frozen=True, eq=False)
class MapRequest:
    """A patch and the model of a run that is to explain it."""

    run: Run
    patch: Patch
    workspace: Workspace

    @property
    def _key(self) -> tuple[str, str, str]:
        return self.run.run_id, str(self.run.ended_at), self.patch.sha256

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The model's class names."""
        run_id, ended, _ = self._key
        return cache_runs.predictor(run_id, ended, self.workspace).classes

    @cached_property
    def probabilities(self) -> tuple[float, ...]:
        """One for each class, summing to 1."""
        return cache_runs.probabilities(*self._key, self.workspace, self.patch.image)

    @property
    def predicted(self) -> str:
        """The most probable class."""
        return self.classes[int(np.argmax(self.probabilities))]

    @property
    def answer(self) -> str:
        """The model's prediction, and whether the label agrees, in a sentence."""
        said = f"The model says {self.predicted} ({percent(max(self.probabilities))})"
        if self.patch.label is None:
            return f"{said}."
        if self.patch.label == self.predicted:
            return f"{said}, and it is right."
        return f"{said}, and it is wrong: this patch is labelled {self.patch.label}."

    @property
    def label_box(self) -> int | None:
        """Side of the central box that the labels of the run's data refer to; None for the whole patch."""
        return DATASETS[self.run.config.data.dataset].info.label_box

    def overlay(
        self, explanation: Explanation, options: str, opacity: float, scale: float | None, mask: np.ndarray | None
    ) -> go.Figure:
        """Return the figure of a map with these options over the patch; it is cached, so callers must not change it."""
        made_of = (*self._key, explanation.method, options, explanation.target_name)
        return _overlay(made_of, opacity, scale, mask is not None, self.patch.image, explanation, mask)

    def explain(self, method: str, options: str, target: int) -> Explanation:
        """Return the map of one method for one class; it is computed once and cached."""
        return cache_runs.explanation(*self._key, method, options, target, self.workspace, self.patch.image)


def patch_card(question: MapRequest) -> None:
    """Draw the patch itself, and the model's probability of each class."""
    patch = question.patch
    st.header("The patch", anchor=False)
    st.image(_enlarged(patch.sha256, patch.image), width=SIDE, output_format="PNG", alt=f"The patch {patch.name}.")
    for name, probability in zip(question.classes, question.probabilities, strict=True):
        st.progress(probability, text=f"{plain(name)}: {percent(probability)}")
    st.text(patch.name)


def map_card(
    question: MapRequest,
    explanation: Explanation,
    options: str,
    *,
    opacity: float,
    scale: float | None,
    mask: np.ndarray | None,
) -> None:
    """Draw one map over its patch: the figure, its description, its settings, and its downloads.

    Args:
        question: the explained patch and model.
        explanation: the map.
        options: of the method, as JSON.
        opacity, scale, mask: as `histo_core.plots.overlay.overlay_figure`.
    """
    kind, image = EXPLAINERS[explanation.method], question.patch.image
    look = {"opacity": opacity, "scale": scale, "mask": mask}
    words = describe(explanation)
    st.header(kind.title, anchor=False, help=kind.summary)
    negligible = "-negligible" if explanation.negligible else ""
    name = f"{explanation.method}-{explanation.target_name}-{question.patch.sha256[:8]}{negligible}"
    layout.figure(
        question.overlay(explanation, options, **look),
        key=f"explain.{explanation.method}",
        alt=words,
        name=name,
        width=SIDE,
    )
    st.markdown(plain(words))
    with st.container(horizontal=True):
        layout.download("PNG", lambda: overlay_png(image, explanation, **look), f"{name}.png", "image/png")
        layout.download("CSV", lambda: _csv(explanation), f"{name}.csv", "text/csv")
        layout.download("NPY", lambda: _npy(explanation), f"{name}.npy", "application/octet-stream")
    seeded = "" if explanation.seed is None else f" (seed {explanation.seed})"
    with st.expander(f"How this was made{seeded}"):
        st.markdown(plain(kind.summary))
        st.caption(_made_with(explanation))
        st.caption(plain(kind.paper))


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def _overlay(
    made_of: Hashable,
    opacity: float,
    scale: float | None,
    outlined: bool,
    _image: np.ndarray,
    _explanation: Explanation,
    _mask: np.ndarray | None,
) -> go.Figure:
    del made_of, outlined
    return _plain_look(overlay_figure(_image, _explanation, opacity=opacity, scale=scale, mask=_mask))


def _plain_look(figure: go.Figure) -> go.Figure:
    """Return the figure at the size of the patch beside it, without axes and with the colour scale below."""
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    bar = {
        "orientation": "h",
        "x": 0.5,
        "y": 0,
        "yanchor": "top",
        "len": 0.7,
        "thickness": 10,
        "ticklabeloverflow": "allow",
    }
    figure.update_traces(colorbar=bar, selector={"type": "heatmap"})
    # With autoexpand the labels of the scale would make the image smaller.
    margin = {"l": 0, "r": 0, "t": 0, "b": 60, "autoexpand": False}
    return figure.update_layout(title=None, height=SIDE + 60, margin=margin, showlegend=False)


def _made_with(explanation: Explanation) -> str:
    """Describe all settings, the method's quality, and how much the map's strongest area changes the prediction."""
    found = explanation.diagnostics
    if explanation.influence is not None:
        found = found | explanation.influence.facts
    numbers = {**explanation.parameters, **{key: f"{value:.3g}" for key, value in found.items()}}
    return plain(", ".join(f"{key.replace('_', ' ')} {value}" for key, value in numbers.items()))


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def _enlarged(sha256: str, _image: np.ndarray) -> bytes:
    del sha256
    factor = max(-(-SIDE // max(_image.shape[:2])), 1)
    picture = Image.fromarray(_image)
    return png(picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST))


def _csv(explanation: Explanation) -> str:
    """Return the map as CSV, one line for each row of pixels."""
    return pd.DataFrame(explanation.map).to_csv(index=False, header=False, float_format="%.6g")


def _npy(explanation: Explanation) -> bytes:
    stream = io.BytesIO()
    np.save(stream, explanation.map)
    return stream.getvalue()
