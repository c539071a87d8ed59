from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from histo_core.comparison.compare import compare
from histo_core.comparison.join import Joined, RunPredictions, join, load
from histo_core.comparison.threshold import ThresholdRule
from histo_core.config import RunConfig
from histo_core.data.predictions import class_names, write_predictions
from histo_core.errors import ComparisonError
from histo_core.files import sha256, write_json
from histo_core.runs.store.records import Run, RunStatus


def row(joined: Joined, sample: str) -> int:
    return int(np.flatnonzero(joined.sample_ids == sample)[0])


def test_runs_are_put_side_by_side_by_sample_whatever_their_order(make) -> None:
    first, second = make("a1"), make("b2", noise=1)
    shuffled = replace(second, table=second.table.sample(frac=1, random_state=0))
    joined = join([first, shuffled])
    assert joined.probabilities.shape == (2, 120, 2)
    assert joined.probabilities.dtype == np.float64
    table = second.table.set_index("sample_id")
    for sample in ("s0003", "s0119"):
        assert joined.probabilities[1, row(joined, sample), 1] == table.loc[sample, "prob_tumour"]
        assert joined.classes[joined.y_true[row(joined, sample)]] == table.loc[sample, "y_true"]
    assert (joined.group_kind, len(joined.groups), joined.dropped) == ("patient", 120, 0)
    assert join([first], "valid").sample_ids[0] == "s0120"


@pytest.mark.parametrize("columns_too", [False, True])
def test_classes_in_another_order_are_matched_by_name(make, columns_too: bool) -> None:
    """Three classes, so that no order is another's mirror image; the second run has errors of its own."""
    classes, order = ("stroma", "mucosa", "tumour"), ("tumour", "stroma", "mucosa")
    first, second = make("a1", classes=classes), make("b2", classes=classes, noise=1)
    turned = replace(second, classes=order)
    if columns_too:
        columns = [f"prob_{name}" for name in order]
        others = [name for name in second.table if name not in columns]
        turned = replace(turned, table=second.table[[*others, *columns]])
        assert class_names(turned.table) == order
    joined = join([first, turned])
    np.testing.assert_array_equal(joined.probabilities, join([first, second]).probabilities)
    assert joined.classes == classes
    table = second.table.set_index("sample_id")
    for i, name in enumerate(classes):
        assert joined.probabilities[1, row(joined, "s0003"), i] == table.loc["s0003", f"prob_{name}"]
    led = join([turned, first])
    assert led.classes == order, "the first run's order leads, for truth and probabilities alike"
    np.testing.assert_array_equal(led.probabilities[1][:, [1, 2, 0]], joined.probabilities[0])
    assert [led.classes[i] for i in led.y_true] == [joined.classes[i] for i in joined.y_true]


def test_another_split_is_refused_although_the_same_samples_are_held_out(make) -> None:
    """Both may have trained on other patches of these patients."""
    first, other = make("a1", "A"), make("b2", "B", fingerprint="0" * 64)
    with pytest.raises(ComparisonError, match="split differently from A with its 120 test samples: B shares 120 of"):
        join([first, other])
    assert len(join([first, other], shared_only=True).y_true) == 120


def test_patches_are_grouped_by_patient_else_by_slide(make) -> None:
    """One missing patient id goes with its slide's and does not make those that are known count for nothing."""
    run = make("a1")
    table = run.table.assign(slide_id=[f"slide {i % 7}" for i in range(240)])
    table.loc[0, "patient_id"] = None
    joined = join([replace(run, table=table)])
    assert (joined.group_kind, len(set(joined.groups))) == ("patient", 12)
    assert joined.groups[row(joined, "s0000")] == joined.groups[row(joined, "s0007")]
    unknown = join([replace(run, table=table.assign(patient_id=None))])
    assert (unknown.group_kind, len(set(unknown.groups))) == ("slide", 7)
    known = join([replace(run, table=table.assign(patient_id=None)), make("b2")])
    assert (known.group_kind, len(set(known.groups))) == ("patient", 12)
    assert join([make("a1", patients=None)]).groups is None


