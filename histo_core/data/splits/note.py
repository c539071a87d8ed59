"""Describe in sentences what a split holds out and what it cannot guarantee."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from histo_core.config import SplitConfig
from histo_core.data.dataset import SPLIT_SETS, Dataset
from histo_core.data.splits.units import PATIENT, Unit
from histo_core.shown_text import plural

_IN_WORDS = {"train": "training", "valid": "validation", "test": "test"}
_NOT_KNOWN = "patient ids are not known, so {} of one patient may stand on both sides"


def describe(
    dataset: Dataset,
    split_sets: np.ndarray,
    usable: np.ndarray,
    unit: Unit,
    config: SplitConfig,
    *,
    published: bool,
    cut: Sequence[str],
) -> str:
    """Write the note of a split.

    Args:
        dataset: the data set that was divided.
        split_sets: the set of each row; "" for none.
        usable: which rows have a label (and a set, for a published split), bool.
        unit: what was kept together.
        config: the configuration of the split.
        published: whether the sets are the source's own.
        cut: the sets that were drawn here.
    """
    if published:
        note = _of_published(dataset, config, unit, cut)
        promised = not cut and config.folds is None
    else:
        note, promised = _of_ours(dataset, split_sets, config, unit), False
    limit = "" if promised else _limit(dataset, split_sets, unit)
    return f"{note}{f'; {limit}' if limit else ''}." + "".join(_warnings(dataset, split_sets, usable))


def _of_ours(dataset: Dataset, split_sets: np.ndarray, config: SplitConfig, unit: Unit) -> str:
    held, total = (unit.count(dataset, rows) for rows in (split_sets == "test", split_sets != ""))
    nouns = "patches" if unit.column is None else plural(unit.noun)
    held_out = f"{held:,} of {total:,} {nouns} are held out for test"
    if config.folds is None:
        return f"Split {_how(unit)}: {held_out}"
    fold = f"Fold {config.fold} of {config.folds}, counted from 0, divided {_how(unit)}"
    if config.hold_out:
        return f"{fold}, is for validation: {held_out}, the same in every fold"
    return f"{fold}: {held_out}"


def _of_published(dataset: Dataset, config: SplitConfig, unit: Unit, cut: Sequence[str]) -> str:
    note = dataset.split_note or "The split is the published one"
    if cut:
        names, verb = " and ".join(_IN_WORDS[split_set] for split_set in cut), "was" if len(cut) == 1 else "were"
        note += f"; {names} {verb} cut from its training set {_how(unit)}"
    if config.folds is not None:
        note += (
            f"; fold {config.fold} of {config.folds}, counted from 0, of all but its test set, divided {_how(unit)}, "
            "is for validation"
        )
    return note


def _how(unit: Unit) -> str:
    if unit.column is None:
        return "at random"
    return f"by the column {unit.column!r}" if unit.method == "group" else f"by {unit.noun}"


def _limit(dataset: Dataset, split_sets: np.ndarray, unit: Unit) -> str:
    """Describe in clauses what may be in several sets; "" where nothing is."""
    if unit.column is None:
        return "patients are not kept together, so patches of one patient may stand on both sides"
    if not PATIENT.known(dataset):
        said = [_NOT_KNOWN.format(plural(unit.noun))]
    else:
        said = [patients_in_several_sets(dataset, split_sets)] if PATIENT.count_shared(dataset, split_sets)[0] else []
    inside = split_sets != ""
    lacking = int(unit.lacking(dataset)[inside].sum())
    if lacking:
        said.append(
            f"{lacking:,} of {inside.sum():,} patches lack{'s' if lacking == 1 else ''} a {unit.noun} id and may "
            f"belong to a {unit.noun} of another set"
        )
    return "; ".join(said)


def patients_in_several_sets(dataset: Dataset, split_sets: np.ndarray) -> str:
    """Count in a clause the patients that are in more than one set; ``split_sets`` as in `Split`."""
    if not PATIENT.known(dataset):
        return "patient ids are not known"
    torn, total = PATIENT.count_shared(dataset, split_sets)
    return f"{torn:,} of {total:,} patients stand in more than one set"


def _warnings(dataset: Dataset, split_sets: np.ndarray, usable: np.ndarray) -> list[str]:
    """Return further sentences that a reader must know."""
    labels, said = dataset.table["label"].to_numpy(), []
    for split_set in SPLIT_SETS:
        shown = set(labels[split_sets == split_set].tolist())
        unseen = [name for label, name in enumerate(dataset.classes) if label not in shown]
        if unseen and (shown or split_set == "train"):
            said.append(f" No {_IN_WORDS[split_set]} patch shows {' or '.join(unseen)}.")
    drawn, of = int((split_sets != "").sum()), int(usable.sum())
    if drawn < of:
        said.append(f" {drawn:,} of {of:,} patches were drawn, with the shares of the classes kept.")
    if of < len(dataset):
        said.append(f" {len(dataset) - of:,} patches without a label or set are left out.")
    return said
