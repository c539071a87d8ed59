"""List runs with their results as a table: up to thousands of rows from two queries, without opening a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from histo_core.runs.store.records import Estimate, RunProgress, RunResults, RunStatus, SetResults
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import EXPERIMENT_RUNS, EXPERIMENTS, NEVER, RUNS, parsed_progress, parsed_results
from histo_core.runs.store.search import ORDER, RunFilter, conditions

if TYPE_CHECKING:
    import pandas as pd

MANY = 2000
"""The most rows that a page shows."""
ESTIMATES = ("valid_auroc", "test_auroc", "valid_accuracy", "test_accuracy", "valid_loss", "test_loss")
"""The fields of a row that are numbers with an interval."""
_NEEDED = (
    *(RUNS.c.run_id, RUNS.c.name, RUNS.c.status, RUNS.c.reason, RUNS.c.dataset, RUNS.c.model, RUNS.c.config),
    *(RUNS.c.data_hash, RUNS.c.results, RUNS.c.progress, RUNS.c.tags, RUNS.c.note, RUNS.c.archived_at),
    *(RUNS.c.created_at, RUNS.c.started_at, RUNS.c.ended_at),
)


@dataclass(frozen=True)
class RunRow:
    """One run of a list.

    Attributes:
        data, network: registered names.
        valid_auroc, test_auroc, valid_accuracy, test_accuracy, valid_loss, test_loss: None where they are not known; a
            run of an older version has those of its best epoch, on the validation set, without an interval.
        seconds: from start to end; None where it has not ended.
        losses: validation losses of epochs at equal distances, at most 64.
        experiment: name of an experiment that it belongs to, else empty.
        group: the same for runs that differ only in seed and fold.
    """

    run_id: str
    name: str
    state: RunStatus
    data: str
    network: str
    valid_auroc: Estimate | None
    test_auroc: Estimate | None
    valid_accuracy: Estimate | None
    test_accuracy: Estimate | None
    valid_loss: Estimate | None
    test_loss: Estimate | None
    seconds: float | None
    tags: tuple[str, ...]
    note: str
    seed: int | None
    fold: int | None
    experiment: str
    created_at: datetime
    losses: tuple[float, ...]
    archived: bool
    reason: str
    group: str


COLUMNS = tuple(field.name for field in fields(RunRow) if field.name != "group")


@dataclass(frozen=True)
class RunTable:
    """Rows, and the number of runs that fit the filter."""

    rows: tuple[RunRow, ...]
    total: int


def run_table(store: Store, wanted: RunFilter, *, limit: int = MANY) -> RunTable:
    """List runs with their results, active ones first, then the newest.

    Args:
        store: where to search.
        wanted: the filter.
        limit: the largest number of rows.
    """
    condition = sa.and_(sa.true(), *conditions(wanted))
    query = sa.select(*_NEEDED).where(condition).order_by(*ORDER).limit(limit)
    members = (
        sa.select(EXPERIMENT_RUNS.c.run_id, EXPERIMENTS.c.name).join(EXPERIMENTS).order_by(EXPERIMENTS.c.created_at)
    )
    with store.database.read() as connection:
        found = connection.execute(query).mappings().all()
        experiments = {row.run_id: row.name for row in connection.execute(members)}
        total = len(found)
        if total == limit:
            total = connection.execute(sa.select(sa.func.count()).select_from(RUNS).where(condition)).scalar_one()
    return RunTable(tuple(_row(row, experiments.get(row["run_id"], "")) for row in found), total)


def run_frame(rows: Iterable[RunRow]) -> pd.DataFrame:
    """Return rows as a table of raw numbers; an estimate's limits have their own columns, ``<name>_low``, ``_high``."""
    records = [_record(row) for row in rows]
    names = [name for column in COLUMNS for name in (_three(column) if column in ESTIMATES else (column,))]
    import pandas as pd  # commands that print no table need not wait for it

    return pd.DataFrame(records, columns=names)


