"""Prediction sets are calibrated on validation, judged on test, and told by class, size and patient."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from histo_core.comparison.compare import compare
from histo_core.comparison.join import join
from histo_core.comparison.prediction_sets import judged_sets, sets_sentences, sets_table
from histo_core.errors import ComparisonError

if TYPE_CHECKING:
    from conftest import Make


def test_sets_are_calibrated_on_validation_alone(make: Make) -> None:
    run = make("a1", n=2_000, patients=30)
    comparison = compare(join([run]))
    judged = judged_sets(comparison, comparison.results[0], 0.9)
    valid = run.table[run.table["split"] == "valid"]
    for i, name in enumerate(comparison.classes):
        p = np.sort(valid.loc[valid["y_true"] == name, f"prob_{name}"])[::-1]
        assert judged.limits[i] == p[int(np.ceil((len(p) + 1) * 0.9)) - 1]
        assert judged.calibration[i] == len(p)
    test = run.table[run.table["split"] == "test"]
    own = np.array([row[f"prob_{row['y_true']}"] for _, row in test.iterrows()])
    limit = judged.limits[[comparison.classes.index(name) for name in test["y_true"]]]
    assert judged.found.overall.value == pytest.approx((own >= limit).mean())
    assert judged.found.overall.value == pytest.approx(0.9, abs=0.04)
    assert len(judged.found.by_group) == comparison.n_groups == 30
    table = sets_table(comparison, judged)
    assert table["Class"].tolist() == ["normal", "tumour", "all"]
    assert table["Coverage"].tolist()[2] == str(judged.found.overall)
    said = sets_sentences(comparison, judged)
    assert f"{judged.found.by_group.min():.3f} at least" in said
    assert "share 30 patients" in said


def test_what_cannot_be_promised_is_said(make: Make) -> None:
    run = make("a1", patients=None, n=20)
    comparison = compare(join([run]))
    judged = judged_sets(comparison, comparison.results[0], 0.99)
    said = sets_sentences(comparison, judged)
    assert "normal, tumour is in every set" in said
    assert "Patients are not known" in said
    assert judged.found.overall.value == 1
    with pytest.raises(ComparisonError, match="valid set is compared"):
        judged_sets(compare(join([run], "valid")), comparison.results[0], 0.9)
    with pytest.raises(ComparisonError, match="coverage = 1"):
        judged_sets(comparison, comparison.results[0], 1)
    only = replace(run, table=run.table[run.table["split"] == "test"])
    alone = compare(join([only]))
    with pytest.raises(ComparisonError, match="no labelled validation"):
        judged_sets(alone, alone.results[0], 0.9)
