"""What helps a failed run, as settings that Train's form can start with."""

from __future__ import annotations

from typing import Any

import pytest

from histo_core.config import PreprocessConfig, RunConfig, TrainConfig
from histo_core.config.draft import RunDraft
from histo_core.config.protocol import changed
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import ConfigError, TrainingError
from histo_core.experiments.remedies import _of_reason, remedy
from histo_core.experiments.results import MemberResult
from histo_core.experiments.scores import RunScores
from histo_core.training.failures import memory_explained

CONFIG = RunConfig(train=TrainConfig(batch_size=64, learning_rate=5.0), preprocess=PreprocessConfig(crop=32))


def _message_of_memory() -> str:
    with pytest.raises(TrainingError) as raised, memory_explained(64):
        raise MemoryError
    return str(raised.value)


def _message_of_crop() -> str:
    with pytest.raises(ConfigError) as raised:
        Preprocess(PreprocessConfig(crop=32)).seen(50, 14)
    return str(raised.value)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("The loss became nan in epoch 2.", {"train.learning_rate": 0.001}),
        (_message_of_memory(), {"train.batch_size": 32}),
        ("It was killed. If memory ran out, launch again with a batch size of 8.", {"train.batch_size": 8}),
        (_message_of_crop(), {"preprocess.crop": None, "preprocess.resize": 32}),
        ("Something else went wrong.", {}),
    ],
)
def test_an_error_proposes_settings_that_are_allowed(reason: str, expected: dict[str, Any]) -> None:
    found = _of_reason(reason, CONFIG)
    assert dict(found) == expected
    assert changed(CONFIG, found)
    assert RunDraft(sections=_sections(expected)).sections == _sections(expected), "a form can start with them"


def _sections(settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, value in settings.items():
        section, _, field = name.partition(".")
        found.setdefault(section, {})[field] = value
    return found


def test_what_a_sweep_varies_is_not_proposed() -> None:
    helps = {"train.learning_rate": 0.001, "train.epochs": 9}
    scores = RunScores({}, {}, None, "Nothing was learnt.", "The rate.", helps)
    member = MemberResult(0, "rate 5", {"train.learning_rate": 5.0}, None, pruned=False, scores=scores)
    assert remedy(member) == {"train.epochs": 9}
