"""List the rules that a comparison offers, and put a rule into words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

import pandas as pd

from histo_core.comparison.case_rules import WHOLE, CaseRule
from histo_core.comparison.results import Comparison
from histo_core.comparison.sample_facts import own_slices, slice_values

MOST_CELLS, MOST_MODELS = 64, 10
"""With more cells, or more models, a list of all of them or of all pairs is unreadable; a link can still name any."""
_WORDS = {
    "hardest": "all models call wrongly",
    "uncertain": "the models are most uncertain about",
    "disagreement": "the models disagree about most",
    "label-errors": "likely have a wrong label",
}


def offered_rules(comparison: Comparison, facts: pd.DataFrame | None = None) -> list[CaseRule]:
    """Return the rules to choose from: those of all models, of pairs, of each model, cells, and slices."""
    ids = [one.run_id for one in comparison.results]
    rules = [CaseRule(kind) for kind in WHOLE if kind != "disagreement" or len(ids) > 1]
    if len(ids) <= MOST_MODELS:
        rules += [CaseRule("right-wrong", pair) for pair in permutations(ids, 2)]
    rules += [CaseRule("wrong", (one,)) for one in ids]
    rules += [CaseRule("scores", (one,)) for one in ids]
    if len(ids) * len(comparison.classes) ** 2 <= MOST_CELLS:
        rules += [
            CaseRule("cell", (one,), true=true, called=called)
            for one in ids
            for true in comparison.classes
            for called in comparison.classes
        ]
    return rules + list(_of_slices(facts))


def rule_words(rule: CaseRule, comparison: Comparison) -> str:
    """Return what a rule picks, to go on after "Patches that"; unknown runs keep their id."""
    known = {one.run_id: one.name for one in comparison.results}
    names = [known.get(run, run) for run in rule.runs]
    match rule.kind:
        case "cell":
            return f"are {rule.true} and called {rule.called} by {names[0]}"
        case "scores":
            of = comparison.class_of_interest
            return f"{names[0]} gives a probability of {of} from {rule.low:.3g} to {rule.high:.3g}"
        case "wrong":
            return f"{names[0]} calls wrongly"
        case "right-wrong":
            return f"{names[0]} calls rightly and {names[1]} wrongly"
        case "slice":
            return f"have {rule.column} = {rule.value}"
        case _:
            return _WORDS[rule.kind]


def _of_slices(facts: pd.DataFrame | None) -> Iterable[CaseRule]:
    if facts is None:
        return
    for column in own_slices(facts):
        for value in slice_values(facts, column):
            yield CaseRule("slice", column=column, value=value)
