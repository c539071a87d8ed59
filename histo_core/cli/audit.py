"""``data audit``: what could make results on a data set better than they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.opened import opened
from histo_core.cli.options import DataOptions, Dataset, Root, SkipBroken, data_config
from histo_core.cli.output import say, table, watched
from histo_core.config import SplitConfig, parse_config
from histo_core.workspace import Workspace


def audit(
    dataset: Dataset,
    root: Root = None,
    option: DataOptions = None,
    split: Annotated[str, typer.Option(help="Split by: auto, published, patient, slide or random.")] = "auto",
    seed: Annotated[int, typer.Option(help="Split seed.")] = 0,
    against_dataset: Annotated[str | None, typer.Option(help="Look for its patches in this data set too.")] = None,
    against_root: Annotated[str | None, typer.Option(help="Folder of the data set to compare with.")] = None,
    skip_broken: SkipBroken = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the report: HTML and CSV.")] = None,
) -> None:
    """Look for leakage, duplicates, contradicting labels, poor patches and shortcuts.

    Duplicates are found also when they were mirrored, turned or saved anew as JPEG. The audit is kept in the
    workspace: asking again is answered at once.

    \b
    Examples:
      python -m histo_core data audit --dataset breakhis --root ../shared/data/breakhis_224
      python -m histo_core data audit --dataset folder --root ../shared/data/pcam_jpeg \\
          --against-dataset kpcam --against-root ../shared/data/kpcam --out audit
    """
    from histo_core.audit.report import make_audit
    from histo_core.data.splits.split import make_split

    workspace = Workspace.default()
    authorise(LOCAL, "data.read", dataset)
    data = opened(data_config(dataset, root, option, skip_broken=skip_broken), workspace)
    other = None
    if against_dataset is not None:
        authorise(LOCAL, "data.read", against_dataset)
        other = opened(data_config(against_dataset, against_root, None, skip_broken=skip_broken), workspace)
    made = make_split(data, parse_config(SplitConfig, {"method": split, "seed": seed}), workspace)
    with watched("looking at patches") as progress:
        report = make_audit(data, made, workspace, other, progress)
    say(report.verdict)
    say(f"{report.checked:,} patches of {data.name}. {made.note}")
    table(("finding", "severity", "sentence"), [(each.key, each.severity, each.sentence) for each in report.findings])
    if out is not None:
        from histo_core.reports.audit import write_audit

        authorise(LOCAL, "report")
        say(f"Report: {write_audit(report, data, out)}")
