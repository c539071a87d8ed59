"""Show the differences between models, with their intervals and tests."""

from __future__ import annotations

from collections.abc import Hashable

import pandas as pd
import streamlit as st

from histo_core.comparison.pair_tests import calls_sentence, calls_table, margin_table
from histo_core.comparison.results import Comparison
from histo_core.comparison.shown import differences_table, equality_sentence, family_sentence
from histo_core.shown_text import plural
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app import url_state
from pages.shared.cache.hashes import HASHES
from pages.shared.components.text import plain


def draw(shown: ShownComparison) -> None:
    """Draw the tab; only the test of calls depends on the threshold."""
    comparison = shown.comparison
    best = comparison.comparator is None
    st.header("Is the best really better?" if best else "Against the one named beforehand", anchor=False)
    st.dataframe(
        differences_table(comparison), hide_index=True, alt="Differences between models, with intervals and P values."
    )
    sentences = f"{_equality(shown.key, comparison)} {family_sentence(comparison)} From {comparison.basis}."
    st.caption(plain(sentences.strip()))
    for doubt in dict.fromkeys(pair.difference.warning for pair in comparison.differences if pair.difference.warning):
        st.caption(plain(doubt))
    _calls(shown)
    _margin(comparison)


def _calls(shown: ShownComparison) -> None:
    st.subheader("Are they right equally often?", anchor=False)
    table, sentence = _tested_calls(shown.key_at_threshold, shown.comparison)
    st.dataframe(table, hide_index=True, alt="Differences in accuracy between models, with P values.")
    st.caption(plain(sentence))


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=64)
def _tested_calls(key: Hashable, _comparison: Comparison) -> tuple[pd.DataFrame, str]:
    del key
    return calls_table(_comparison), calls_sentence(_comparison)


def _margin(comparison: Comparison) -> None:
    st.subheader("Is the difference large enough to matter?", anchor=False)
    margin = url_state.slide(
        "Smallest difference in AUROC that matters",
        "margin",
        0.0,
        0.2,
        0.0,
        help="Set it before you look: chosen afterwards, it can be made to fit. 0 asks no such question.",
    )
    if not margin:
        return
    st.dataframe(margin_table(comparison, margin), hide_index=True, alt="What each interval says about the margin.")
    of = comparison.group_kind or "patch"
    st.caption(
        plain(
            f"From the {comparison.confidence:.0%} intervals, not corrected for several pairs. The last column says "
            f"how many test {plural(of)} an interval no wider than the margin to each side would need, with "
            f"{plural(of)} like these. It says nothing of the observed difference."
        )
    )


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=32)
def _equality(key: Hashable, _comparison: Comparison) -> str:
    """Return the sentence on all AUROCs at once."""
    del key
    return equality_sentence(_comparison)
