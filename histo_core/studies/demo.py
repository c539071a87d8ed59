"""Define the demo: three small networks on phantom tissue, which takes minutes on two CPU cores.

It trains real networks, so its curves, intervals and maps are real results. The two small networks see the central
32 x 32 box that the label refers to, as in the study they come from. ResNet18 sees 48 x 48, so that it also sees the
nuclei that the border of the box cuts.
"""

from __future__ import annotations

import os

from histo_core.config import AugmentConfig, DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.studies.recipes import NamedConfig

PATCHES = 3000
PHANTOM_MEAN = (0.5, 0.5, 0.5)
PHANTOM_STD = (0.25, 0.25, 0.25)


def demo_patches(patches: int | None = None) -> int:
    """Return the number of patches to render; None reads ``HISTOSCOPE_DEMO_PATCHES``, else uses 3,000."""
    return patches or int(os.environ.get("HISTOSCOPE_DEMO_PATCHES", PATCHES))


def demo_configs(patches: int | None = None) -> tuple[NamedConfig, ...]:
    """Return the three runs of the demo.

    Args:
        patches: as `demo_patches`.
    """
    count = demo_patches(patches)
    data = DataConfig(dataset="phantom", options={"patches": count})

    def run(model: str, crop: int, epochs: int, batch_size: int) -> RunConfig:
        return RunConfig(
            data=data,
            preprocess=PreprocessConfig(crop=crop, mean=PHANTOM_MEAN, std=PHANTOM_STD),
            augment=AugmentConfig(),
            model=ModelConfig(name=model),
            train=TrainConfig(epochs=epochs, batch_size=batch_size, learning_rate=1e-3),
        )

    return (
        NamedConfig("Small CNN", run("cnn_narrow", 32, 8, 64), "Three convolutions on the central box."),
        NamedConfig("CNN-RNN", run("cnn_rnn", 32, 8, 64), "The same convolutions, read by a recurrent layer."),
        NamedConfig("ResNet18", run("resnet18", 48, 4, 32), "A standard residual network, from scratch."),
    )
