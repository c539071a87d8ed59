"""``compare``: runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.output import say, table
from histo_core.runs.store import Store
from histo_core.workspace import Workspace


def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Ids of runs that have succeeded.")],
    part: Annotated[str, typer.Option(help="test, valid or train.")] = "test",
    threshold: Annotated[float, typer.Option(help="Probability from which the class of interest is called.")] = 0.5,
    class_of_interest: Annotated[str | None, typer.Option(help="Class; else the data set's own.")] = None,
    shared_only: Annotated[bool, typer.Option("--shared-only", help="Cut to the samples all runs have.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the report: HTML, CSV and figures.")] = None,
) -> None:
    """Compare runs on the same patches: AUROC and rates with 95% intervals, and a verdict.

    Runs whose splits differ are refused, because one may have trained on what the other is tested on.

    \b
    Examples:
      python -m histo_core compare 4547d1de99b8-1 9c01fa7e2b11-1
      python -m histo_core compare 4547d1de99b8-1 9c01fa7e2b11-1 --threshold 0.3 --out report
    """
    from histo_core.comparison.compare import compare as compare_joined
    from histo_core.comparison.join import join, load
    from histo_core.comparison.training_part import need_training_part

    workspace = Workspace.default()
    store = Store.open(workspace)
    for run_id in runs:
        authorise(LOCAL, "run.read", run_id)
    chosen = [(load(run, workspace), run) for run in map(store.get, runs)]
    found = [need_training_part(one, run, workspace) if part == "train" else one for one, run in chosen]
    joined = join(found, part, shared_only=shared_only)
    result = compare_joined(joined, threshold=threshold, class_of_interest=class_of_interest)
    table(
        ("run", "name", "AUROC (95% interval)", "accuracy", "sensitivity", "specificity", "F1"),
        [
            (
                *(model.run_id, model.name, "not defined" if model.auroc is None else str(model.auroc)),
                *(str(model.metrics.accuracy), str(model.metrics.sensitivity)),
                *(str(model.metrics.specificity), str(model.metrics.f1)),
            )
            for model in result.results
        ],
    )
    say(
        f"{result.n:,} {result.part} patches; class of interest: {result.class_of_interest}; "
        f"threshold {result.threshold:g}"
    )
    say("\n".join([result.verdict, *result.warnings]))
    if out is not None:
        from histo_core.reports.comparison import write_comparison

        authorise(LOCAL, "report")
        say(f"Report: {write_comparison(result, out)}")
