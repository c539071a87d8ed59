"""Show a model's prediction of one patch in words, and a card for each map."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from histo_core.data.dataset import DATASETS
from histo_core.explanation.base import EXPLAINERS, Explanation
from histo_core.explanation.words import percent
from histo_core.plots.overlay import describe, overlay_figure, overlay_png
from histo_core.prediction.kept_calibration import KeptCalibration, kept_calibration
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.explain.patches import Patch
from pages.shared.app import url_state
from pages.shared.cache import cache_runs
from pages.shared.cache.hashes import HASHES
from pages.shared.components import layout
from pages.shared.components.contact_sheet import png
from pages.shared.components.patch_viewer import MapLayer, Panel, patch_viewer
from pages.shared.components.text import plain

TALLEST = 400
"""Pixels of a picture's height at most: on a screen of 1440 x 900 its colour bar stands above the fold."""


@dataclass(frozen=True, eq=False)
class MapRequest:
    """The patch to explain, and the run whose model answered."""

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
    def own(self) -> tuple[float, ...]:
        """The model's own probabilities, one for each class, summing to 1; the maps explain these."""
        return cache_runs.probabilities(*self._key, self.workspace, self.patch.image)

    @cached_property
    def kept(self) -> KeptCalibration | None:
        """The calibration that is kept with the run; None where the link has a threshold: it is of the own answers."""
        return None if url_state.asked("threshold") else kept_calibration(self.run, self.workspace)

    @cached_property
    def probabilities(self) -> tuple[float, ...]:
        """One for each class, summing to 1; calibrated where a calibration is kept with the run."""
        if self.kept is None:
            return self.own
        return tuple(map(float, self.kept.probabilities(np.array([self.own]))[0]))

    @property
    def predicted(self) -> str:
        """The most probable class."""
        return self.classes[int(np.argmax(self.probabilities))]

    @property
    def answer(self) -> str:
        """The model's prediction, and whether the label agrees, in a sentence."""
        sure = percent(max(self.probabilities))
        if self.kept is not None:
            own = percent(self.own[self.classes.index(self.predicted)])
            sure = f"{sure}, {self.kept.words}; its own probability is {own}"
        said = f"The model says {self.predicted} ({sure})"
        if self.patch.label is None:
            return f"{said}."
        if self.patch.label == self.predicted:
            return f"{said}, and it is right."
        return f"{said}, and it is wrong: this patch is labelled {self.patch.label}."

    @property
    def label_box(self) -> int | None:
        """Side of the central box that the labels of the run's data refer to; None for the whole patch."""
        return DATASETS[self.run.config.data.dataset].info.label_box

    @cached_property
    def seen(self) -> np.ndarray:
        """Return the area of the patch that the model sees, bool H x W."""
        run_id, ended, _ = self._key
        return cache_runs.predictor(run_id, ended, self.workspace).preprocess.seen_mask(*self.patch.image.shape[:2])

    def panel(self, label: str, alt: str, *layers: MapLayer, seen: np.ndarray) -> Panel:
        """Return what the viewer shows of the patch, with maps over it."""
        return Panel(
            label,
            alt,
            _png(self.patch.sha256, self.patch.image),
            layers,
            seen=seen,
            box=self.label_box,
            mask=self.patch.mask,
            microns=self.patch.microns,
        )

    def explain(self, method: str, options: str, target: int) -> Explanation:
        """Return the map of one method for one class; it is computed once and cached."""
        return cache_runs.explanation(*self._key, method, options, target, self.workspace, self.patch.image)


def patch_card(request: MapRequest) -> None:
    """Draw the patch itself, and the model's probability of each class."""
    patch = request.patch
    st.header("The patch", anchor=False)
    shown = request.panel("The patch", f"The patch {patch.name}.", seen=request.seen)
    patch_viewer([shown], key="explain.patch", height=TALLEST)
    if patch.doubts:
        st.caption(f":material/warning: Doubtful: {plain(' '.join(patch.doubts))}")
    for name, probability in zip(request.classes, request.probabilities, strict=True):
        st.progress(probability, text=f"{plain(name)}: {percent(probability)}")
    if request.kept is not None:
        said = f"Probabilities are {request.kept.words}. The maps explain the model's own."
        st.caption(f":material/tune: {plain(said)}")
    st.text(patch.name)


def map_card(request: MapRequest, explanation: Explanation) -> None:
    """Draw one map over its patch: the picture, its description, its settings, and its downloads."""
    kind, patch = EXPLAINERS[explanation.method], request.patch
    words = describe(explanation)
    layer = MapLayer(kind.title, explanation.map, grey=explanation.negligible, speaks_for=explanation.target_name)
    shown = request.panel(kind.title, words, layer, seen=explanation.seen)
    patch_viewer([shown], key=f"explain.{explanation.method}", height=TALLEST)
    st.markdown(plain(words))
    negligible = "-negligible" if explanation.negligible else ""
    name = f"{explanation.method}-{explanation.target_name}-{patch.sha256[:8]}{negligible}"
    seeded = "" if explanation.seed is None else f" (seed {explanation.seed})"
    with st.expander(f"How this was made{seeded}"):
        st.markdown(plain(kind.summary))
        st.caption(_made_with(explanation))
        st.caption(plain(kind.paper))
        with st.container(horizontal=True):
            layout.download("CSV", lambda: _csv(explanation), f"{name}.csv", "text/csv")
            layout.download("NPY", lambda: _npy(explanation), f"{name}.npy", "application/octet-stream")
            layout.download(
                "PNG", lambda: overlay_png(patch.image, explanation, mask=patch.mask), f"{name}.png", "image/png"
            )
            layout.download("HTML", lambda: _html(request, explanation), f"{name}.html", "text/html")


def _made_with(explanation: Explanation) -> str:
    """Describe all settings, the method's quality, and how much the map's strongest area changes the prediction."""
    found = explanation.diagnostics
    if explanation.influence is not None:
        found = found | explanation.influence.facts
    numbers = {**explanation.parameters, **{key: f"{value:.3g}" for key, value in found.items()}}
    return plain(", ".join(f"{key.replace('_', ' ')} {value}" for key, value in numbers.items()))


@st.cache_data(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def _png(sha256: str, _image: np.ndarray) -> bytes:
    del sha256
    return png(Image.fromarray(_image))


def _html(request: MapRequest, explanation: Explanation) -> str:
    """Return the map as a page of its own, in which each pixel says its value."""
    patch = request.patch
    return overlay_figure(patch.image, explanation, mask=patch.mask).to_html(include_plotlyjs=True)


def _csv(explanation: Explanation) -> str:
    """Return the map as CSV, one line for each row of pixels."""
    return pd.DataFrame(explanation.map).to_csv(index=False, header=False, float_format="%.6g")


def _npy(explanation: Explanation) -> bytes:
    stream = io.BytesIO()
    np.save(stream, explanation.map)
    return stream.getvalue()
