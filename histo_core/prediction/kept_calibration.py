"""Keep a recalibration with a run, and apply it where the run's probabilities are shown.

It lies in the run's folder as ``calibration.json``. The stored predictions stay as the network gave them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from histo_core.errors import CorruptDataError
from histo_core.files import read_json, write_json
from histo_core.prediction.recalibration import METHOD_NAMES, Recalibration
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace

FILE = "calibration.json"
SCHEMA = 1


@dataclass(frozen=True)
class KeptCalibration:
    """A recalibration that is kept with a run.

    Attributes:
        fitted: the recalibration.
        classes: names, in the order of the probabilities that it was fitted to.
        samples: labelled validation samples that it was fitted to.
        groups: patients (else slides) of these samples; 0 where neither is known.
        group_kind: "patient", "slide" or "".
        made_at: ISO 8601 in UTC.
    """

    fitted: Recalibration
    classes: tuple[str, ...]
    samples: int
    groups: int
    group_kind: str
    made_at: str

    @property
    def words(self) -> str:
        """Return how probabilities were changed, as part of a sentence."""
        return f"calibrated by {METHOD_NAMES[self.fitted.method]} on validation"

    def probabilities(self, given: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities, float64 [n, k], of those that the network gave."""
        return self.fitted(np.asarray(given, np.float64))

    def table(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """Return predictions with calibrated probabilities, and the most probable class by them."""
        columns = [f"prob_{name}" for name in self.classes]
        found = self.probabilities(predictions[columns].to_numpy(np.float64))
        called = np.array(self.classes, dtype=object)[found.argmax(axis=1)]
        return predictions.assign(y_pred=called, **dict(zip(columns, found.T, strict=True)))


def write_calibration(
    run: Run,
    fitted: Recalibration,
    classes: tuple[str, ...],
    workspace: Workspace,
    *,
    samples: int,
    groups: int,
    group_kind: str,
) -> KeptCalibration:
    """Keep a recalibration with a run in place of a former one; `KeptCalibration` says what the arguments mean."""
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    kept = KeptCalibration(fitted, classes, samples, groups, group_kind, made_at)
    facts: dict[str, Any] = {
        "schema": SCHEMA,
        **fitted.facts(),
        "classes": list(classes),
        "samples": samples,
        "groups": groups,
        "group_kind": group_kind,
        "made_at": made_at,
        "ended_at": str(run.ended_at),
    }
    write_json(_file(run.run_id, workspace), facts)
    return kept


def kept_calibration(run: Run, workspace: Workspace) -> KeptCalibration | None:
    """Return the recalibration that is kept with a run; None without one, and for one of a former training of it.

    Raises:
        CorruptDataError: its file cannot be read.
    """
    file = _file(run.run_id, workspace)
    if not file.is_file():
        return None
    try:
        facts = read_json(file)
        if facts["ended_at"] != str(run.ended_at):
            return None
        return KeptCalibration(
            Recalibration.from_facts(facts),
            tuple(map(str, facts["classes"])),
            int(facts["samples"]),
            int(facts["groups"]),
            str(facts["group_kind"]),
            str(facts["made_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise CorruptDataError(
            f"The calibration that is kept with run {run.name or run.run_id} cannot be read.",
            f"{FILE} in the run's folder, as Compare writes it.",
            "Remove it on Compare, in the tab Calibration.",
        ) from None


def remove_calibration(run_id: str, workspace: Workspace) -> None:
    """Remove the recalibration that is kept with a run, also one that cannot be read."""
    _file(run_id, workspace).unlink(missing_ok=True)


def _file(run_id: str, workspace: Workspace) -> Path:
    return workspace.run_folder(run_id) / FILE
