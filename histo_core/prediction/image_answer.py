"""Answer for one image of any size: check it, cut it into tiles where it is larger, and doubt what does not fit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from histo_core.config import PredictConfig
from histo_core.data.tiling import tile_grid
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.explanation.words import percent
from histo_core.models.inference.predictor import Predictor
from histo_core.prediction.doubts import TITLES, Doubt, DoubtKind, pixel_doubts, resolution_doubt, size_doubt
from histo_core.prediction.kept_calibration import KeptCalibration
from histo_core.prediction.preflight import SCALE, resolution
from histo_core.prediction.training_look import TrainingLook, measure_patches
from histo_core.progress import Progress, silent

LIKE = "look like what the model was trained on"
MANY = 0.25
"""Share of the tiles with tissue from which a tiled image is doubted as a whole. Of a fitting image up to 9 of 100
tiles are doubted by chance; see `histo_core.prediction.training_look.LEVEL`."""

_BATCH = 64
_PLAIN = PredictConfig()


@dataclass(frozen=True, eq=False)
class ImageAnswer:
    """A network's answers for the n tiles of an image, and the doubts about them.

    Attributes:
        size: height and width of the image, in pixels.
        tile: height and width of a tile; those of the image where it is not cut.
        corners: int64 [n, 2], x and y of each tile's upper left corner.
        classes: the k classes.
        probabilities: float64 [n, k].
        doubts: about the whole image.
        tile_doubts: about each tile, n.
        notes: what could not be checked, and whether probabilities are calibrated, in sentences.
    """

    size: tuple[int, int]
    tile: tuple[int, int]
    corners: np.ndarray
    classes: tuple[str, ...]
    probabilities: np.ndarray
    doubts: tuple[Doubt, ...]
    tile_doubts: tuple[tuple[Doubt, ...], ...]
    notes: tuple[str, ...]

    @property
    def tiled(self) -> bool:
        """Return whether the image was cut into tiles."""
        return len(self.corners) > 1

    @property
    def predicted(self) -> np.ndarray:
        """Return the most probable class of each tile, int64 [n]."""
        return self.probabilities.argmax(axis=1)

    @property
    def fits(self) -> np.ndarray:
        """Return which tiles are not doubted, bool [n]."""
        return np.array([not doubts for doubts in self.tile_doubts])

    @property
    def doubtful(self) -> bool:
        """Return whether the answer as a whole is doubted: `MANY` of the tiles with tissue, or the image itself."""
        with_tissue = [doubts for doubts in self.tile_doubts if not any(doubt.kind == "blank" for doubt in doubts)]
        unlike = sum(map(bool, with_tissue))
        return bool(self.doubts) or not with_tissue or unlike >= MANY * len(with_tissue)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the doubts in sentences; those of tiles are counted."""
        about = [doubt.sentence for doubt in self.doubts]
        if not self.tiled:
            return (*about, *(doubt.sentence for doubt in self.tile_doubts[0]))
        counts: Counter[DoubtKind] = Counter(doubt.kind for doubts in self.tile_doubts for doubt in doubts)
        return (*about, *(f"{TITLES[kind]}: {n:,} of {len(self.corners):,} tiles." for kind, n in counts.most_common()))

    def table(self) -> pd.DataFrame:
        """Return one row a tile: its place in pixels, the predicted class, all probabilities, and the doubts."""
        high, wide = self.tile
        names = np.array(self.classes, dtype=object)
        table = pd.DataFrame({"x": self.corners[:, 0], "y": self.corners[:, 1], "width": wide, "height": high})
        table["predicted"] = names[self.predicted]
        table[[f"prob_{name}" for name in self.classes]] = self.probabilities
        table["doubts"] = [", ".join(doubt.kind for doubt in doubts) for doubts in self.tile_doubts]
        return table

    def calibrated(self, kept: KeptCalibration | None) -> ImageAnswer:
        """Return the same answer with calibrated probabilities, and a note that says so; unchanged for None."""
        if kept is None:
            return self
        said = f"Its probabilities are {kept.words}."
        return replace(self, probabilities=kept.probabilities(self.probabilities), notes=(*self.notes, said))

    @property
    def sentence(self) -> str:
        """Return the answer in words, with the doubt first where there is one."""
        if self.tiled:
            return self._of_tiles()
        said = f"{self.classes[self.predicted[0]]} ({percent(self.probabilities[0].max())})"
        if not self.doubtful:
            return f"The model says {said}."
        return f"Doubtful: this image does not {LIKE}. The model says {said}, which may mean nothing here."

    def _of_tiles(self) -> str:
        counts = Counter(self.classes[number] for number in self.predicted[self.fits])
        said = ", ".join(f"{name} for {counts[name]:,}" for name in self.classes)
        tiles = f"{len(self.corners):,} tiles of {self.tile[1]} x {self.tile[0]} pixels"
        fitting = int(self.fits.sum())
        odd = len(self.corners) - fitting
        if not self.doubtful:
            left = "1 tile does not count: it does" if odd == 1 else f"{odd:,} tiles do not count: they do"
            without = f" {left} not look like the training patches." if odd else ""
            return f"Cut into {tiles}. The model says {said}.{without}"
        what = f"{odd:,} of {tiles} do not {LIKE}" if odd else f"this image does not {LIKE}"
        rest = f" For {'the other' if odd else 'its'} {fitting:,} tiles it says {said}." if fitting else ""
        return f"Doubtful: {what}, and the model's answers may mean nothing here.{rest}"