def test_unlabelled_samples_are_left_aside(make) -> None:
    run = make("a1")
    table = run.table.copy()
    table.loc[:9, "y_true"] = None
    assert len(join([replace(run, table=table)]).y_true) == 110
    with pytest.raises(ComparisonError, match=r"no labelled train sample\. Sets with labels: test, valid\."):
        join([run], "train")


def test_another_split_is_refused_with_the_reason_and_cut_on_request(make) -> None:
    first, other = make("a1", "ResNet18"), make("b2", "DenseNet", fingerprint="0" * 64)
    moved = other.table.copy()
    moved.loc[:29, "split"] = "valid"
    moved.loc[120:149, "split"] = "test"
    other = replace(other, table=moved)
    with pytest.raises(ComparisonError) as refused:
        join([first, other])
    assert str(refused.value) == (
        "These runs were split differently from ResNet18 with its 120 test samples: DenseNet shares 90 of its 120. "
        "Numbers on different samples say nothing about the models. "
        "Train again with the split of ResNet18, or compare on the shared samples only."
    )
    joined = join([first, other], shared_only=True)
    assert (len(joined.y_true), joined.dropped, joined.shared_only) == (90, 60, True)


def test_missing_samples_are_refused_although_the_split_is_the_same(make) -> None:
    first, other = make("a1"), make("b2")
    other = replace(other, table=other.table.iloc[5:])
    with pytest.raises(ComparisonError, match="shares 115 of its 115"):
        join([first, other])
    assert len(join([first, other], shared_only=True).y_true) == 115


def test_nothing_shared_is_refused(make) -> None:
    first, other = make("a1"), make("b2")
    other = replace(other, table=other.table.assign(sample_id="x" + other.table["sample_id"]))
    with pytest.raises(ComparisonError, match="no test sample in common"):
        join([first, other], shared_only=True)


@pytest.mark.parametrize("shared_only", [False, True])
def test_other_classes_and_labels_are_always_refused(make, shared_only: bool) -> None:
    first, other = make("a1", "A"), make("b2", "B")
    with pytest.raises(ComparisonError, match="Run B knows the classes benign, tumour; A knows normal, tumour"):
        join([first, make("b2", "B", classes=("benign", "tumour"))], shared_only=shared_only)
    labels = other.table["y_true"].replace({"tumour": "normal", "normal": "tumour"})
    relabelled = other.table.assign(y_true=other.table["y_true"].where(other.table.index >= 2, labels))
    with pytest.raises(ComparisonError, match="2 of 120 shared samples have another label in run B than in A: s0000"):
        join([first, replace(other, table=relabelled)], shared_only=shared_only)


def test_no_run_and_the_same_run_twice_are_refused(make) -> None:
    with pytest.raises(ComparisonError, match="No run is chosen"):
        join([])
    with pytest.raises(ComparisonError, match="Run a1 is chosen twice"):
        join([make("a1"), make("b2"), make("a1")])


@pytest.fixture
def finished(workspace, make) -> Run:
    """A run whose files lie in the workspace."""
    folder = workspace.run_folder("a1")
    write_predictions(make().table, folder / "predictions.parquet")
    files = {"predictions.parquet": sha256(folder / "predictions.parquet")}
    write_json(
        folder / "manifest.json",
        {"schema": 1, "run_id": "a1", "split_fingerprint": "abc", "positive": "tumour", "files": files},
    )
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Run(
        run_id="a1", name="", config=RunConfig(), config_hash="", data_hash="", split_fingerprint="abc", attempt=1,
        status=RunStatus.SUCCEEDED, reason="", device="cpu", progress=None, cancel_requested=False, created_at=now,
        started_at=now, ended_at=now, heartbeat_at=now, pid=None,
    )  # fmt: skip


