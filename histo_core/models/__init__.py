"""Networks, their weights, and what applies them. Importing the package registers every network of the zoo."""

from histo_core.models import zoo  # noqa: F401 (its members register themselves)
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import MODELS, ModelSpec

__all__ = ["MODELS", "ModelSpec", "Predictor"]
