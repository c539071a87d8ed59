"""Define ``studies``: list, show, config, run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.as_json import Json, say_json
from histo_core.cli.data import build_phantom_data
from histo_core.cli.options import DataOptions, SkipBroken, pairs
from histo_core.cli.output import say, table
from histo_core.program import PROGRAM
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.registry import Registry
    from histo_core.studies.recipes import Recipe, ReportedConfusion

# Studies import everything that their configurations need, which `--help` does not.

app = typer.Typer(help="Published studies as ready-made configurations.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="STUDY", help="Its name, as `studies list` shows it.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the studies that can be repeated.

    \b
    Examples:
      python -m histo_core studies list
      python -m histo_core studies list --json
    """
    studies = _studies()
    if as_json:
        kept = ("title", "source", "data")
        say_json(
            tables={
                "studies": [
                    {"study": name, **{key: getattr(one, key) for key in kept}}
                    | {"runs": len(one.configs), "sweeps": len(one.sweeps), "protocols": len(one.protocols)}
                    for name, one in studies.items()
                ]
            }
        )
        return
    table(
        ("study", "data", "runs", "sweeps", "protocols", "title"),
        [
            (name, one.data, *(str(len(found)) for found in (one.configs, one.sweeps, one.protocols)), one.title)
            for name, one in studies.items()
        ],
    )


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show a study: what there is to run, its reported numbers beside yours, its facts and doubts, what we settled.

    \b
    Examples:
      python -m histo_core studies show fub_breakhis
      python -m histo_core studies show fub_breakhis --json
    """
    from histo_core.experiments.reported import reported_for_study
    from histo_core.studies.recipes import settings

    authorise(LOCAL, "run.read")
    study = _studies()[name]
    beside = reported_for_study(study, Workspace.default())
    if as_json:
        said = ("title", "source", "data", "facts", "doubts", "ours", "wished", "chosen")
        say_json(
            facts={"study": name} | {key: getattr(study, key) for key in said},
            tables={
                "runs": study.configs,
                "sweeps": study.sweeps,
                "protocols": study.protocols,
                "confusions": study.confusions,
                "reported": [pair for pairs in beside.values() for pair in pairs],
            },
        )
        return
    say(f"{study.title}\n{study.source}\n")
    table(("run", "what it is"), [(one.name, one.note) for one in study.configs])
    for kind, experiments in (("sweep", study.sweeps), ("protocol", study.protocols)):
        if experiments:
            say("")
            table(
                (kind, "of", "runs", "what is tried"),
                [(one.name, one.member, str(one.protocol.size), settings(one.protocol)) for one in experiments],
            )
    for matrix in study.confusions:
        _say_matrix(matrix)
    for of, found in beside.items():
        say(f"\nReported of {of}")
        for pair in found:
            say(f"  {pair.reported.measure}: {pair.said}" + (f" [{pair.source}]" if pair.source else ""))
    for title, sentences in (
        ("Fact", study.facts),
        ("To doubt", study.doubts),
        ("Settled by us", study.ours),
        ("Wished for", study.wished),
    ):
        for number, sentence in enumerate(sentences):
            say(f"{'' if number else chr(10)}{title}: {sentence}")


@app.command()
def config(
    name: Name,
    run: Annotated[str | None, typer.Option(help="Which of its runs; the first unless named.")] = None,
) -> None:
    """Print the configuration of one of a study's runs as YAML, for `train --config`.

    \b
    Examples:
      python -m histo_core studies config fub_breakhis > study.yaml
      python -m histo_core studies config fub_breakhis --run resnext50_32x4d
    """
    study = _studies()[name]
    say((study.configs[0] if run is None else study.run(run)).config.to_yaml().rstrip())


@app.command("run")
def run_(
    name: Name,
    experiment: Annotated[
        str, typer.Argument(help="A run, sweep or protocol, as `studies show` names it; else its chosen runs.")
    ] = "",
    of: Annotated[str, typer.Option(help="Another run that the sweep or protocol is to be of.")] = "",
    dataset: Annotated[str | None, typer.Option(help="Other data than the study's; `data list` shows all.")] = None,
    root: Annotated[str | None, typer.Option(help="Folder of the data.")] = None,
    option: DataOptions = None,
    skip_broken: SkipBroken = False,
    change: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any field, such as train.epochs=2.")
    ] = None,
    label: Annotated[str, typer.Option("--name", help="What is put before each name.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="To find its runs by; may be repeated.")] = None,
    note: Annotated[str, typer.Option(help="What its runs are for.")] = "",
    priority: Annotated[int, typer.Option(help="Of its runs; higher ones start first.")] = 0,
) -> None:
    """Queue one of a study's runs, sweeps or protocols; they go on when this terminal closes.

    Without one, the study's chosen runs are queued under its first protocol, as the Train page begins. `studies show`
    then puts the study's numbers beside yours.

    \b
    Examples:
      python -m histo_core studies run wpi_kpcam "Five folds" --root kpcam
      python -m histo_core studies run wpi_kpcam "Activation" --of cnn_narrow --root kpcam --set train.epochs=5
      python -m histo_core studies run fub_breakhis resnet18 --root breakhis
    """
    from histo_core.experiments.from_study import data_of, start, wanted

    study, workspace = _studies()[name], Workspace.default()
    data = data_of(study, dataset, root, pairs(option), skip_broken=skip_broken)
    pieces = wanted(study, experiment, of=of, data=data, changes=pairs(change))
    if data.dataset == "phantom":
        build_phantom_data(data, workspace)
    begun = start(pieces, workspace, name=label, tags=tag or (), note=note, priority=priority, warn=say)
    for run in begun.runs:
        say(f"run {run.run_id}  {run.name}")
    for one in begun.experiments:
        for member in one.members:
            say(f"{member.run_id}  {member.label}" if member.run_id else f"No run: {member.label}: {member.problem}")
        say(f"experiment {one.experiment_id}  {one.name}")
    say(f"Read them beside the report with: {PROGRAM} studies show {name}")


def _say_matrix(matrix: ReportedConfusion) -> None:
    say(f"\nPrinted matrix: {matrix.name} (true class in rows, predicted class in columns)")
    rows = zip(matrix.classes, matrix.counts, strict=True)
    table(("", *matrix.classes), [(true, *map(str, counts)) for true, counts in rows])


def _studies() -> Registry[Recipe]:
    import histo_core.studies  # noqa: F401  # importing it registers the studies
    from histo_core.studies.recipes import STUDIES

    return STUDIES
