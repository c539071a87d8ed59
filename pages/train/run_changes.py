"""What a form changed about the runs that it started from, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from histo_core.config import (
    AugmentConfig,
    Config,
    DataConfig,
    ModelConfig,
    PredictConfig,
    PreprocessConfig,
    SplitConfig,
    TrainConfig,
)
from histo_core.models.registry import MODELS
from histo_core.studies.recipes import NamedConfig
from pages.shared.components import data_choice, model_form

SECTIONS: dict[str, tuple[str, type[Config]]] = {
    "split": ("How patches are divided", SplitConfig),
    "preprocess": ("What the network gets to see", PreprocessConfig),
    "augment": ("Random changes while training", AugmentConfig),
    "model": ("Networks", ModelConfig),
    "train": ("Training", TrainConfig),
    "predict": ("Applying the trained network", PredictConfig),
}
"""The sections of a run's configuration as the form shows them: title, and what it holds."""


def lines(
    members: Sequence[NamedConfig],
    data: DataConfig,
    changes: Mapping[str, Mapping[str, Any]],
    networks: Mapping[str, Mapping[str, Any]],
    seed: int,
) -> list[str]:
    """What differs from what the form started from, a line each."""
    base = members[0].config
    said = []
    if data != base.data:
        said.append(f"Data: {data_choice.describe(base.data)} → {data_choice.describe(data)}")
    for section, values in changes.items():
        kind = SECTIONS[section][1]
        before = getattr(base, section)
        said += [
            f"{model_form.title(kind, name)}: {_change(getattr(before, name), value)}" for name, value in values.items()
        ]
    for member in members:
        whose = f"{member.name}, " if len(members) > 1 else ""
        for name, value in networks[member.name].items():
            before = getattr(member.config.model, name)
            if name == "options":
                said += _options(member.config.model, value, whose)
            else:
                said.append(f"{whose}{model_form.title(ModelConfig, name)}: {_change(before, value)}")
    if seed != base.seed:
        said.append(f"Seed: {_change(base.seed, seed)}")
    return said


def _options(model: ModelConfig, after: Mapping[str, Any], whose: str) -> list[str]:
    kind = MODELS[model.name].Options
    before = {name: field.get_default(call_default_factory=True) for name, field in kind.model_fields.items()}
    before |= model.options
    return [
        f"{whose}{model_form.title(kind, name)}: {_change(before[name], value)}"
        for name, value in after.items()
        if value != before[name]
    ]


def _change(before: object, after: object) -> str:
    return f"{_shown(before)} → {_shown(after)}"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)