def answer_image(
    predictor: Predictor,
    image: np.ndarray,
    look: TrainingLook | None,
    *,
    microns_per_pixel: float | None = None,
    predict: PredictConfig = _PLAIN,
    progress: Progress = silent,
) -> ImageAnswer:
    """Predict an image, cut into tiles of the training patches' size where it is larger, and check it.

    Args:
        predictor: the run's network.
        image: uint8 H x W x 3 RGB.
        look: from `histo_core.prediction.training_look.training_look`.
        microns_per_pixel: of the image, where it is known.
        predict: the test-time augmentation; its ``parts`` are ignored.
        progress: called with (tiles done, tiles in total).

    Raises:
        ConfigError: the image is smaller than the crop or than the network takes, or quarter turns of tiles that are
            not square.
    """
    height, width = image.shape[:2]
    tile = _tile(look, height, width)
    corners = tile_grid(width, height, (tile[1], tile[0]))
    probabilities: list[np.ndarray] = []
    found: list[tuple[Doubt, ...]] = []
    for start in range(0, len(corners), _BATCH):
        tiles = [image[y : y + tile[0], x : x + tile[1]] for x, y in corners[start : start + _BATCH]]
        probabilities.append(predictor.predict(tiles, predict).probabilities)
        found += (pixel_doubts(look, patch) for patch in measure_patches(predictor.preprocess.geometry(tiles)))
        progress(len(found), len(corners))
    return ImageAnswer(
        size=(height, width),
        tile=tile,
        corners=corners,
        classes=predictor.classes,
        probabilities=np.concatenate(probabilities),
        doubts=_whole(look, tile, microns_per_pixel, predictor.preprocess),
        tile_doubts=tuple(found),
        notes=(*_notes(look, microns_per_pixel), *_middle(predictor.preprocess, tile, len(corners))),
    )


def _tile(look: TrainingLook | None, height: int, width: int) -> tuple[int, int]:
    """Return height and width of a tile: the training patches' own where the image is larger, else the image's."""
    if look is None:
        return height, width
    high, wide = look.typical
    larger = height > look.largest[0] * SCALE or width > look.largest[1] * SCALE
    return (high, wide) if larger and height >= high and width >= wide else (height, width)


def _whole(
    look: TrainingLook | None, tile: tuple[int, int], microns_per_pixel: float | None, preprocess: Preprocess
) -> tuple[Doubt, ...]:
    if look is None:
        return ()
    found = (size_doubt(look, *tile), resolution_doubt(look, resolution(microns_per_pixel, preprocess, tile)))
    return tuple(doubt for doubt in found if doubt is not None)


def _notes(look: TrainingLook | None, microns_per_pixel: float | None) -> tuple[str, ...]:
    if look is None:
        return ("The training patches can no longer be read, so the image could not be compared with them.",)
    if look.resolution is None:
        return ("Pixel size: not checked, because the training data do not say it.",)
    if microns_per_pixel is None:
        return ("Pixel size: not checked, because that of the image is not known.",)
    return ()


def _middle(preprocess: Preprocess, tile: tuple[int, int], tiles: int) -> tuple[str, ...]:
    """Say what a crop leaves out of each tile, so that a map of tiles is not taken for a look at the whole image."""
    seen = preprocess.seen(*tile)
    share = seen.height * seen.width / (tile[0] * tile[1])
    if tiles == 1 or share == 1:
        return ()
    return (f"Of each tile the model sees the middle {seen.width} x {seen.height} pixels, {share:.0%} of its area.",)
