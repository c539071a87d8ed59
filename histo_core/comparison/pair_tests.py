"""Test the pairs of a comparison further: their calls at the threshold, and a margin that was set beforehand."""

from __future__ import annotations

import pandas as pd

from histo_core.comparison.pairs import PairDifference
from histo_core.comparison.results import Comparison
from histo_core.comparison.shown import p_text
from histo_core.evaluation.calls_test import CallsTest, calls_test
from histo_core.evaluation.margin import AgainstMargin, MarginAnswer, against_margin
from histo_core.shown_text import count

MOST_PAIRS = 10
"""The most pairs whose calls are all shown; of more, those with the best model."""
WORDS: dict[MarginAnswer, str] = {
    "superior": "better by {margin} or more",
    "equivalent": "equivalent: within {margin} either way",
    "not inferior": "not worse by {margin}",
    "inferior": "worse by {margin} or more",
    "not superior": "not better by {margin}",
    "open": "open",
}


def pair_calls(comparison: Comparison, pair: PairDifference) -> CallsTest:
    """Test whether the two models of a pair are right equally often at the comparison's threshold."""
    right = {one.run_id: one.called == comparison.y_true for one in comparison.results}
    return calls_test(right[pair.first_id], right[pair.other_id], comparison.groups)


def pair_margin(comparison: Comparison, pair: PairDifference, margin: float) -> AgainstMargin:
    """Judge the AUROC difference of a pair against a margin."""
    return against_margin(pair.difference, margin, comparison.n_groups or comparison.n)


def calls_table(comparison: Comparison) -> pd.DataFrame:
    """Return one row a pair, to read: how often one model alone is right, and the P values."""
    rows = [(pair, pair_calls(comparison, pair)) for pair in _shown(comparison)]
    return pd.DataFrame(
        [
            {
                "Compared": f"{pair.first} - {pair.other}",
                "Difference in accuracy": f"{found.difference:+.3f}",
                "Only the first is right": f"{found.first_only:,}",
                "Only the other is right": f"{found.other_only:,}",
                "P": p_text(found.p_value),
                "P, models swapped": p_text(found.swap.p_value),
            }
            for pair, found in rows
        ]
    )


def _shown(comparison: Comparison) -> list[PairDifference]:
    """Return all pairs, or those of the best model where there are many."""
    pairs = comparison.differences
    few = len(pairs) <= MOST_PAIRS or comparison.comparator is not None
    return [pair for pair in pairs if few or pair.first_id == pairs[0].first_id]


def calls_sentence(comparison: Comparison) -> str:
    """Return a sentence on how the calls of a pair are tested."""
    first = pair_calls(comparison, comparison.differences[0])
    return f"P from {first.method}, not corrected for several pairs. Threshold: {comparison.rule.words}."


def margin_table(comparison: Comparison, margin: float) -> pd.DataFrame:
    """Return one row a pair, to read: what its interval says about the margin, and how many patients would settle it.

    Raises:
        DataError: a margin that is not allowed.
    """
    kind = comparison.group_kind or "patch"
    found = [(pair, pair_margin(comparison, pair, margin)) for pair in comparison.differences]
    return pd.DataFrame(
        [
            {
                "Compared": f"{pair.first} - {pair.other}",
                "Difference in AUROC": str(pair.difference),
                "The first is": WORDS[one.answer].format(margin=f"{margin:g}"),
                "For an interval of the margin": "unknown"
                if one.needed is None
                else f"about {count(one.needed, kind)}",
            }
            for pair, one in found
        ]
    )
