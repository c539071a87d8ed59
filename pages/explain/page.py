"""Explain: show one patch, the model's prediction in words, and the areas that led to it."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.comparison.entries import is_other
from histo_core.config import Config, parse_config
from histo_core.explanation.base import EXPLAINERS, Explanation
from histo_core.explanation.words import about_box, when_hidden
from histo_core.runs.store.records import Run
from pages.explain import maps, onward_links, patches, uploads
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.components import layout, model_form, run_card
from pages.shared.components.errors import shown
from pages.shared.components.patch_viewer import viewer_controls
from pages.shared.components.text import plain

THIRD = 370
"""Pixels of the narrowest picture: three side by side at 1440, two at 820."""
SOURCES = {"run": "A patch of the data", "upload": "An image of my own"}


def render() -> None:
    """Draw the page."""
    current_session().authorise("explain")
    workspace = current_session().workspace
    top = st.empty()
    finished = run_card.finished(
        "Explain", "When a model has been trained, you see here what it looked at in a patch.", is_other
    )
    if not finished:
        return
    chooser = st.container(horizontal=True, vertical_alignment="bottom")
    stepper = st.container(horizontal=True, vertical_alignment="center")
    with chooser:
        run, source = _choose(finished)
    upload = uploads.uploaded(run, workspace) if source == "upload" else None
    patch = upload and upload.patch if source == "upload" else patches.of_run(run, workspace, chooser, stepper)
    if patch is None:
        with top.container():
            layout.header("Explain", "Choose an image to see what the model makes of it.")
        return
    seen = maps.MapRequest(run, patch, workspace)
    _say(top, seen.answer, upload)
    explained = _pictures(seen, chooser, stepper)
    if upload is None and explained:
        first = next(iter(explained.values()))
        _say(top, f"{seen.answer} {when_hidden(first, EXPLAINERS[first.method].title)}", upload)
    onward_links.draw(run, patch.name if upload is None else None)


def _say(top: DeltaGenerator, answer: str, upload: uploads.Upload | None) -> None:
    """Draw the page's name and the model's answer, in the place of what stood there."""
    with top.container():
        layout.header("Explain", answer if upload is None else upload.answer.sentence)
        if upload is not None:
            uploads.say_doubts(upload.answer)


def _choose(finished: dict[str, Run]) -> tuple[Run, str]:
    names = run_card.unique_labels(list(finished.values()))
    run_id = url_state.choose(
        "Model", "run", list(finished), format_func=names.__getitem__, width=240, help="A finished training run."
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


@shown()
def _pictures(request: maps.MapRequest, chooser: DeltaGenerator, stepper: DeltaGenerator) -> dict[str, Explanation]:
    """Draw the patch and its maps, and return the maps by method."""
    classes = request.classes
    with chooser:
        target = url_state.choose(
            "Class to explain",
            "target",
            classes,
            default=request.predicted,
            width=150,
            help="The explained class (target). Usually the model's own answer.",
        )
    with stepper, st.popover("Method settings", icon=":material/tune:"):
        options = {name: _options(name, kind.title, kind.Options) for name, kind in EXPLAINERS.items()}
    viewer_controls(key="explain.controls", name=f"explain-{target}-{request.patch.sha256[:8]}")
    grid = st.grid(len(EXPLAINERS) + 1, min_column_width=THIRD, gap="small")
    with grid.cell():
        maps.patch_card(request)
    places = {}
    for name in EXPLAINERS:
        with grid.cell():
            places[name] = st.container()
    explained: dict[str, Explanation] = {}
    for name, kind in EXPLAINERS.items():
        with places[name]:
            st.header(kind.title, anchor=False, help=kind.summary)
            with st.spinner(f"{kind.title} is looking…", show_time=True):
                explained[name] = request.explain(name, options[name], classes.index(target))
            maps.map_card(request, explained[name])
    note = about_box(request.label_box, next(iter(explained.values())).seen)
    if note:
        st.caption(plain(note))
    return explained


def _options(name: str, title: str, kind: type[Config]) -> str:
    """Draw the form of a method's settings, and return them as JSON."""
    st.caption(title)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        values = model_form.fields(kind, {}, prefix=f"explain.{name}")
    return parse_config(kind, values).model_dump_json()