@dataclass(frozen=True)
class Band:
    """The mean of a number over the runs of a group that have it, the lowest and the highest, and how many they are."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class RunGroup:
    """Runs that differ only in seed and fold, in the order of the list."""

    rows: tuple[RunRow, ...]

    @property
    def name(self) -> str:
        """The words with which all their names begin; else the network."""
        first, *others = (row.name.split() for row in self.rows)
        if others:
            words = zip(first, *others, strict=False)
            first = [same[0].rstrip(",;:") for same in takewhile(lambda same: len(set(same)) == 1, words)]
            while first and first[-1] in ("fold", "seed", "repeat", "of", "-"):
                first.pop()
        return " ".join(first) or next(row.network for row in self.rows)

    def band(self, name: str) -> Band | None:
        """Return the band of an estimate, by its name in `ESTIMATES`; None where no run has it."""
        known = [one.value for row in self.rows if (one := getattr(row, name)) is not None]
        return Band(sum(known) / len(known), min(known), max(known), len(known)) if known else None


def grouped(rows: Sequence[RunRow]) -> tuple[RunGroup, ...]:
    """Group runs that differ only in seed and fold, in the order of the first run of each group."""
    found: dict[str, list[RunRow]] = {}
    for row in rows:
        found.setdefault(row.group, []).append(row)
    return tuple(RunGroup(tuple(members)) for members in found.values())


def _row(row: Mapping[Any, Any], experiment: str) -> RunRow:
    config = row["config"] if isinstance(row["config"], dict) else {}
    results = parsed_results(row["results"]) or _of_best_epoch(parsed_progress(row["progress"]))
    progress, tags = row["progress"], row["tags"]
    started, ended = row["started_at"], row["ended_at"]
    return RunRow(
        run_id=row["run_id"],
        name=row["name"] or "",
        state=_state(row["status"]) if config else RunStatus.UNREADABLE,
        data=row["dataset"] or "",
        network=row["model"] or "",
        **_estimates(results),
        seconds=(ended - started).total_seconds() if started and ended else None,
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        note=row["note"] or "",
        seed=_whole(config, "seed"),
        fold=_whole(config.get("split"), "fold") if _whole(config.get("split"), "folds") else None,
        experiment=experiment or "",
        created_at=row["created_at"] or NEVER,
        losses=tuple(progress.get("losses", ())) if isinstance(progress, dict) else (),
        archived=row["archived_at"] is not None,
        reason=row["reason"] or "",
        group=_group(config, row),
    )


def _estimates(results: RunResults) -> dict[str, Estimate | None]:
    sets = {"valid": results.valid, "test": results.test}
    return {name: _of(sets[name.partition("_")[0]], name.partition("_")[2]) for name in ESTIMATES}


def _of(results: SetResults | None, metric: str) -> Estimate | None:
    return None if results is None else getattr(results, metric)


def _of_best_epoch(progress: RunProgress | None) -> RunResults:
    """Return the validation scores of a run's best epoch, which every run has; they have no interval."""
    if progress is None or progress.best_valid_loss is None or progress.best_valid_accuracy is None:
        return RunResults()
    auroc = progress.best_valid_auroc
    return RunResults(
        SetResults(
            n=0,
            groups=None,
            auroc=None if auroc is None else Estimate(auroc),
            accuracy=Estimate(progress.best_valid_accuracy),
            loss=Estimate(progress.best_valid_loss),
        )
    )


def _state(status: str) -> RunStatus:
    try:
        return RunStatus(status)
    except ValueError:
        return RunStatus.UNREADABLE


def _whole(values: Any, name: str) -> int | None:
    value = values.get(name) if isinstance(values, dict) else None
    return value if isinstance(value, int) else None


def _group(config: Mapping[str, Any], row: Mapping[Any, Any]) -> str:
    """Return a hash of the configuration without seed and fold; a repeat of folds has another seed of the split."""
    if not config:
        return row["run_id"]
    split = config.get("split")
    if isinstance(split, dict) and split.get("folds"):
        split = {name: value for name, value in split.items() if name not in ("fold", "seed")}
    kept = {name: value for name, value in config.items() if name not in ("seed", "split")}
    text = json.dumps([kept, split, row["data_hash"]], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _three(column: str) -> tuple[str, str, str]:
    return column, f"{column}_low", f"{column}_high"


def _record(row: RunRow) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for column in COLUMNS:
        value = getattr(row, column)
        if column in ESTIMATES:
            numbers = (None, None, None) if value is None else (value.value, value.low, value.high)
            record |= dict(zip(_three(column), numbers, strict=True))
        else:
            record[column] = value.word if isinstance(value, RunStatus) else value
    return record
