"""Whether anything in a picture moves the model's answer: what hiding the strongest area of a map changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from histo_core.models.inference.predictor import Predictor
from histo_core.models.inference.probabilities import log_odds

STRONGEST = 0.5
"""Share of the evidence that the strongest area holds, on the side (for or against) that has more of it."""
NEGLIGIBLE = 0.05
"""Below this share of what hiding the whole picture changes, the strongest area is negligible."""
LEAST = 4.0
"""Change in log-odds that hiding a whole picture counts for at least, so that a part of next to nothing, as on bare
glass, is not called evidence. From a probability of 0.5 it leads to 0.98, and `NEGLIGIBLE` of it to 0.55.

Both limits were set on networks that were trained on patches of PatchCamelyon: see docs/explanations.md.
"""
STILL = 1.0
"""Below this change in log-odds by hiding the whole picture, the whole picture does not move the answer either."""
_WHITE = 255


@dataclass(frozen=True)
class Influence:
    """What hiding parts of a picture does to the log-odds l = ln(p / (1 - p)) of the explained class.

    Log-odds, because a probability that is all but 1 hardly changes whatever is hidden. A part is hidden in two ways,
    and the larger change counts: in its own mean colour, which takes its structure away, and in white as of bare
    glass, which takes its tissue and colour away.

    Attributes:
        log_odds: of the picture as it is.
        strongest: l(picture) - l(picture without the strongest area of the map); 0 where the map is all zero.
        whole: l(picture) - l(all that the model sees hidden).
        area: share of what the model sees that the strongest area takes, 0 to 1.
    """

    log_odds: float
    strongest: float
    whole: float
    area: float

    @property
    def share(self) -> float:
        """|strongest| / max(|whole|, `LEAST`)."""
        return abs(self.strongest) / max(abs(self.whole), LEAST)

    @property
    def negligible(self) -> bool:
        """Whether `share` is below `NEGLIGIBLE`; of a map without any evidence, whether it is `still`."""
        return self.share < NEGLIGIBLE if self.area > 0 else self.still

    @property
    def still(self) -> bool:
        """Whether hiding the whole picture moves the log-odds by less than `STILL`."""
        return abs(self.whole) < STILL

    @property
    def facts(self) -> dict[str, float]:
        """The numbers by name, to be shown and saved."""
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
        """Probability of the class when the whole picture is hidden."""
        return _probability(self.log_odds - self.whole)


def influence(
    predictor: Predictor, image: np.ndarray, shown: np.ndarray, *, seen: np.ndarray, target: int
) -> Influence:
    """Hide the strongest area of a map, then all that the model sees, and ask the model again, in one batch of five.

    Args:
        predictor: who is asked, in float32.
        image: uint8 H x W x 3 RGB.
        shown: float H x W, the map in the image's pixels.
        seen: bool H x W, what the preprocessing does not crop away.
        target: index of the explained class.
    """
    area = strongest_area(shown)
    hidden = [picture for part in (seen, area) if part.any() for picture in _hidden(image, part)]
    logits = predictor.logits([image, *hidden]).double()
    whole_picture, *others = log_odds(logits, predictor.config.output, target).tolist()
    changes = [whole_picture - other for other in others]
    whole, strongest = (max(pair, key=abs, default=0.0) for pair in (changes[:2], changes[2:]))
    return Influence(whole_picture, strongest, whole, float(area.sum() / seen.sum()))


def strongest_area(shown: np.ndarray) -> np.ndarray:
    """The fewest strongest pixels that hold `STRONGEST` of the map's evidence, and their equals: bool H x W.

    A share of the evidence and not of the largest value, because LIME may spread what speaks for a class over many
    superpixels, of which each alone does little. False everywhere in a map of zeros.
    """
    values = shown.astype(np.float64)
    side = np.maximum(values if values.sum() >= 0 else -values, 0)
    descending = np.sort(side, axis=None)[::-1]
    held = np.cumsum(descending)
    # The margin is for rounding: of four equal values two hold half.
    last = descending[np.searchsorted(held, STRONGEST * held[-1] * (1 - 1e-9))]
    return (side >= last) & (side > 0)


def _hidden(image: np.ndarray, part: np.ndarray) -> list[np.ndarray]:
    """The image with a part in its own mean colour, and with it in white."""
    painted = []
    for colour in (np.rint(image[part].mean(axis=0)), _WHITE):
        picture = image.copy()
        picture[part] = colour
        painted.append(picture)
    return painted


def _probability(log_odds: float) -> float:
    return float(expit(log_odds))
