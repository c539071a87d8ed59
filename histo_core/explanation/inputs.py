"""What every method settles first: which class is explained, how probable it is, what the model saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.errors import ExplanationError
from histo_core.models.inference.predictor import Predictor

SMALLEST_SIDE = 8
"""Of what the model sees, in pixels of the image: the smallest centre crop. Places cannot be told apart in less."""


@dataclass(frozen=True)
class ExplanationRequest:
    """Why does the model give this image this class?

    Attributes:
        target: index of the explained class.
        target_name: its name.
        probability: the model's probability of it, 0 to 1.
        seen: bool H x W, what the preprocessing does not crop away.
    """

    target: int
    target_name: str
    probability: float
    seen: np.ndarray


def ask(predictor: Predictor, image: np.ndarray, target: int | None) -> ExplanationRequest:
    """Check the image and the target, and predict.

    Args:
        predictor: weights with their own preprocessing.
        image: uint8 H x W x 3 RGB.
        target: index of a class; None takes the predicted one.

    Raises:
        ExplanationError: the image is no uint8 RGB array, it is too small for the preprocessing, the network or a
            map, or the target is no class of the model.
        ConfigError: the network takes patches of one size alone, and the image has another.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ExplanationError(
            f"The image is {image.dtype} of shape {image.shape}.", "uint8 H x W x 3 RGB.", "Convert it to 8-bit RGB."
        )
    _check_size(predictor, *image.shape[:2])
    classes = predictor.classes
    if target is not None and not 0 <= target < len(classes):
        raise ExplanationError(
            f"Class number {target} was to be explained.",
            f"The model has 0 to {len(classes) - 1}: {', '.join(classes)}.",
            "Choose one of these.",
        )
    probabilities = predictor.probabilities([image])[0]
    target = int(probabilities.argmax()) if target is None else target
    seen = predictor.preprocess.seen_mask(*image.shape[:2])
    return ExplanationRequest(target, classes[target], float(probabilities[target]), seen)


def _check_size(predictor: Predictor, height: int, width: int) -> None:
    """Refuse an image in which no places could be told apart, or which the network cannot take."""
    preprocess = predictor.preprocess
    resized = preprocess.config.resize is not None
    least = max(preprocess.config.crop or SMALLEST_SIDE, 0 if resized else predictor.smallest_input)
    if min(height, width) < least:
        raise ExplanationError(
            f"The image is {width} x {height} pixels.",
            f"{predictor.name} explains images of at least {least} x {least} pixels.",
            "Take a larger patch.",
        )
