"""Define ``explain``: explain a run's prediction of one patch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.options import output_option, pairs
from histo_core.cli.output import say
from histo_core.config import DataConfig, parse_config
from histo_core.errors import ConfigError, DataNotFoundError
from histo_core.files import write_atomically, write_json
from histo_core.private_files import shared_files
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.models.inference.predictor import Predictor  # it loads PyTorch
    from histo_core.runs.store.records import Run


def explain(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run with at least one finished epoch.")],
    out: Annotated[Path, output_option("Folder for the overlay (.png), the map (.npy) and its facts (.json).")],
    patch: Annotated[str | None, typer.Option(help="Id of a patch of the run's data set.")] = None,
    image: Annotated[
        Path | None, typer.Option(help="An image file (PNG, JPEG, TIFF, BMP or WebP) instead of a patch.")
    ] = None,
    method: Annotated[str, typer.Option(help="gradcam, lime, or a method of another package.")] = "gradcam",
    target: Annotated[str | None, typer.Option(help="Class to explain; else the predicted one.")] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the method, such as seed=1.")
    ] = None,
) -> None:
    """Explain what a run's model looked at in a patch, or in an image file.

    \b
    Examples:
      python -m histo_core explain 4547d1de99b8-1 --patch 42 --out explained
      python -m histo_core explain 4547d1de99b8-1 --image patch.png --method lime --set seed=1 --out explained
    """
    from histo_core.data.dataset import DATASETS
    from histo_core.explanation.api import class_index
    from histo_core.explanation.base import EXPLAINERS
    from histo_core.explanation.words import about_box
    from histo_core.models.inference.predictor import Predictor
    from histo_core.plots.overlay import describe, overlay_png

    authorise(LOCAL, "explain", run_id)
    kind = EXPLAINERS[method]
    explainer = kind(parse_config(kind.Options, pairs(change)))
    workspace = Workspace.default()
    run = Store.open(workspace).get(run_id)
    pixels, source, mask = _read(run.config.data, patch, image, workspace)
    predictor = Predictor.from_run(workspace.run_folder(run.run_id))
    explanation = explainer.explain(predictor, pixels, class_index(predictor.classes, target))
    facts = {
        "run_id": run.run_id,
        "source": source,
        "method": explanation.method,
        "target": explanation.target_name,
        "probability": explanation.probability,
        "seed": explanation.seed,
        "parameters": explanation.parameters,
        "diagnostics": explanation.diagnostics,
        "influence": explanation.influence.facts if explanation.influence else {},
        "negligible": explanation.negligible,
        "words": describe(explanation),
        "doubts": _doubts(predictor, pixels, run, workspace) if image is not None else [],
        "note": about_box(DATASETS[run.config.data.dataset].info.label_box, explanation.seen),
    }
    stem = out / f"{run.run_id}-{explanation.method}"
    with shared_files():
        write_atomically(stem.with_suffix(".png"), overlay_png(pixels, explanation, mask=mask))
        write_atomically(stem.with_suffix(".npy"), lambda path: _save(path, explanation.map))
        write_json(stem.with_suffix(".json"), facts)
    said = [*facts["doubts"], f"{explanation.target_name}: probability {explanation.probability:.3f}"]
    said += [facts["words"], facts["note"]]
    say("\n".join(line for line in said if line))
    say(f"Written: {stem}.png, .npy, .json")


def _doubts(predictor: Predictor, pixels: np.ndarray, run: Run, workspace: Workspace) -> list[str]:
    """Return why an image of the user's own does not suit the model, or that it is larger than its patches."""
    from histo_core.prediction.image_answer import answer_image
    from histo_core.prediction.training_look import training_look

    found = answer_image(predictor, pixels, training_look(run, workspace))
    if not found.doubtful and not found.tiled:
        return []
    larger = [f"One map is made for the whole image; `predict {run.run_id} --image` answers for each tile."]
    return [found.sentence, *found.reasons, *(larger if found.tiled else [])]


def _read(
    config: DataConfig, patch: str | None, image: Path | None, workspace: Workspace
) -> tuple[np.ndarray, str, np.ndarray | None]:
    """Return the image's pixels, its source, and the tumour mask where there is one."""
    if (patch is None) == (image is None):
        raise ConfigError("Nothing, or two things, to explain.", "One of --patch and --image.", "Give one of the two.")
    if image is not None:
        from histo_core.data.formats.images import open_image

        if not image.is_file():
            raise DataNotFoundError(
                f"There is no image {image}.", "A PNG, JPEG, TIFF, BMP or WebP file.", "Check the path."
            )
        return open_image(image), image.name, None
    from histo_core.data.opening import open_dataset

    dataset = open_dataset(config, workspace)
    index = dataset.row_of(str(patch))
    return dataset.read([index])[0], str(patch), dataset.mask(index)


def _save(path: Path, values: Any) -> None:
    with path.open("wb") as file:  # np.save would append .npy to a path
        np.save(file, values, allow_pickle=False)
