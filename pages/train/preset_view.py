"""Show a preset before training: its runs, the study's own numbers, doubts, and missing weights."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from histo_core.experiments.reported import Pair
from histo_core.models.weights.missing import missing_weights
from histo_core.studies.recipes import NamedConfig, Recipe, settings
from histo_core.workspace import Workspace
from pages.shared.cache import cache_studies
from pages.shared.components import reported_view
from pages.shared.components.text import count, plain


def about(recipe: Recipe, workspace: Workspace | None = None) -> None:
    """Draw a study in an expander: its runs, its reported numbers, the doubts, and what we settled.

    Args:
        recipe: the study.
        workspace: holds runs made from the study, whose numbers are shown beside the reported ones; None for none.
    """
    with st.expander("About this study", icon=":material/menu_book:"):
        # Five tabs fit a phone; a sixth would be under Streamlit's arrow.
        runs, reported, facts, doubts, ours = st.tabs(["Runs", "Reported", "Facts", "Doubts", "Our choices"])
        with runs:
            st.markdown("\n".join(f"- **{plain(member.name)}**: {plain(member.note)}" for member in recipe.configs))
            _experiments(recipe)
            if any(member.as_printed for member in recipe.configs):
                st.caption(
                    "Runs as printed keep the report's own settings where we doubt them. They may well fail to learn, "
                    "and are there so that the failure can be seen."
                )
        with reported:
            _reported(recipe, workspace)
        with facts:
            _sentences("fact", recipe.facts, "Its settings say all that is known of it.")
            _sentences("wished for", recipe.wished, "The report names no wishes.")
        with doubts:
            _sentences("doubt", recipe.doubts, "Nothing in the study stands out.")
        with ours:
            _sentences("ours", recipe.ours, "Nothing was left open.")


def missing(members: Sequence[NamedConfig], workspace: Workspace) -> None:
    """Show which files of initial weights are missing; show nothing where none is."""
    said = [missing_weights(member.config.model, workspace) for member in members]
    sentences = list(dict.fromkeys(sentence for sentence in said if sentence))
    if not sentences:
        return
    title = f"{count(len(sentences), 'file')} of initial weights {'is' if len(sentences) == 1 else 'are'} missing"
    with st.expander(title, icon=":material/download:"):
        for sentence in sentences:
            st.markdown(plain(sentence))


def _experiments(recipe: Recipe) -> None:
    """Draw sweeps, protocols and printed matrices by the names that `studies show` prints and `studies run` accepts."""
    for kind, found in (("Sweeps", recipe.sweeps), ("Protocols", recipe.protocols)):
        if found:
            st.caption(kind)
            lines = (
                f"- **{plain(one.name)}** of {plain(one.member)}, {count(one.protocol.size, 'run')}: "
                f"{plain(settings(one.protocol))}"
                for one in found
            )
            st.markdown("\n".join(lines))
    if recipe.confusions:
        st.caption("Printed matrices, under Reported")
        st.markdown("\n".join(f"- **{plain(matrix.name)}**" for matrix in recipe.confusions))


def _reported(recipe: Recipe, workspace: Workspace | None) -> None:
    if not recipe.reported:
        st.caption("This study reports no numbers.")
        return
    st.caption(
        "As printed is what the study itself reports; none of it was measured here. Under Here stands what the newest "
        "run or experiment made from this study reached, on other patches."
    )
    found = cache_studies.reported_for_study(recipe, workspace) if workspace is not None else {}
    alone = {of: tuple(Pair(of, one, None, "") for one in stated) for of, stated in recipe.reported.items()}
    pairs = [pair for stated in (found or alone).values() for pair in stated]
    st.table(reported_view.short_table(pairs), width="stretch")
    for matrix in recipe.confusions:
        st.caption(f"Confusion matrix of {plain(matrix.name)}: true class in rows, predicted class in columns")
        classes = [plain(name) for name in matrix.classes]
        st.table(pd.DataFrame(matrix.counts, classes, classes))


def _sentences(word: str, sentences: Sequence[str], none: str) -> None:
    if not sentences:
        st.caption(none)
        return
    st.markdown("\n".join(f"- **{word}:** {plain(sentence)}" for sentence in sentences))
