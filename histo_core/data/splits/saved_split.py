"""Save splits in the workspace by their fingerprint, so that later runs can use exactly the same split.

<workspace>/data/splits/<fingerprint>/split.json     name, when it was saved, configuration, counts
                                     /parts.parquet  sample_id, part
"""

from __future__ import annotations

import hashlib
import logging
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from histo_core.config import Config, SplitConfig, parse_config
from histo_core.data.dataset import Dataset
from histo_core.data.formats.parquet_table import read_own_parquet
from histo_core.data.splits.note import patients_in_several_sets
from histo_core.data.splits.split import LEFT_OUT, Split, fingerprint
from histo_core.errors import ConfigError, CorruptDataError, SplitError
from histo_core.files import new_folder, read_json, write_json
from histo_core.workspace import Workspace

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 100
_IDS = ("patient_id", "slide_id", "group")

log = logging.getLogger(__name__)


class SavedSplit(Config):
    """A saved split without its rows.

    Attributes:
        name: the user's name for it; text to show, never a path.
        fingerprint: the value for `SplitConfig.saved`.
        created_at: when it was first saved, UTC.
        config: the configuration that it was made with.
        counts: samples by set and class, then ``patients`` (None where unknown).
        method, note, fold: as in `Split`.
        samples: SHA-256 of the ids and labels of all samples.
        groups: SHA-256 of the patient, slide and group ids that its note mentions.
    """

    name: str
    fingerprint: str
    created_at: datetime
    config: SplitConfig
    counts: dict[str, dict[str, int | None]]
    method: str
    note: str
    fold: int | None
    samples: str
    groups: str = ""


def save_split(dataset: Dataset, split: Split, config: SplitConfig, name: str, workspace: Workspace) -> Path:
    """Save a split and return its folder. Saving the same split again only changes the name.

    Raises:
        ConfigError: the name is empty, very long, or has line breaks.
    """
    name = name.strip()
    if not (0 < len(name) <= _LONGEST_NAME and name.isprintable()):
        raise ConfigError(
            f"{name[:_LONGEST_NAME]!r} cannot name a split.",
            f"1 to {_LONGEST_NAME} characters in one line are allowed.",
            "Name it otherwise.",
        )
    folder = _root(workspace) / split.fingerprint
    if folder.is_dir():
        _write(_about(folder).model_copy(update={"name": name}), folder)
        return folder
    about = SavedSplit(
        name=name,
        fingerprint=split.fingerprint,
        created_at=datetime.now(UTC),
        config=config,
        counts=_plain_counts(split, dataset),
        method=split.method,
        note=split.note,
        fold=split.fold,
        samples=_samples(dataset),
        groups=_groups(dataset, config),
    )
    with new_folder(folder) as temporary:
        table = pd.DataFrame({"sample_id": dataset.table["sample_id"].to_numpy(), "part": split.split_sets})
        table.to_parquet(temporary / "parts.parquet", engine="pyarrow", index=False)
        _write(about, temporary)
    return folder


def saved_splits(dataset: Dataset, workspace: Workspace) -> tuple[SavedSplit, ...]:
    """Return the saved splits of exactly these samples and labels, newest first; damaged ones are logged."""
    folders = [folder for folder in _root(workspace).glob("*") if _FINGERPRINT.fullmatch(folder.name)]
    if not folders:
        return ()
    samples = _samples(dataset)
    fitting = [saved for saved in map(_readable, folders) if saved is not None and saved.samples == samples]
    return tuple(sorted(fitting, key=lambda saved: saved.created_at, reverse=True))


def load_split(dataset: Dataset, config: SplitConfig, workspace: Workspace | None) -> Split:
    """Load the saved split that a configuration of method "saved" names.

    Raises:
        SplitError: it does not exist, it was made from other samples or labels, or the configuration divides it
            further.
        CorruptDataError: its files are damaged.
    """
    if config.folds is not None or config.subset is not None:
        raise SplitError(
            "A saved split is taken as it is.", "Folds and a subset belong to splits that are made.", "Leave them out."
        )
    wanted = config.saved or ""
    folder = _root(workspace) / wanted if workspace is not None and _FINGERPRINT.fullmatch(wanted) else None
    if folder is None or not folder.is_dir():
        raise SplitError(
            f"No split is saved under {wanted!r}.",
            "The fingerprint of a split in this workspace is expected.",
            "Choose a saved split, or make a new one.",
        )
    about = _about(folder)
    if about.samples != _samples(dataset):
        raise SplitError(
            f"The saved split {about.name!r} was made from other samples or labels.",
            "A saved split fits the very samples that it was made from.",
            "Open that data set, or make a new split.",
        )
    split_sets = _split_sets(folder, dataset)
    ids, labels = dataset.table["sample_id"].tolist(), dataset.table["label"].tolist()
    if fingerprint(ids, labels, split_sets.tolist()) != wanted:
        raise _damaged(folder / "parts.parquet")
    note = f"A saved split. {about.note}"
    if about.groups != _groups(dataset, about.config):
        now = patients_in_several_sets(dataset, split_sets)
        note += f" Patient, slide or group ids have changed since it was saved: now {now}."
    return Split(split_sets, about.method, wanted, note, about.fold)


def _root(workspace: Workspace) -> Path:
    return workspace.data / "splits"


def _samples(dataset: Dataset) -> str:
    """Hash the samples and their labels: the fingerprint of a split without sets."""
    ids, labels = dataset.table["sample_id"].tolist(), dataset.table["label"].tolist()
    return fingerprint(ids, labels, [LEFT_OUT] * len(ids))


def _groups(dataset: Dataset, config: SplitConfig) -> str:
    """Hash which samples belong together, whatever their order."""
    table, digest = dataset.table.sort_values("sample_id"), hashlib.sha256()
    for name in dict.fromkeys((*_IDS, config.group)):
        if name in table:
            cells = pd.Series(table[name].to_numpy(dtype=object))
            digest.update(repr((name, cells.where(cells.notna(), None).tolist())).encode())
    return digest.hexdigest()


def _plain_counts(split: Split, dataset: Dataset) -> dict[str, dict[str, int | None]]:
    counts = split.counts(dataset)
    return {
        str(split_set): {str(column): None if pd.isna(value) else int(value) for column, value in row.items()}
        for split_set, row in counts.to_dict(orient="index").items()
    }


def _write(about: SavedSplit, folder: Path) -> None:
    write_json(folder / "split.json", about.model_dump(mode="json"))


def _readable(folder: Path) -> SavedSplit | None:
    try:
        return _about(folder)
    except CorruptDataError as error:
        log.warning("It is left out of the list: %s", error)
        return None


def _about(folder: Path) -> SavedSplit:
    try:
        return parse_config(SavedSplit, read_json(folder / "split.json"))
    except (OSError, ValueError, ConfigError):
        raise _damaged(folder / "split.json") from None


def _split_sets(folder: Path, dataset: Dataset) -> np.ndarray:
    try:
        table = read_own_parquet(folder / "parts.parquet")
        by_id = table.set_index("sample_id")["part"]
        return by_id.reindex(dataset.table["sample_id"]).to_numpy(dtype=object)
    except (OSError, ValueError, KeyError):  # pyarrow's errors are among them
        raise _damaged(folder / "parts.parquet") from None


def _damaged(path: Path) -> CorruptDataError:
    return CorruptDataError(
        f"The saved split in {path} is damaged.", "What was saved is expected.", "Remove its folder and save it again."
    )
