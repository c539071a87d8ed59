"""Define the records of experiments and their members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig


@dataclass(frozen=True)
class Member:
    """A member of an experiment: one of its runs.

    Attributes:
        position: its number, counted from 0.
        run_id: the run; the same run may be in several experiments. Empty for a trial that is not allowed.
        label: how it differs from the others, in words: "fold 2 of 5".
        changes: how it differs from the others, as dotted fields of its configuration and their values.
        reused: whether the run existed before the experiment.
        problem: why a trial is not allowed; empty where it is.
    """

    position: int
    run_id: str
    label: str
    changes: Mapping[str, Any]
    reused: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Experiment:
    """An experiment with its members in order. Times are UTC.

    Attributes:
        config: what all members have in common.
        final_run_id, test_touched_at: the member whose test set was scored, and when that was decided.
    """

    experiment_id: str
    name: str
    config: RunConfig
    protocol: ProtocolConfig
    created_at: datetime
    cancelled_at: datetime | None
    final_run_id: str | None
    test_touched_at: datetime | None
    members: tuple[Member, ...]
    archived_at: datetime | None = None
    """When it was archived: lists leave it out unless asked, and its runs may be deleted."""
    origin: str = ""
    """The study's run, sweep or protocol that it was made from (`histo_core.studies.origin`); empty where from none."""

    @property
    def keeps_test_back(self) -> bool:
        """Return whether members never see the test set, which is scored once, for the chosen member."""
        return keeps_test_back(self.config, self.protocol)


@dataclass(frozen=True)
class UnreadableExperiment:
    """An experiment whose row is damaged or was written by another version. It can be deleted.

    Attributes:
        why: what is wrong, in a sentence.
    """

    experiment_id: str
    name: str
    why: str


@dataclass(frozen=True)
class Experiments:
    """All experiments of a workspace, newest first."""

    readable: tuple[Experiment, ...]
    unreadable: tuple[UnreadableExperiment, ...]


def keeps_test_back(config: RunConfig, protocol: ProtocolConfig) -> bool:
    """Return whether a protocol chooses among its runs; then no run may predict the test set."""
    return protocol.kind == "sweep" or (protocol.folds is not None and config.split.hold_out)
