"""A study's reported numbers beside those of runs and experiments that were made from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from fake_runs import End
from sklearn.metrics import accuracy_score, precision_recall_fscore_support, roc_auc_score

from histo_core.comparison.join import RunPredictions
from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.evaluation.class_scores import class_scores
from histo_core.evaluation.intervals import Interval
from histo_core.experiments.api import get_experiment, start_experiment
from histo_core.experiments.from_study import start, wanted
from histo_core.experiments.records import Experiment, Member
from histo_core.experiments.reported import Pair, reported_for_experiment, reported_for_run, reported_for_study
from histo_core.experiments.results import MemberResult, Summary, summary
from histo_core.experiments.scores import RunScores, pool
from histo_core.experiments.test_score import TestScore
from histo_core.runs.api import launch
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.studies.recipes import STUDIES
from histo_core.workspace import Workspace

WPI, UTS = STUDIES["wpi_kpcam"], STUDIES["uts_neuroblastoma"]
SMALL = {"train.epochs": 2, "train.batch_size": 16, "train.device": "cpu", "train.threads": 1}


def of(pairs: Sequence[Pair], measure: str) -> Pair:
    (found,) = [pair for pair in pairs if pair.reported.measure == measure]
    return found


def accuracy(run: Run, split_set: str, workspace: Workspace) -> float:
    """By scikit-learn, from the run's own file."""
    table = pd.read_parquet(workspace.run_folder(run.run_id) / "predictions.parquet")
    rows = table[table["split"] == split_set]
    return float(accuracy_score(rows["y_true"], rows["y_pred"] if "y_pred" in rows else _called(rows)))


def _called(rows: pd.DataFrame) -> list[str]:
    names = [name for name in rows if name.startswith("prob_")]
    return [names[best].removeprefix("prob_") for best in rows[names].to_numpy().argmax(axis=1)]


def test_a_finished_run_stands_beside_its_studys_number(config: RunConfig, workspace: Workspace, end: End) -> None:
    (piece,) = wanted(WPI, "cnn_narrow", data=config.data, changes=SMALL)
    begun = start([piece], workspace)
    (run,) = begun.runs
    (waiting,) = reported_for_run(run, workspace)
    assert (waiting.measured, waiting.about) == (None, "not finished")
    ended = end(run.run_id)
    (pair,) = reported_for_run(ended, workspace)
    assert (pair.of, pair.reported.value, pair.source) == ("best plain CNN", 0.6066, run.run_id)
    assert pair.measured is not None
    assert pair.measured.value == pytest.approx(accuracy(ended, "valid", workspace))
    assert pair.measured.low < pair.measured.high
    assert pair.about == "validation accuracy"
    assert pair.changed == ("train.epochs: 30 in the study, 2 here", "train.batch_size: 64 in the study, 16 here")
    assert pair.said.startswith("report: 0.6066 (doubt: the plain CNN with the same channels scores 20 points under")
    assert f"; here: {pair.measured} (validation accuracy; changed against the study: train.epochs: 30" in pair.said


def test_a_run_of_no_study_stands_beside_nothing(config: RunConfig, workspace: Workspace, end: End) -> None:
    run = launch(config, workspace)
    assert run.origin == ""
    assert reported_for_run(end(run.run_id), workspace) == ()
    forgotten = launch(config.model_copy(update={"seed": 1}), workspace, origin="wpi_kpcam/a run of another version")
    assert reported_for_run(end(forgotten.run_id), workspace) == ()


def test_an_origin_changes_no_hash(config: RunConfig, workspace: Workspace) -> None:
    run = launch(config, workspace, origin="wpi_kpcam/cnn_narrow")
    assert run.config_hash == config.hash(run.data_hash)
    assert Store.open(workspace).get(run.run_id).origin == "wpi_kpcam/cnn_narrow"
    assert [one.run_id for one in Store.open(workspace).made_from("wpi_kpcam")] == [run.run_id]
    assert Store.open(workspace).made_from("wpi") == []


