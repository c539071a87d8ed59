"""Say what classes of other names stand for in the first model, and let the user change it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from histo_core.comparison.class_join import other_names
from histo_core.comparison.join import RunPredictions
from histo_core.data.class_mapping import REASONS
from pages.shared.app import url_state
from pages.shared.components.text import count, plain

NONE = "-"
"""What the URL says for a class that stands for none; an empty value would mean that nothing was chosen."""


def choose(chosen: Sequence[RunPredictions], split_set: str) -> tuple[tuple[str, str], ...]:
    """Draw a control for each class that has another name in the first model, and return what they stand for.

    Args:
        chosen: the compared models.
        split_set: the compared set, whose labelled patches are counted.

    Returns:
        Pairs of a class and the first model's class; classes that stand for none are left out.
    """
    matches = other_names(chosen, split_set)
    if not matches:
        return ()
    st.caption(
        plain(
            f"Some classes have other names than in {chosen[0].name}. This is what they are taken for: change it where "
            "it is wrong. A probability of several classes that stand for one is their sum."
        )
    )
    found = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for match in matches:
            patches = f" ({count(match.patches, 'labelled patch')})" if match.patches else ""
            ours = url_state.choose(
                f"{plain(match.theirs)}{plain(patches)}",
                f"means.{match.theirs}",
                [*chosen[0].classes, NONE],
                default=match.ours or NONE,
                format_func=lambda name: "no class" if name == NONE else name,
                width=220,
                help=f"Proposed because: {REASONS[match.reason]}.",
            )
            if ours != NONE:
                found.append((match.theirs, ours))
    ignored = [match for match in matches if match.theirs not in dict(found)]
    if ignored:
        names = ", ".join(f"{match.theirs} ({match.patches:,})" for match in ignored)
        st.warning(
            plain(
                f"{count(sum(match.patches for match in ignored), 'labelled patch')} of {names} would not count: say "
                "which class each of them stands for."
            ),
            icon=":material/warning:",
        )
    return tuple(found)
