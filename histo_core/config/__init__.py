"""Configure data, networks, training and protocols with frozen pydantic models that refuse unknown keys."""

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
