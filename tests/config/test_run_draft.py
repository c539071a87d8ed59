"""What was changed in a form: checked field by field, undone one by one, and refused where it is damaged."""

from __future__ import annotations

from typing import Any

import pytest

from histo_core.config import DataConfig, TrainConfig, parse_config
from histo_core.config.draft import RunDraft, fitting
from histo_core.config.protocol import ProtocolConfig
from histo_core.errors import ConfigError

DRAFT = RunDraft(
    models=("A",),
    data=DataConfig(dataset="phantom", options={"patches": 80}),
    sections={"train": {"epochs": 5, "optimizer": "sgd"}, "preprocess": {"crop": None, "mean": (0.1, 0.2, 0.3)}},
    networks={"A": {"options": {"width": 3}, "output": "sigmoid"}},
    protocol=ProtocolConfig(kind="folds", folds=3),
    seed=4,
    names={"A": "Mine"},
    tags=("one",),
    note="why",
)


def test_a_draft_comes_back_as_it_was_written() -> None:
    written = DRAFT.model_dump(mode="json", exclude_defaults=True)
    assert RunDraft.model_validate(written) == DRAFT


def test_two_fields_that_contradict_each_other_are_kept() -> None:
    draft = RunDraft(sections={"split": {"valid": 0.7, "test": 0.7}})
    assert draft.sections == {"split": {"valid": 0.7, "test": 0.7}}


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        ({"sections": {"train": {"epochs": -5}}}, "epochs = -5"),
        ({"sections": {"train": {"nope": 1}}}, "no field 'nope'"),
        ({"sections": {"secrets": {}}}, "no section 'secrets'"),
        ({"sections": {"train": [1]}}, "valid dictionary"),
        ({"networks": {"A": {"output": "loud"}}}, "output = 'loud'"),
        ({"protocol": {"kind": "folds"}}, "folds"),
        ({"seed": -1}, "seed"),
        ({"unknown": 1}, "unknown is not a known field"),
        ({"note": "a\0b"}, "NUL"),
        ({"models": ["A"] * 201}, "models"),
    ],
)
def test_a_damaged_draft_is_refused(damaged: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config(RunDraft, damaged)
    assert said in refused.value.found


@pytest.mark.parametrize(
    "path",
    [
        ("seed",),
        ("protocol",),
        ("models",),
        ("data",),
        ("sections", "train", "epochs"),
        ("sections", "preprocess", "crop"),
        ("networks", "A", "options", "width"),
    ],
)
def test_one_change_is_undone_and_the_others_stay(path: tuple[str, ...]) -> None:
    assert DRAFT.holds(path)
    undone = DRAFT.without(path)
    assert not undone.holds(path)
    assert undone != DRAFT
    assert undone.holds(("sections", "train", "optimizer"))
    assert undone.note == "why"


def test_a_change_that_is_not_there_is_not_held_and_undoing_it_changes_nothing() -> None:
    path = ("sections", "augment", "rotate")
    assert not DRAFT.holds(path)
    assert not DRAFT.holds(("seed", "deeper"))
    assert DRAFT.without(path) == DRAFT


def test_settings_are_without_what_runs_are_called() -> None:
    settings = DRAFT.settings
    assert (settings.names, settings.tags, settings.note) == ({}, (), "")
    assert settings.sections == DRAFT.sections
    assert RunDraft(note="why", names={"A": "Mine"}).settings == RunDraft()


def test_only_values_that_are_allowed_are_kept() -> None:
    assert fitting(TrainConfig, {"epochs": 5, "batch_size": 0, "nope": 1}) == {"epochs": 5}
