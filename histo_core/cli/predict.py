"""Define ``predict``: apply a finished run to other data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.options import DataOptions, Root, SkipBroken, data_config, output_option, pairs
from histo_core.cli.output import say, table, watched
from histo_core.config import DataConfig, PredictConfig, SplitConfig, parse_config
from histo_core.errors import ConfigError
from histo_core.private_files import shared_files
from histo_core.progress import Progress
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.prediction.stored import PredictionSet

OwnDataset = Annotated[
    str | None, typer.Option("--dataset", help="Data set, else the run's own; `data list` shows all.")
]
_ENDINGS = (".csv", ".parquet")


def predict(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run that has succeeded.")],
    dataset: OwnDataset = None,
    root: Root = None,
    option: DataOptions = None,
    skip_broken: SkipBroken = False,
    split_set: Annotated[
        list[str] | None,
        typer.Option("--split-set", help="Only train, valid or test of the data's division; may be repeated."),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="For --split-set: auto, published, patient, slide or random; else the run's own split where the data "
            "are the run's, and auto where they are not."
        ),
    ] = None,
    class_: Annotated[
        list[str] | None,
        typer.Option("--class", metavar="THEIRS=OURS", help="Which class of the run a class of the data stands for."),
    ] = None,
    tta: Annotated[str, typer.Option(help="Views of each patch: none, flips or symmetries.")] = "none",
    combine: Annotated[str, typer.Option(help="Combine views by mean or vote.")] = "mean",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda:0 or mps.")] = "auto",
    out: Annotated[Path | None, output_option("Write the predictions as .csv or .parquet.")] = None,
    submission: Annotated[Path | None, output_option("Write a submission to Kaggle as .csv.")] = None,
) -> None:
    """Apply a finished run to another data set, labelled or not, or to a set of one; without --dataset, to its own.

    Resolution, stain and shared patches are compared with what the run was trained on. Where patches have labels,
    metrics with 95% intervals stand beside the run's own. What was stopped goes on where it was.

    \b
    Examples:
      python -m histo_core predict 4547d1de99b8-1 --dataset kpcam --root ../shared/data/kpcam --tta symmetries
      python -m histo_core predict 4547d1de99b8-1 --dataset kpcam --root kpcam --option part=test --submission k.csv
      python -m histo_core predict 4547d1de99b8-1 --dataset breakhis --root breakhis --class benign=normal \\
          --class malignant=tumour --out predictions.parquet
      python -m histo_core predict 4547d1de99b8-1 --split-set train
    """
    authorise(LOCAL, "run.predict", run_id)
    if out is not None and out.suffix not in _ENDINGS:
        raise ConfigError(f"{out.name} is no table.", f"Endings: {', '.join(_ENDINGS)}.", "Choose one of them.")
    if submission is not None and submission.suffix != ".csv":
        raise ConfigError(f"{submission.name} does not end in .csv.", "One .csv file is written.", "Name it so.")
    how = {"tta": tta, "combine": combine} | ({"parts": split_set} if split_set else {})
    config = parse_config(PredictConfig, how)
    division = parse_config(SplitConfig, {} if split is None else {"method": split})
    mapping = {theirs: "" if ours is None else str(ours) for theirs, ours in pairs(class_).items()} or None

    from histo_core.prediction.predict import predict_with

    workspace = Workspace.default()
    data = _data(run_id, dataset, root, option, workspace, skip_broken=skip_broken)
    with watched("predicting patches") as progress:
        if split_set and split is None:
            division = _own_or(division, run_id, data, workspace, progress)
        found = predict_with(
            run_id,
            data,
            workspace,
            split=division if split_set else None,
            predict=config,
            classes=mapping,
            device=device,
            progress=progress,
        )
    _summary(found, config.parts if split_set else ("test",))
    _write(found, out, submission)


def _data(
    run_id: str,
    dataset: str | None,
    root: str | None,
    option: list[str] | None,
    workspace: Workspace,
    *,
    skip_broken: bool,
) -> DataConfig:
    """Return the data set that the options name; without a name the run's own, which may be in another folder now."""
    if dataset is not None:
        return data_config(dataset, root, option, skip_broken=skip_broken)
    from histo_core.runs.store.runs import Store

    own = Store.open(workspace).get(run_id).config.data
    changes = {"root": root or own.root, "options": dict(own.options) | pairs(option)}
    return parse_config(DataConfig, own.model_dump() | changes | {"skip_broken": own.skip_broken or skip_broken})


def _own_or(
    division: SplitConfig, run_id: str, data: DataConfig, workspace: Workspace, progress: Progress
) -> SplitConfig:
    """Return the run's own split where the data are its own, else ``division``."""
    from histo_core.data.opening import open_dataset
    from histo_core.prediction.seen_samples import own_split
    from histo_core.runs.store.runs import Store

    run = Store.open(workspace).get(run_id)
    return division if own_split(run, open_dataset(data, workspace, progress), workspace) is None else run.config.split


def _summary(found: PredictionSet, split_sets: tuple[str, ...]) -> None:
    for check in found.facts["checks"]:
        say(f"{'Warning: ' if check['verdict'] == 'differs' else ''}{check['sentence']}")
    predicted = found.table()
    counts = predicted["y_pred"].value_counts()
    said = ", ".join(f"{counts.get(name, 0):,} {name}" for name in found.facts["classes"])
    say(f"{len(predicted):,} patches: {said}; {found.labelled:,} of them have a label.")
    if found.labelled:
        _scores(found, split_sets)
    say(f"Predictions {found.id} in {found.folder}")


def _scores(found: PredictionSet, split_sets: tuple[str, ...]) -> None:
    """Print the metrics of each labelled set, and the run's own test figures once."""
    from histo_core.comparison.external import validate
    from histo_core.runs.store.runs import Store

    workspace = Workspace.default()
    run, labelled = Store.open(workspace).get(found.run_id), set(found.table().dropna(subset="y_true")["split"])
    scored = [validate(found, run, workspace, split_set) for split_set in split_sets if split_set in labelled]
    rows = [each.row() for each in (*(one.here for one in scored), scored[0].own) if each is not None]
    say(f"Class of interest: {found.facts['positive']}; threshold 0.5; 95% intervals")
    table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    for warning in dict.fromkeys(warning for one in scored for warning in one.here.comparison.warnings):
        say(f"Warning: {warning}")


@shared_files()
def _write(found: PredictionSet, out: Path | None, submission: Path | None) -> None:
    from histo_core.data.export.kaggle_submission import write_submission
    from histo_core.data.formats.csv_cells import to_csv
    from histo_core.data.predictions import write_predictions
    from histo_core.files import write_atomically

    if out is not None:
        authorise(LOCAL, "data.export", found.id)
        if out.suffix == ".csv":
            write_atomically(out, to_csv(found.table()))
        else:
            write_predictions(found.table(), out)
        say(f"Written to {out}")
    if submission is not None:
        authorise(LOCAL, "data.export", found.id)
        write_submission(found.table(), submission, str(found.facts["positive"]))
        say(f"Submission written to {submission}")
