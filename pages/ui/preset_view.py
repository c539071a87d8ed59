"""What is known of a preset before it is trained: its runs, the study's own numbers, doubts, and missing weights."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from histo_core.models.missing_weights import missing_weights
from histo_core.studies.recipes import NamedConfig, Recipe
from histo_core.workspace import Workspace
from pages.ui.text import count, plain


def about(recipe: Recipe) -> None:
    """A study, behind one click: what there is to run, what it reported, what to doubt, what we settled."""
    with st.expander("About this study", icon=":material/menu_book:"):
        runs, reported, doubts, ours = st.tabs(["Runs", "Reported", "Doubts", "Ours"])
        with runs:
            st.markdown("\n".join(f"- **{plain(member.name)}**: {plain(member.note)}" for member in recipe.configs))
            if any(member.as_printed for member in recipe.configs):
                st.caption(
                    "Runs as printed keep the report's own settings where we doubt them. They may well fail to learn, "
                    "and are there so that the failure can be seen."
                )
        with reported:
            _reported(recipe)
        with doubts:
            _sentences("doubt", recipe.doubts, "Nothing in the study stands out.")
        with ours:
            _sentences("ours", recipe.ours, "Nothing was left open.")


def missing(members: Sequence[NamedConfig], workspace: Workspace) -> None:
    """Say which files of initial weights are not here yet; nothing where none is missing."""
    said = [missing_weights(member.config.model, workspace) for member in members]
    sentences = list(dict.fromkeys(sentence for sentence in said if sentence))
    if not sentences:
        return
    title = f"{count(len(sentences), 'file')} of initial weights {'is' if len(sentences) == 1 else 'are'} missing"
    with st.expander(title, icon=":material/download:"):
        for sentence in sentences:
            st.markdown(plain(sentence))


def _reported(recipe: Recipe) -> None:
    if not recipe.reported:
        st.caption("This study reports no numbers.")
        return
    st.caption("What the study itself reports, as printed; none of it was measured here.")
    rows = [
        (model, one.measure, one.value if isinstance(one.value, str) else f"{one.value:g}")
        for model, stated in recipe.reported.items()
        for one in stated
    ]
    table = pd.DataFrame(rows, columns=["Model", "Measure", "As printed"])
    st.dataframe(table, hide_index=True, width="stretch")
    for matrix in recipe.confusions:
        st.caption(f"Confusion matrix of {plain(matrix.name)}: true class in rows, predicted class in columns")
        st.table(pd.DataFrame(matrix.counts, matrix.classes, matrix.classes))


def _sentences(word: str, sentences: Sequence[str], none: str) -> None:
    if not sentences:
        st.caption(none)
        return
    st.markdown("\n".join(f"- **{word}:** {plain(sentence)}" for sentence in sentences))
