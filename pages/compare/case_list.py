"""Show a list of patches, page by page, with one of them enlarged; the arrow keys step through it."""

from __future__ import annotations

import base64

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from histo_core.comparison.cases import Cases, case_table
from histo_core.comparison.results import Comparison
from histo_core.comparison.sample_facts import known_names
from histo_core.errors import HistoscopeError
from histo_core.plots.theme import class_colours
from pages.compare import explain_link
from pages.compare.case_rule import PAGE
from pages.compare.compared_data import ComparedData
from pages.shared.app import url_state
from pages.shared.cache import cache
from pages.shared.components import unreadable
from pages.shared.components.contact_sheet import legend, png
from pages.shared.components.errors import shown as without_failing
from pages.shared.components.patch_grid import COLUMNS, LARGEST, Cell, patch_grid
from pages.shared.components.text import count, plain

ON_A_PAGE = 48
SIDE = 96
"""Pixels of a patch in the list."""
LARGE = 256
"""Pixels of the chosen patch."""


@st.fragment
@without_failing()
def draw(comparison: Comparison, found: Cases, opened: ComparedData) -> None:
    """Draw the list as a fragment: another patch or page redraws nothing else."""
    rows = found.rows
    at, page = _place(comparison, rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        _steps(comparison, rows, at)
        if len(rows) > ON_A_PAGE:
            url_state.page(-(-len(rows) // ON_A_PAGE), PAGE)
    _one(comparison, int(rows[at]), opened)
    some = rows[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    places = opened.rows(comparison.sample_ids[some])
    if opened.data is None or (places < 0).all():
        table = case_table(comparison, Cases(found.rule, some))
        st.dataframe(table, hide_index=True, alt="The patches of this page, with every model's probability.")
        return
    if (places < 0).any():
        st.caption(f"{count(int((places < 0).sum()), 'patch')} of this page are no longer in the data.")
    _grid(comparison, some[places >= 0], places[places >= 0], int(rows[at]), opened)


def _place(comparison: Comparison, rows: np.ndarray) -> tuple[int, int]:
    """Return the position of the chosen patch in the list, and the page, both from 0; a page begins with its first."""
    asked = next(iter(url_state.asked("patch")), "")
    known = np.flatnonzero(comparison.sample_ids[rows] == asked)
    number = next((int(text) for text in url_state.asked(PAGE) if text.isdecimal()), 0) - 1
    if not 0 <= number * ON_A_PAGE < len(rows):
        number = int(known[0]) // ON_A_PAGE if len(known) else 0
    at = int(known[0]) if len(known) else -1
    if at // ON_A_PAGE == number:
        return at, number
    return number * ON_A_PAGE, number


def _steps(comparison: Comparison, rows: np.ndarray, at: int) -> None:
    for label, icon, key, step in (("Previous", "chevron_left", "Left", -1), ("Next", "chevron_right", "Right", 1)):
        there = at + step
        st.button(
            label,
            key=f"cases.{label}",
            icon=f":material/{icon}:",
            shortcut=key,
            disabled=not 0 <= there < len(rows),
            on_click=_go,
            args=(str(comparison.sample_ids[rows[there % len(rows)]]), there),
        )
    st.caption(f"{at + 1:,} of {count(len(rows), 'patch')}", width="content")


def _go(sample: str, position: int) -> None:
    url_state.put("patch", sample)
    url_state.put(PAGE, position // ON_A_PAGE + 1)


def _one(comparison: Comparison, row: int, opened: ComparedData) -> None:
    """Draw one patch: enlarged, with every model's answer, and the links to Explain."""
    sample = str(comparison.sample_ids[row])
    picture, answers = st.columns([1, 3], gap="medium")
    with picture:
        _picture(sample, opened)
    with answers:
        st.text(_facts(comparison, row))
        st.dataframe(_answers(comparison, row), hide_index=True, alt="Every model's probability and answer.")
        with st.container(horizontal=True):
            for result in comparison.results:
                explain_link.to_explain(
                    result,
                    comparison,
                    f"Explain {plain(result.name)}",
                    icon=":material/center_focus_strong:",
                    patch=sample,
                )


def _facts(comparison: Comparison, row: int) -> str:
    facts = [str(comparison.sample_ids[row])]
    if comparison.groups is not None and comparison.group_kind is not None:
        facts.append(f"{comparison.group_kind} {known_names(comparison.groups[[row]])[0]}")
    return ", ".join([*facts, f"labelled {comparison.classes[comparison.y_true[row]]}"])


def _answers(comparison: Comparison, row: int) -> pd.DataFrame:
    interest = comparison.classes.index(comparison.class_of_interest)
    return pd.DataFrame(
        {
            "Model": [one.name for one in comparison.results],
            f"Probability of {comparison.class_of_interest}": [
                f"{one.probabilities[row, interest]:.3f}" for one in comparison.results
            ],
            "Called": [comparison.classes[one.called[row]] for one in comparison.results],
            "Right": ["yes" if one.called[row] == comparison.y_true[row] else "no" for one in comparison.results],
        }
    )


def _picture(sample: str, opened: ComparedData) -> None:
    (place,) = opened.rows(np.array([sample], dtype=object)).tolist()
    if opened.source is None or place < 0:
        return
    try:
        image = Image.fromarray(opened.source.read([place])[0])
    except HistoscopeError as error:
        st.warning(plain(error))
        return
    scale = max(LARGE // max(image.size), 1)
    content = base64.b64encode(png(image)).decode("ascii")
    width = min(image.width * scale, LARGE)
    st.html(
        f'<img alt="The chosen patch" width="{width}" style="image-rendering:pixelated;max-width:100%"'
        f' src="data:image/png;base64,{content}">'
    )


def _grid(comparison: Comparison, some: np.ndarray, places: np.ndarray, chosen: int, opened: ComparedData) -> None:
    """Draw some patches of the list as buttons; a click chooses one."""
    if opened.data is None:
        return
    indices = tuple(places.tolist())
    sheet, cell, torn = cache.packed(opened.data, opened.workspace, indices, min(COLUMNS, len(some)), LARGEST)
    colours = class_colours(comparison.classes)
    cells = [
        _cell(comparison, row, broken, colours, chosen=row == chosen)
        for row, broken in zip(some.tolist(), torn, strict=True)
    ]
    unreadable.tell(torn, key="cases.grid")
    clicked = patch_grid(sheet, cell, cells, side=SIDE, key="cases.grid")
    st.html(legend({name: colours[name] for name in comparison.classes}))
    st.caption(f"Below each patch: its label, and each model's probability of {plain(comparison.class_of_interest)}.")
    if clicked is not None and clicked < len(some) and some[clicked] != chosen:
        url_state.put("patch", str(comparison.sample_ids[some[clicked]]))
        st.rerun(scope="fragment")


def _cell(comparison: Comparison, row: int, broken: bool, colours: dict[str, str], *, chosen: bool) -> Cell:
    interest = comparison.classes.index(comparison.class_of_interest)
    label = comparison.classes[comparison.y_true[row]]
    said = [f"{one.probabilities[row, interest]:.2f} {one.name}" for one in comparison.results]
    return Cell(
        str(comparison.sample_ids[row]),
        "; ".join(["cannot be read" if broken else label, *said]),
        colours[label],
        chosen=chosen,
        caption="\n".join([label, *said]),
        facts=(_facts(comparison, row), *said),
    )
