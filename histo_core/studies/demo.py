"""The demo: three small networks on phantom tissue, minutes on two CPU cores.

It trains for real, so its curves, intervals and maps are what these networks do, not what a picture says they do.
The two small networks see the central 32 x 32 box that the label is about, as in the study they come from; ResNet18
sees 48 x 48, so that it also sees the nuclei that the box cuts through.
"""

from __future__ import annotations

import os

from histo_core.config import AugmentConfig, DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.studies.recipes import NamedConfig

PATCHES = 3000
PHANTOM_MEAN = (0.5, 0.5, 0.5)
PHANTOM_STD = (0.25, 0.25, 0.25)


def demo_configs(patches: int | None = None) -> tuple[NamedConfig, ...]:
    """The three runs of the demo.

    Args:
        patches: how many patches to draw; None reads ``HISTOSCOPE_DEMO_PATCHES``, else takes 3,000.
    """
    count = patches or int(os.environ.get("HISTOSCOPE_DEMO_PATCHES", PATCHES))
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
