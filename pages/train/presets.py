"""Define presets for the Train page, from studies and the demo, and apply a form's changes to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from histo_core.config import Config, DataConfig, ModelConfig, RunConfig, parse_config
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.studies.demo import demo_configs
from histo_core.studies.origin import Origin
from histo_core.studies.recipes import STUDIES, NamedConfig, Recipe

DEMO = "demo"


@dataclass(frozen=True)
class Preset:
    """A named set of runs.

    Attributes:
        name, title, note: the name in the URL, the displayed title and note.
        configs: its runs.
        recipe: the study that they come from, if any.
    """

    name: str
    title: str
    note: str
    configs: tuple[NamedConfig, ...]
    recipe: Recipe | None = None

    @property
    def chosen(self) -> list[str]:
        """Names of the runs that a form starts with; a study of many networks chooses a few."""
        return list(self.recipe.chosen if self.recipe else ()) or [member.name for member in self.configs]


def all_presets() -> dict[str, Preset]:
    """Return the demo, then each study, by name."""
    demo = Preset(DEMO, "Demo: three networks on phantom tissue", "Trains in minutes on made-up data.", demo_configs())
    studies = [
        Preset(name, recipe.title, f"{recipe.source}.", _with_origins(recipe), recipe)
        for name, recipe in STUDIES.items()
    ]
    return {preset.name: preset for preset in (demo, *studies)}


def _with_origins(recipe: Recipe) -> tuple[NamedConfig, ...]:
    return tuple(replace(one, origin=str(Origin(recipe.name, one.name))) for one in recipe.configs)


def members(preset: Preset) -> tuple[NamedConfig, ...]:
    """Return the preset's own runs, then one for every other network with the first run's settings.

    These others have their network's own preprocessing. Where the preset's first run starts from ImageNet weights, so
    do those that can.
    """
    base = preset.configs[0].config
    used = {member.config.model.name for member in preset.configs}
    others = [
        NamedConfig(
            spec.title,
            base.model_copy(update={"model": _network(spec, base.model), "preprocess": spec.preprocess}),
            spec.summary,
        )
        for name, spec in MODELS.items()
        if name not in used
    ]
    return (*preset.configs, *others)


def _network(spec: ModelSpec, like: ModelConfig) -> ModelConfig:
    from_imagenet = like.weights == "imagenet" and spec.imagenet is not None
    return ModelConfig(name=spec.name, weights="imagenet" if from_imagenet else "none", output=like.output)


def changed(before: Config, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields whose value differs from the preset's."""
    after = parse_config(type(before), dict(values))
    return {
        name: getattr(after, name)
        for name in type(before).model_fields
        if getattr(after, name) != getattr(before, name)
    }


def with_changes(
    member: NamedConfig, data: DataConfig, changes: Mapping[str, Mapping[str, Any]], seed: int, note: str
) -> NamedConfig:
    """Return a run of the preset with the form's changes; unchanged fields keep this run's own values.

    Raises:
        ConfigError: the changes contradict this run's other settings.
    """
    values = member.config.model_dump()
    for section, fields in changes.items():
        values[section].update(fields)
    config = RunConfig.parse({**values, "data": data.model_dump(), "seed": seed})
    return replace(member, name=f"{note} {member.name}".strip(), config=config)
