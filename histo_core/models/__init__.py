"""Networks, their weights and inference. Importing the package registers every network of the zoo.

Example:
    >>> from histo_core.models import MODELS
    >>> MODELS["cnn_narrow"].smallest_input, "resnet18" in MODELS
    (8, True)
"""

from histo_core.models import zoo  # noqa: F401 (its members register themselves)
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import MODELS, ModelSpec

__all__ = ["MODELS", "ModelSpec", "Predictor"]
