"""Scores of an epoch: by hand, of many classes, and where a version before kept nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from dots import Dots
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from histo_core.models.inference.probabilities import probabilities
from histo_core.training.distributed.process_group import ProcessGroup
from histo_core.training.distributed.shards import Shard
from histo_core.training.epoch_logits import EpochLogits
from histo_core.training.events import EpochDone, from_json
from histo_core.training.scores import EpochScores, epoch_scores

CPU = torch.device("cpu")


def two(*of_positive: float) -> np.ndarray:
    """Probabilities of two classes, by that of the second."""
    return np.stack([1 - np.array(of_positive), np.array(of_positive)], axis=1)


def test_two_classes_by_hand() -> None:
    """Of three positives two are found, with one false alarm; of six pairs four are in order and one is tied.

    Weighted F1: 2/3 of the three positives, 2 * 1 / (2 + 2) of the two others.
    """
    scores = epoch_scores(np.array([1, 1, 1, 0, 0]), two(0.9, 0.6, 0.3, 0.6, 0.2), positive=1)
    assert scores == EpochScores(3 / 5, pytest.approx(4.5 / 6), 2 / 3, 2 / 3, pytest.approx(2 / 3), pytest.approx(0.6))


def test_the_positive_class_may_be_the_first() -> None:
    scores = epoch_scores(np.array([0, 0, 0, 1]), two(0.9, 0.6, 0.3, 0.6), positive=0)
    assert (scores.accuracy, scores.precision, scores.recall) == (0.5, 1.0, pytest.approx(1 / 3))
    assert scores.f1 == pytest.approx(2 * (1 / 3) / (4 / 3))


def test_three_classes_are_macro_averages_by_hand() -> None:
    """Precision 1/2, 1/2 and 0 of the class that is never the answer; recall 1, 1/2 and 0."""
    labels, answers = np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1])
    scores = epoch_scores(labels, 0.1 + 0.7 * np.eye(3)[answers], positive=1)
    assert (scores.accuracy, scores.precision, scores.recall) == (0.5, pytest.approx(1 / 3), pytest.approx(1 / 2))
    assert scores.f1 == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    # One against the rest: two of three pairs in order and a tie; one of four and two ties; three ties.
    assert scores.auroc == pytest.approx(np.mean([2.5 / 3, 2 / 4, 1.5 / 3]))


def test_what_is_not_defined_is_none() -> None:
    nothing_called = epoch_scores(np.array([1, 0]), two(0.2, 0.1), positive=1)
    assert nothing_called == EpochScores(0.5, 1.0, None, 0.0, 0.0, pytest.approx(1 / 3))
    one_class = epoch_scores(np.array([0, 0]), two(0.2, 0.1), positive=1)
    assert one_class == EpochScores(1.0, None, None, None, None, 1.0)


def test_many_classes_of_the_real_loop_are_scikit_learns(fit_dots, config, split, tmp_path, monkeypatch) -> None:
    """The logits are taken where the loop keeps them; their order is undone by what the labels are."""
    dots, kept = Dots.drawn(("a", "b", "c")), []
    scores = EpochLogits.scores

    def watched(self: EpochLogits, labels: torch.Tensor, output: str, positive: int) -> EpochScores | None:
        kept.append((labels.numpy(), probabilities(self._logits.double(), output).numpy()))
        return scores(self, labels, output, positive)

    monkeypatch.setattr(EpochLogits, "scores", watched)
    done = [event for event in fit_dots(tmp_path, dataset=dots) if isinstance(event, EpochDone)]
    truth = dots.table["label"].to_numpy()[split.indices("train")]
    for event, (labels, found) in zip(done, kept, strict=True):
        assert sorted(labels) == sorted(truth)
        answers = found.argmax(axis=1)
        settings = {"average": "macro", "zero_division": 0}
        assert event.train_precision == pytest.approx(precision_score(labels, answers, **settings))
        assert event.train_recall == pytest.approx(recall_score(labels, answers, **settings))
        assert event.train_f1 == pytest.approx(f1_score(labels, answers, **settings))
        assert event.train_auroc == pytest.approx(roc_auc_score(labels, found, multi_class="ovr"))
        weighted = f1_score(labels, answers, average="weighted", zero_division=0)
        assert event.train_weighted_f1 == pytest.approx(weighted)
        assert event.macro


def test_what_is_drawn_more_than_once_counts_each_time(fit_dots, config, tmp_path) -> None:
    """Enlarged to 30 a class: 60 answers, so that the accuracy is a number of sixtieths."""
    train = config.train.model_copy(update={"epochs": 1, "balance": "enlarge", "enlarge_to": 30})
    events = list(fit_dots(tmp_path, config=config.model_copy(update={"train": train})))
    accuracy = next(event.train_accuracy for event in events if isinstance(event, EpochDone))
    assert accuracy * 60 == pytest.approx(round(accuracy * 60))
    assert accuracy * 37 != pytest.approx(round(accuracy * 37))


def test_an_epoch_that_an_older_version_began_has_no_training_scores(fit_dots, tmp_path, monkeypatch) -> None:
    asked = iter(range(100))
    list(fit_dots(tmp_path, should_stop=lambda: next(asked) >= 2))
    monkeypatch.setattr(EpochLogits, "of", staticmethod(lambda tensors: None))
    first, second, _ = (event for event in fit_dots(tmp_path) if isinstance(event, EpochDone))
    assert (first.train_accuracy, first.train_auroc, first.train_f1) == (None, None, None)
    assert first.valid_f1 is not None
    assert second.train_accuracy is not None


def test_an_older_versions_line_still_reads() -> None:
    line = (
        '{"kind": "EpochDone", "epoch": 0, "train_loss": 0.6, "valid_loss": 0.5, "valid_accuracy": 0.8, '
        '"valid_auroc": 0.9, "seconds": 1.5, "best": true, "learning_rate": 0.001}'
    )
    assert from_json(line) == EpochDone(0, 0.6, 0.5, 0.8, 0.9, 1.5, best=True, learning_rate=0.001)


def test_a_share_that_counts_for_nothing_is_not_kept() -> None:
    """A process for which a batch has too few samples looks at the first one all the same."""
    seen = EpochLogits(ProcessGroup(CPU), places=1, classes=2)
    seen.keep(torch.tensor([[1.0, 2.0]]), Shard(1, slice(0, 1), 0.0, 3, 1.0, 1))
    assert not seen.capture()["epoch.logits"].any()


def test_another_number_of_devices_may_leave_the_last_batch_out_or_take_it_in(tmp_path: Path) -> None:
    saved = torch.arange(6.0).reshape(3, 2)
    fewer, more, second = (EpochLogits(ProcessGroup(CPU, rank), places, 2) for rank, places in ((0, 2), (0, 4), (1, 3)))
    for seen in (fewer, more, second):
        seen.restore(saved)
    assert torch.equal(fewer.capture()["epoch.logits"], saved[:2])
    assert torch.equal(more.capture()["epoch.logits"], torch.cat([saved, torch.zeros(1, 2)]))
    assert not second.capture()["epoch.logits"].any(), "rank 0 alone takes it over, for the sum is of all"
