"""Histopathology patch classification: data, models, training, comparison and explanation, without a browser.

This is the public interface; everything else may move. A name is loaded when it is first used, so that
``import histo_core`` takes no time and loads no PyTorch.

    open_dataset, make_split                  a data set, and which samples train, choose and are held out
    audit                                     leakage, duplicates and shortcuts
    RunConfig, read_config                    all it takes to repeat a run, and how to read it from a YAML file
    fit                                       train in this process, event by event
    launch                                    train in a process of its own that outlives this one
    Predictor                                 weights with their own preprocessing: images in, probabilities out
    explain                                   what a network looked at
    compare, compare_predictions              runs, or arrays from anywhere: intervals, paired tests, a verdict
    auroc_interval, auroc_difference          the two statistics by themselves
    Workspace                                 where runs and made data are kept
    DATASETS, MODELS, EXPLAINERS, STUDIES     what there is, by name

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
"""Where each public name lies; a test holds that the imports above say the same."""

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
