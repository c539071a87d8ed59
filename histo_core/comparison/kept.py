"""Keep the slow part of a comparison in the workspace: it is computed when models are first compared, then read."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from histo_core.comparison.aurocs import AurocEstimates, AurocResults, auroc_results, shown_names
from histo_core.comparison.join import Joined
from histo_core.disk_errors import kept_if_possible
from histo_core.evaluation.intervals import CONFIDENCE
from histo_core.files import read_json, read_kept, write_json
from histo_core.storable import as_json
from histo_core.workspace import Workspace

SCHEMA = 1
"""Raise it whenever the same predictions would give other intervals or differences."""
MOST = 300
"""The most comparisons that are kept; the longest unused ones go first."""

_ESTIMATES = TypeAdapter(AurocEstimates)


def kept_auroc_results(
    joined: Joined,
    workspace: Workspace,
    class_of_interest: str | None = None,
    *,
    reference: str | None = None,
    comparator: str | None = None,
    confidence: float = CONFIDENCE,
) -> AurocResults:
    """Return `auroc_results`; read intervals and differences where these predictions were compared before.

    They are found by a hash of the predictions themselves, so that a changed prediction is never given an old number.

    Raises:
        ComparisonError: as `auroc_results`.
    """
    asked = class_of_interest or joined.positive, reference, comparator, confidence

    def kept(estimate: Callable[[], AurocEstimates]) -> AurocEstimates:
        file = _folder(workspace) / f"{_key(joined, *asked)}.json"
        found = read_kept(file, lambda: _ESTIMATES.validate_python(read_json(file)))
        if found is not None and len(found.aurocs) == len(joined.runs):
            with suppress(OSError):  # the workspace may be readable only
                # By the clock, because the time that the system sets itself is some milliseconds coarse.
                now = time.time_ns()
                os.utime(file, ns=(now, now))
            return _named(found, joined)
        found = estimate()
        with kept_if_possible("The comparison"):
            write_json(file, asdict(found))
        with suppress(OSError):  # another process forgets them, too
            _forget_oldest(file.parent)
        return found

    return auroc_results(
        joined, class_of_interest, reference=reference, comparator=comparator, confidence=confidence, kept=kept
    )


def _key(joined: Joined, interest: str, reference: str | None, comparator: str | None, confidence: float) -> str:
    """Hash everything that the estimates depend on; names are not among it, so that a run may be renamed."""
    facts = {
        "schema": SCHEMA,
        "runs": [run.run_id for run in joined.runs],
        "classes": list(joined.classes),
        "asked": [interest, reference, comparator, confidence],
        "groups": None if joined.groups is None else [str(group) for group in joined.groups],
    }
    digest = hashlib.sha256(as_json(facts, sort_keys=True).encode())
    for values in (joined.y_true, joined.probabilities):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:32]


def _named(found: AurocEstimates, joined: Joined) -> AurocEstimates:
    """Return the estimates with the runs' present names."""
    names = dict(zip((run.run_id for run in joined.runs), shown_names(joined), strict=True))
    pairs = (replace(pair, first=names[pair.first_id], other=names[pair.other_id]) for pair in found.differences)
    return replace(found, differences=tuple(pairs))


def _forget_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in files[MOST:]:
        file.unlink(missing_ok=True)


def _folder(workspace: Workspace) -> Path:
    return workspace.home / "comparisons"
