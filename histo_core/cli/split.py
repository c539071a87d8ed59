"""Define ``data split`` and ``data splits``: make, show and save splits of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.opened import opened
from histo_core.cli.options import DataOptions, Dataset, Root, SkipBroken, data_config
from histo_core.cli.output import say, table
from histo_core.cli.split_options import with_split_options
from histo_core.config import SplitConfig
from histo_core.program import PROGRAM
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd


@with_split_options
def split(
    config: SplitConfig | None,
    dataset: Dataset,
    root: Root = None,
    option: DataOptions = None,
    skip_broken: SkipBroken = False,
    save: Annotated[str | None, typer.Option(help="Keep it in the workspace under this name.")] = None,
) -> None:
    """Divide a data set, count what each set holds, and keep the division if it has a name.

    With --folds and without --fold, every fold is made.

    \b
    Examples:
      python -m histo_core data split --dataset breakhis --root ../shared/data/breakhis_224 --folds 5
      python -m histo_core data split --dataset kpcam --root kpcam --subset 4000 --save "4,000 patches"
      python -m histo_core train --dataset kpcam --root kpcam --split saved --set split.saved=FINGERPRINT
    """
    from histo_core.data.splits.folds import folds_of
    from histo_core.data.splits.make_split import make_split
    from histo_core.data.splits.saved_split import save_split

    authorise(LOCAL, "data.read", dataset)
    workspace = Workspace.default()
    wanted = config or SplitConfig()
    data = opened(data_config(dataset, root, option, skip_broken=skip_broken), workspace)
    for each in (wanted,) if "fold" in wanted.model_fields_set else folds_of(wanted):
        made = make_split(data, each, workspace)
        _show(made.counts(data))
        say(made.note)
        say(f"Fingerprint: {made.fingerprint}")
        if save is not None:
            authorise(LOCAL, "data.build", dataset)
            name = save if each.folds is None else f"{save} (fold {each.fold})"
            say(f"Saved in {save_split(data, made, each, name, workspace)}")


def splits(dataset: Dataset, root: Root = None, option: DataOptions = None, skip_broken: SkipBroken = False) -> None:
    """List the saved splits of a data set, the newest first.

    \b
    Examples:
      python -m histo_core data splits --dataset breakhis --root ../shared/data/breakhis_224
    """
    from histo_core.data.dataset import SPLIT_SETS
    from histo_core.data.splits.saved_split import saved_splits

    authorise(LOCAL, "data.read", dataset)
    workspace = Workspace.default()
    data = opened(data_config(dataset, root, option, skip_broken=skip_broken), workspace)
    kept = saved_splits(data, workspace)
    if not kept:
        say(f"No split of these samples is saved. Save one with: {PROGRAM} data split --save NAME")
        return

    rows = []
    for each in kept:
        sizes = (sum(each.counts[split_set][name] or 0 for name in data.classes) for split_set in SPLIT_SETS)
        rows.append([each.name, f"{each.created_at:%Y-%m-%d %H:%M}", *(f"{n:,}" for n in sizes), each.fingerprint])
    table(["name", "saved (UTC)", *SPLIT_SETS, "fingerprint"], rows)


def _show(counts: pd.DataFrame) -> None:
    frame = counts.reset_index()
    table([str(column) for column in frame.columns], [[str(value) for value in row] for row in frame.to_numpy()])
