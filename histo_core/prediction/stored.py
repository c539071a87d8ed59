"""Read stored predictions of runs on other data; neither the run nor the data is needed."""

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
from histo_core.files import sha256
from histo_core.prediction.facts import PredictionFacts, read_facts
from histo_core.workspace import Workspace

TABLE, FACTS = "predictions.parquet", "facts.json"

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, eq=False)
class PredictionSet:
    """The predictions of a run on some data.

    Attributes:
        id: 16 hex digits, made from the run's weights, the data's state and all settings.
        run_id: the run's id.
        data: the data set that was predicted.
        facts: the content of ``facts.json``: settings, counts, class names, checks and the time of prediction.
        warnings: sentences that must be shown beside any result.
        folder: holds ``predictions.parquet`` and ``facts.json``.

    Example:
        >>> from pathlib import Path
        >>> from histo_core.config import DataConfig
        >>> from histo_core.prediction.predict import PredictionSet
        >>> folder = Path("/tmp/mine/predictions/0123456789abcdef")
        >>> found = PredictionSet(folder.name, "4547d1de99b8-1", DataConfig(), {"labelled": 80}, (), folder)
        >>> found.labelled, found.data.dataset
        (80, 'phantom')
    """

    id: str
    run_id: str
    data: DataConfig
    facts: PredictionFacts
    warnings: tuple[str, ...]
    folder: Path

    def table(self) -> pd.DataFrame:
        """Read the predictions, in the format of ``predictions.parquet``.

        Raises:
            DataNotFoundError, CorruptDataError: the file is missing, or is not the one that was written.
        """
        file = self.folder / TABLE
        found = read_predictions(file)
        if sha256(file) != self.facts.get("sha256"):
            raise CorruptDataError(
                f"The predictions {self.id} are not those that were written.",
                "Their SHA-256 must be the one in facts.json.",
                "Delete their folder and predict again.",
            )
        return found

    @property
    def labelled(self) -> int:
        """The number of patches with a label."""
        return self.facts["labelled"]


def is_predictions(name: str) -> bool:
    """Return whether a name can be the id of predictions."""
    return bool(_ID.fullmatch(name))


def get_predictions(name: str, workspace: Workspace) -> PredictionSet:
    """Return predictions by their id.

    Raises:
        RunError: no predictions have this id, or their facts cannot be read.

    Example:
        >>> from histo_core.config import DataConfig
        >>> from histo_core.examples import finished_run
        >>> from histo_core.prediction.predict import get_predictions, predict_with
        >>> other = DataConfig(dataset="phantom", options={"patches": 40, "patients": 4, "seed": 1})
        >>> with finished_run() as (run, workspace):
        ...     made = predict_with(run.run_id, other, workspace, device="cpu")
        ...     found = get_predictions(made.id, workspace)
        >>> found.facts["samples"]
        40
    """
    folder = home(workspace) / name
    if not is_predictions(name):
        raise _unreadable(name)
    try:
        facts = read_facts(folder / FACTS)
        data = parse_config(DataConfig, facts["asked"]["data"])
        return PredictionSet(name, facts["run_id"], data, facts, tuple(facts["warnings"]), folder)
    except (OSError, ValueError, KeyError, TypeError, HistoscopeError):
        raise _unreadable(name) from None


def list_predictions(workspace: Workspace, run_id: str | None = None) -> list[PredictionSet]:
    """List all predictions of a workspace, or of one run, the latest first; unreadable ones are skipped.

    Example:
        >>> from histo_core.config import DataConfig
        >>> from histo_core.examples import finished_run
        >>> from histo_core.prediction.predict import list_predictions, predict_with
        >>> other = DataConfig(dataset="phantom", options={"patches": 40, "patients": 4, "seed": 1})
        >>> with finished_run() as (run, workspace):
        ...     made = predict_with(run.run_id, other, workspace, device="cpu")
        ...     of_run, of_none = list_predictions(workspace, run.run_id), list_predictions(workspace, "another")
        >>> [one.id == made.id for one in of_run], of_none
        ([True], [])
    """
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
    """Return a run's latest predictions for a request that `asked` made; None where there are none.

    Args:
        run_id: the run.
        question: the request.
        workspace: holds the predictions.
        state: of the data (`Dataset.state`): predictions of files that have changed since are skipped. None accepts
            any state.
    """
    found = [one for one in list_predictions(workspace, run_id) if one.facts["asked"] == dict(question)]
    return next((one for one in found if state in (None, one.facts.get("state"))), None)


def same_but_classes(
    settings: Mapping[str, Any], workspace: Workspace, *, state: str | None = None
) -> PredictionSet | None:
    """Return a run's latest predictions that differ from a request in the class mapping at most; None without any.

    Args:
        settings: facts of predictions, at least ``run_id`` and ``asked``; all but the mapping must agree.
        workspace: holds the predictions.
        state: as `find_predictions`.
    """
    wanted = _without_classes(settings)
    for one in list_predictions(workspace, str(settings["run_id"])):
        facts = _without_classes(one.facts)
        if state in (None, one.facts.get("state")) and all(facts.get(name) == wanted[name] for name in wanted):
            return one
    return None


def asked(
    data: DataConfig, split: SplitConfig | None, predict: PredictConfig, classes: Mapping[str, str] | None
) -> dict[str, Any]:
    """Return a prediction request as plain values, by which its predictions are found again."""
    root = data.root and str(Path(data.root).expanduser().resolve())
    return {
        "data": data.model_copy(update={"root": root}).model_dump(mode="json"),
        "split": split.model_dump(mode="json") if split is not None else None,
        # Without a split there are no sets to name.
        "predict": predict.model_dump(mode="json", exclude={"parts"} if split is None else None),
        "classes": dict(classes) if classes else None,
    }


def home(workspace: Workspace) -> Path:
    """Return the folder that holds all predictions, each in its own folder."""
    return workspace.home / "predictions"


def _without_classes(settings: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: settings[name] for name in ("run_id", "weights", "state", "split", "parts") if name in settings}
    return plain | {"asked": {name: value for name, value in settings["asked"].items() if name != "classes"}}


def _unreadable(name: str) -> RunError:
    return RunError(
        f"There are no predictions {name!r} that can be read.",
        "An id of 16 hex digits, as `list_predictions` gives it.",
        "Look at the list, or predict again.",
    )
