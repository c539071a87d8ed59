"""A vision transformer (ViT), as torchvision builds it, whose last tokens can be read as a map."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer, ViT_B_16_Weights
from torchvision.models.vision_transformer import interpolate_embeddings

from histo_core.config import PreprocessConfig
from histo_core.errors import ConfigError
from histo_core.models.layers.heads import HeadOptions, with_head
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.models.weights.pretrained import PretrainedFile
from histo_core.models.zoo.cnn import check_size

PATCH = 16
_WIDTH, _DEPTH, _HEADS, _MLP = 768, 12, 12, 3072


class MappedViT(VisionTransformer):
    """ViT whose last tokens can be read as a map.

    The last block gets its tokens through `tokens`, an identity over float32 [n, 768, side / 16, side / 16], so that
    Grad-CAM finds a layer with a map.

    The class token attends to the other tokens once more after that, so gradients reach the map.
    """

    def __init__(self, side: int, n_classes: int, options: HeadOptions) -> None:
        super().__init__(side, PATCH, _DEPTH, _HEADS, _WIDTH, _MLP, num_classes=n_classes)
        self.tokens = nn.Identity()
        with_head(self, n_classes, options, "heads.head")

    def forward(self, x: Tensor) -> Tensor:
        """Map float32 [n, 3, side, side] to logits [n, n_classes].

        Raises:
            ConfigError: the images have another size than the one that the network was built for.
        """
        check_size(x, (self.image_size, self.image_size))
        patches = self._process_input(x)
        token = self.class_token.expand(x.shape[0], -1, -1)  # len() would fix the number in an export
        mixed = self.encoder.dropout(torch.cat([token, patches], dim=1) + self.encoder.pos_embedding)
        *blocks, last = self.encoder.layers
        for block in blocks:
            mixed = block(mixed)
        cells = self.image_size // PATCH
        maps = self.tokens(mixed[:, 1:].transpose(1, 2).unflatten(2, (cells, cells)))
        mixed = torch.cat([mixed[:, :1], maps.flatten(2).transpose(1, 2)], dim=1)
        return self.heads(self.encoder.ln(last(mixed))[:, 0])


def _vit(n_classes: int, input_size: tuple[int, int], options: HeadOptions) -> nn.Module:
    height, width = input_size
    if height != width or height % PATCH:
        raise ConfigError(
            f"A vision transformer was given patches of {height} x {width} pixels.",
            f"Squares whose side is a multiple of {PATCH} are possible.",
            "Set preprocess.crop or preprocess.resize, for example to 96 or 224.",
        )
    return MappedViT(height, n_classes, options)


def _tokens(model: nn.Module, input_size: tuple[int, int]) -> nn.Module:
    del input_size
    return model.get_submodule("tokens")


def _at_size(tensors: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Interpolate the positions learnt on 14 x 14 tokens to the model's own number (bicubic, as in torchvision)."""
    if "encoder.pos_embedding" not in tensors:
        return dict(tensors)  # weights of another network: assigning them reports what is missing
    side = cast(MappedViT, model).image_size
    return dict(interpolate_embeddings(side, PATCH, OrderedDict(tensors)))


MODELS.add(
    "vit_b_16",
    ModelSpec(
        name="vit_b_16",
        title="ViT-B/16",
        summary="Today's transformer baseline: 86 million weights; from scratch it wants more data than a study has.",
        build=_vit,
        Options=HeadOptions,
        head="heads",
        gradcam_layer=_tokens,
        smallest_input=32,
        preprocess=PreprocessConfig(resize=224),
        imagenet=PretrainedFile(ViT_B_16_Weights.IMAGENET1K_V1.url),
        adapt=_at_size,
        paper="Dosovitskiy et al., An image is worth 16x16 words, ICLR 2021",
    ),
)
