"""Which runs a protocol consists of, before any of them is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig, changed
from histo_core.data.splits.folds import folds_of, repeats_of
from histo_core.errors import ConfigError
from histo_core.experiments.records import keeps_test_back

if TYPE_CHECKING:
    from histo_core.experiments.sweep.sampling import Trial


@dataclass(frozen=True)
class Planned:
    """A run that is to be: its configuration, and what sets it apart from the others.

    In a sweep some combinations may not be allowed: they have no configuration, and ``problem`` says why.
    """

    label: str
    changes: Mapping[str, Any]
    config: RunConfig | None
    problem: str = ""


def plan(config: RunConfig, protocol: ProtocolConfig) -> tuple[Planned, ...]:
    """The runs of a protocol, in order; of a sweep that thinks up its trials one after the other, the first one's.

    Where runs serve to choose, they predict their validation part only, so that the test part is not read; in a sweep
    over folds it is also held out of them all, because what is one trial's test part would be another's training part.
    Otherwise each run's own test part is the estimate, and is predicted.

    Args:
        config: what the runs have in common.
        protocol: how many there are and what is new in each.

    Raises:
        ConfigError: a setting that does not exist, a value that is not allowed, of a sweep no combination that is, or
            folds that are to be dealt several times beside a part that is held out.
        MissingExtraError: a sweep, and optuna is not installed.
    """
    if protocol.kind == "sweep":
        return _sweep(config, protocol)
    if protocol.kind == "folds" and protocol.repeats > 1 and config.split.hold_out:
        raise ConfigError(
            f"Folds beside a held-out test part were to be dealt {protocol.repeats} times.",
            "Another seed holds out other patches, so that there would be no one test part to keep for the end.",
            "Deal them once, or set hold_out to false.",
        )
    if protocol.kind == "single":
        return (_planned(config, protocol, {}),)
    return tuple(_planned(config, protocol, changes) for changes in _repeats(config, protocol))


def trial(config: RunConfig, protocol: ProtocolConfig, changes: Mapping[str, Any]) -> tuple[Planned, ...]:
    """The run of one combination of settings; one a fold where there are folds. Not every one may be allowed."""
    return tuple(_tried(config, protocol, {**changes, **fold}) for fold in _folds(config, protocol))


def next_trials(config: RunConfig, protocol: ProtocolConfig, trials: Sequence[Trial]) -> tuple[Planned, ...]:
    """The runs of what a sweep tries next: combinations that are not allowed, which count as failed, then one that is.

    Args:
        config, protocol: of the sweep.
        trials: those before.
    """
    from histo_core.experiments.sweep.sampling import Trial, suggested

    known, planned = list(trials), list[Planned]()
    while len(known) < protocol.trials:
        changes = suggested(protocol, known, config.seed)
        planned += (runs := trial(config, protocol, changes))
        if all(run.config is not None for run in runs):
            break
        known.append(Trial(changes, "failed"))
    return tuple(planned)


def _sweep(config: RunConfig, protocol: ProtocolConfig) -> tuple[Planned, ...]:
    # Loaded for sweeps only: optuna takes half a second.
    from histo_core.experiments.sweep.sampling import drawn, grid

    if protocol.sampler == "tpe":
        planned = next_trials(config, protocol, ())
    else:
        settings = grid(protocol) if protocol.sampler == "grid" else drawn(protocol, config.seed)
        planned = tuple(run for changes in settings for run in trial(config, protocol, changes))
    if all(run.config is None for run in planned):
        raise ConfigError(planned[0].problem, "At least one combination must be allowed.", "Change what is tried.")
    return planned


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


def _planned(config: RunConfig, protocol: ProtocolConfig, changes: dict[str, Any]) -> Planned:
    kept_back = keeps_test_back(config, protocol)
    shared: dict[str, Any] = {"predict.parts": ["valid"] if kept_back else ["valid", "test"]}
    if kept_back and protocol.folds is not None:
        shared["split.hold_out"] = True
    return Planned(_label(changes, protocol), changes, changed(config, changes | shared))


def _tried(config: RunConfig, protocol: ProtocolConfig, changes: dict[str, Any]) -> Planned:
    try:
        return _planned(config, protocol, changes)
    except ConfigError as error:
        return Planned(_label(changes, protocol), changes, None, str(error))


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
