"""Say why runs of an experiment have no result: failed, interrupted, not allowed, or ended without learning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from histo_core.experiments.remedies import remedy
from histo_core.experiments.results import MemberResult, Summary
from histo_core.runs.store.records import RunStatus

_VERBS = {
    "failed": ("failed", "failed"),
    "interrupted": ("was interrupted", "were interrupted"),
    "refused": ("is not allowed", "are not allowed"),
    "unlearnt": ("did not learn", "did not learn"),
}


@dataclass(frozen=True)
class Failure:
    """Members of an experiment that ended badly for the same reason.

    Attributes:
        kind: failed, interrupted, refused (not allowed), or unlearnt.
        reason: what was found, what is allowed and what to do, as the run kept it.
        positions: the members.
        of: number of members of the experiment.
        remedy: what helps, as dotted fields of a configuration and their values; empty where nothing is known.
    """

    kind: str
    reason: str
    positions: tuple[int, ...]
    of: int
    remedy: Mapping[str, Any] = field(default_factory=dict)

    @property
    def clause(self) -> str:
        """Return how many members it concerns: "all 3 runs failed", "1 of 5 runs was interrupted"."""
        count = len(self.positions)
        if self.kind == "unlearnt" and count == self.of > 1:
            return f"none of the {count:,} runs learnt"
        verb = _VERBS[self.kind][count > 1]
        if self.of == 1:
            return f"the run {verb}"
        return f"all {count:,} runs {verb}" if count == self.of else f"{count:,} of {self.of:,} runs {verb}"

    @property
    def short(self) -> str:
        """Return the clause with the first sentence of the reason."""
        first, dot, _ = self.reason.partition(". ")
        return f"{_begun(self.clause)}: {first}{dot.strip()}" if self.reason else f"{_begun(self.clause)}."

    @property
    def sentence(self) -> str:
        """Return the clause with the whole reason."""
        return f"{_begun(self.clause)}: {self.reason}" if self.reason else f"{_begun(self.clause)}."


def failures(summary: Summary) -> tuple[Failure, ...]:
    """Return the failures of an experiment by kind and reason, those of most members first."""
    found: dict[tuple[str, str], list[int]] = {}
    for member in summary.members:
        if (kind := _kind(member)) is not None:
            found.setdefault((kind, _reason(member, kind)), []).append(member.position)
    of = len(summary.members)
    members = {member.position: member for member in summary.members}
    each = (
        Failure(kind, reason, tuple(positions), of, remedy(members[positions[0]]))
        for (kind, reason), positions in found.items()
    )
    return tuple(sorted(each, key=lambda one: -len(one.positions)))


def _kind(member: MemberResult) -> str | None:
    if member.run is None:
        return "refused" if member.problem else None
    if member.run.status in (RunStatus.FAILED, RunStatus.INTERRUPTED):
        return member.run.status.word
    return "unlearnt" if member.scores is not None and member.scores.learning else None


def _reason(member: MemberResult, kind: str) -> str:
    """Return what members are grouped by: of those that did not learn the cause, as each has other losses."""
    return member.scores.cause if kind == "unlearnt" and member.scores else member.why


def _begun(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}"
