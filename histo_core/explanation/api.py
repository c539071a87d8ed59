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
    """Explain a model's answer for one image, and measure whether hiding the strongest area changes the answer.

    Args:
        predictor: weights with their own preprocessing.
        image: uint8 H x W x 3 RGB.
        method: a name in `EXPLAINERS`, such as gradcam or lime.
        target: number or name of the class to explain; None means the predicted one.
        options: settings of the method, such as ``samples=500, seed=1`` for lime.

    Returns:
        ``.map`` is float32 H x W in the pixels of the image, positive where it is evidence for the target.
        ``.negligible`` says whether the map's strongest area hardly changes the answer.

    Raises:
        UnknownNameError: no method has this name.
        ConfigError: an unknown option of the method.
        ExplanationError: the image is not a uint8 RGB array or is too small, or the network has no such class.

    Example:
        >>> from histo_core import Predictor, explain, open_dataset
        >>> from histo_core.examples import finished_run
        >>> with finished_run() as (run, workspace):
        ...     dataset = open_dataset(run.config.data, workspace)
        ...     predictor = Predictor.from_run(workspace.run_folder(run.run_id), "cpu")
        ...     explanation = explain(predictor, dataset.read([0])[0], target="tumour")
        >>> explanation.map.shape, explanation.target_name, int(explanation.seen.sum())
        ((96, 96), 'tumour', 1024)
    """
    kind = EXPLAINERS[method]
    explainer = kind(parse_config(kind.Options, options))
    return explainer.explain(predictor, image, class_index(predictor.classes, target))


def class_index(classes: tuple[str, ...], target: int | str | None) -> int | None:
    """Return a class's number from its number or name; None stays None.

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
