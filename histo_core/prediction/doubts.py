"""Find reasons to doubt a network's answer for an image: its size, pixel size, stain or sharpness is new to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from histo_core.prediction.preflight import SCALE
from histo_core.prediction.training_look import PatchLook, TrainingLook, colour_distance

DoubtKind = Literal["size", "resolution", "blank", "stain", "blurred", "grainy"]
TITLES: Mapping[DoubtKind, str] = {
    "size": "Size",
    "resolution": "Pixel size",
    "blank": "Blank",
    "stain": "Stain",
    "blurred": "Blurred, or enlarged more",
    "grainy": "Grainy, or enlarged less",
}
"""Short titles. Sharpness alone cannot tell focus from magnification."""

MANY_BLANK = 0.05
"""From this share of blank training patches on, a blank image is nothing unusual for the network."""


@dataclass(frozen=True)
class Doubt:
    """A reason why a network's answer for an image may mean nothing.

    Attributes:
        kind: what is unlike the training patches.
        found: what the image has, as a clause.
        expected: what the training patches have, as a clause.
    """

    kind: DoubtKind
    found: str
    expected: str

    @property
    def sentence(self) -> str:
        """The doubt in words."""
        return f"{TITLES[self.kind]}: {self.found}; {self.expected}."


def size_doubt(look: TrainingLook, height: int, width: int) -> Doubt | None:
    """Return a doubt where the image's sides differ by more than a tenth from those of all training patches."""
    pairs = zip((height, width), look.smallest, look.largest, strict=True)
    if all(low / SCALE <= side <= high * SCALE for side, low, high in pairs):
        return None
    if look.smallest == look.largest:
        expected = f"the training patches have {_size(look.typical)}"
    else:
        expected = f"the training patches have {_size(look.smallest)} to {_size(look.largest)}"
    return Doubt("size", f"the image has {_size((height, width))} pixels", expected)


def resolution_doubt(look: TrainingLook, resolution: float | None) -> Doubt | None:
    """Return a doubt where a pixel of the network's input shows another length; None where a pixel size is unknown."""
    if look.resolution is None or resolution is None or 1 / SCALE <= look.resolution / resolution <= SCALE:
        return None
    return Doubt(
        "resolution",
        f"the network sees {resolution:.3g} µm per pixel of this image",
        f"of the training patches {look.resolution:.3g}",
    )


def pixel_doubts(look: TrainingLook | None, patch: PatchLook) -> tuple[Doubt, ...]:
    """Return doubts by a patch's pixels: blank, other stain, blurred, grainy. The training set gives the bounds.

    A blank patch has neither a stain nor a sharpness to judge. Without a look at the training patches only a blank one
    is doubted.
    """
    if patch.blank:
        share = 0.0 if look is None else look.blank
        if share >= MANY_BLANK:
            return ()
        expected = "tissue is expected" if look is None else f"of the training patches {share:.1%} are blank"
        return (Doubt("blank", f"{patch.background:.0%} of what the model sees is background or plain", expected),)
    if look is None:
        return ()
    found = (_stain(look, patch), _sharpness(look, patch))
    return tuple(doubt for doubt in found if doubt is not None)


def _stain(look: TrainingLook, patch: PatchLook) -> Doubt | None:
    if look.colour is None or patch.colour is None:
        return None
    if patch.saturation < look.palest:
        return Doubt(
            "stain",
            f"it is almost grey (saturation {patch.saturation:.3f})",
            f"99 of 100 training patches have at least {look.palest:.3f}",
        )
    distance = colour_distance(look, patch.colour)
    if distance <= look.farthest:
        return None
    return Doubt(
        "stain",
        f"the tissue's colour is {distance:.1f} SD away from the training patches' mean",
        f"99 of 100 training patches lie within {look.farthest:.1f} SD",
    )


def _sharpness(look: TrainingLook, patch: PatchLook) -> Doubt | None:
    if look.detail is None or patch.detail is None:
        return None
    low, high = look.detail
    if low <= patch.detail <= high:
        return None
    return Doubt(
        "blurred" if patch.detail < low else "grainy",
        f"the sharpness is {patch.detail:.3f}",
        f"99 of 100 training patches have {low:.3f} to {high:.3f}",
    )


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[1]} x {shape[0]}"
