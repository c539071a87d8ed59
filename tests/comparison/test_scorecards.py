"""All metrics of a comparison as tables, and the sentence on all AUROCs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from histo_core.comparison.compare import compare
from histo_core.comparison.join import Joined, join
from histo_core.comparison.scorecards import Scorecards
from histo_core.comparison.shown import equality_sentence
from histo_core.evaluation.auroc_equality import auroc_equality
from histo_core.evaluation.scorecard import METRIC_NAMES

if TYPE_CHECKING:
    from conftest import Make


def test_tables_show_and_hold_what_was_computed(three: Joined) -> None:
    result = compare(three, threshold=0.4)
    found = Scorecards.of(result)
    table = found.table()
    assert table["Metric"].tolist() == list(METRIC_NAMES.values())
    assert set(table.loc[table["Better"] == "lower", "Metric"]) == {"Brier score", "Log loss", "ECE"}
    assert table.set_index("Metric").loc["Sensitivity", "ResNet18"] == str(result.results[1].metrics.sensitivity)
    rows = found.rows()
    assert len(rows) == 3 * len(METRIC_NAMES)
    auroc = rows[(rows["metric"] == "auroc") & (rows["run_id"] == "b2")].iloc[0]
    assert result.results[1].auroc is not None
    assert (auroc["value"], auroc["low"]) == (result.results[1].auroc.value, result.results[1].auroc.low)
    assert "Class of interest: tumour." in found.notes
    assert "ECE is too large by design" in found.notes


def test_with_three_classes_the_notes_say_what_is_of_which(make: Make) -> None:
    classes = ("benign", "in situ", "invasive")
    found = Scorecards.of(compare(join([make("a1", "A", classes=classes)])))
    assert "NPV, F1 and ECE are those of invasive" in found.notes


def test_all_aurocs_are_tested_together_where_there_are_three(three: Joined, make: Make) -> None:
    result = compare(three)
    index = result.classes.index(result.class_of_interest)
    p = auroc_equality(result.y_true == index, three.probabilities[:, :, index], result.groups).p_value
    assert p is not None
    assert p < 0.05
    assert equality_sentence(result).startswith(f"Taken together, the 3 AUROCs differ: P = {p:.3f} (Hotelling")
    assert equality_sentence(compare(join([make("a1", "A"), make("b2", "B")]))) == ""
    few = join([make(str(i), str(i), patients=2, noise=i) for i in range(4)])
    assert "was not tested" in equality_sentence(compare(few))


@pytest.mark.parametrize("skill", [1.5])
def test_equal_models_are_said_not_to_be_told_apart(make: Make, skill: float) -> None:
    runs = [make(str(i), str(i), skill=skill, noise=i, n=480, patients=24) for i in range(3)]
    assert "cannot be told apart: P = " in equality_sentence(compare(join(runs)))
