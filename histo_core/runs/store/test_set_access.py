"""How often a test set was scored: what was looked at once serves to choose the next time.

A test set is known by what is in it, whichever run, experiment or split it belongs to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from histo_core.runs.store.database import Database
from histo_core.runs.store.record_file import note_score, plain_row
from histo_core.runs.store.records import Run
from histo_core.runs.store.schema import EXPERIMENT_RUNS, EXPERIMENTS, TEST_SCORES
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.data.dataset import Dataset  # it loads pandas, which the store does without
    from histo_core.data.splits.split import Split


def fingerprint_of(dataset: Dataset, split: Split) -> str:
    """SHA-256 (hex) of the data's content hash and the sorted ids of the test set; empty where there is none."""
    ids = sorted(dataset.table["sample_id"].to_numpy()[split.indices("test")].tolist())
    return hashlib.sha256("\0".join([dataset.content_hash, *ids]).encode()).hexdigest() if ids else ""


def record_score(
    connection: sa.Connection, fingerprint: str, scored_for: str, workspace: Workspace | None = None
) -> None:
    """Remember, in a transaction that writes, that a test set was scored; of one and the same the first time counts.

    Args:
        connection: of the transaction.
        fingerprint: from `fingerprint_of`; of a part without samples nothing is remembered.
        scored_for: the id of the run, experiment or predictions.
        workspace: keeps it in a file, too, so that a lost database can be made again.
    """
    mine = (TEST_SCORES.c.test_fingerprint == fingerprint, TEST_SCORES.c.scored_for == scored_for)
    if fingerprint and not connection.execute(sa.select(sa.exists().where(*mine))).scalar():
        row = {"test_fingerprint": fingerprint, "scored_for": scored_for, "scored_at": datetime.now(UTC)}
        connection.execute(sa.insert(TEST_SCORES).values(row))
        if workspace is not None:
            note_score(json.dumps(plain_row(TEST_SCORES, row), sort_keys=True), workspace)


def scored_before(database: Database, fingerprint: str, scored_for: str) -> int:
    """How often a test set was scored for others: so far, or until it was scored for this one."""
    mine = sa.select(TEST_SCORES.c.scored_at).where(
        TEST_SCORES.c.test_fingerprint == fingerprint, TEST_SCORES.c.scored_for == scored_for
    )
    with database.read() as connection:
        until = connection.execute(mine).scalar()
        others = [TEST_SCORES.c.test_fingerprint == fingerprint, TEST_SCORES.c.scored_for != scored_for]
        if until is not None:
            others.append(TEST_SCORES.c.scored_at < until)
        return int(connection.execute(sa.select(sa.func.count()).select_from(TEST_SCORES).where(*others)).scalar_one())


def scored_for_others(database: Database, fingerprint: str, scored_for: str, runs: Collection[str]) -> int:
    """How often a test set had been scored when some runs were first looked at together, without their own scores.

    Args:
        database: of the workspace.
        fingerprint: from `fingerprint_of`.
        scored_for: the id of the look, which was recorded.
        runs: ids of the runs that are looked at.
    """
    look = (TEST_SCORES.c.test_fingerprint == fingerprint, TEST_SCORES.c.scored_for == scored_for)
    others = [TEST_SCORES.c.test_fingerprint == fingerprint, TEST_SCORES.c.scored_for.not_in([scored_for, *runs])]
    with database.read() as connection:
        until = connection.execute(sa.select(TEST_SCORES.c.scored_at).where(*look)).scalar()
        if until is not None:
            others.append(TEST_SCORES.c.scored_at < until)
        return int(connection.execute(sa.select(sa.func.count()).select_from(TEST_SCORES).where(*others)).scalar_one())


def scored_in_words(count: int) -> str:
    """What `scored_before` means, in words that end a sentence."""
    if not count:
        return "not scored before."
    times = "once" if count == 1 else f"{count:,} times"
    return f"scored {times} before; what is chosen after looking at it seems better than it is."


def kept_back_by(run: Run, database: Database) -> tuple[str, ...]:
    """Names of the experiments that keep the run's test set back until one member is chosen, and did not choose it."""
    if "test" in run.config.predict.parts:
        return ()
    chosen = EXPERIMENTS.c.final_run_id
    query = (
        sa.select(EXPERIMENTS.c.name)
        .join(EXPERIMENT_RUNS, EXPERIMENT_RUNS.c.experiment_id == EXPERIMENTS.c.experiment_id)
        .where(EXPERIMENT_RUNS.c.run_id == run.run_id, chosen.is_(None) | (chosen != run.run_id))
        .order_by(EXPERIMENTS.c.created_at)
    )
    with database.read() as connection:
        return tuple(dict.fromkeys(connection.execute(query).scalars()))
