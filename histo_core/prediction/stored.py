"""Predictions of runs on other data, as they are kept; what made them is not needed to read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from histo_core.config import DataConfig, PredictConfig, SplitConfig, parse_config
from histo_core.data.predictions import read_predictions
from histo_core.errors import CorruptDataError, HistoscopeError, RunError
from histo_core.files import read_json, sha256
from histo_core.workspace import Workspace

TABLE, FACTS = "predictions.parquet", "facts.json"

_NEEDED: Mapping[str, type] = {
    "made_at": str,
    "labelled": int,
    "split": str,
    "classes": list,
    "positive": str,
    "parts": list,
    "checks": list,
}
"""Facts that lists and results are made of, and their kinds."""

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, eq=False)
class PredictionSet:
    """What a run says of some data.

    Attributes:
        id: 16 hex digits, made from the run's weights, the data's state and all settings.
        run_id: of the run.
        data: the data set that was predicted.
        facts: what ``facts.json`` says: the settings, counts, class names, checks and when it was made.
        warnings: sentences that must stand beside any result.
        folder: holds ``predictions.parquet`` and ``facts.json``.
    """

    id: str
    run_id: str
    data: DataConfig
    facts: dict[str, Any]
    warnings: tuple[str, ...]
    folder: Path

    def table(self) -> pd.DataFrame:
        """The predictions, in the contract of ``predictions.parquet``.

        Raises:
            DataNotFoundError, CorruptDataError: the file is gone, or is not the one that was written.
        """
        file = self.folder / TABLE
        found = read_predictions(file)
        if sha256(file) != self.facts["sha256"]:
            raise CorruptDataError(
                f"The predictions {self.id} are not those that were written.",
                "Their SHA-256 must be the one in facts.json.",
                "Delete their folder and predict again.",
            )
        return found

    @property
    def labelled(self) -> int:
        """How many of the patches have a label."""
        return int(self.facts["labelled"])


def get_predictions(name: str, workspace: Workspace) -> PredictionSet:
    """Predictions by their id.

    Raises:
        RunError: there are none of this id, or their facts cannot be read.
    """
    folder = home(workspace) / name
    if not _ID.fullmatch(name):
        raise _unreadable(name)
    try:
        facts: dict[str, Any] = read_json(folder / FACTS)
        if not all(isinstance(facts[name], kind) for name, kind in _NEEDED.items()):
            raise _unreadable(name)
        data = parse_config(DataConfig, facts["asked"]["data"])
        return PredictionSet(name, str(facts["run_id"]), data, facts, tuple(facts["warnings"]), folder)
    except (OSError, ValueError, KeyError, TypeError, HistoscopeError):
        raise _unreadable(name) from None


def list_predictions(workspace: Workspace, run_id: str | None = None) -> list[PredictionSet]:
    """All predictions of a workspace, or of one run, the latest first; what cannot be read is passed over."""
    found = []
    for file in home(workspace).glob(f"*/{FACTS}"):
        try:
            found.append(get_predictions(file.parent.name, workspace))
        except RunError:
            continue
    mine = [one for one in found if run_id in (None, one.run_id)]
    return sorted(mine, key=lambda one: str(one.facts["made_at"]), reverse=True)


def find_predictions(
    run_id: str, question: Mapping[str, Any], workspace: Workspace, *, state: str | None = None
) -> PredictionSet | None:
    """The latest answer of a run to a question that `asked` made; None where it was never asked.

    Args:
        run_id: the run.
        question: what it was asked.
        workspace: where predictions lie.
        state: of the data (`Dataset.state`), so that an answer about other files than lie there now is none; None
            takes any.
    """
    found = [one for one in list_predictions(workspace, run_id) if one.facts["asked"] == dict(question)]
    return next((one for one in found if state in (None, one.facts.get("state"))), None)


def asked(
    data: DataConfig, split: SplitConfig | None, predict: PredictConfig, classes: Mapping[str, str] | None
) -> dict[str, Any]:
    """What a run is asked, as plain values by which the answer is found again."""
    root = data.root and str(Path(data.root).expanduser().resolve())
    return {
        "data": data.model_copy(update={"root": root}).model_dump(mode="json"),
        "split": split.model_dump(mode="json") if split is not None else None,
        # Without a division there are no parts to name.
        "predict": predict.model_dump(mode="json", exclude={"parts"} if split is None else None),
        "classes": dict(classes) if classes else None,
    }


def home(workspace: Workspace) -> Path:
    """Where predictions lie, each in a folder of its own."""
    return workspace.home / "predictions"


def _unreadable(name: str) -> RunError:
    return RunError(
        f"There are no predictions {name!r} that can be read.",
        "An id of 16 hex digits, as `list_predictions` gives it.",
        "Look at the list, or predict again.",
    )
