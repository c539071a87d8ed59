"""Count how often test sets are looked at in comparisons.

A look is a **set of runs** whose test scores are shown together, on the page or on the command line. Only the first
time counts; the same set again, another class, another threshold, a rerun or a reload do not. Another set of runs is
another look, because the count warns of choosing among runs by their test scores. The scores that runs write when they
end are not looks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from histo_core.errors import ReadOnlyStoreError
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.store.test_set_access import record_score, scored_for_others, scored_in_words
from histo_core.workspace import Workspace


def record_look(runs: Sequence[Run], workspace: Workspace, others: Sequence[str] = ()) -> str:
    """Record that some runs' test sets are compared, and say how often they were scored for others before.

    Args:
        runs: the compared runs.
        workspace: the workspace that holds them.
        others: ids of imported predictions, or of predictions on other data, that are compared with them.

    Returns:
        A sentence.
    """
    test_sets = sorted({run.test_fingerprint for run in runs if run.test_fingerprint})
    if not test_sets:
        return "How often the test set was scored before is not known: the runs do not say which one it is."
    database, ids = Store.open(workspace).database, sorted(run.run_id for run in runs)
    look = look_id([*ids, *others])
    try:
        with database.write() as connection:
            for test_set in test_sets:
                record_score(connection, test_set, look, workspace)
    except ReadOnlyStoreError:
        not_kept = " This look is not counted: the workspace can only be read."
    else:
        not_kept = ""
    most = max(scored_for_others(database, test_set, look, ids) for test_set in test_sets)
    whose = "the test set was" if len(test_sets) == 1 else "the most scored of the test sets was"
    return f"Beside {'this run' if len(ids) == 1 else 'these runs'}, {whose} {scored_in_words(most)}{not_kept}"


def look_id(run_ids: Sequence[str]) -> str:
    """Return the id of a look at a set of runs, whatever their order."""
    return f"compare-{hashlib.sha256(chr(0).join(sorted(run_ids)).encode()).hexdigest()[:40]}"
