"""Plan the runs of a protocol before any of them is launched."""

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
    """A planned run: its configuration, and how it differs from the others.

    A combination of a sweep that is not allowed has no configuration, and ``problem`` says why.
    """

    label: str
    changes: Mapping[str, Any]
    config: RunConfig | None
    problem: str = ""


def plan(config: RunConfig, protocol: ProtocolConfig) -> tuple[Planned, ...]:
    """Return the runs of a protocol in order; for a sequential sweep only those of the first trial.

    Where runs serve to choose, they predict their validation set only, so that the test set is not read. In a sweep
    over folds the test set is also held out of all folds, because one trial's test set would be another's training set.
    Otherwise each run's own test set gives the estimate, and is predicted.

    Args:
        config: what the runs have in common.
        protocol: how many runs there are and how they differ.

    Raises:
        ConfigError: a setting that does not exist, a value that is not allowed, a sweep without an allowed combination,
            or repeated folds together with a held-out test set.
        MissingExtraError: a sweep, and optuna is not installed.
    """
    if protocol.kind == "sweep":
        return _sweep(config, protocol)
    if protocol.kind == "folds" and protocol.repeats > 1 and config.split.hold_out:
        raise ConfigError(
            f"Folds beside a held-out test set were to be divided {protocol.repeats} times.",
            "Another seed holds out other patches, so that there would be no one test set to keep for the end.",
            "Divide them once, or set hold_out to false.",
        )
    if protocol.kind == "single":
        return (_planned(config, protocol, {}),)
    return tuple(_planned(config, protocol, changes) for changes in _repeats(config, protocol))


def trial(config: RunConfig, protocol: ProtocolConfig, changes: Mapping[str, Any]) -> tuple[Planned, ...]:
    """Return the run of one combination of settings, or one run a fold; a run may turn out not to be allowed."""
    return tuple(_tried(config, protocol, {**changes, **fold}) for fold in _folds(config, protocol))


def next_trials(config: RunConfig, protocol: ProtocolConfig, trials: Sequence[Trial]) -> tuple[Planned, ...]:
    """Return the next runs of a sweep: combinations that are not allowed, which count as failed, then one that is.

    Args:
        config, protocol: configuration and protocol of the sweep.
        trials: the trials so far.
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
    # Imported for sweeps only: optuna takes half a second.
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
        # Weights and order are new as well, so that the SD contains everything that would differ in a repetition.
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
