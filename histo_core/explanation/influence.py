"""Measure how much the model's answer changes when the strongest area of a map is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.special import expit

from histo_core.models.inference.predictor import Predictor
from histo_core.models.inference.probabilities import log_odds

STRONGEST = 0.5
"""Share of the evidence that the strongest area holds, on the side (for or against) that has more of it."""
NEGLIGIBLE = 0.05
"""The strongest area is negligible if its change is below this share of the change by hiding the whole patch."""
LEAST = 4.0
"""Lower limit of the change in log-odds by hiding the whole patch, so that a small share of almost nothing, as on bare
glass, is not called evidence. From a probability of 0.5 it leads to 0.98, and `NEGLIGIBLE` of it to 0.55.

Both limits were chosen with networks trained on PatchCamelyon; see docs/explanations.md.
"""
STILL = 1.0
"""If hiding the whole patch changes the log-odds by less than this, the whole patch hardly changes the answer
either."""
_WHITE = 255


@dataclass(frozen=True)
class Influence:
    """Change of the explained class's log-odds l = ln(p / (1 - p)) when areas of a patch are hidden.

    Log-odds are used because a probability near 1 hardly changes whatever is hidden. An area is hidden in two ways, and
    the larger change counts: by its own mean colour, which removes its structure, and by white like bare glass, which
    removes its tissue and colour.

    Attributes:
        log_odds: log-odds of the unchanged patch.
        strongest: l(patch) - l(patch without the strongest area of the map); 0 if the map is all zero.
        whole: l(patch) - l(patch with everything hidden that the model sees).
        area: share of the seen pixels that belong to the strongest area, 0 to 1.
    """

    log_odds: float
    strongest: float
    whole: float
    area: float

    @property
    def share(self) -> float:
        """Relative change by the strongest area: |strongest| / max(|whole|, `LEAST`)."""
        return abs(self.strongest) / max(abs(self.whole), LEAST)

    @property
    def negligible(self) -> bool:
        """Return whether `share` is below `NEGLIGIBLE`; for a map without any evidence, whether `still` is True."""
        return self.share < NEGLIGIBLE if self.area > 0 else self.still

    @property
    def still(self) -> bool:
        """Return whether hiding the whole patch changes the log-odds by less than `STILL`."""
        return abs(self.whole) < STILL

    @property
    def facts(self) -> dict[str, float]:
        """Return the numbers by name, to show and save."""
        return {
            "log_odds": self.log_odds,
            "log_odds_moved_by_strongest_area": self.strongest,
            "log_odds_moved_by_whole_picture": self.whole,
            "strongest_area_share": self.area,
        }

    @property
    def without_strongest(self) -> float:
        """Probability of the class when the strongest area is hidden."""
        return _probability(self.log_odds - self.strongest)

    @property
    def without_whole(self) -> float:
        """Probability of the class when the whole patch is hidden."""
        return _probability(self.log_odds - self.whole)


def influence(
    predictor: Predictor, image: np.ndarray, shown: np.ndarray, *, seen: np.ndarray, target: int
) -> Influence:
    """Hide the strongest area of a map, then everything that the model sees, and predict again, in one batch of five.

    Args:
        predictor: predicts in float32.
        image: uint8 H x W x 3 RGB.
        shown: float H x W, the map in the image's pixels.
        seen: bool H x W, what the preprocessing does not crop away.
        target: index of the explained class.
    """
    area = strongest_area(shown)
    hidden = [picture for part in (seen, area) if part.any() for picture in _hidden(image, part)]
    logits = predictor.logits([image, *hidden]).double()
    whole_picture, *others = cast(list[float], log_odds(logits, predictor.config.output, target).tolist())
    changes = [whole_picture - other for other in others]
    whole, strongest = (max(pair, key=abs, default=0.0) for pair in (changes[:2], changes[2:]))
    return Influence(whole_picture, strongest, whole, float(area.sum() / seen.sum()))


def strongest_area(shown: np.ndarray) -> np.ndarray:
    """Select the fewest strongest pixels with `STRONGEST` of the map's evidence, and ties: bool H x W.

    It is a share of the evidence and not of the largest value, because LIME may distribute the evidence for a class
    over many superpixels that each have a small weight. A map of zeros gives False everywhere.
    """
    values = shown.astype(np.float64)
    side = np.maximum(values if values.sum() >= 0 else -values, 0)
    descending = np.sort(side, axis=None)[::-1]
    held = np.cumsum(descending)
    # The margin is for rounding: two of four equal values have half.
    last = descending[np.searchsorted(held, STRONGEST * held[-1] * (1 - 1e-9))]
    return (side >= last) & (side > 0)


def _hidden(image: np.ndarray, part: np.ndarray) -> list[np.ndarray]:
    """Return the image with an area in its own mean colour, and with it in white."""
    painted: list[np.ndarray] = []
    for colour in (np.rint(image[part].mean(axis=0)), _WHITE):
        picture = image.copy()
        picture[part] = colour
        painted.append(picture)
    return painted


def _probability(log_odds: float) -> float:
    return float(expit(log_odds))