def test_a_finished_run_is_loaded_from_its_folder(finished, workspace, make) -> None:
    found = load(finished, workspace)
    assert (found.run_id, found.name, found.fingerprint) == ("a1", "a1", "abc")
    assert (found.classes, found.positive) == (("normal", "tumour"), "tumour")
    pd.testing.assert_frame_equal(found.table, make().table, check_dtype=False)
    assert load(replace(finished, name="ResNet18"), workspace).name == "ResNet18"


def test_a_run_that_is_not_finished_or_not_intact_is_refused(finished, workspace, make) -> None:
    with pytest.raises(ComparisonError, match=r"Run a1 is running\. Only runs that succeeded"):
        load(replace(finished, status=RunStatus.RUNNING), workspace)
    folder = workspace.run_folder("a1")
    write_predictions(make(skill=3).table, folder / "predictions.parquet")
    with pytest.raises(ComparisonError, match="are not those it wrote"):
        load(finished, workspace)
    (folder / "predictions.parquet").unlink()
    with pytest.raises(ComparisonError, match=r"files of run a1 cannot be read \(FileNotFoundError"):
        load(finished, workspace)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(ComparisonError, match=r"files of run a1 cannot be read \(JSONDecodeError"):
        load(finished, workspace)


def _respelt(make, names: dict[str, str]) -> RunPredictions:
    """A second run with errors of its own, whose class names are others."""
    run = make("b2", "B", noise=1)
    columns = {f"prob_{name}": f"prob_{other}" for name, other in names.items()}
    table = run.table.rename(columns=columns)
    table = table.assign(y_true=table["y_true"].map(names), y_pred=table["y_pred"].map(names))
    return replace(run, table=table, classes=tuple(names.values()), positive=names["tumour"])


def test_classes_in_another_spelling_are_joined_and_the_comparison_says_so(make) -> None:
    first, second = make("a1", "A"), make("b2", "B", noise=1)
    joined = join([first, _respelt(make, {"normal": "Normal", "tumour": "tumor"})])
    expected = join([first, second])
    np.testing.assert_array_equal(joined.probabilities, expected.probabilities)
    np.testing.assert_array_equal(joined.y_true, expected.y_true)
    assert {run.classes for run in joined.runs} == {("normal", "tumour")}
    note = (
        "The classes of B are read as those of A: Normal as normal (same name in other capitals), tumor as tumour "
        "(another spelling)."
    )
    assert joined.notes == (note,)
    assert note in compare(joined).warnings
    youden = [at.metrics.threshold for at in compare(joined, threshold=ThresholdRule("youden")).results]
    assert youden == [at.metrics.threshold for at in compare(expected, threshold=ThresholdRule("youden")).results]


def test_other_names_are_joined_by_declared_synonyms_or_by_the_users_word(make) -> None:
    first, other = make("a1", "A"), _respelt(make, {"normal": "benign", "tumour": "malignant"})
    with pytest.raises(ComparisonError, match=r"same classes.*--map-class benign=normal"):
        join([first, other])
    said = {"benign": "normal", "malignant": "tumour"}
    expected = join([first, make("b2", "B", noise=1)])
    np.testing.assert_array_equal(join([first, other], classes=said).probabilities, expected.probabilities)
    declared = replace(first, synonyms={"tumour": ("malignant",)})
    joined = join([declared, other], classes={"benign": "normal"})
    assert joined.notes[0].endswith("benign as normal (your choice), malignant as tumour (another name of it).")
    with pytest.raises(ComparisonError, match="same classes"):
        join([declared, other])
    with pytest.raises(ComparisonError, match="have another label in run B"):
        join([first, other], classes={"benign": "tumour", "malignant": "normal"})
    with pytest.raises(ComparisonError, match="same classes"):
        join([first, other], classes={"benign": "tumour", "malignant": "tumour"})
