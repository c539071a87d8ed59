"""``data audit``: what could make results on a data set better than they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.opened import opened
from histo_core.cli.options import DataOptions, Dataset, Root, SkipBroken, data_config, output_option
from histo_core.cli.output import say, table, watched
from histo_core.cli.split_options import with_split_options
from histo_core.config import SplitConfig
from histo_core.private_files import shared_files
from histo_core.workspace import Workspace


@with_split_options
def audit(
    config: SplitConfig | None,
    dataset: Dataset,
    root: Root = None,
    option: DataOptions = None,
    against_dataset: Annotated[str | None, typer.Option(help="Look for its patches in this data set too.")] = None,
    against_root: Annotated[str | None, typer.Option(help="Folder of the data set to compare with.")] = None,
    against_option: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="An option of the data set to compare with.")
    ] = None,
    skip_broken: SkipBroken = False,
    out: Annotated[Path | None, output_option("Folder for the report: HTML and CSV.")] = None,
) -> None:
    """Look for leakage, duplicates, contradicting labels, poor patches and shortcuts.

    Duplicates are found also when they were mirrored, turned or saved anew as JPEG. The audit is kept in the
    workspace: asking again is answered at once.

    \b
    Examples:
      python -m histo_core data audit --dataset breakhis --root ../shared/data/breakhis_224
      python -m histo_core data audit --dataset breakhis --root ../shared/data/breakhis_224 --split group --group group
      python -m histo_core data audit --dataset folder --root ../shared/data/pcam_jpeg \\
          --against-dataset kpcam --against-root ../shared/data/kpcam --out audit
    """
    from histo_core.auditing.compared import Compared
    from histo_core.auditing.report import make_audit
    from histo_core.data.splits.make_split import make_split

    workspace = Workspace.default()
    authorise(LOCAL, "data.read", dataset)
    data = opened(data_config(dataset, root, option, skip_broken=skip_broken), workspace)
    other = None
    if against_dataset is not None:
        authorise(LOCAL, "data.read", against_dataset)
        asked = data_config(against_dataset, against_root, against_option, skip_broken=skip_broken)
        other = opened(asked, workspace)
    made = make_split(data, config or SplitConfig(), workspace)
    with watched("looking at patches") as progress:
        report = make_audit(data, made, workspace, other, progress)
    say(report.verdict)
    say(f"{report.checked:,} patches of {Compared.of(data).short}. {made.note}")
    table(("finding", "severity", "sentence"), [(each.key, each.severity, each.sentence) for each in report.findings])
    if out is not None:
        from histo_core.reports.audit import write_audit

        authorise(LOCAL, "report")
        with shared_files():
            say(f"Report: {write_audit(report, data, out)}")
