"""Configure data, networks, training and protocols with frozen pydantic models that refuse unknown keys.

Example:
    A configuration of your own takes the types and bounds of the others.

    >>> from pydantic import Field
    >>> from histo_core.config import IMAGENET_MEAN, IMAGENET_STD, MANY, PATH_LENGTH, SEEDS
    >>> from histo_core.config import Channels, Config, Fraction, Mean, Option, Spread
    >>> class Stain(Config):
    ...     patches: int = Field(default=100, ge=1, le=MANY)
    ...     seed: int = Field(default=0, ge=0, lt=SEEDS)
    ...     table: str = Field(default="stains.csv", max_length=PATH_LENGTH)
    ...     share: Fraction = 0.5
    ...     mean: tuple[Mean, Mean, Mean] = IMAGENET_MEAN
    ...     sd: tuple[Spread, Spread, Spread] = IMAGENET_STD
    ...     options: dict[str, Option] = {}
    >>> stain = Stain(options={"method": "macenko", "tiles": 4})
    >>> grey: Channels = (0.5, 0.5, 0.5)
    >>> stain.mean, stain.model_copy(update={"mean": grey}).mean
    ((0.485, 0.456, 0.406), (0.5, 0.5, 0.5))
"""

from histo_core.config.base import Config, parse_config
from histo_core.config.data import DataConfig, SplitConfig
from histo_core.config.fields import MANY, PATH_LENGTH, SEEDS, Fraction, Option
from histo_core.config.model import ModelConfig, PredictConfig
from histo_core.config.run import RunConfig, read_config
from histo_core.config.train import TrainConfig
from histo_core.config.transforms import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    AugmentConfig,
    Channels,
    Mean,
    PreprocessConfig,
    Spread,
    saved_preprocess,
)

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "MANY",
    "PATH_LENGTH",
    "SEEDS",
    "AugmentConfig",
    "Channels",
    "Config",
    "DataConfig",
    "Fraction",
    "Mean",
    "ModelConfig",
    "Option",
    "PredictConfig",
    "PreprocessConfig",
    "RunConfig",
    "SplitConfig",
    "Spread",
    "TrainConfig",
    "parse_config",
    "read_config",
    "saved_preprocess",
]
