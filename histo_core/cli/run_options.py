"""Define the options of a run's configuration, for every command that trains."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from histo_core.cli.options import DataOptions, SkipBroken, pairs, with_options
from histo_core.cli.output import say, watched
from histo_core.config import RunConfig, read_config
from histo_core.errors import ConfigError
from histo_core.workspace import Workspace

MADE = "phantom"
"""The data set that is drawn, and the default; its settings are the demo's, and none are recommended."""


def run_config(
    config: Annotated[Path | None, typer.Option(help="YAML file to start from, such as a run's config.yaml.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Data set; `data list` shows all.")] = None,
    root: Annotated[str | None, typer.Option(help="Folder of the data.")] = None,
    option: DataOptions = None,
    skip_broken: SkipBroken = False,
    split: Annotated[str | None, typer.Option(help="Split by: auto, published, patient, slide or random.")] = None,
    model: Annotated[str | None, typer.Option(help="Model, such as cnn_rnn or resnet18.")] = None,
    weights: Annotated[str | None, typer.Option(help="Initial weights: none, imagenet or a .safetensors file.")] = None,
    crop: Annotated[int | None, typer.Option(help="Centre crop, in pixels; else none.")] = None,
    resize: Annotated[int | None, typer.Option(help="Resize to this side, in pixels; else as recommended.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Patches a batch.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Learning rate.")] = None,
    max_train_samples: Annotated[int | None, typer.Option(help="Train on a seeded subset of this size.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda:0 or mps.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=1, help="Time for the recommended settings; else 30 minutes.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and augmentation.")] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other field, such as augment.jitter=0.2")
    ] = None,
) -> RunConfig:
    """Return the configuration that the options give; its parameters are options of the commands that train.

    Raises:
        ConfigError: the file or an option cannot be used.
        UnknownNameError: no model has this name.
    """
    given = {
        "data.dataset": dataset,
        "data.root": root,
        "data.options": pairs(option) or None,
        "data.skip_broken": skip_broken or None,
        "split.method": split,
        "model.name": model,
        "model.weights": weights,
        "preprocess.crop": crop,
        "preprocess.resize": resize,
        "train.epochs": epochs,
        "train.batch_size": batch_size,
        "train.learning_rate": learning_rate,
        "train.max_train_samples": max_train_samples,
        "train.device": device,
        "train.threads": threads,
        "seed": seed,
    }
    changes = {key: value for key, value in given.items() if value is not None} | pairs(change)
    if config is None and changes.get("data.dataset", MADE) != MADE:
        return _recommended(changes, minutes)
    if minutes is not None:
        raise ConfigError(
            "--minutes was given for settings that are not recommended ones.",
            "Settings are recommended for a data set of your own, without --config.",
            "Leave --minutes out.",
        )
    return build_config(config, changes)


with_run_options = with_options(run_config)
"""Decorator that adds these options to a command; its first argument is the configuration."""


def build_config(file: Path | None, changes: dict[str, Any]) -> RunConfig:
    """Return a run's configuration: the file's (or the defaults), then the changes by dotted field name.

    Without a file, or with a file without preprocessing, the preprocessing is what the model recommends.

    Raises:
        ConfigError: the file or a change cannot be used.
        UnknownNameError: no model has this name.
    """
    # They load PyTorch, which a launch needs anyway and `--help` does not.
    from histo_core.models.registry import MODELS
    from histo_core.recommendation.recipe import put

    base = RunConfig() if file is None else read_config(file)
    values = base.model_dump(mode="json")
    if "preprocess" not in base.model_fields_set:
        values["preprocess"] = MODELS[changes.get("model.name", base.model.name)].preprocess.model_dump(mode="json")
    for key, value in changes.items():
        put(values, key, value)
    return RunConfig.parse(values)


def _recommended(changes: dict[str, Any], minutes: float | None) -> RunConfig:
    """Return the recommended configuration for a data set, and print each choice with its reason.

    Raises:
        HistoscopeError: as `histo_core.recommendation.api.recommend_run`.
    """
    from histo_core.recommendation.api import recommend_run
    from histo_core.recommendation.recipe import MINUTES

    with watched("reading the images") as progress:
        time = MINUTES if minutes is None else minutes
        found = recommend_run(RunConfig(), changes, Workspace.default(), minutes=time, progress=progress)
    for line in found.lines():
        say(line)
    return found.config
