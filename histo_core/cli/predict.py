"""Define ``predict``: apply a finished run to other data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.options import DataOptions, Root, SkipBroken, class_mapping, data_config, output_option, pairs
from histo_core.cli.output import say, table, watched
from histo_core.cli.predict_image import answer_file
from histo_core.config import DataConfig, PredictConfig, SplitConfig, parse_config
from histo_core.errors import ConfigError
from histo_core.private_files import shared_files
from histo_core.progress import Progress
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.prediction.kept_calibration import KeptCalibration
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
        typer.Option(
            "--map-class",
            "--class",
            metavar="THEIRS=OURS",
            help="Which class of the run a class of the data stands for; nothing after = for no label. Names that "
            "differ in case, spelling or declared synonyms alone are matched without it.",
        ),
    ] = None,
    tta: Annotated[str, typer.Option(help="Views of each patch: none, flips or symmetries.")] = "none",
    combine: Annotated[str, typer.Option(help="Combine views by mean or vote.")] = "mean",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda:0 or mps.")] = "auto",
    out: Annotated[Path | None, output_option("Write the predictions as .csv or .parquet.")] = None,
    submission: Annotated[Path | None, output_option("Write a submission to Kaggle as .csv.")] = None,
    image: Annotated[
        Path | None,
        typer.Option(help="One image file (PNG, JPEG, TIFF, BMP or WebP) instead of a data set, cut into tiles."),
    ] = None,
    mpp: Annotated[
        float | None, typer.Option(min=0.001, help="For --image: its micrometres per pixel, where they are known.")
    ] = None,
) -> None:
    """Apply a finished run to another data set, labelled or not, or to a set of one; without --dataset, to its own.

    Resolution, stain and shared patches are compared with what the run was trained on. Where patches have labels,
    metrics with 95% intervals stand beside the run's own. What was stopped goes on where it was. The same command with
    another --map-class predicts nothing again: only the labels are read anew.

    \b
    Examples:
      python -m histo_core predict 4547d1de99b8-1 --dataset kpcam --root ../shared/data/kpcam --tta symmetries
      python -m histo_core predict 4547d1de99b8-1 --dataset kpcam --root kpcam --option part=test --submission k.csv
      python -m histo_core predict 4547d1de99b8-1 --dataset breakhis --root breakhis --map-class benign=normal \\
          --out predictions.parquet
      python -m histo_core predict 4547d1de99b8-1 --split-set train
      python -m histo_core predict 4547d1de99b8-1 --image slide_region.png --mpp 0.5 --out tiles.csv
    """
    authorise(LOCAL, "run.predict", run_id)
    if out is not None and out.suffix not in _ENDINGS:
        raise ConfigError(f"{out.name} is no table.", f"Endings: {', '.join(_ENDINGS)}.", "Choose one of them.")
    if submission is not None and submission.suffix != ".csv":
        raise ConfigError(f"{submission.name} does not end in .csv.", "One .csv file is written.", "Name it so.")
    how = {"tta": tta, "combine": combine} | ({"parts": split_set} if split_set else {})
    config = parse_config(PredictConfig, how)
    if image is not None or mpp is not None:
        _no_data(image, dataset, root, option, skip_broken, split_set, split, class_, submission)
        answer_file(run_id, image, mpp, config, out, device)
        return
    division = parse_config(SplitConfig, {} if split is None else {"method": split})

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
            classes=class_mapping(class_),
            device=device,
            progress=progress,
        )
    _summary(found, config.parts if split_set else ("test",))
    _write(found, out, submission)


def _no_data(image: Path | None, *of_data: object) -> None:
    """Refuse options of a data set beside one image, and options of an image without one."""
    if image is None or any(of_data):
        found = "--mpp without --image" if image is None else "--image and a data set or its options"
        raise ConfigError(f"{found}.", "One image, or a data set.", "Leave one of the two out.")


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
    from histo_core.data.predictions import predicted_counts

    for check in found.facts["checks"]:
        say(f"{'Warning: ' if check['verdict'] == 'differs' else ''}{check['sentence']}")
    kept = _kept(found)
    predicted = found.table() if kept is None else kept.table(found.table())
    say(f"{predicted_counts(predicted)} {found.labelled:,} of them have a label.")
    if found.labelled:
        _scores(found, split_sets, kept)
    if kept is not None:
        say(f"Probabilities are {kept.words}; those in the files are the model's own.")
    say(f"Predictions {found.id} in {found.folder}")


def _kept(found: PredictionSet) -> KeptCalibration | None:
    from histo_core.prediction.kept_calibration import kept_calibration
    from histo_core.runs.store.runs import Store

    workspace = Workspace.default()
    return kept_calibration(Store.open(workspace).get(found.run_id), workspace)


def _scores(found: PredictionSet, split_sets: tuple[str, ...], kept: KeptCalibration | None) -> None:
    """Print the metrics of each labelled set, and the run's own test figures once."""
    from histo_core.comparison.external import validate
    from histo_core.runs.store.runs import Store

    workspace = Workspace.default()
    run, labelled = Store.open(workspace).get(found.run_id), set(found.table().dropna(subset="y_true")["split"])
    scored = [validate(found, run, workspace, split_set, kept) for split_set in split_sets if split_set in labelled]
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
