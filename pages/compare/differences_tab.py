"""Show the differences between models, with their intervals and tests."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from histo_core.comparison.results import Comparison
from histo_core.comparison.shown import differences_table, equality_sentence, family_sentence
from pages.compare.shown_comparison import ShownComparison
from pages.shared.cache.hashes import HASHES
from pages.shared.components.text import plain


def draw(shown: ShownComparison) -> None:
    """Draw the tab; it does not depend on the threshold."""
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


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=32)
def _equality(key: Hashable, _comparison: Comparison) -> str:
    """Return the sentence on all AUROCs at once."""
    del key
    return equality_sentence(_comparison)
