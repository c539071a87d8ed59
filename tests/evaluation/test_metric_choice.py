"""Which metrics fit a question."""

from __future__ import annotations

import pytest

from histo_core.evaluation.metric_choice import Problem, misleading
from histo_core.evaluation.scorecard import METRIC_NAMES
from histo_core.evaluation.scorecard_prevalence import REWEIGHTED, UNMOVED


@pytest.mark.parametrize(
    ("problem", "fitting"),
    [
        (Problem(), set(METRIC_NAMES) - {"brier", "log_loss", "ece"}),
        (Problem(probabilities=True), set(METRIC_NAMES) - {"auroc", "auprc"}),
        (Problem(real_balance=False), set(UNMOVED)),
        (Problem(equal_costs=False), {"auroc", "auprc", "sensitivity", "specificity", "ppv", "npv"}),
        (Problem(real_balance=False, equal_costs=False), {"auroc", "sensitivity", "specificity"}),
        (Problem(ordered=True), {"sensitivity", "specificity", "ppv", "npv"}),
    ],
)
def test_what_fits_follows_from_the_answers(problem: Problem, fitting: set[str]) -> None:
    found = misleading(problem)
    assert list(found) == list(METRIC_NAMES)
    assert {name for name, reason in found.items() if not reason} == fitting


def test_the_unit_is_told_where_decisions_are_about_patients() -> None:
    assert not Problem().unit_note
    assert "patients with many patches" in Problem(by_patient=True).unit_note


def test_only_what_is_stated_at_the_prevalence_is_free_of_the_balance() -> None:
    found = misleading(Problem(real_balance=False, reweighted=frozenset(REWEIGHTED)))
    assert found["ppv"] == ""
    assert found["kappa"].startswith("changes with the class balance")
