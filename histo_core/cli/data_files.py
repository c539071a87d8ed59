"""Define ``data convert``, ``data download`` and ``data export``: convert, fetch and export data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.opened import opened
from histo_core.cli.options import DataOptions, Dataset, Root, SkipBroken, data_config
from histo_core.cli.output import say, watched
from histo_core.cli.split_options import with_split_options
from histo_core.config import SplitConfig
from histo_core.private_files import shared_files
from histo_core.program import PROGRAM
from histo_core.workspace import Workspace

Layout = Literal["folders", "pcam", "table"]


def convert(
    dataset: Dataset,
    root: Root = None,
    option: DataOptions = None,
    skip_broken: SkipBroken = False,
    verify: Annotated[bool, typer.Option("--verify", help="Compare a kept copy with its checksum.")] = False,
) -> None:
    """Copy image files or compressed HDF5 once into a flat file that is read many times faster.

    \b
    Examples:
      python -m histo_core data convert --dataset kpcam --root ../shared/data/kpcam
      python -m histo_core data convert --dataset kpcam --root ../shared/data/kpcam --verify
    """
    from histo_core.data.storage.converted import convert as convert_dataset
    from histo_core.data.storage.converted import converted_bytes, find_converted, worth_converting

    authorise(LOCAL, "data.build", dataset)
    workspace = Workspace.default()
    data = opened(data_config(dataset, root, option, skip_broken=skip_broken), workspace)
    store = find_converted(data, workspace)
    if store is None:
        if worth_converting(data):  # else the conversion explains why not
            say(f"The copy will take {converted_bytes(data) / 1e6:,.0f} MB.")
        with watched("converting patches") as progress:
            store = convert_dataset(data, workspace, progress)
    elif verify:
        with watched("comparing checksums") as progress:
            store.verify(progress)
        say("The kept copy is as it was written.")
    say(f"{len(store):,} patches, {store.bytes / 1e6:,.0f} MB, in {store.folder}")


def download(
    dataset: Dataset,
    folder: Annotated[Path, typer.Option(help="Where to put the files.")],
) -> None:
    """Fetch a data set from its publisher; a download that was cut goes on where it stopped.

    \b
    Examples:
      python -m histo_core data download --dataset pcam --folder pcam
      python -m histo_core data download --dataset breakhis --folder breakhis
    """
    from histo_core.data.fetch.catalogue import fetch_dataset

    authorise(LOCAL, "data.build", dataset)
    with shared_files(), watched("fetching") as progress:
        path = fetch_dataset(dataset, folder.expanduser().absolute(), Workspace.default(), progress)
    say(f"Check it with: {PROGRAM} data check --dataset {dataset} --root {path}")


@with_split_options
def export(
    split: SplitConfig | None,
    dataset: Dataset,
    out: Annotated[Path, typer.Option(help="A new folder; for a table, a new .csv or .parquet file.")],
    root: Root = None,
    option: DataOptions = None,
    skip_broken: SkipBroken = False,
    layout: Annotated[
        Layout, typer.Option("--as", help="Class folders of PNG files, PCam's HDF5 files, or the table.")
    ] = "folders",
) -> None:
    """Write a data set as class folders of PNG files, in PCam's own HDF5 layout, or its table.

    With none of the split's options there are no sets, but in PCam's layout, which is one of sets.

    \b
    Examples:
      python -m histo_core data export --dataset phantom --option patches=500 --out phantom_png --split patient
      python -m histo_core data export --dataset idc --root ../shared/data/idc --out fold_2 --folds 5 --fold 2
      python -m histo_core data export --dataset folder --root ../shared/data/pcam_jpeg --out pcam --as pcam
      python -m histo_core data export --dataset idc --root ../shared/data/idc --out idc.csv --as table
    """
    from histo_core.data.export.formats import export_folders, export_pcam, export_table
    from histo_core.data.splits.make_split import make_split

    authorise(LOCAL, "data.export", dataset)
    workspace = Workspace.default()
    data = opened(data_config(dataset, root, option, skip_broken=skip_broken), workspace)
    wanted = SplitConfig() if split is None and layout == "pcam" else split
    made = None if wanted is None else make_split(data, wanted, workspace)
    with shared_files(), watched("writing patches") as progress:
        if layout == "table":
            export_table(data, made, out)
        elif layout == "pcam" and made is not None:
            export_pcam(data, made, out, progress)
        else:
            export_folders(data, made, out, progress)
    say(f"{'' if made is None else f'{made.note} '}Written to {out}")
