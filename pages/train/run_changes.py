"""List what a form changed about the runs that it started from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
"""The sections of a run's configuration as in the form: title, and configuration class."""


@dataclass(frozen=True)
class Change:
    """One difference from the form's initial values.

    Attributes:
        line: what it is, as text: "Epochs: 2 → 5".
        path: its place in a `RunDraft`.
    """

    line: str
    path: tuple[str, ...]


def changes_of(
    members: Sequence[NamedConfig],
    data: DataConfig,
    changes: Mapping[str, Mapping[str, Any]],
    networks: Mapping[str, Mapping[str, Any]],
    seed: int,
) -> list[Change]:
    """Return the differences from the form's initial values."""
    base = members[0].config
    found = []
    if data != base.data:
        line = f"Data: {data_choice.describe(base.data)} → {data_choice.describe(data)}"
        found.append(Change(line, ("data",)))
    for section, values in changes.items():
        kind = SECTIONS[section][1]
        before = getattr(base, section)
        found += [
            Change(
                f"{model_form.title(kind, name)}: {_change(getattr(before, name), value)}", ("sections", section, name)
            )
            for name, value in values.items()
        ]
    for member in members:
        whose = f"{member.name}, " if len(members) > 1 else ""
        for name, value in networks[member.name].items():
            path, before = ("networks", member.name, name), getattr(member.config.model, name)
            if name == "options":
                found += _options(member.config.model, value, whose, path)
            else:
                found.append(Change(f"{whose}{model_form.title(ModelConfig, name)}: {_change(before, value)}", path))
    if seed != base.seed:
        found.append(Change(f"Seed: {_change(base.seed, seed)}", ("seed",)))
    return found


def _options(model: ModelConfig, after: Mapping[str, Any], whose: str, path: tuple[str, ...]) -> list[Change]:
    kind = MODELS[model.name].Options
    before = {name: field.get_default(call_default_factory=True) for name, field in kind.model_fields.items()}
    before |= model.options
    return [
        Change(f"{whose}{model_form.title(kind, name)}: {_change(before[name], value)}", (*path, name))
        for name, value in after.items()
        if value != before[name]
    ]


def _change(before: object, after: object) -> str:
    return f"{_shown(before)} → {_shown(after)}"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)
