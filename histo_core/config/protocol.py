"""Configure a protocol: a single run, k folds, repeats, or a sweep over settings."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from math import prod
from typing import Any, Literal

from pydantic import Field, model_validator

from histo_core.config.base import Config
from histo_core.config.belongs import BELONGS as TRAIN_BELONGS
from histo_core.config.run import RunConfig
from histo_core.config.train import TrainConfig
from histo_core.errors import ConfigError

SweepValue = bool | int | float | str | None | tuple[float, ...]
Metric = Literal["valid_auroc", "valid_loss", "valid_accuracy", "valid_weighted_f1"]

LARGEST = 1e12
"""The largest bound of a range, so that the distance between two bounds stays finite."""

BELONGS: dict[str, tuple[str, ...]] = {
    "folds": ("folds", "sweep"),
    "repeats": ("folds", "repeats"),
    "new": ("repeats",),
    "sweep": ("sweep",),
    "sampler": ("sweep",),
    "trials": ("sweep",),
    "pruning": ("sweep",),
}
"""Fields that apply to some kinds of protocol only."""


class SweepField(Config):
    """The values that a sweep tries for one setting: from a list, or from a range."""

    values: tuple[SweepValue, ...] = Field(default=(), title="Values")
    low: float | None = Field(default=None, ge=-LARGEST, le=LARGEST, title="From")
    high: float | None = Field(default=None, ge=-LARGEST, le=LARGEST, title="To")
    log: bool = Field(default=False, title="Logarithmic", description="As many trials from 0.001 to 0.01 as to 0.1")
    whole: bool = Field(default=False, title="Whole numbers")

    @model_validator(mode="after")
    def _is_a_list_or_a_range(self) -> SweepField:
        if bool(self.values) == self.ranged or (self.low is None) != (self.high is None):
            raise ValueError("give either values, or both low and high")
        if not self.ranged and (self.log or self.whole):
            raise ValueError("log and whole belong to a range")
        if len({repr(value) for value in self.values}) < len(self.values):
            raise ValueError("each value can be given once")
        return self

    @model_validator(mode="after")
    def _range_is_one(self) -> SweepField:
        if self.low is None or self.high is None:
            return self
        if self.low >= self.high:
            raise ValueError("low must be below high")
        if self.log and self.low <= 0:
            raise ValueError("low must be above 0 on a logarithmic range")
        if self.whole and not (self.low.is_integer() and self.high.is_integer()):
            raise ValueError("low and high must be whole numbers")
        return self

    @property
    def ranged(self) -> bool:
        """Return whether any number between two limits may be tried."""
        return self.low is not None or self.high is not None


class ProtocolConfig(Config):
    """A protocol: one question as a set of ordinary runs.

    ``folds``: each of k folds is held out once. With ``split.hold_out``, the folds serve to choose, and a separate test
    set is kept for the end. With ``repeats`` above 1 the folds are drawn anew each time; a held-out test set does not
    allow this, because another seed would hold out other patches.
    ``repeats``: the same run with new seeds of the weights and the order only, or with new splits as well.
    ``sweep``: settings by dotted name, such as ``train.learning_rate``. Each combination is a trial, over ``folds``
    where they are given. Trials never see the test set; over folds it is held out of all of them.
    """

    kind: Literal["single", "folds", "repeats", "sweep"] = Field(default="single", title="Protocol")
    folds: int | None = Field(default=None, ge=2, le=100, title="Folds")
    repeats: int = Field(default=1, ge=1, le=1000, title="Repeats")
    new: Literal["seeds", "splits"] = Field(
        default="seeds",
        title="Vary between repeats",
        description="Seed: other weights and order, the same patches held out. Split: other patches (whole patients, "
        "where they are known) are held out as well",
    )
    sweep: dict[str, SweepField] = Field(default_factory=dict, title="Settings to try")
    sampler: Literal["grid", "random", "tpe"] = Field(
        default="grid",
        title="Search method",
        description="Every combination, random ones, or those that look best after the ones before (tree-structured "
        "Parzen estimator, Bergstra 2011)",
    )
    trials: int = Field(default=20, ge=1, le=1000, title="Trials", description="Of random and tpe")
    pruning: bool = Field(
        default=False,
        title="Prune poor trials",
        description="When a trial's best epoch so far is below the median of the others at that epoch",
    )
    metric: Metric = Field(
        default="valid_auroc", title="Selection metric", description="On the validation set; never on the test set"
    )

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> ProtocolConfig:
        if self.kind == "folds" and self.folds is None:
            raise ValueError("folds must say how many there are, 2 or more")
        if self.kind == "repeats" and self.repeats < 2:
            raise ValueError("repeats must be 2 or more")
        if self.kind == "sweep" and not self.sweep:
            raise ValueError("sweep must name at least one setting")
        return self

    @model_validator(mode="after")
    def _has_nothing_else(self) -> ProtocolConfig:
        for name, kinds in BELONGS.items():
            default = type(self).model_fields[name].get_default(call_default_factory=True)
            if getattr(self, name) != default and self.kind not in kinds:
                raise ValueError(f"{name} belongs to kind {' or '.join(kinds)}, not to {self.kind}")
        return self

    @model_validator(mode="after")
    def _sweep_can_be_carried_out(self) -> ProtocolConfig:
        if self.sampler == "grid" and any(field.ranged for field in self.sweep.values()):
            raise ValueError("sampler 'grid' needs lists of values; random and tpe take ranges as well")
        if self.pruning and self.folds is not None:
            raise ValueError("pruning judges one run a trial, and cannot be combined with folds")
        return self

    @property
    def driven(self) -> bool:
        """Return whether a process must follow the runs, to choose the next trial or to stop poor ones."""
        return self.kind == "sweep" and (self.sampler == "tpe" or self.pruning)

    @property
    def size(self) -> int:
        """Return how many runs there will be."""
        if self.kind != "sweep":
            return (self.folds or 1) * self.repeats
        trials = prod(len(field.values) for field in self.sweep.values()) if self.sampler == "grid" else self.trials
        return trials * (self.folds or 1)


def changed(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    """Replace fields of a configuration by dotted name: ``train.learning_rate``, ``model.options.dropout``.

    Where an optimiser, schedule or backbone is replaced, settings that do not apply to the new one return to their
    defaults, unless they are given as well.

    Raises:
        ConfigError: there is no such field, or its new value is not allowed.
    """
    values = deepcopy(config.model_dump(mode="json"))
    for name, value in changes.items():
        *parents, last = name.split(".")
        place = values
        for parent in parents:
            place = place.get(parent) if isinstance(place, dict) else None
        # Only options may have names that the configuration does not know.
        if not isinstance(place, dict) or (last not in place and (not parents or parents[-1] != "options")):
            raise ConfigError(
                f"{name} is not a field of a run.",
                f"Fields: {', '.join(RunConfig.model_fields)}, with a dot between levels.",
                "Write for example train.learning_rate or model.options.dropout.",
            )
        place[last] = value
    for setting, (chooser, choices) in TRAIN_BELONGS.items():
        replaced = f"train.{chooser}" in changes and values["train"][chooser] not in choices
        if replaced and f"train.{setting}" not in changes:
            values["train"][setting] = TrainConfig.model_fields[setting].default
    return RunConfig.parse(values)
