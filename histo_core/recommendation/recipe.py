"""Choose all settings of a run by rules that were measured on PCam, Kaggle's PCam, IDC and BreaKHis (docs/results.md).

`recommend` is a pure function: it reads no file and no pixel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from histo_core.config import RunConfig
from histo_core.errors import ConfigError
from histo_core.recommendation import rules
from histo_core.recommendation.backbone import backbone
from histo_core.recommendation.budget import fit_memory, fit_time
from histo_core.recommendation.choice import Choice, Recommendation
from histo_core.recommendation.duration import predicted_seconds
from histo_core.recommendation.facts import DataFacts
from histo_core.recommendation.fitness import check_enough, doubts
from histo_core.recommendation.input import colours, shown_image
from histo_core.recommendation.machine import Machine
from histo_core.recommendation.stains import stain

MINUTES = 30.0
"""The time that training may take, unless another is given."""


@dataclass(frozen=True)
class Wishes:
    """What is settled before anything is recommended.

    Attributes:
        base: the data, the split and the seed.
        given: dotted fields that the user has set, with their values; they are left as they are.
        minutes: the time that training may take.
        at_hand: network to its published weights on this machine, as `histo_core.config.ModelConfig.weights`.
    """

    base: RunConfig
    given: Mapping[str, Any] = field(default_factory=dict)
    minutes: float = MINUTES
    at_hand: Mapping[str, str] = field(default_factory=dict)


def recommend(facts: DataFacts, machine: Machine, wishes: Wishes) -> Recommendation:
    """Choose all settings of a run that are not given, with a reason for each.

    Raises:
        DataError: nothing can be learnt from these data; the message says why, and what can be done instead.
        ConfigError, UnknownNameError: a given field is not possible, or contradicts the others.
    """
    check_enough(facts)
    given = wishes.given
    network = rules.network(facts, given.get("model.name"), given.get("model.weights"), wishes.at_hand)
    name, pretrained = network.values["model.name"], network.values["model.weights"] != "none"
    published = network.values["model.weights"] in {"imagenet", *wishes.at_hand.values()}
    kept = backbone(facts, name, given, published=published) if pretrained else None
    choices = [
        network,
        *([kept] if kept else []),
        shown_image(facts, name, pretrained=pretrained),
        colours(facts, published=pretrained),
        rules.augmentation(name, frozen=kept is not None),
        stain(facts, frozen=kept is not None),
        rules.training(facts, name, pretrained=pretrained, frozen=kept is not None),
        rules.balance(facts),
        rules.kept_epoch(facts),
        rules.views(name),
    ]
    config = with_choices(wishes.base, choices, given)
    choices.append(fit_memory(config, facts, machine))
    config = with_choices(config, choices[-1:], given)
    choices.append(fit_time(config, facts, machine, wishes.minutes))
    config = with_choices(config, choices[-1:], given)
    return Recommendation(
        config=config,
        choices=tuple(own for choice in choices if (own := _own(choice, given)) is not None),
        seconds=predicted_seconds(config, facts, machine),
        doubts=doubts(facts),
    )


def with_choices(config: RunConfig, choices: Iterable[Choice], given: Mapping[str, Any]) -> RunConfig:
    """Return a configuration with the choices, and over them the given fields.

    Raises:
        ConfigError: a given field is not possible, or contradicts the others.
    """
    values = config.model_dump(mode="json")
    for fields in (*(choice.values for choice in choices), given):
        for key, value in fields.items():
            put(values, key, value)
    return RunConfig.parse(values)


def put(values: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted field in the plain values of a run.

    Raises:
        ConfigError: a run has no such field.
    """
    *parents, last = key.split(".")
    for parent in parents:
        if not isinstance(values.get(parent), dict):
            raise ConfigError(
                f"{key} is not a field of a run.",
                f"Fields: {', '.join(RunConfig.model_fields)}, with a dot between levels.",
                "Write for example augment.jitter=0.2.",
            )
        values = values[parent]
    values[last] = value


def _own(choice: Choice, given: Mapping[str, Any]) -> Choice | None:
    """Return a choice without the given fields, which its reason names; None where all of it is given."""
    left = {key: value for key, value in choice.values.items() if key not in given}
    if len(left) == len(choice.values):
        return choice
    taken = ", ".join(f"{key} is {given[key]}" for key in choice.values if key in given)
    return replace(choice, values=left, why=f"{choice.why} As given, {taken}.") if left else None
