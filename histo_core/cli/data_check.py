"""What ``data check`` tells of a data set."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from histo_core.auditing.leakage import audit_leakage
from histo_core.cli.output import say, table, watched
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.base import DATASETS, UNLABELLED, Dataset, open_dataset, prepare_dataset
from histo_core.data.fetch.catalogue import unlike_published
from histo_core.data.integrity import FileCheck, make_check
from histo_core.data.splits.split import make_split
from histo_core.errors import BrokenFilesError
from histo_core.workspace import Workspace

_PROBLEMS_SHOWN = 1000
_SIZES_SHOWN = 5
_IDS = {"patient_id": "patient", "slide_id": "slide", "group": "group"}


def check_data(config: DataConfig, split: SplitConfig, workspace: Workspace) -> None:
    """Read every file, count, divide, and look for leakage; print what is found.

    Raises:
        BrokenFilesError: samples cannot be used, and the configuration does not say to leave them out; they are
            printed before.
        HistoscopeError: as `open_dataset` and `make_split`.
    """
    try:
        dataset = _open_all(config, workspace)
    except BrokenFilesError as error:  # not one sample is left
        _tell_problems(error.problems, left_out=False)
        raise
    check = make_check(dataset, workspace)
    _tell_contents(dataset, check)
    _tell_unlike(config, workspace)
    if check.left_out.count:
        say(str(check.left_out))
    if dataset.problems:
        _tell_problems(dataset.problems, left_out=config.skip_broken)
        if not config.skip_broken:
            raise BrokenFilesError(dataset.problems, "Mend or remove them, or go on with the rest: --skip-broken.")
    else:
        say("No problems: every sample can be used.")
    if (dataset.table["label"].to_numpy() == UNLABELLED).all():
        say("No patch has a label, so there is nothing to split.")
        return
    made = make_split(dataset, split, workspace)
    counts = made.counts(dataset).reset_index()
    table([str(column) for column in counts.columns], [[_cell(value) for value in row] for row in counts.to_numpy()])
    say(made.note)
    say(audit_leakage(dataset, made).verdict)


def _open_all(config: DataConfig, workspace: Workspace) -> Dataset:
    """All samples that can be used; those that cannot, for whatever reason, are its problems."""
    with watched("preparing") as progress:
        prepare_dataset(config, workspace, progress)
    with watched("reading every file") as progress:
        return open_dataset(config.model_copy(update={"skip_broken": True}), workspace, progress)


def _tell_contents(dataset: Dataset, check: FileCheck) -> None:
    say(f"{len(dataset):,} patch{'' if len(dataset) == 1 else 'es'}, classes: {', '.join(dataset.classes)}")
    ids = [(len(set(dataset.table[column].dropna())), name) for column, name in _IDS.items() if column in dataset.table]
    known = [f"{count:,} {name}{'' if count == 1 else 's'}" for count, name in ids if count]
    if known:
        say(", ".join(known))
    (usual, count), *_ = check.sizes.items()  # a data set that opens has a sample, and one that can be read
    others = "; ".join(f"{n:,} of {_size(odd)}" for odd, n in list(check.odd.items())[:_SIZES_SHOWN])
    more = "; and others" if len(check.odd) > _SIZES_SHOWN else ""
    odd = f"; {sum(check.odd.values()):,} of other sizes ({others}{more})" if others else ""
    say(f"{count:,} of {_size(usual)} pixels{odd}")
    published = DATASETS[dataset.name].info.expected_counts
    if published:
        say(f"The published set has: {', '.join(f'{name} {count:,}' for name, count in published.items())}")


def _tell_unlike(config: DataConfig, workspace: Workspace) -> None:
    with watched("comparing checksums") as progress:
        found = unlike_published(config, workspace, progress)
    for name, what in found:
        say(f"{name} {what}. Fetch it again, unless you made it yourself.")


def _tell_problems(problems: Sequence[tuple[str, str]], *, left_out: bool) -> None:
    fate = ("is" if len(problems) == 1 else "are") + " left out" if left_out else "cannot be used"
    say(f"{len(problems):,} sample{'' if len(problems) == 1 else 's'} {fate}:")
    for where, what in problems[:_PROBLEMS_SHOWN]:
        say(f"  {where}: {what}")
    if len(problems) > _PROBLEMS_SHOWN:
        say(f"  ... and {len(problems) - _PROBLEMS_SHOWN:,} more")


def _size(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]}"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "unknown" if value is pd.NA else str(value)
