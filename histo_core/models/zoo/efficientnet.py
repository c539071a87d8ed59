"""Networks scaled in depth, width and resolution together, as torchvision builds them."""

from __future__ import annotations

from torchvision import models as torchvision

from histo_core.config import PreprocessConfig
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.layers.heads import HeadOptions, standard
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.models.weights.pretrained import PretrainedFile

for _size, _constructor, _weights, _summary in (
    (
        "b0",
        torchvision.efficientnet_b0,
        torchvision.EfficientNet_B0_Weights.IMAGENET1K_V1,
        "Four million weights and little arithmetic: the small network to beat.",
    ),
    (
        "b7",
        torchvision.efficientnet_b7,
        torchvision.EfficientNet_B7_Weights.IMAGENET1K_V1,
        "The largest of its family: 64 million weights; it wants large patches and a GPU.",
    ),
):
    MODELS.add(
        f"efficientnet_{_size}",
        ModelSpec(
            name=f"efficientnet_{_size}",
            title=f"EfficientNet-{_size.upper()}",
            summary=_summary,
            build=standard(_constructor, last="classifier.1", dropout="classifier.0"),
            Options=HeadOptions,
            head="classifier",
            # A stage ends in a linear bottleneck; the activation is that of the next stage's expansion.
            gradcam_layer=last_layer_with_min_cells(
                ("features.8", 32),
                ("features.6.0.block.0", 16),
                ("features.4.0.block.0", 8),
                ("features.3.0.block.0", 4),
            ),
            smallest_input=8,
            preprocess=PreprocessConfig(),
            imagenet=PretrainedFile(_weights.url),
            paper="Tan and Le, EfficientNet: Rethinking model scaling for convolutional neural networks, ICML 2019",
        ),
    )
