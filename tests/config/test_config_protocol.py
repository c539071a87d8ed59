"""What a protocol may say, and how a configuration is changed by dotted name."""

from __future__ import annotations

from typing import Any

import pytest

from histo_core.config import RunConfig, TrainConfig, parse_config
from histo_core.config.protocol import ProtocolConfig, SweepField, changed
from histo_core.errors import ConfigError

RATES = {"train.learning_rate": {"values": [0.001, 0.01]}}
RANGE = {"train.learning_rate": {"low": 1e-4, "high": 0.1, "log": True}}


@pytest.mark.parametrize(
    ("values", "size", "driven"),
    [
        ({}, 1, False),
        ({"kind": "folds", "folds": 5}, 5, False),
        ({"kind": "folds", "folds": 5, "repeats": 3}, 15, False),
        ({"kind": "repeats", "repeats": 10, "new": "splits"}, 10, False),
        ({"kind": "sweep", "sweep": RATES | {"augment.jitter": {"values": [0, 0.1, 0.2]}}}, 6, False),
        ({"kind": "sweep", "sweep": RATES, "folds": 3}, 6, False),
        ({"kind": "sweep", "sweep": RATES, "pruning": True}, 2, True),
        ({"kind": "sweep", "sweep": RANGE, "sampler": "random", "trials": 7}, 7, False),
        ({"kind": "sweep", "sweep": RANGE, "sampler": "tpe", "trials": 7}, 7, True),
    ],
)
def test_a_protocol_knows_how_many_runs_it_has(values: dict[str, Any], size: int, driven: bool) -> None:
    protocol = parse_config(ProtocolConfig, values)
    assert (protocol.size, protocol.driven) == (size, driven)
    assert ProtocolConfig.model_validate_json(protocol.model_dump_json()) == protocol


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"kind": "folds"}, "folds must say how many"),
        ({"kind": "repeats"}, "repeats must be 2 or more"),
        ({"kind": "sweep"}, "at least one setting"),
        ({"kind": "single", "folds": 3}, "folds belongs to kind folds or sweep"),
        ({"kind": "repeats", "repeats": 3, "sweep": RATES}, "sweep belongs to kind sweep"),
        ({"kind": "folds", "folds": 3, "pruning": True}, "pruning belongs to kind sweep"),
        ({"kind": "sweep", "sweep": RANGE}, "'grid' needs lists"),
        ({"kind": "sweep", "sweep": RATES, "folds": 3, "pruning": True}, "cannot be combined with folds"),
        ({"kind": "sweep", "sweep": {"seed": {}}}, "either values, or both low and high"),
        ({"kind": "sweep", "sweep": {"seed": {"values": [1, 1]}}}, "given once"),
        ({"kind": "sweep", "sweep": {"seed": {"values": [1], "log": True}}}, "belong to a range"),
        ({"kind": "sweep", "sweep": {"seed": {"low": 3, "high": 3}}}, "below high"),
        ({"kind": "sweep", "sweep": {"seed": {"low": 0, "high": 3, "log": True}}}, "above 0"),
        ({"kind": "sweep", "sweep": {"seed": {"low": 0.5, "high": 3, "whole": True}}}, "whole numbers"),
        ({"kind": "sweep", "sweep": {"seed": {"low": 0.5}}}, "both low and high"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_in_words(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_config(ProtocolConfig, values)


def test_values_keep_their_kind() -> None:
    values = (True, 3, 0.5, "adam", None, (0.5, 0.2, 0.0))
    assert [type(value) for value in SweepField(values=values).values] == [type(value) for value in values]


def test_fields_are_changed_by_dotted_name_and_nothing_else_is() -> None:
    base = RunConfig()
    found = changed(base, {"train.learning_rate": 0.01, "model.options.dropout": [0.5, 0.2, 0.0], "seed": 3})
    assert found.train.learning_rate == 0.01
    assert found.model.options == {"dropout": (0.5, 0.2, 0.0)}
    assert found.model_copy(update={"train": base.train, "model": base.model, "seed": 0}) == base


def test_what_belongs_to_a_choice_goes_with_it_unless_it_is_given_too() -> None:
    base = RunConfig(train=TrainConfig(optimizer="sgd", momentum=0.9, backbone="frozen", unfreeze_after=2))
    adam = changed(base, {"train.optimizer": "adam", "train.backbone": "trained"}).train
    assert (adam.momentum, adam.unfreeze_after) == (0.0, None)
    assert changed(base, {"train.optimizer": "rmsprop"}).train.momentum == 0.9, "it has momentum as well"
    with pytest.raises(ConfigError, match="momentum belongs to optimizer"):
        changed(base, {"train.optimizer": "adam", "train.momentum": 0.5})


@pytest.mark.parametrize(
    "name", ["train.learningrate", "nosuch", "train.learning_rate.more", "seed.x", "model.nosuch.x"]
)
def test_a_field_that_is_none_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        changed(RunConfig(), {name: 1})


def test_a_value_out_of_range_is_named() -> None:
    with pytest.raises(ConfigError, match="learning_rate"):
        changed(RunConfig(), {"train.learning_rate": -1})
