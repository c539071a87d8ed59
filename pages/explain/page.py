"""Explain: show one patch, the model's prediction in words, and the areas that led to it."""

from __future__ import annotations

import streamlit as st

from histo_core.config import Config, parse_config
from histo_core.explanation.base import EXPLAINERS, Explanation
from histo_core.explanation.words import about_box
from histo_core.plots.overlay import common_scale
from histo_core.runs.store.records import Run
from pages.explain import maps, onward_links, patches, uploads
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.components import layout, model_form, run_card
from pages.shared.components.errors import shown
from pages.shared.components.text import plain

THIRD = 400
"""Pixels of one image: three side by side at 1440, one at 820."""
SOURCES = {"run": "A patch of the data", "upload": "An image of my own"}


def render() -> None:
    """Draw the page."""
    current_session().authorise("explain")
    workspace = current_session().workspace
    top = st.container()
    finished = run_card.finished("Explain", "When a model has been trained, you see here what it looked at in a patch.")
    if not finished:
        return
    run, source = _choose(finished)
    upload = uploads.uploaded(run, workspace) if source == "upload" else None
    patch = patches.of_run(run, workspace) if source != "upload" else upload and upload.patch
    if patch is None:
        with top:
            layout.header("Explain", "Choose an image to see what the model makes of it.")
        return
    seen = maps.MapRequest(run, patch, workspace)
    with top:
        layout.header("Explain", seen.answer if upload is None else upload.answer.sentence)
        if upload is not None:
            uploads.say_doubts(upload.answer)
    _pictures(seen)
    onward_links.draw(run, patch.name if upload is None else None)


def _choose(finished: dict[str, Run]) -> tuple[Run, str]:
    names = run_card.unique_labels(list(finished.values()))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_id = url_state.choose(
            "Model", "run", list(finished), format_func=names.__getitem__, width=320, help="A finished training run."
        )
        source = url_state.choose(
            "Picture",
            "source",
            list(SOURCES),
            format_func=SOURCES.__getitem__,
            widget=st.segmented_control,
            help="A patch that the model was not trained on, or an image of your own.",
        )
    return finished[run_id], source


@st.fragment
@shown()
def _pictures(question: maps.MapRequest) -> None:
    """Draw the patch and its maps, with the display settings."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        classes = question.classes
        target = url_state.choose(
            "Class to explain",
            "target",
            classes,
            default=question.predicted,
            width=200,
            help="The explained class (target). Usually the model's own answer.",
        )
        opacity = url_state.slide("Opacity", "opacity", 0.0, 1.0, 0.5, step=0.05, help="Opacity of the map.", width=260)
        same = url_state.switch(
            "One colour scale",
            "scale",
            help="Draws both maps at one scale. The methods count in different units, so usually each has its own.",
        )
        outlined = question.patch.mask is not None and url_state.switch(
            "Outline the tumour", "mask", help="The true tumour mask, which is known because this tissue was drawn."
        )
    with st.expander("Settings of the methods"):
        options = {name: _options(name, kind.title, kind.Options) for name, kind in EXPLAINERS.items()}
    grid = st.grid(len(EXPLAINERS) + 1, min_column_width=THIRD, gap="small")
    with grid.cell():
        maps.patch_card(question)
    places = {}
    for name in EXPLAINERS:
        with grid.cell():
            places[name] = st.container()
    explained: dict[str, Explanation] = {}
    for name, kind in EXPLAINERS.items():
        with places[name], st.spinner(f"{kind.title} is looking…", show_time=True):
            explained[name] = question.explain(name, options[name], classes.index(target))
    note = about_box(question.label_box, next(iter(explained.values())).seen)
    if note:
        st.caption(plain(note))
    scale = common_scale(*explained.values()) if same else None
    mask = question.patch.mask if outlined else None
    for name, explanation in explained.items():
        with places[name]:
            maps.map_card(question, explanation, options[name], opacity=opacity, scale=scale, mask=mask)


def _options(name: str, title: str, kind: type[Config]) -> str:
    """Draw the form of a method's settings, and return them as JSON."""
    st.caption(title)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        values = model_form.fields(kind, {}, prefix=f"explain.{name}")
    return parse_config(kind, values).model_dump_json()
