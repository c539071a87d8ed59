"""Make ensembles of the compared models, and submit an entry to a competition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from histo_core.comparison.ensemble import ensemble
from histo_core.comparison.ensemble_recipe import KIND_NAMES, KIND_WORDS, KINDS, EnsembleKind, ensemble_recipe
from histo_core.comparison.entries import load_entry
from histo_core.comparison.kept_ensembles import LONGEST_NAME, keep_ensemble
from histo_core.comparison.run_predictions import RunPredictions
from pages.compare import submission_form
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache_runs
from pages.shared.components.errors import shown as errors_shown
from pages.shared.components.text import plain

WEIGHT = 1.0


def draw(shown: ShownComparison) -> None:
    """Draw the tab."""
    if shown.joined.split_set == "train":
        st.caption("Ensembles are made of held-out predictions: choose the test or the validation set above.")
        return
    entries = [run for run in shown.joined.runs if run.run_id != cache_runs.COLOUR_ONLY]
    names = {run.run_id: run.name for run in entries}
    st.header("Ensembles of these models", anchor=False)
    _table([run for run in entries if run.recipe is not None], names)
    _form(entries, names)
    submission_form.draw(shown, entries)


def _table(made: Sequence[RunPredictions], names: Mapping[str, str]) -> None:
    """Draw how the compared ensembles are made."""
    rows = [
        {
            "Ensemble": run.name,
            "Kind": KIND_NAMES[run.recipe.kind],
            "Members": ", ".join(names.get(member, member) for member in run.recipe.members),
            "Weights": "" if run.recipe.weights is None else ", ".join(f"{one:g}" for one in run.recipe.weights),
        }
        for run in made
        if run.recipe is not None
    ]
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", alt="How each compared ensemble is made.")
        st.caption("They are computed from their members. Below “Add models” they are listed and can be deleted.")


@errors_shown()
def _form(entries: Sequence[RunPredictions], names: Mapping[str, str]) -> None:
    """Draw the choice of kind, members and weights, and the button that adds the ensemble."""
    single = [run.run_id for run in entries if run.recipe is None]
    if len(single) < 2:
        st.caption("An ensemble has two members or more: add models above.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind: EnsembleKind = st.selectbox(
            "Kind",
            KINDS,
            index=KINDS.index("mean"),
            key="compare.ensemble.kind",
            format_func=KIND_NAMES.__getitem__,
            width=200,
        )
        members = st.multiselect(
            "Members",
            single,
            default=single,
            key=f"compare.ensemble.members.{'.'.join(single)}",
            format_func=names.__getitem__,
        )
    st.caption(KIND_WORDS[kind])
    weights = _weights(members, names) if kind == "weighted" else None
    proposed = f"{KIND_NAMES[kind]} of {', '.join(names[member] for member in members)}"[:LONGEST_NAME]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", value=proposed, key=f"compare.ensemble.name.{proposed}", width=340)
        pressed = st.button(
            "Add to the comparison",
            type="primary",
            icon=":material/add:",
            key="compare.ensemble.add",
            disabled=len(members) < 2,
        )
    if pressed:
        current_session().authorise("ensemble.keep", name)
        recipe = ensemble_recipe(kind, members, weights)
        workspace = current_session().workspace
        ensemble([load_entry(member, workspace) for member in members], kind, weights)  # as it will be computed
        kept = keep_ensemble(name, recipe, current_session().workspace)
        url_state.put("runs", list(dict.fromkeys([*names, kept.id])))
        st.rerun()


def _weights(members: Sequence[str], names: Mapping[str, str]) -> list[float]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        return [
            st.number_input(
                f"Weight of {plain(names[member])}",
                min_value=0.0,
                value=WEIGHT,
                step=0.1,
                key=f"compare.ensemble.weight.{member}",
                width=200,
                help="Weights are divided by their sum. Choose them on the validation set, never by the test set.",
            )
            for member in members
        ]
