"""A data set, a network and an explanation method that live outside of Histoscope."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import Field
from torch import nn

from histo_core.config import Config, PreprocessConfig
from histo_core.data import Dataset, DatasetInfo
from histo_core.explanation import Explainer, Explanation
from histo_core.models import ModelSpec
from histo_core.models.inference.predictor import Predictor
from histo_core.workspace import Workspace


class StripesOptions(Config):
    """How many patches."""

    patches: int = Field(default=60, ge=4, title="Patches")


class Stripes(Dataset):
    """Noise, with a bright stripe in class 1; five patches a patient."""

    info = DatasetInfo(
        title="Striped noise",
        summary="Noise with and without a stripe.",
        source="drawn",
        licence="CC0 1.0",
        layout="Nothing is needed.",
        needs_root=False,
    )
    Options = StripesOptions

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Stripes:
        """Open it; the table is made here, pixels in `read_source`."""
        assert isinstance(options, StripesOptions)
        rows = np.arange(options.patches)
        table = pd.DataFrame(
            {
                "sample_id": [f"stripe-{row:03d}" for row in rows],
                "label": rows % 2,
                "patient_id": [f"S{row // 5:02d}" for row in rows],
            }
        )
        return cls("stripes", table, ("plain", "striped"))

    def read_source(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Draw the patches, uint8 [n, 32, 32, 3]."""
        images = np.stack([np.random.default_rng(int(i)).integers(0, 120, (32, 32, 3), np.uint8) for i in indices])
        images[self.table["label"].to_numpy()[np.asarray(indices)] == 1, 12:20] += 120
        return images


class Unfinished(Dataset):
    """A data set whose author has yet to write how pixels are read."""


def build(n_classes: int, input_size: tuple[int, int], options: Config) -> nn.Module:
    """Build one convolution and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(8),
        nn.Flatten(),
        nn.Linear(4 * (input_size[0] // 8) * (input_size[1] // 8), n_classes),
    )


TINY = ModelSpec(
    name="tiny",
    title="Tiny net",
    summary="One convolution.",
    build=build,
    Options=Config,
    head="4",
    gradcam_layer=lambda network, size: network[1],
    smallest_input=16,
    preprocess=PreprocessConfig(),
    imagenet=None,
    paper="none",
)


class Brightness(Explainer):
    """Takes bright pixels for evidence."""

    title = "Brightness"
    summary = "Shows where the patch is bright."
    paper = "none"

    def attribute(self, predictor: Predictor, image: np.ndarray, target: int | None = None) -> Explanation:
        """Explain one image by its brightness."""
        probabilities = predictor.probabilities([image])[0]
        chosen = int(probabilities.argmax()) if target is None else target
        return Explanation(
            method="brightness",
            map=image.mean(axis=2).astype(np.float32) / 255,
            seen=np.ones(image.shape[:2], bool),
            target=chosen,
            target_name=predictor.classes[chosen],
            probability=float(probabilities[chosen]),
            parameters={},
        )
