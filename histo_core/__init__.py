"""Classify histopathology patches: data, models, training, comparison and explanation, without a browser.

This is the public interface; everything else may move. A name is loaded when it is first used, so that
``import histo_core`` takes no time and does not load PyTorch.

    open_dataset, make_split                  a data set, and its split into training, validation and test set
    audit                                     leakage, duplicates and shortcuts
    RunConfig, read_config                    everything that repeats a run, and how to read it from a YAML file
    fit                                       train in this process, event by event
    launch                                    train in a process of its own that outlives this one
    Predictor                                 weights with their own preprocessing: images in, probabilities out
    explain                                   the areas of a patch that speak for or against a class
    compare, compare_predictions              runs, or arrays from anywhere: intervals, paired tests, a verdict
    auroc_interval, auroc_difference          the two statistics by themselves
    Workspace                                 the folders that keep runs and generated data
    DATASETS, MODELS, EXPLAINERS, STUDIES     the registries, by name

Example:
    >>> from histo_core import DATASETS, EXPLAINERS, MODELS, STUDIES
    >>> DATASETS["phantom"].info.title, EXPLAINERS["gradcam"].title, MODELS["resnet18"].title
    ('Phantom tissue', 'Grad-CAM', 'ResNet18')
    >>> "wpi_kpcam" in STUDIES
    True
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from histo_core.auditing.api import audit
    from histo_core.comparison.api import compare, compare_predictions
    from histo_core.config import RunConfig, read_config
    from histo_core.data.dataset import DATASETS
    from histo_core.data.opening import open_dataset
    from histo_core.data.splits.make_split import make_split
    from histo_core.evaluation.auroc import auroc_interval
    from histo_core.evaluation.auroc_difference import auroc_difference
    from histo_core.explanation.api import explain
    from histo_core.explanation.base import EXPLAINERS
    from histo_core.models.inference.predictor import Predictor
    from histo_core.models.registry import MODELS
    from histo_core.runs.api import launch
    from histo_core.studies.recipes import STUDIES
    from histo_core.training.loop import fit
    from histo_core.workspace import Workspace

__version__ = "0.1.0"

_MODULES = {
    "DATASETS": "histo_core.data.dataset",
    "EXPLAINERS": "histo_core.explanation.base",
    "MODELS": "histo_core.models.registry",
    "STUDIES": "histo_core.studies.recipes",
    "Predictor": "histo_core.models.inference.predictor",
    "RunConfig": "histo_core.config",
    "Workspace": "histo_core.workspace",
    "audit": "histo_core.auditing.api",
    "auroc_difference": "histo_core.evaluation.auroc_difference",
    "auroc_interval": "histo_core.evaluation.auroc",
    "compare": "histo_core.comparison.api",
    "compare_predictions": "histo_core.comparison.api",
    "explain": "histo_core.explanation.api",
    "fit": "histo_core.training.loop",
    "launch": "histo_core.runs.api",
    "make_split": "histo_core.data.splits.make_split",
    "open_dataset": "histo_core.data.opening",
    "read_config": "histo_core.config",
}
"""The module of each public name; a test checks that the imports above agree."""

__all__ = [
    "DATASETS",
    "EXPLAINERS",
    "MODELS",
    "STUDIES",
    "Predictor",
    "RunConfig",
    "Workspace",
    "audit",
    "auroc_difference",
    "auroc_interval",
    "compare",
    "compare_predictions",
    "explain",
    "fit",
    "launch",
    "make_split",
    "open_dataset",
    "read_config",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
