"""`compare` of runs: what loading, joining and comparing by hand gives, and each set of runs counts as one look."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from histo_core import RunConfig, Workspace, compare, launch
from histo_core.access import User
from histo_core.comparison.compare import compare as compare_joined
from histo_core.comparison.import_columns import ImportColumns
from histo_core.comparison.imported import keep_import
from histo_core.comparison.join import RunPredictions, join, load
from histo_core.comparison.threshold import ThresholdRule
from histo_core.comparison.training_set import LEARNT
from histo_core.errors import ComparisonError, HistoscopeError, PermissionDeniedError, RunError
from histo_core.prediction.predict import predict_with
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.store.test_set_access import scored_before
from histo_core.runs.worker.worker import work

Trained = tuple[Workspace, list[str]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Two small runs that succeeded and one that waits."""
    workspace = Workspace(tmp_path_factory.mktemp("compared") / "home")
    config = {
        "data": {"options": {"patches": 80, "patients": 8}},
        "preprocess": {"crop": 32},
        "model": {"name": "cnn_narrow"},
        "train": {"epochs": 1, "device": "cpu", "threads": 1},
    }
    ids = [
        launch(RunConfig.parse({**config, "seed": seed}), workspace, start_supervisor=False).run_id for seed in range(3)
    ]
    assert [work(run_id, workspace) for run_id in ids[:2]] == [0, 0]
    return workspace, ids


def test_runs_by_id_or_record_give_what_joining_them_by_hand_gives(trained: Trained) -> None:
    workspace, ids = trained
    records = [Store.open(workspace).get(run_id) for run_id in ids[:2]]
    by_hand = compare_joined(join([load(run, workspace) for run in records], "valid"), threshold=0.4, confidence=0.9)
    for given in (ids[:2], records):
        found = compare(given, workspace, split_set="valid", threshold=0.4, confidence=0.9)
        pd.testing.assert_frame_equal(found.table(), by_hand.table())
        pd.testing.assert_frame_equal(found.difference_table(), by_hand.difference_table())
        assert (found.verdict, found.looks) == (by_hand.verdict, "")


def test_arguments_reach_the_comparison(trained: Trained) -> None:
    workspace, ids = trained
    found = compare(ids[:2], workspace, class_of_interest="normal", threshold="validation:youden", comparator=ids[1])
    assert found.rule == ThresholdRule("youden")
    assert (found.split_set, found.class_of_interest, found.comparator) == ("test", "normal", ids[1])


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        (0.3, ThresholdRule("number", 0.3)),
        ("0.3", ThresholdRule("number", 0.3)),
        ("validation:youden", ThresholdRule("youden")),
        ("validation:sensitivity=0.95", ThresholdRule("sensitivity", 0.95)),
        ("validation:specificity=0.9", ThresholdRule("specificity", 0.9)),
        (ThresholdRule("youden"), ThresholdRule("youden")),
    ],
)
def test_thresholds_are_numbers_or_rules(trained: Trained, typed: float | str, rule: ThresholdRule) -> None:
    workspace, ids = trained
    assert compare(ids[:1], workspace, split_set="valid", threshold=typed).rule == rule


def test_training_sets_are_those_that_were_predicted_on_request(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, ids = trained

    def learnt(found: RunPredictions, run: Run, given: Workspace) -> RunPredictions:
        assert (found.run_id, given) == (run.run_id, workspace)
        return replace(found, table=found.table.assign(split="train"), learnt=True)

    monkeypatch.setattr("histo_core.comparison.api.need_training_set", learnt)
    found = compare(ids[:2], workspace, split_set="train")
    assert (found.split_set, found.looks) == ("train", "")
    assert LEARNT in found.warnings


def test_looking_at_the_test_set_is_counted_once_for_a_set_of_runs(trained: Trained) -> None:
    workspace, ids = trained
    store = Store.open(workspace)
    split_set = store.get(ids[0]).test_fingerprint

    def scored() -> int:
        return scored_before(store.database, split_set, "nobody")

    before = scored()
    assert compare([ids[0]], workspace).looks.startswith("Beside this run, the test set was ")
    assert scored() == before + 1
    compare([ids[0]], workspace)
    compare([ids[0]], workspace, split_set="valid")
    assert scored() == before + 1


def test_what_must_not_be_compared_is_refused(trained: Trained) -> None:
    workspace, ids = trained
    with pytest.raises(ComparisonError, match="Only runs that succeeded can be compared"):
        compare([ids[0], ids[2]], workspace)
    with pytest.raises(ComparisonError, match="no predictions of its training set"):
        compare([ids[0]], workspace, split_set="train")
    with pytest.raises(ComparisonError, match="threshold = 2"):
        compare([ids[0]], workspace, threshold=2)
    with pytest.raises(RunError, match="no-such-run"):
        compare(["no-such-run"], workspace)
    with pytest.raises(PermissionDeniedError):
        compare([ids[0]], workspace, user=User("eve", "stranger"))  # type: ignore[arg-type]


def test_predictions_on_other_data_and_imported_ones_stand_beside_runs(trained: Trained) -> None:
    workspace, ids = trained
    store = Store.open(workspace)
    run = store.get(ids[0])
    again = predict_with(ids[1], run.config.data, workspace, split=run.config.split, device="cpu")
    table = load(run, workspace).table
    given = pd.DataFrame({"id": table["sample_id"], "p": table["prob_tumour"]})
    columns = ImportColumns("id", {"normal": "", "tumour": "p"})
    theirs = keep_import("Theirs", given, columns, "tumour", workspace)
    before = scored_before(store.database, run.test_fingerprint, "nobody")
    found = compare([ids[0], again.id, theirs.id], workspace)
    values = [model.auroc.value for model in found.results if model.auroc]
    assert values[0] == values[2]
    assert values[1] == compare([ids[1]], workspace, threshold=0.5).results[0].auroc.value  # type: ignore[union-attr]
    assert [model.name for model in found.results][1:] == [
        f"{load(store.get(ids[1]), workspace).name} on Phantom tissue (valid, test)",
        "Theirs (imported)",
    ]
    assert any("learnt from these patches is not known" in warning for warning in found.warnings)
    assert scored_before(store.database, run.test_fingerprint, "nobody") == before + 2, "each set of models is a look"
    alone = compare([again.id], workspace, threshold="validation:youden")
    own = compare([ids[1]], workspace, threshold="validation:youden")
    assert alone.results[0].metrics.threshold == own.results[0].metrics.threshold
    assert alone.looks == ""
    for unknown in ("0123456789abcdef", "import-0123456789abcdef"):
        with pytest.raises(HistoscopeError, match=unknown):
            compare([ids[0], unknown], workspace)
