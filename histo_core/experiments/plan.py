"""Which runs a protocol consists of, before any of them is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from histo_core.config import RunConfig
from histo_core.config_protocol import ProtocolConfig, changed
from histo_core.data.splits.folds import folds_of, repeats_of
from histo_core.experiments.records import keeps_test_back


@dataclass(frozen=True)
class Planned:
    """A run that is to be: its configuration, and what sets it apart from the others."""

    label: str
    changes: Mapping[str, Any]
    config: RunConfig


def plan(config: RunConfig, protocol: ProtocolConfig) -> tuple[Planned, ...]:
    """The runs of a protocol, in order; of a sweep that thinks up its trials one after the other, the first one's.

    Where runs serve to choose, they predict their validation part only, so that the test part is not read. Otherwise
    each run's own test part is the estimate, and is predicted.

    Args:
        config: what the runs have in common.
        protocol: how many there are and what is new in each.

    Raises:
        ConfigError: a setting that does not exist, or a value that is not allowed.
    """
    if protocol.kind == "sweep":
        return tuple(run for changes in _settings(config, protocol) for run in trial(config, protocol, changes))
    if protocol.kind == "single":
        return (_planned(config, protocol, {}),)
    return tuple(_planned(config, protocol, changes) for changes in _repeats(config, protocol))


def trial(config: RunConfig, protocol: ProtocolConfig, changes: Mapping[str, Any]) -> tuple[Planned, ...]:
    """The run of one combination of settings; one a fold where there are folds."""
    return tuple(_planned(config, protocol, {**changes, **fold}) for fold in _folds(config, protocol))


def _settings(config: RunConfig, protocol: ProtocolConfig) -> list[dict[str, Any]]:
    # Loaded for sweeps only: optuna takes half a second.
    from histo_core.experiments.sampling import drawn, grid, suggested

    match protocol.sampler:
        case "grid":
            return grid(protocol)
        case "random":
            return drawn(protocol, config.seed)
        case "tpe":
            return [suggested(protocol, (), config.seed)]


def _repeats(config: RunConfig, protocol: ProtocolConfig) -> list[dict[str, Any]]:
    if protocol.kind == "repeats" and protocol.new == "seeds":
        return [{"seed": config.seed + number} for number in range(protocol.repeats)]
    folds = _folds(config, protocol)
    splits = repeats_of(config.split, protocol.repeats)
    return [
        # Weights and order are new as well: the spread is to hold all that would differ if it were done again.
        {**({"split.seed": split.seed, "seed": config.seed + number} if protocol.repeats > 1 else {}), **fold}
        for number, split in enumerate(splits)
        for fold in folds
    ]


def _folds(config: RunConfig, protocol: ProtocolConfig) -> list[dict[str, Any]]:
    if protocol.folds is None:
        return [{}]
    dealt = folds_of(config.split.model_copy(update={"folds": protocol.folds}))
    return [{"split.folds": split.folds, "split.fold": split.fold} for split in dealt]


def _planned(config: RunConfig, protocol: ProtocolConfig, changes: Mapping[str, Any]) -> Planned:
    parts = ["valid"] if keeps_test_back(config, protocol) else ["valid", "test"]
    return Planned(_label(changes, protocol), changes, changed(config, {**changes, "predict.parts": parts}))


def _label(changes: Mapping[str, Any], protocol: ProtocolConfig) -> str:
    words = [f"{name.rpartition('.')[2]} {_shown(changes[name])}" for name in protocol.sweep if name in changes]
    if "split.seed" in changes:
        words.append(f"split {changes['split.seed']}")
    elif "seed" in changes and not words:
        words.append(f"seed {changes['seed']}")
    if "split.fold" in changes and "split.fold" not in protocol.sweep:
        words.append(f"fold {changes['split.fold'] + 1} of {changes['split.folds']}")
    return ", ".join(words) or "the run"


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " / ".join(map(_shown, value))
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
