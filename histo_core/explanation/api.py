"""Explain one image with one call."""

from __future__ import annotations

from typing import Any

import numpy as np

from histo_core.config import parse_config
from histo_core.errors import ExplanationError
from histo_core.explanation.base import EXPLAINERS, Explanation
from histo_core.models.inference.predictor import Predictor


def explain(
    predictor: Predictor, image: np.ndarray, method: str = "gradcam", *, target: int | str | None = None, **options: Any
) -> Explanation:
    """Show what a network looked at in one image, and measure whether hiding it changes the answer.

    Args:
        predictor: weights with their own preprocessing.
        image: uint8 H x W x 3 RGB.
        method: a name of `EXPLAINERS`, such as gradcam or lime.
        target: number or name of the class to explain; None takes the predicted one.
        options: settings of the method, such as ``samples=500, seed=1`` for lime.

    Returns:
        ``.map`` is float32 H x W in the pixels of the image, positive where it speaks for the target; ``.negligible``
        tells whether the map's strongest area hardly moves the answer.

    Raises:
        UnknownNameError: there is no such method.
        ConfigError: an option that the method does not have.
        ExplanationError: the image is no uint8 RGB array or too small, or the target is no class of the network.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core import Predictor, RunConfig, explain, fit, make_split, open_dataset
        >>> config = RunConfig.parse({
        ...     "data": {"dataset": "phantom", "options": {"patches": 80, "patients": 20}},
        ...     "model": {"name": "cnn_narrow"}, "preprocess": {"crop": 32},
        ...     "train": {"epochs": 1, "device": "cpu"},
        ... })
        >>> dataset = open_dataset(config.data)
        >>> with TemporaryDirectory() as folder:
        ...     for event in fit(config, dataset, make_split(dataset, config.split), Path(folder)):
        ...         pass
        ...     predictor = Predictor.from_run(Path(folder), "cpu")
        >>> explanation = explain(predictor, dataset.read([0])[0], target="tumour")
        >>> explanation.map.shape, explanation.target_name, int(explanation.seen.sum())
        ((96, 96), 'tumour', 1024)
    """
    kind = EXPLAINERS[method]
    explainer = kind(parse_config(kind.Options, options))
    return explainer.explain(predictor, image, class_index(predictor.classes, target))


def class_index(classes: tuple[str, ...], target: int | str | None) -> int | None:
    """Return the number of a class that is given by number or name; None stays None.

    Raises:
        ExplanationError: no class has this name.
    """
    if not isinstance(target, str):
        return target
    if target not in classes:
        raise ExplanationError(
            f"{target!r} is no class of this model.", f"Classes: {', '.join(classes)}.", "Choose one."
        )
    return classes.index(target)
