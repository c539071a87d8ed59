"""Define ``compare``: compare runs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli import compare_cases
from histo_core.cli.as_json import Json, say_json
from histo_core.cli.compare_json import comparison_json
from histo_core.cli.options import class_mapping, output_option
from histo_core.cli.output import say, table
from histo_core.errors import HistoscopeError
from histo_core.private_files import shared_files
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from pandas import DataFrame  # imported where it is used: a command that fails early does not need it

    from histo_core.comparison.results import Comparison


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Ids of runs that have succeeded, of predictions that `predict` has made, or of kept ensembles.",
        ),
    ],
    split_set: Annotated[str, typer.Option("--split-set", help="Set of the split: test, valid or train.")] = "test",
    threshold: Annotated[
        str,
        typer.Option(
            metavar="NUMBER|RULE",
            help="Probability from which the class of interest is called, or what chooses it for each run on its own "
            "validation set: validation:youden, validation:sensitivity=0.95, validation:specificity=0.95, "
            "validation:cost=5 (a miss costs five false alarms).",
        ),
    ] = "0.5",
    prevalence: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Share of the class of interest where the models will be used, between 0 and 1: what depends on it is "
            "reweighted. Else as sampled.",
        ),
    ] = None,
    class_of_interest: Annotated[str | None, typer.Option(help="Class; else the data set's own.")] = None,
    comparator: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Run, named beforehand, to test the others against; else all pairs."),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            help="Smallest difference in AUROC that matters, set before looking: says which models are better by it, "
            "not worse, or equivalent."
        ),
    ] = None,
    shared_only: Annotated[bool, typer.Option("--shared-only", help="Cut to the samples all runs have.")] = False,
    class_: Annotated[
        list[str] | None,
        typer.Option(
            "--map-class",
            metavar="THEIRS=OURS",
            help="Which class of the first run a class of the others stands for. Names that differ in case, "
            "spelling or declared synonyms alone are matched without it.",
        ),
    ] = None,
    predictions: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Predictions from another program, .csv or .parquet: a column sample_id, and prob_CLASS for each "
            "class of the first run; may be repeated. Its labels are compared with the runs', which count.",
        ),
    ] = None,
    slice_by: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column of the data set, or patient_id or slide_id, to show metrics by. Without it --json takes the "
            "data set's own columns of 2 to 20 values.",
        ),
    ] = None,
    cases: Annotated[
        str | None,
        typer.Option(
            metavar="RULE",
            help="Patches to list with every model's probability: cell:TRUE>CALLED@RUN, scores:LOW..HIGH@RUN, "
            "wrong:RUN, right-wrong:RUN,RUN, hardest, uncertain, disagreement, label-errors or slice:COLUMN=VALUE.",
        ),
    ] = None,
    ensemble: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="Compare an ensemble of all named runs, too: vote, mean, rank, stacking (fitted on validation), or "
            "weighted with a weight for each run, as in weighted:0.7,0.3; may be repeated.",
        ),
    ] = None,
    out: Annotated[Path | None, output_option("Folder for the report: HTML, CSV and figures.")] = None,
    as_json: Json = False,
) -> None:
    """Compare runs on the same patches: AUROC and rates with 95% intervals, and a verdict.

    Runs whose splits differ are refused, because one may have trained on what the other is tested on. Each set of runs
    that is compared on the test set counts as one look at it.

    \b
    Examples:
      python -m histo_core compare 4547d1de99b8-1 9c01fa7e2b11-1
      python -m histo_core compare 4547d1de99b8-1 9c01fa7e2b11-1 --json
      python -m histo_core compare 4547d1de99b8-1 9c01fa7e2b11-1 --threshold validation:sensitivity=0.95
      python -m histo_core compare 4547d1de99b8-1 9c01fa7e2b11-1 --threshold validation:cost=5 --prevalence 0.1
      python -m histo_core compare 4547d1de99b8-1 9c01fa7e2b11-1 --comparator 4547d1de99b8-1 --out report
      python -m histo_core compare 4547d1de99b8-1 9c01fa7e2b11-1 --cases right-wrong:4547d1de99b8-1,9c01fa7e2b11-1
      python -m histo_core compare 4547d1de99b8-1 0123456789abcdef --shared-only --predictions theirs.csv
      python -m histo_core compare 4547d1de99b8-1 9c01fa7e2b11-1 --ensemble vote --ensemble weighted:0.7,0.3
    """
    from histo_core.comparison.api import compare as compare_runs

    result = compare_runs(
        [*runs, *_imported(predictions or (), runs)],
        split_set=split_set,
        shared_only=shared_only,
        threshold=threshold,
        prevalence=prevalence,
        class_of_interest=class_of_interest,
        comparator=comparator,
        classes=class_mapping(class_),
        ensembles=ensemble or (),
    )
    (_print_json if as_json else _print)(result, margin, slice_by, cases)
    if out is not None:
        from histo_core.reports.comparison import write_comparison

        authorise(LOCAL, "report")
        with shared_files():
            written = write_comparison(result, out)
        if not as_json:
            say(f"Report: {written}")


def _imported(files: Sequence[Path], runs: Sequence[str]) -> list[str]:
    """Import predictions from other programs, and return their ids."""
    if not files:
        return []
    from histo_core.comparison.entries import load_entry
    from histo_core.comparison.import_file import import_file

    workspace = Workspace.default()
    first = load_entry(runs[0], workspace)
    return [import_file(file, first, workspace).id for file in files]


def _print(result: Comparison, margin: float | None, slice_by: str | None, cases: str | None) -> None:
    """Print all numbers, each table with the basis of its intervals, and the verdict last."""
    from histo_core.comparison import pair_tests, shown

    ids = [model.run_id for model in result.results]
    say(f"{result.n:,} {result.split_set} patches; 95% intervals in brackets, from {result.basis_of_all}.")
    if result.many:
        say("\nAll classes; each patch is called the class of its highest probability:")
        _table(shown.overall_table(result), ids)
        say(f"\n{result.class_of_interest} against the rest ({result.basis}):")
    else:
        say(f"\nClass of interest: {result.class_of_interest}")
    _table(shown.metrics_table(result), ids)
    say(f"Threshold: {result.rule.words}. Prevalence: {result.prevalence_words}.")
    if result.chosen:
        from histo_core.comparison.shown_threshold import promise_sentence, promise_table, threshold_ranges

        say("")
        _table(promise_table(result, threshold_ranges(result)), ids)
        say(promise_sentence(result))
    for model in result.results:
        say(f"\nClassification report of {model.name} ({model.run_id}):")
        _table(shown.class_report_table(result, result.report(model).rows))
    if result.differences:
        say("")
        _table(shown.differences_table(result))
        say(shown.family_sentence(result))
        say("")
        _table(pair_tests.calls_table(result))
        say(pair_tests.calls_sentence(result))
        if margin is not None:
            say("")
            _table(pair_tests.margin_table(result, margin))
    facts = compare_cases.facts_of(result) if slice_by or cases else None
    if facts is not None and slice_by:
        compare_cases.print_slices(result, facts, slice_by)
    if facts is not None and cases:
        compare_cases.print_cases(result, facts, cases)
    say("\n" + "\n".join([result.verdict, *result.warnings, *([result.looks] if result.looks else [])]))


def _print_json(result: Comparison, margin: float | None, slice_by: str | None, cases: str | None) -> None:
    """The same numbers unrounded, and the sentences."""
    from histo_core.comparison import shown

    columns = compare_cases.facts_of(result)
    named = (
        "split_set",
        "classes",
        "class_of_interest",
        "n",
        "n_groups",
        "group_kind",
        "comparator",
        "confidence",
        "rule",
        "prevalence",
    )
    facts = {name: getattr(result, name) for name in named}
    say_json(
        facts=facts,
        tables={
            "models": result.table(),
            "classes": shown.class_report_rows(result),
            "differences": result.difference_table(),
        },
        sentences=[result.basis_of_all, result.verdict, *result.warnings, result.looks],
        **comparison_json(result, margin, _kept(result)),
        **compare_cases.slices_json(result, columns, slice_by),
        **compare_cases.cases_json(result, columns, cases),
    )


def _kept(result: Comparison) -> dict[str, str | None]:
    """Return the method of the recalibration that is kept with each compared run."""
    from histo_core.comparison.entries import is_run
    from histo_core.prediction.kept_calibration import kept_calibration
    from histo_core.runs.store.runs import Store

    workspace = Workspace.default()
    store = Store.open(workspace)
    ids = [model.run_id for model in result.results if is_run(model.run_id) and model.source.recipe is None]
    found: dict[str, str | None] = {}
    for run_id in ids:
        with suppress(HistoscopeError):  # a calibration that cannot be read is none; the page warns of it
            kept = kept_calibration(store.get(run_id), workspace)
            found[run_id] = None if kept is None else kept.fitted.method
    return found


def _table(frame: DataFrame, run_ids: Sequence[str] = ()) -> None:
    rows = [tuple(map(str, row)) for row in frame.itertuples(index=False)]
    if run_ids:
        table(("Run", *frame.columns), [(run_id, *row) for run_id, row in zip(run_ids, rows, strict=True)])
    else:
        table(tuple(frame.columns), rows)
