"""Check a data set for ``data check`` and print the result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from histo_core.auditing.leakage import audit_leakage
from histo_core.cli.as_json import say_json
from histo_core.cli.output import say, table, watched
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import DATASETS, UNLABELLED, Dataset
from histo_core.data.fetch.catalogue import unlike_published
from histo_core.data.integrity import FileCheck, stored_or_new_check
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import Split
from histo_core.errors import BrokenFilesError
from histo_core.shown_text import count, plural
from histo_core.workspace import Workspace

_PROBLEMS_SHOWN = 1000
_SIZES_SHOWN = 5
_IDS = {"patient_id": "patient", "slide_id": "slide", "group": "group"}


def check_data(config: DataConfig, split: SplitConfig, workspace: Workspace, *, as_json: bool = False) -> None:
    """Read every file, count, split, and look for leakage; print the result.

    Raises:
        BrokenFilesError: samples cannot be used, and the configuration does not leave them out; they are printed
            first.
        HistoscopeError: as `open_dataset` and `make_split`.
    """
    try:
        dataset = _open_all(config, workspace)
    except BrokenFilesError as error:  # no sample is left
        if as_json:
            say_json(tables={"problems": _problem_rows(error.problems)})
        else:
            _print_problems(error.problems, left_out=False)
        raise
    check = stored_or_new_check(dataset, workspace)
    with watched("comparing checksums") as progress:
        unlike = unlike_published(config, workspace, progress)
    refused = bool(dataset.problems) and not config.skip_broken
    labelled = bool((dataset.table["label"].to_numpy() != UNLABELLED).any())

    def divide() -> Split | None:  # after the rest was printed, because some data cannot be divided
        return make_split(dataset, split, workspace) if labelled and not refused else None

    (_print_as_json if as_json else _print)(Checked(dataset, check, unlike, divide), skipped=config.skip_broken)
    if refused:
        raise BrokenFilesError(dataset.problems, "Mend or remove them, or go on with the rest: --skip-broken.")


@dataclass(frozen=True)
class Checked:
    """A data set that was looked through.

    Attributes:
        dataset: all samples that can be used, with its problems.
        check: what decoding every image showed.
        unlike: files that differ from the published ones, each with how.
        divide: gives the split; None where no sample has a label, or broken ones stand in the way.
    """

    dataset: Dataset
    check: FileCheck
    unlike: Sequence[tuple[str, str]]
    divide: Callable[[], Split | None]


def _print(checked: Checked, *, skipped: bool) -> None:
    dataset = checked.dataset
    _print_contents(dataset, checked.check)
    for name, what in checked.unlike:
        say(f"{name} {what}. Fetch it again, unless you made it yourself.")
    if checked.check.left_out.count:
        say(str(checked.check.left_out))
    if not dataset.problems:
        say("No problems: every sample can be used.")
    else:
        _print_problems(dataset.problems, left_out=skipped)
        if not skipped:
            return
    made = checked.divide()
    if made is None:
        say("No patch has a label, so there is nothing to split.")
        return
    counts = made.counts(dataset).reset_index()
    table([str(column) for column in counts.columns], [[_cell(value) for value in row] for row in counts.to_numpy()])
    say(made.note)
    say(audit_leakage(dataset, made).verdict)


def _print_as_json(checked: Checked, *, skipped: bool) -> None:
    dataset, check, made = checked.dataset, checked.check, checked.divide()
    leakage = None if made is None else audit_leakage(dataset, made)
    ids = {plural(name): number for number, name in _counted_ids(dataset)}
    say_json(
        facts={"dataset": dataset.name, "patches": len(dataset), "classes": dataset.classes, **ids, "skipped": skipped}
        | {"published": DATASETS[dataset.name].info.expected_counts},
        tables={
            "sizes": [{"width": size[1], "height": size[0], "patches": number} for size, number in check.sizes.items()],
            "problems": _problem_rows(dataset.problems),
            "unlike_published": [{"file": name, "difference": what} for name, what in checked.unlike],
            "left_out": check.left_out.kinds,
            "split": [] if made is None else made.counts(dataset).reset_index(),
            "identical": [] if leakage is None else _pair_rows(leakage.identical),
            "conflicting": [] if leakage is None else _pair_rows(leakage.conflicting),
        },
        sentences=[] if made is None or leakage is None else [made.note, leakage.verdict],
    )


def _problem_rows(problems: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"sample": where, "problem": what} for where, what in problems]


def _pair_rows(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"first": first, "other": other} for first, other in pairs]


def _open_all(config: DataConfig, workspace: Workspace) -> Dataset:
    """Open all usable samples; the unusable ones, for any reason, become the data set's problems."""
    with watched("preparing") as progress:
        prepare_dataset(config, workspace, progress)
    with watched("reading every file") as progress:
        return open_dataset(config.model_copy(update={"skip_broken": True}), workspace, progress)


def _print_contents(dataset: Dataset, check: FileCheck) -> None:
    say(f"{count(len(dataset), 'patch')}, classes: {', '.join(dataset.classes)}")
    known = [count(number, name) for number, name in _counted_ids(dataset) if number]
    if known:
        say(", ".join(known))
    (usual, number), *_ = check.sizes.items()  # a data set that opens has at least one readable sample
    others = "; ".join(f"{n:,} of {_size(odd)}" for odd, n in list(check.odd.items())[:_SIZES_SHOWN])
    more = "; and others" if len(check.odd) > _SIZES_SHOWN else ""
    odd = f"; {sum(check.odd.values()):,} of other sizes ({others}{more})" if others else ""
    say(f"{number:,} of {_size(usual)} pixels{odd}")
    published = DATASETS[dataset.name].info.expected_counts
    if published:
        say(f"The published set has: {', '.join(f'{name} {number:,}' for name, number in published.items())}")


def _print_problems(problems: Sequence[tuple[str, str]], *, left_out: bool) -> None:
    fate = ("is" if len(problems) == 1 else "are") + " left out" if left_out else "cannot be used"
    say(f"{count(len(problems), 'sample')} {fate}:")
    for where, what in problems[:_PROBLEMS_SHOWN]:
        say(f"  {where}: {what}")
    if len(problems) > _PROBLEMS_SHOWN:
        say(f"  ... and {len(problems) - _PROBLEMS_SHOWN:,} more")


def _counted_ids(dataset: Dataset) -> list[tuple[int, str]]:
    """Count the patients, slides and groups that the table names."""
    return [
        (len(set(dataset.table[column].dropna())), name) for column, name in _IDS.items() if column in dataset.table
    ]


def _size(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]}"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "unknown" if value is pd.NA else str(value)
