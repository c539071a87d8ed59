"""Choose what the network sees: the whole image, at which size, with which colours."""

from __future__ import annotations

from histo_core.config import IMAGENET_MEAN, IMAGENET_STD
from histo_core.models.registry import MODELS
from histo_core.recommendation.choice import Choice
from histo_core.recommendation.facts import DataFacts, Size

MULTIPLE = 16
"""P4M-ResNet is exactly symmetric where 16 divides the side, and SqueezeNet loses no edge pixels there."""
LARGEST_FROM_SCRATCH = 112
LARGEST_PRETRAINED = 224
SMALLEST_PRETRAINED = 96
_ENLARGED, _ENLARGED_MORE = 4 / 3, 5 / 3
"""How much larger than it is a pretrained network sees a patch; more where few patches leave the time for it."""
_FEW = 2_000
"""Training patches."""


def shown_image(facts: DataFacts, network: str, *, pretrained: bool) -> Choice:
    """Choose the size of the network's input; the whole image is always shown."""
    side = _side(facts, network, pretrained=pretrained)
    resize = None if set(facts.sizes) == {(side, side)} else side
    why = f"{_why(facts, side, pretrained=pretrained)} {_scale(facts, side)}"
    return Choice("Image", {"preprocess.crop": None, "preprocess.resize": resize}, why)


def colours(facts: DataFacts, *, published: bool) -> Choice:
    """Choose mean and SD of the channels."""
    if published:
        return Choice(
            "Colours",
            {"preprocess.mean": IMAGENET_MEAN, "preprocess.std": IMAGENET_STD},
            "Normalised by ImageNet's mean and SD, which the weights were trained with.",
        )
    mean, std = (tuple(round(value, 3) for value in values) for values in (facts.mean, facts.std))
    std = tuple(max(value, 0.01) for value in std)  # a channel without any spread
    return Choice(
        "Colours",
        {"preprocess.mean": mean, "preprocess.std": std},
        "Normalised by the mean and SD of the training set.",
    )


def _side(facts: DataFacts, network: str, *, pretrained: bool) -> int:
    spec, short = MODELS[network], min(facts.commonest)
    if spec.preprocess.resize is not None:
        return spec.preprocess.resize
    if pretrained:
        factor = _ENLARGED_MORE if facts.total("train") < _FEW else _ENLARGED
        side = min(max(_rounded(short * factor), SMALLEST_PRETRAINED), LARGEST_PRETRAINED)
    else:
        side = min(_rounded(short), LARGEST_FROM_SCRATCH)
    return max(side, -(-spec.smallest_input // MULTIPLE) * MULTIPLE)


def _rounded(side: float) -> int:
    return max(int(side / MULTIPLE + 0.5), 1) * MULTIPLE


def _why(facts: DataFacts, side: int, *, pretrained: bool) -> str:
    height, width = facts.commonest
    if len(facts.sizes) > 1:
        smallest, largest = (_size(of(facts.sizes, key=_area)) for of in (min, max))
        what = f"The {len(facts.sizes)} sizes from {smallest} to {largest} px are all resized to {side} x {side} px"
        return f"{what}; nothing is cut off."
    if height != width:
        return f"The whole image of {_size((height, width))} px is squeezed to {side} x {side} px; nothing is cut off."
    if side == height:
        return f"The whole image of {_size((height, width))} px, as it is."
    if side > height:
        reason = "pretrained networks see small structures better so" if pretrained else "the network needs this size"
        return f"The whole image of {_size((height, width))} px, enlarged to {side} px: {reason}."
    reason = "the time is better spent on more epochs" if side < 0.8 * height else f"a multiple of {MULTIPLE}"
    return f"The whole image of {_size((height, width))} px, reduced to {side} px: {reason}."


def _scale(facts: DataFacts, side: int) -> str:
    """Say how many micrometres a pixel of the network's input shows."""
    if facts.microns is None:
        return "The size of a pixel in micrometres is not known, so that other data should have the same magnification."
    height, width = facts.commonest
    return f"A pixel of the input shows {facts.microns * (height * width) ** 0.5 / side:.2g} µm of tissue."


def _area(size: Size) -> int:
    return size[0] * size[1]


def _size(size: Size) -> str:
    return f"{size[1]} x {size[0]}"
