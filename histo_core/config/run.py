"""Configure a run: everything that repeats it.

A `RunConfig` is data + split + preprocessing + augmentation + model + training. It does not say where the run is kept
or who started it, so that its hash, together with the data's content hash, identifies the run.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from histo_core import strict_yaml
from histo_core.config.base import Config, parse_config
from histo_core.config.data import DataConfig, SplitConfig
from histo_core.config.fields import SEEDS
from histo_core.config.model import ModelConfig, PredictConfig
from histo_core.config.train import TrainConfig
from histo_core.config.transforms import AugmentConfig, PreprocessConfig, saved_preprocess
from histo_core.errors import ConfigError
from histo_core.regular_files import read_regular


class RunConfig(Config):
    """The configuration of one run, from data to trained weights.

    Example:
        >>> from histo_core import RunConfig
        >>> config = RunConfig.parse({"model": {"name": "resnet18"}, "train": {"epochs": 3}})
        >>> config.model.name, config.train.epochs, config.data.dataset
        ('resnet18', 3, 'phantom')
        >>> RunConfig.from_yaml(config.to_yaml()) == config
        True
    """

    data: DataConfig = DataConfig()
    split: SplitConfig = SplitConfig()
    preprocess: PreprocessConfig = PreprocessConfig()
    augment: AugmentConfig = AugmentConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    predict: PredictConfig = PredictConfig()
    seed: int = Field(default=0, ge=0, lt=SEEDS, title="Seed")

    def hash(self, data_hash: str) -> str:
        """Return the SHA-256 (hex) of the configuration together with the data's content hash."""
        payload = json.dumps([self.naming_values(), data_hash], sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(payload.encode()).hexdigest()

    def naming_values(self) -> dict[str, Any]:
        """Return the plain values that distinguish this run from others.

        ``crop_rounding`` is included only where there is a crop and the rule differs from the earlier one. Runs from
        before this field existed therefore keep their hash and can be resumed.
        """
        values = self.model_dump(mode="json")
        if self.preprocess.crop is None or self.preprocess.crop_rounding == "down":
            del values["preprocess"]["crop_rounding"]
        return values

    def to_yaml(self) -> str:
        """Return the complete configuration as YAML."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)

    @classmethod
    def from_yaml(cls, text: str, *, saved: bool = False) -> RunConfig:
        """Parse YAML from `to_yaml` or from a user.

        ``saved`` means that the configuration belongs to an existing run; see `parse_saved`.

        Raises:
            ConfigError: not YAML, an unknown key, or a value out of range.
        """
        try:
            values = strict_yaml.load(text)
        except ValueError as error:
            raise ConfigError(
                f"The configuration is not YAML that can be read: {error}.",
                "A plain mapping is expected, without aliases or tags.",
                "Mend the file.",
            ) from None
        return cls.parse_saved(values) if saved else cls.parse(values)

    @classmethod
    def parse(cls, values: Any) -> RunConfig:
        """Build a configuration from plain values, with errors that name the field."""
        return parse_config(cls, values)

    @classmethod
    def parse_saved(cls, values: Any) -> RunConfig:
        """Build a configuration from values that an earlier version may have saved; see `saved_preprocess`."""
        if isinstance(values, dict) and "preprocess" in values:
            values = {**values, "preprocess": saved_preprocess(values["preprocess"])}
        return cls.parse(values)


def read_config(path: Path, *, saved: bool = False) -> RunConfig:
    """Read a run configuration from a YAML file; ``saved`` means that it belongs to an existing run.

    Raises:
        ConfigError: the file is missing or its content is not allowed.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core import read_config
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "run.yaml")
        ...     _ = path.write_text("model: {name: resnet18}")
        ...     read_config(path).model.name
        'resnet18'
    """
    try:
        return RunConfig.from_yaml(read_regular(path, strict_yaml.MAX_BYTES).decode(), saved=saved)
    except FileNotFoundError:
        raise ConfigError(
            f"There is no configuration at {path}.", "A YAML file is expected.", "Check the path."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = "it is no text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigError(
            f"{path} cannot be read: {why}.", "A YAML file is expected.", "Choose another file."
        ) from None
