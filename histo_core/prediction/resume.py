"""Predict many patches in stored chunks, so that a stopped prediction continues where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from histo_core.auditing.scan import pixel_digest
from histo_core.config import PredictConfig
from histo_core.data.dataset import Dataset
from histo_core.files import write_atomically
from histo_core.models.inference.predictor import Predictor
from histo_core.models.inference.probabilities import Predicted, concatenated
from histo_core.progress import Progress, silent
from histo_core.regular_files import open_regular
from histo_core.training.predict import batches

CHUNK = 2048
"""Patches a chunk: the most that are predicted again after a stop."""
_BATCH = 64
_DIGEST = 32


@dataclass(frozen=True, eq=False)
class Chunk:
    """The predictions of some rows, and the SHA-256 of each patch's pixels."""

    predicted: Predicted
    digests: list[bytes]


def predict_chunks(
    predictor: Predictor,
    dataset: Dataset,
    rows: np.ndarray,
    predict: PredictConfig,
    folder: Path,
    progress: Progress = silent,
    *,
    size: int = CHUNK,
) -> Chunk:
    """Predict some rows, and reuse the chunks of an earlier attempt in ``folder``.

    Args:
        predictor: weights with their own preprocessing.
        dataset: the source of the pixels.
        rows: int64 [n].
        predict: the prediction settings; its sets are ignored here.
        folder: used for exactly these rows, weights and settings.
        progress: called with (patches done, patches in total).
        size: patches a chunk.

    Raises:
        ConfigError: quarter turns of patches that are not square.
        DataError: a patch cannot be read.
        CancelledError: ``progress`` raised it; finished chunks stay.
    """
    found: list[Chunk] = []
    for start in range(0, len(rows), size):
        part, file = rows[start : start + size], folder / f"{start:09}.npz"
        chunk = _read(file, len(part), len(predictor.classes))
        if chunk is None:
            chunk = _predict(predictor, dataset, part, predict, lambda done, at=start: progress(at + done, len(rows)))
            write_atomically(file, lambda path, chunk=chunk: _write(path, chunk))
        found.append(chunk)
        progress(start + len(part), len(rows))
    return Chunk(
        concatenated([chunk.predicted for chunk in found], len(predictor.classes)),
        [digest for chunk in found for digest in chunk.digests],
    )


def _predict(
    predictor: Predictor, dataset: Dataset, rows: np.ndarray, predict: PredictConfig, told: Callable[[int], None]
) -> Chunk:
    found: list[Predicted] = []
    marks: list[bytes] = []
    for images, pixels in batches(predictor, dataset, rows, _BATCH):
        found.append(predictor.predict_input(pixels, predict))
        marks += map(pixel_digest, images)
        told(len(marks))
    return Chunk(concatenated(found, len(predictor.classes)), marks)


def _write(path: Path, chunk: Chunk) -> None:
    arrays = {"probabilities": chunk.predicted.probabilities}
    if chunk.predicted.scores is not None:
        arrays["scores"] = chunk.predicted.scores
    marks = np.frombuffer(b"".join(chunk.digests), np.uint8).reshape(-1, _DIGEST)
    with path.open("wb") as file:  # np.savez would append .npz to a path
        np.savez(file, allow_pickle=False, digests=marks, **arrays)


def _read(file: Path, rows: int, classes: int) -> Chunk | None:
    """Read a chunk of an earlier attempt; None where there is none of this size."""
    try:
        with open_regular(file) as opened, np.load(opened, allow_pickle=False) as kept:
            probabilities, marks = kept["probabilities"], kept["digests"]
            scores = kept.get("scores")
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    if probabilities.shape != (rows, classes) or marks.shape != (rows, _DIGEST):
        return None
    return Chunk(Predicted(probabilities, scores), [mark.tobytes() for mark in marks])
