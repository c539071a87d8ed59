"""Gather what an entry of a comparison answers for patches of a competition, and keep the scores that came back.

Scores that a competition returned are its own: they are kept apart, and no number of ours is computed from them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from histo_core.comparison.ensemble import ensemble
from histo_core.comparison.entries import is_run
from histo_core.comparison.other_data import name_of, on_other_data
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.errors import ConfigError
from histo_core.files import read_json, write_json
from histo_core.prediction.stored import PredictionSet, get_predictions, list_predictions
from histo_core.storable import as_json
from histo_core.workspace import Workspace

TEST = "test"
HIDDEN = "no labels"
"""Words after the name of data without labels."""


@dataclass(frozen=True)
class SubmissionData:
    """Patches that an entry can answer for.

    Attributes:
        key: "test", or a hash of the data and their state.
        title: in words.
        predictions: for each member of the entry (or the entry's run) the id of its predictions; empty for its test
            set.
    """

    key: str
    title: str
    predictions: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompetitionScore:
    """Scores that a competition returned for an entry's submission.

    Attributes:
        entry: id of the run or ensemble.
        name: its name when the scores were entered.
        data: `SubmissionData.title`.
        public, private: 0 to 1; None where the competition did not show it.
        entered_at: ISO 8601 in UTC.
    """

    entry: str
    name: str
    data: str
    public: float | None
    private: float | None
    entered_at: str


def submission_data(entry: RunPredictions, workspace: Workspace) -> list[SubmissionData]:
    """List what an entry can answer for: its test set, and data without labels that all runs behind it predicted."""
    found = [SubmissionData(TEST, "the test set")] if TEST in set(entry.table["split"]) else []
    members = (entry.run_id,) if entry.recipe is None else entry.recipe.members
    if not all(map(is_run, members)):
        return found
    by_member = [_unlabelled(member, workspace) for member in members]
    for key, first in by_member[0].items():
        if all(key in others for others in by_member):
            ids = tuple(others[key].id for others in by_member)
            found.append(SubmissionData(key, f"{name_of(first).rpartition(' on ')[2]}, {HIDDEN}", ids))
    return found


def submission_table(entry: RunPredictions, data: SubmissionData, workspace: Workspace) -> pd.DataFrame:
    """Return an entry's predictions of these patches, in the predictions format.

    Raises:
        RunError, DataError: predictions are gone or damaged.
        ComparisonError: as `ensemble`.
    """
    if not data.predictions:
        return entry.table.loc[entry.table["split"] == TEST]
    loaded = [on_other_data(get_predictions(one, workspace), workspace) for one in data.predictions]
    if entry.recipe is None:
        return loaded[0].table
    return ensemble(loaded, entry.recipe.kind, entry.recipe.weights).table


def keep_score(
    entry: RunPredictions, data: SubmissionData, public: float | None, private: float | None, workspace: Workspace
) -> CompetitionScore:
    """Keep the scores that a competition returned for a submission, in place of former ones.

    Raises:
        ConfigError: neither is given, or one is not 0 to 1.
    """
    given = [one for one in (public, private) if one is not None]
    if not given or not all(np.isfinite(one) and 0 <= one <= 1 for one in given):
        raise ConfigError(
            f"public = {public}, private = {private}.",
            "A score from 0 to 1, as the competition shows it, is expected in one or both.",
            "Copy it from the competition's page.",
        )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    score = CompetitionScore(entry.run_id, entry.name, data.title, public, private, now)
    write_json(_file(entry.run_id, data.key, workspace), asdict(score))
    return score


def list_scores(entries: Iterable[str], workspace: Workspace) -> Sequence[CompetitionScore]:
    """Return the kept scores of some entries, the latest first; files that cannot be read are skipped."""
    wanted, found = set(entries), []
    for file in _home(workspace).glob("*.json"):
        try:
            facts = read_json(file)
            public, private = (None if facts[name] is None else float(facts[name]) for name in ("public", "private"))
            of, name, data = (str(facts[name]) for name in ("entry", "name", "data"))
            one = CompetitionScore(of, name, data, public, private, str(facts["entered_at"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if one.entry in wanted:
            found.append(one)
    return sorted(found, key=lambda one: (one.entered_at, one.entry, one.data), reverse=True)


def _unlabelled(run_id: str, workspace: Workspace) -> dict[str, PredictionSet]:
    """Return a run's latest predictions of data that are not labelled throughout, by a hash of data and state."""
    found: dict[str, PredictionSet] = {}
    for one in list_predictions(workspace, run_id):
        if one.labelled < int(one.facts.get("samples", 0)):
            asked = one.facts["asked"]
            facts = [asked["data"], asked["split"], one.facts["parts"], one.facts.get("state")]
            found.setdefault(_digest(as_json(facts, sort_keys=True)), one)
    return found


def _file(entry: str, key: str, workspace: Workspace) -> Path:
    return _home(workspace) / f"{_digest(chr(0).join((entry, key)))}.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _home(workspace: Workspace) -> Path:
    return workspace.home / "competition"
