"""Answer for one image file, tile by tile, for ``predict --image``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from histo_core.access import LOCAL, authorise
from histo_core.cli.output import say, watched
from histo_core.config import PredictConfig
from histo_core.errors import DataNotFoundError
from histo_core.private_files import shared_files
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from pandas import DataFrame


def answer_file(
    run_id: str, image: Path | None, mpp: float | None, predict: PredictConfig, out: Path | None, device: str
) -> None:
    """Print a run's answer for an image, what is doubted about it, and write its tiles.

    Args:
        run_id: a run that has succeeded.
        image: the file.
        mpp: its micrometres per pixel, or None.
        predict: the test-time augmentation.
        out: a .csv or .parquet file for the tiles, or None.
        device: as `histo_core.models.device.resolve_device`.

    Raises:
        DataNotFoundError: there is no such file.
        RunError, CheckpointError, ConfigError: as `histo_core.prediction.image_answer.answer_image` and the run's own.
    """
    from histo_core.data.formats.images import open_image
    from histo_core.models.inference.predictor import Predictor
    from histo_core.prediction.image_answer import answer_image
    from histo_core.prediction.kept_calibration import kept_calibration
    from histo_core.prediction.predict import finished_run
    from histo_core.prediction.training_look import training_look

    if image is None or not image.is_file():
        raise DataNotFoundError(
            f"There is no image {image}.", "A PNG, JPEG, TIFF, BMP or WebP file.", "Check the path."
        )
    workspace = Workspace.default()
    run = finished_run(run_id, workspace)
    pixels = open_image(image)
    predictor = Predictor.from_run(workspace.run_folder(run_id), device)
    with watched("looking at the training patches") as progress:
        look = training_look(run, workspace, progress)
    with watched("predicting tiles") as progress:
        found = answer_image(predictor, pixels, look, microns_per_pixel=mpp, predict=predict, progress=progress)
    found = found.calibrated(kept_calibration(run, workspace))
    say("\n".join([found.sentence, *found.reasons, *found.notes]))
    if out is not None:
        _write(found.table(), out, run_id)


@shared_files()
def _write(tiles: DataFrame, out: Path, run_id: str) -> None:
    from histo_core.data.formats.csv_cells import to_csv
    from histo_core.files import write_atomically

    authorise(LOCAL, "data.export", run_id)
    if out.suffix == ".csv":
        write_atomically(out, to_csv(tiles))
    else:
        write_atomically(out, lambda path: tiles.to_parquet(path, engine="pyarrow", index=False))
    say(f"Written to {out}")
