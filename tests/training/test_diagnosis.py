"""A run that does not learn says so, with the cause that it was given; a healthy run says nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faulty import PHANTOM, config_of, register, trained

from histo_core.config import DataConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.training.diagnosis import diagnose, verdict
from histo_core.training.learning import read_learning
from histo_core.training.learning_findings import LearningFinding


@pytest.fixture(scope="module")
def phantom() -> Dataset:
    return open_dataset(DataConfig.model_validate(PHANTOM))


@pytest.fixture(autouse=True)
def _faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


def keys(findings: tuple[LearningFinding, ...], kind: str) -> list[str]:
    return [one.key for one in findings if one.kind == kind]


@pytest.mark.parametrize(
    ("cause", "symptom", "settings"),
    [
        ("rate_too_high", "rising", {"optimizer": "sgd", "learning_rate": 1.0, "momentum": 0.9}),
        ("rate_too_high", "rising", {"learning_rate": 1.0}),
        ("rate_too_low", "unmoved", {"learning_rate": 1e-7}),
        ("rate_too_low", "unmoved", {"optimizer": "sgd", "learning_rate": 1e-6}),
        ("decay_too_high", "guessing", {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 1.0, "epochs": 8}),
        (
            "schedule_over",
            "unmoved",
            {"schedule": "exponential", "schedule_every": "step", "epoch_factor": 0.3},
        ),
        (
            "schedule_over",
            "unmoved",
            {"schedule": "step", "schedule_every": "step", "step_epochs": 2, "step_factor": 0.01},
        ),
        ("frozen_random", "guessing", {"backbone": "frozen"}),
        ("softmax_twice", "guessing", {"model": "softmax"}),
        ("softmax_twice", "guessing", {"model": "plain", "loss_on": "probabilities"}),
        ("uniform_weights", "one_answer", {"model": "all_zero"}),
        ("dead_from_start", "silent_units", {"model": "dead"}),
        ("few_steps", "guessing", {"epochs": 1}),
    ],
)
def test_a_run_with_a_fault_names_it_as_the_likeliest_cause(
    cause: str, symptom: str, settings: dict[str, Any], phantom: Dataset, tmp_path: Path
) -> None:
    findings = trained(config_of(**settings), phantom, tmp_path)
    assert symptom in keys(findings, "symptom"), [one.sentence for one in findings]
    assert keys(findings, "cause")[0] == cause, [one.sentence for one in findings]
    assert verdict(findings).startswith(findings[0].found)
    assert all(one.found.endswith(".") for one in findings)


def test_a_loss_that_is_no_number_names_the_learning_rate(phantom: Dataset, tmp_path: Path) -> None:
    findings = trained(config_of(optimizer="sgd", learning_rate=10.0, momentum=0.99), phantom, tmp_path)
    assert keys(findings, "symptom") == ["not_finite"]
    assert keys(findings, "cause") == ["rate_too_high"]
    assert "Launch again with 0.0005." in verdict(findings)


@pytest.mark.parametrize("model", ["cnn_narrow", "cnn_rnn", "cnn_plain"])
def test_a_healthy_run_has_no_findings(model: str, phantom: Dataset, tmp_path: Path) -> None:
    assert trained(config_of(model, epochs=10), phantom, tmp_path) == ()


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine", "plateau"])
def test_a_schedule_that_ends_low_is_no_fault(schedule: str, phantom: Dataset, tmp_path: Path) -> None:
    config = config_of("cnn_narrow", epochs=10, schedule=schedule, learning_rate=3e-3, average_decay=0.9)
    assert trained(config, phantom, tmp_path) == ()


def test_hard_data_are_no_fault(phantom: Dataset, tmp_path: Path) -> None:
    """Three labels of ten are wrong, and the run is short."""
    wrong = np.random.default_rng(0).random(len(phantom)) < 0.3
    hard = phantom.table.assign(label=np.where(wrong, 1 - phantom.table["label"], phantom.table["label"]))
    kept, phantom.table = phantom.table, hard
    try:
        assert trained(config_of(epochs=8), phantom, tmp_path) == ()
    finally:
        phantom.table = kept


def test_nothing_is_said_of_a_run_without_records() -> None:
    assert diagnose(config_of(), (), ()) == ()
    assert verdict(()) == ""


def test_a_network_that_ends_in_softmax_is_reported_even_if_it_learns(phantom: Dataset, tmp_path: Path) -> None:
    trained(config_of("softmax", epochs=1), phantom, tmp_path)
    (record,) = read_learning(tmp_path)
    assert record.train is not None
    assert record.train.sum_to_one
    good = replace(record.train, loss=0.4, chance_loss=0.8, chance_sd=0.01, spread=0.2)
    findings = diagnose(config_of("softmax"), (), [replace(record, train=good, valid=good)])
    assert [one.key for one in findings] == ["softmax_twice"]
    assert "sum to 1" in verdict(findings)
