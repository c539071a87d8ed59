"""The interface of explanation methods, and their result: a signed map with everything needed to reproduce it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from histo_core.config import Config
from histo_core.explanation.influence import Influence, influence
from histo_core.models.inference.predictor import Predictor
from histo_core.registry import Registry, subclass_of


@dataclass(frozen=True, eq=False)
class Explanation:
    """Explanation of a model's answer for one image.

    Attributes:
        method: the registered name of the method.
        map: float32 H x W in the pixels of the given image; positive values are evidence for ``target``, negative
            against. Zero where ``seen`` is False.
        seen: bool H x W; False where the preprocessing crops pixels away before the model sees them.
        target: index of the explained class.
        target_name: its name.
        probability: the model's probability of it, 0 to 1.
        parameters: all settings that were used.
        seed: seed of the method's random draws; None if it has none.
        diagnostics: numbers that say how reliable the map is (LIME's R squared, the number of superpixels).
        segments: int H x W superpixel numbers, -1 where not seen; None for methods without superpixels.
        influence: how the answer changes when the strongest area of the map, or the whole patch, is hidden; None if
            only `Explainer.attribute` was called.

    Example:
        >>> import numpy as np
        >>> from histo_core.explanation import Explanation
        >>> found = Explanation(
        ...     method="gradcam", map=np.eye(96, dtype=np.float32), seen=np.ones((96, 96), bool),
        ...     target=1, target_name="tumour", probability=0.9, parameters={},
        ... )
        >>> float(found.map.max()), found.negligible
        (1.0, False)
    """

    method: str
    map: np.ndarray
    seen: np.ndarray
    target: int
    target_name: str
    probability: float
    parameters: dict[str, Any]
    seed: int | None = None
    diagnostics: dict[str, float] = field(default_factory=dict[str, float])
    segments: np.ndarray | None = None
    influence: Influence | None = None

    @property
    def negligible(self) -> bool:
        """Return whether the strongest area of the map hardly changes the answer, so that it is drawn in grey."""
        return self.influence is not None and self.influence.negligible


class Explainer(ABC):
    """Base class of explanation methods.

    Example:
        A method that points at what is dark, whatever the network.

        >>> import numpy as np
        >>> from histo_core.explanation import Explainer, Explanation
        >>> class Darkness(Explainer):
        ...     title, summary, paper = "Darkness", "Shows what is dark.", "none: an example"
        ...
        ...     def attribute(self, predictor, image, target=None):
        ...         dark = 1 - image.mean(axis=2, dtype=np.float32) / 255
        ...         return Explanation("darkness", dark, np.ones(dark.shape, bool), target, "tumour", 0.9, {})
        >>> Darkness().attribute(None, np.zeros((96, 96, 3), np.uint8), target=1).map.shape
        (96, 96)
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    """One sentence without jargon, for a page."""
    paper: ClassVar[str]
    Options: ClassVar[type[Config]] = Config

    def __init__(self, options: Config | None = None) -> None:
        self.options = options or self.Options()

    @abstractmethod
    def attribute(self, predictor: Predictor, image: np.ndarray, target: int | None = None) -> Explanation:
        """Explain one image.

        Args:
            predictor: weights with their own preprocessing.
            image: uint8 H x W x 3 RGB.
            target: index of the class to explain; None means the predicted one.

        Raises:
            ExplanationError: the image is too small for the method, or the model has no such class.
        """

    def explain(self, predictor: Predictor, image: np.ndarray, target: int | None = None) -> Explanation:
        """Explain one image and measure how much the map's strongest area changes the answer; see `attribute`."""
        found = self.attribute(predictor, image, target)
        moved = influence(predictor, image, found.map, seen=found.seen, target=found.target)
        return replace(found, influence=moved)


EXPLAINERS: Registry[type[Explainer]] = Registry(
    "explanation method", "histo_core.explainers", subclass_of(Explainer, title=str, summary=str, paper=str)
)
