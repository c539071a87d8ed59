"""What every method settles first: which class is explained, how probable it is, what the model saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.errors import ExplanationError
from histo_core.models.predictor import Predictor


@dataclass(frozen=True)
class Question:
    """Why does the model give this image this class?"""

    target: int
    target_name: str
    probability: float
    seen: np.ndarray


def ask(predictor: Predictor, image: np.ndarray, target: int | None) -> Question:
    """Check the image and the target, and predict.

    Args:
        predictor: weights with their own preprocessing.
        image: uint8 H x W x 3 RGB.
        target: index of a class; None takes the predicted one.

    Raises:
        ExplanationError: the image is no uint8 RGB array, or the target is no class of the model.
        DataError, ConfigError: the image is too small for the preprocessing or the network.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ExplanationError(
            f"The image is {image.dtype} of shape {image.shape}.", "uint8 H x W x 3 RGB.", "Convert it to 8-bit RGB."
        )
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
    return Question(target, classes[target], float(probabilities[target]), seen)
