"""``data split`` and ``data splits``: make, look at and keep divisions of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.options import DataOptions, Dataset, Root, SkipBroken, data_config
from histo_core.cli.output import say, table
from histo_core.config import SplitConfig, parse_config
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd


def split(
    dataset: Dataset,
    root: Root = None,
    option: DataOptions = None,
    skip_broken: SkipBroken = False,
    by: Annotated[str, typer.Option(help="auto, published, patient, slide, group, random or saved.")] = "auto",
    group: Annotated[str | None, typer.Option(help="With --by group: the column that must stay together.")] = None,
    saved: Annotated[str | None, typer.Option(help="With --by saved: the fingerprint of a saved split.")] = None,
    valid: Annotated[float, typer.Option(help="Validation share of the patients, slides or patches.")] = 0.15,
    test: Annotated[float, typer.Option(help="Test share of the patients, slides or patches.")] = 0.25,
    stratify: Annotated[bool, typer.Option(help="Give every part like class shares.")] = True,
    folds: Annotated[int | None, typer.Option(help="Deal into so many folds.")] = None,
    fold: Annotated[int | None, typer.Option(help="One fold only, counted from 0; otherwise all of them.")] = None,
    hold_out: Annotated[bool, typer.Option(help="With --folds: hold the same test part out of all folds.")] = False,
    subset: Annotated[int | None, typer.Option(help="Draw so many patches first.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed is another split.")] = 0,
    save: Annotated[str | None, typer.Option(help="Keep it in the workspace under this name.")] = None,
) -> None:
    """Divide a data set, count what each part holds, and keep the division if it has a name.

    \b
    Examples:
      python -m histo_core data split --dataset breakhis --root ../shared/data/breakhis_224 --folds 5
      python -m histo_core data split --dataset kpcam --root kpcam --subset 4000 --save "4,000 patches"
      python -m histo_core train --dataset kpcam --root kpcam --split saved --set split.saved=FINGERPRINT
    """
    from histo_core.data.base import open_dataset
    from histo_core.data.splits.folds import folds_of
    from histo_core.data.splits.saved_split import save_split
    from histo_core.data.splits.split import make_split

    authorise(LOCAL, "data.read", dataset)
    workspace = Workspace.default()
    values = {
        "method": by,
        "group": group,
        "saved": saved,
        "valid": valid,
        "test": test,
        "stratify": stratify,
        "folds": folds,
        "fold": fold or 0,
        "hold_out": hold_out,
        "subset": subset,
        "seed": seed,
    }
    wanted = parse_config(SplitConfig, values)
    opened = open_dataset(data_config(dataset, root, option, skip_broken=skip_broken), workspace)
    for config in folds_of(wanted) if fold is None else (wanted,):
        made = make_split(opened, config, workspace)
        _show(made.counts(opened))
        say(made.note)
        say(f"Fingerprint: {made.fingerprint}")
        if save is not None:
            authorise(LOCAL, "data.build", dataset)
            name = save if config.folds is None else f"{save} (fold {config.fold})"
            say(f"Saved in {save_split(opened, made, config, name, workspace)}")


def splits(dataset: Dataset, root: Root = None, option: DataOptions = None, skip_broken: SkipBroken = False) -> None:
    """List the saved splits of a data set, the newest first.

    \b
    Examples:
      python -m histo_core data splits --dataset breakhis --root ../shared/data/breakhis_224
    """
    from histo_core.data.base import PARTS, open_dataset
    from histo_core.data.splits.saved_split import saved_splits

    authorise(LOCAL, "data.read", dataset)
    workspace = Workspace.default()
    opened = open_dataset(data_config(dataset, root, option, skip_broken=skip_broken), workspace)
    kept = saved_splits(opened, workspace)
    if not kept:
        say("No split of these samples is saved. Save one with: python -m histo_core data split --save NAME")
        return

    rows = []
    for each in kept:
        sizes = (sum(each.counts[part][name] or 0 for name in opened.classes) for part in PARTS)
        rows.append([each.name, f"{each.created_at:%Y-%m-%d %H:%M}", *(f"{n:,}" for n in sizes), each.fingerprint])
    table(["name", "saved (UTC)", *PARTS, "fingerprint"], rows)


def _show(counts: pd.DataFrame) -> None:
    frame = counts.reset_index()
    table([str(column) for column in frame.columns], [[str(value) for value in row] for row in frame.to_numpy()])
