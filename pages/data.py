"""Data: open a data set, read the verdict on its split, look at its patches."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from histo_core.access import LOCAL, authorise
from histo_core.config import DataConfig, SplitConfig, parse_config
from histo_core.data.base import PARTS, UNLABELLED, Dataset
from histo_core.data.split import Split
from histo_core.plots.counts import counts_figure
from histo_core.plots.theme import class_colours
from histo_core.workspace import Workspace
from pages.ui import cache, data_choice, forms, layout, navigation, state
from pages.ui.errors import shown
from pages.ui.gallery import legend
from pages.ui.text import count, plain

PAGE = 48
COLUMNS = 12
CELL = 96
ALL = "all"


def render() -> None:
    """Draw the page."""
    authorise(LOCAL, "data.read")
    chosen = data_choice.from_url()
    if chosen is None:
        layout.header("Data", "Choose a data set to see what is in it.")
        _choice(DataConfig(), SplitConfig())
        return
    data, division = chosen
    top = st.container()
    with st.expander(f"Data set: {plain(data_choice.describe(data))}"):
        _choice(data, division)
    source = data_choice.opened(data)
    texts = data.model_dump_json(), division.model_dump_json(), str(Workspace.default().home)
    with st.spinner("Looking for patches that stand on both sides…", show_time=True):
        split, report = cache.split(*texts), cache.leakage(*texts)
    with top:
        layout.header("Data", report.verdict)
        st.caption(plain(split.note))
        _facts(source)
    _counts(source, split, data, division)
    _gallery(source, split, texts[0], texts[2])


def _choice(data: DataConfig, division: SplitConfig) -> None:
    """The form, whose answer goes into the URL."""
    prefix = f"data.{data.model_dump_json()}"
    chosen = data_choice.form(data, prefix=prefix)
    with st.expander("How patches are divided into training, validation and test"):
        values = forms.fields(SplitConfig, division.model_dump(), prefix=prefix)
    if st.button("Open and check", type="primary", icon=":material/fact_check:"):
        cache.forget_data()
        navigation.go("data", **data_choice.to_params(chosen, parse_config(SplitConfig, values)))


def _facts(source: Dataset) -> None:
    shape = source.read([0])[0].shape if len(source) else (0, 0)
    facts = {"Patches": f"{len(source):,}"}
    for column, name in (("patient_id", "Patients"), ("slide_id", "Slides")):
        if column in source.table:
            facts[name] = f"{source.table[column].nunique():,}"
    facts["Patch size"] = f"{shape[1]} x {shape[0]} px"
    if source.microns_per_pixel:
        facts["Pixel size"] = f"{source.microns_per_pixel:.3g} µm"
    layout.facts(facts)


def _counts(source: Dataset, split: Split, data: DataConfig, division: SplitConfig) -> None:
    table = split.counts(source)
    grid = layout.halves()
    with grid.cell():
        layout.figure(
            counts_figure(table),
            key="data.counts",
            name="counts",
        )
    with grid.cell():
        st.dataframe(
            table,
            column_config={column: st.column_config.NumberColumn(format="localized") for column in table.columns},
            alt="Patches and patients of each part of the split.",
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            layout.download_table(table.reset_index(), "counts")
            layout.download_table(_with_parts(source, split), "samples", "Download the table of patches")
        navigation.link(
            "train", "Train on these data", icon=":material/model_training:", **data_choice.to_params(data, division)
        )


def _with_parts(source: Dataset, split: Split) -> pd.DataFrame:
    """The data set's table with class names, and the part each patch is in."""
    names = source.table["label"].map(lambda label: "" if label == UNLABELLED else source.classes[label])
    return source.table.assign(label=names, split=split.parts)


@st.fragment
@shown()
def _gallery(source: Dataset, split: Split, data: str, home: str) -> None:
    st.subheader("Patches", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part = state.choose("Part", "part", [ALL, *PARTS], widget=st.segmented_control, help="Of the split.")
        name = state.choose(
            "Class", "class", [ALL, *source.classes], width=220, help="The label that the source gives."
        )
    table = _with_parts(source, split)
    keep = pd.Series(True, table.index)
    if part != ALL:
        keep &= table["split"] == part
    if name != ALL:
        keep &= table["label"] == name
    found = table.index[keep]
    if not len(found):
        st.info("No patch fits these filters.", icon=":material/filter_alt_off:")
        return
    page = st.pagination(-(-len(found) // PAGE), key=f"data.page.{part}.{name}")
    shown = [int(index) for index in found[(page - 1) * PAGE : page * PAGE]]
    colours = {**class_colours(source.classes), "": "#8A8A8A"}
    st.image(
        cache.sheet(
            data, home, tuple(shown), COLUMNS, CELL, tuple(colours[table.at[index, "label"]] for index in shown)
        ),
        width="stretch",
        output_format="PNG",
        alt=f"{count(len(shown), 'patch', 'patches')}, framed in the colour of their class.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(count(len(found), "patch", "patches"), width="content")
        st.image(legend({name: colours[name] for name in source.classes}), alt="Colours of the classes.")