def test_folds_stand_beside_the_best_fold_and_the_test_set_once_it_is_scored(
    config: RunConfig, workspace: Workspace, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = wanted(WPI, "Five folds", data=config.data, changes=SMALL)
    (experiment,) = start(pieces, workspace).experiments
    assert experiment.origin == "wpi_kpcam/cnn_rnn/Five folds"
    skills = iter((0.2, 0.4, 3, 0.3, 0.1))
    ended = [end(member.run_id, next(skills)) for member in experiment.members]
    now = summary(get_experiment(experiment.experiment_id, workspace), workspace)
    assert now.best == 2
    pairs = reported_for_experiment(now, workspace)
    best = of(pairs, "test accuracy of the best fold")
    assert best.measured is not None
    assert best.measured.value == pytest.approx(accuracy(ended[2], "valid", workspace))
    assert best.about == "validation accuracy, fold 3 of 5, which is chosen"
    held_out = of(pairs, "held-out accuracy")
    assert (held_out.measured, held_out.about) == (None, "the test set is not scored yet")
    assert of(pairs, "training time in minutes").about == ""
    study = reported_for_study(WPI, workspace)
    assert of(study["cnn_rnn"], "test accuracy of the best fold") == best
    metrics = {"accuracy": Interval(0.7, 0.6, 0.8, "by hand")}
    score = TestScore(ended[2].run_id, 30, 3, metrics, workspace.home / "predictions.parquet")
    monkeypatch.setattr("histo_core.experiments.reported.kept_score", lambda *_: score)
    held_out = of(reported_for_experiment(now, workspace), "held-out accuracy")
    assert held_out.said.startswith("report: 0.8132 (doubt: the introduction says 82% and 80% on the held-out set")
    assert "; here: 0.700 (0.600 to 0.800) (test accuracy of the chosen run, scored once" in held_out.said
    assert of(study["best plain CNN"], "test accuracy").about == "not measured yet"


def test_repeats_stand_beside_the_reports_interval(config: RunConfig, workspace: Workspace, end: End) -> None:
    """Made under another name, with fewer repeats and a small network: what was changed is said."""
    ten = next(one for one in UTS.protocols if one.name == "Ten splits by image").protocol
    three = ten.model_copy(update={"repeats": 3})
    origin = "uts_neuroblastoma/resnet34, split by image/Ten splits by image"
    experiment = start_experiment(config, three, workspace, origin=origin)
    for member in experiment.members:
        end(member.run_id, 0.7)
    now = summary(get_experiment(experiment.experiment_id, workspace), workspace)
    pair = of(reported_for_experiment(now, workspace), "middle of the F1 interval")
    assert pair.measured is not None
    assert pair.measured.value == pytest.approx(now.by_metric["accuracy"].mean)
    assert pair.about == "test accuracy over 3 runs"
    assert "model.name: resnet34 in the study, cnn_narrow here" in pair.changed


def probabilities(true: np.ndarray, classes: int, rng: np.random.Generator) -> np.ndarray:
    scores = rng.normal(size=(len(true), classes)) + 1.5 * np.eye(classes)[true]
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def scored(split_set: str, classes: Sequence[str], seed: int, positive: int = 1) -> RunScores:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, len(classes), 120)
    found = probabilities(true, len(classes), rng)
    table = pd.DataFrame(found, columns=[f"prob_{name}" for name in classes])
    table = table.assign(
        split=split_set,
        y_true=[classes[one] for one in true],
        patient_id=[f"p{one}" for one in rng.integers(0, 15, 120)],
        slide_id=None,
    )
    predictions = RunPredictions("r", "r", table, "f", tuple(classes), classes[positive])
    found_pool = pool(predictions, split_set)
    assert found_pool is not None
    return RunScores({split_set: class_scores(true, found, positive)}, {split_set: found_pool}, 50)


def fake_summary(config: RunConfig, protocol: ProtocolConfig, origin: str, members: Sequence[MemberResult]) -> Summary:
    now = datetime.now(UTC)
    rows = tuple(Member(one.position, f"r{one.position}", one.label, one.changes) for one in members)
    experiment = Experiment("e-1", "e", config, protocol, now, None, None, None, rows, origin=origin)
    return Summary(experiment, "valid", tuple(members), {}, "", 0)


