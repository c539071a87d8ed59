"""Show what a split gives, its controls, and the saved splits."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from histo_core.config import DataConfig, SplitConfig, parse_config
from histo_core.data.dataset import Dataset
from histo_core.data.splits.saved_split import SavedSplit, save_split
from histo_core.data.splits.split import Split
from histo_core.plots.counts import counts_figure
from histo_core.workspace import Workspace
from pages.shared.app import navigation, url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_data
from pages.shared.components import data_choice, layout, split_form
from pages.shared.components.errors import shown
from pages.shared.components.text import count, plain

SET_WORDS = {"train": "training", "valid": "validation", "test": "test"}
FINGERPRINT = 12
"""Characters of a fingerprint in a table; enough to distinguish splits."""


def draw(source: Dataset, split: Split, data: DataConfig, division: SplitConfig) -> None:
    """Draw the view.

    Args:
        source: the opened data set.
        split: the split in use.
        data: configuration of ``source``.
        division: configuration of ``split``.
    """
    workspace = current_session().workspace
    known = cache_data.saved(data, source.state, workspace)
    grid = layout.halves()
    result, form = grid.cell(), grid.cell()  # the result comes first, and is made from the form
    built: tuple[SplitConfig, Split] | None = None
    with form:
        st.header("Build a split", anchor=False)
        with shown():
            built = _build(data, division, workspace)
            _take(source, *built, data, in_use=built[1].fingerprint == split.fingerprint)
    with result:
        st.header("What it gives", anchor=False)
        if built is not None:
            with shown():
                _result(source, *built, data, workspace)
    _saved(known)
    _balance(source, split, data, division)


def _build(data: DataConfig, division: SplitConfig, workspace: Workspace) -> tuple[SplitConfig, Split]:
    """Draw the controls, which start from the split in use, and return their split."""
    values = split_form.of_data(data, division, prefix=f"split.{division.model_dump_json()}")
    wanted = parse_config(SplitConfig, values)
    with st.spinner("Dividing…", show_time=True):
        return wanted, cache.split(data, wanted, workspace)


def _take(source: Dataset, wanted: SplitConfig, built: Split, data: DataConfig, *, in_use: bool) -> None:
    """Offer to use the new split, or to save it under a name."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("Use this split", type="primary", icon=":material/check:", disabled=in_use):
            _use(wanted)
        if wanted.method != "saved":
            name = st.text_input(
                "Name", key="split.name", max_chars=100, placeholder="for example Fold 1 of 5", width=220
            )
            if st.button("Save", icon=":material/save:", disabled=not name.strip()):
                current_session().authorise("data.build", data.dataset)
                save_split(source, built, wanted, name, current_session().workspace)
                st.rerun()
    if in_use:
        st.caption("This is the split in use.")
    st.caption(f"Fingerprint {built.fingerprint[:FINGERPRINT]}: the same data and settings give the same one anywhere.")


def _result(source: Dataset, wanted: SplitConfig, built: Split, data: DataConfig, workspace: Workspace) -> None:
    """Draw the counts of each set, and of each fold as a table, and say the limits of the split."""
    table = built.counts(source)
    layout.figure(counts_figure(table), key="split.chart", name="split-chart", title="none")
    _table(table.reset_index(), "split-counts", "Patches of each class, and patients where known, in each set.")
    st.markdown(plain(built.note))
    if wanted.folds is not None:
        split_set = "validation" if wanted.hold_out else "test"
        st.caption(f"The {split_set} set of each of the {wanted.folds} folds:")
        with st.spinner("Counting the other folds…", show_time=True):
            folds = cache_data.fold_counts(data, source.state, wanted, workspace)
        _table(folds, "fold-counts", "Patches of each class, and patients where known, in each fold.")


def _table(table: pd.DataFrame, name: str, alt: str) -> None:
    """Draw a table of counts by set or fold; patients are left out where they are not known."""
    first, patients = str(table.columns[0]), "patients"
    drawn = table.drop(columns=patients) if bool(table[patients].isna().all()) else table
    if first == "split":
        drawn = drawn.assign(split=[SET_WORDS[name] for name in drawn["split"]])
    numbers: dict[str, Any] = {
        str(column): st.column_config.NumberColumn(format="localized") for column in drawn.columns[1:]
    }
    numbers[patients] = st.column_config.NumberColumn("Patients", format="localized")
    numbers[first] = st.column_config.Column("Set" if first == "split" else "Fold")
    st.dataframe(drawn, hide_index=True, column_config=numbers, alt=alt)
    layout.download_table(table, name)


def _saved(known: tuple[SavedSplit, ...]) -> None:
    st.header("Saved splits", anchor=False)
    if not known:
        st.caption("A split that is saved can be taken again by its fingerprint, in every later run on the same data.")
        return
    table = pd.DataFrame(
        {
            "Name": [one.name for one in known],
            "Split by": [one.method for one in known],
            **{split_set: [sum(_classes(one, split_set)) for one in known] for split_set in ("train", "valid", "test")},
            "Fingerprint": [one.fingerprint[:FINGERPRINT] for one in known],
            "Saved": [one.created_at for one in known],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "Saved": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            **{
                split_set: st.column_config.NumberColumn(words.capitalize(), format="localized")
                for split_set, words in SET_WORDS.items()
            },
        },
        alt="Saved splits with their counts of patches, fingerprints and dates.",
    )
    layout.download_table(table, "saved-splits")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Take a saved split",
            known,
            format_func=lambda one: f"{one.name} ({one.fingerprint[:FINGERPRINT]})",
            width=360,
        )
        if st.button("Use it", key="split.use_saved"):
            _use(SplitConfig(method="saved", saved=chosen.fingerprint))


def _classes(one: SavedSplit, split_set: str) -> list[int]:
    return [number or 0 for name, number in one.counts[split_set].items() if name != "patients"]


def _balance(source: Dataset, split: Split, data: DataConfig, division: SplitConfig) -> None:
    """Show the class balance of the training set, and what can be done about it."""
    counts = split.counts(source).loc["train", list(source.classes)]
    if not counts.sum():
        return
    st.header("Class balance", anchor=False)
    most, least = str(counts.idxmax()), str(counts.idxmin())
    if most == least:
        said = f"In training there are {count(int(counts[most]), 'patch')} of each class."
    else:
        said = (
            f"In training there are {count(int(counts[most]), 'patch')} of {most} and "
            f"{int(counts[least]):,} of {least}. A split never changes that: training can weigh rare classes more, "
            "draw them more often, or enlarge each class through new augmentations of its patches. Choose it under "
            "Training, as Class balance."
        )
    st.markdown(plain(said))
    navigation.link(
        "train", "Train on this split", icon=":material/model_training:", **data_choice.to_params(data, division)
    )


def _use(division: SplitConfig) -> None:
    """Make it the page's split; remove a finding of the former split's audit, which no longer applies."""
    url_state.put("split", division.model_dump_json(exclude_defaults=True))
    url_state.put("finding", None)
    st.rerun()