def test_each_trial_of_a_sweep_stands_beside_its_own_number(workspace: Workspace) -> None:
    """Values as a database gives them back: 0 for 0.0."""
    sweep = next(one for one in UTS.sweeps if one.name == "Dropout")
    members = [
        MemberResult(
            place,
            f"dropout {rate}",
            {"model.options.dropout": rate, "train.learning_rate": 0.001},
            None,
            pruned=False,
            scores=scored("valid", ("a", "b", "c", "d", "e"), place) if rate != 0.5 else None,
        )
        for place, rate in enumerate((0, 0.25, 0.5, 0.75))
    ]
    now = fake_summary(UTS.run("resnet34").config, sweep.protocol, "uts_neuroblastoma/resnet34/Dropout", members)
    pairs = reported_for_experiment(now, workspace)
    assert [pair.reported.value for pair in pairs] == [0.90, 0.84, 0.87, 0.88]
    for place, pair in enumerate(pairs):
        scores = members[place].scores
        if scores is None:
            assert (pair.measured, pair.about) == (None, "not finished")
            continue
        held = scores.pools["valid"]
        assert pair.measured is not None
        assert pair.measured.value == pytest.approx(accuracy_score(held.y_true, held.probabilities.argmax(axis=1)))
        assert pair.about == f"validation accuracy, {members[place].label}"
    assert pairs[0].changed == ()
    assert "calls it the worst dropout" in pairs[3].reported.doubt


def test_a_classification_report_stands_beside_the_studys_own(config: RunConfig, workspace: Workspace) -> None:
    run = launch(config, workspace, origin="fub_breakhis/resnet18")
    scores = scored("test", ("benign", "malignant"), 3)
    pairs = reported_for_run(run, workspace, scores)
    held = scores.pools["test"]
    called = held.probabilities.argmax(axis=1)
    each = precision_recall_fscore_support(held.y_true, called, labels=[0, 1], zero_division=0)
    mean = precision_recall_fscore_support(held.y_true, called, average="weighted", zero_division=0)
    for number, measure in enumerate(("precision", "recall", "F1")):
        for place, name in enumerate(("benign", "malignant")):
            measured = of(pairs, f"{measure} of {name}").measured
            assert measured is not None
            assert measured.value == pytest.approx(each[number][place])
            assert measured.low < measured.high
        measured = of(pairs, f"{measure} of weighted average").measured
        assert measured is not None
        assert measured.value == pytest.approx(mean[number])
    assert of(pairs, "accuracy").reported.doubt == "given as 87%; the matrix says 523 of 597, which is 0.876"


def test_the_class_of_interest_and_other_names_of_classes(config: RunConfig, workspace: Workspace) -> None:
    """Studies of patches call no class by name; a class that the data do not have is said to be lacking."""
    run = launch(config, workspace, origin="gatech_kpcam/vgg16")
    scores = scored("valid", ("normal", "tumor"), 4)
    held = scores.pools["valid"]
    called = held.probabilities.argmax(axis=1)
    precision, recall, *_ = precision_recall_fscore_support(held.y_true, called, average="binary")
    pairs = reported_for_run(run, workspace, scores)
    for measure, value in (("validation precision", precision), ("validation recall", recall)):
        measured = of(pairs, measure).measured
        assert measured is not None
        assert measured.value == pytest.approx(value)
    auroc = of(pairs, "validation AUROC").measured
    assert auroc is not None
    assert auroc.value == pytest.approx(roc_auc_score(held.y_true, held.probabilities[:, 1]))
    other = launch(config.model_copy(update={"seed": 1}), workspace, origin="fub_breakhis/resnet18")
    lacking = of(reported_for_run(other, workspace, scored("test", ("normal", "tumor"), 5)), "recall of benign")
    assert (lacking.measured, lacking.about) == (None, "no class of this name among normal, tumor")
    untested = of(reported_for_run(other, workspace, scores), "accuracy")
    assert untested.about == "no labelled predictions of the test set"
