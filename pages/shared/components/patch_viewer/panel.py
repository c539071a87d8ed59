"""Say what one panel of the patch viewer shows: a patch, the maps over it, and its marks."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from histo_core.errors import ConfigError

MOST_PIXELS = 4_000_000
"""The most pixels of a patch: as many as Explain takes of an upload."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, eq=False)
class MapLayer:
    """A map over a patch.

    Attributes:
        label: its name, such as the method's; plain text.
        values: float H x W, finite, in the patch's pixels.
        signed: whether negative values are evidence against; the colours then have zero in the middle.
        grey: draw it in grey, because it hardly changes the answer.
        speaks_for: the class that high values speak for; plain text, "" for none.
    """

    label: str
    values: np.ndarray
    signed: bool = True
    grey: bool = False
    speaks_for: str = ""


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of the viewer.

    Attributes:
        label: its name, also in saved figures; plain text.
        alt: what it shows, for people who cannot see it; plain text.
        png: the patch as a PNG file, H x W pixels.
        maps: maps over it, one of which is shown at a time; none for the patch alone.
        seen: bool H x W, a rectangle of True: what the model sees; None for all.
        box: side of the central square that the label is about, in pixels; None for none.
        mask: bool H x W, outlined; None for none.
        microns: micrometres per pixel, for a scale bar; None where unknown.
    """

    label: str
    alt: str
    png: bytes
    maps: tuple[MapLayer, ...] = ()
    seen: np.ndarray | None = None
    box: int | None = None
    mask: np.ndarray | None = None
    microns: float | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the patch, as the PNG's header says."""
        width, height = struct.unpack(">II", self.png[16:24])
        return height, width

    def check(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            ConfigError: no PNG, too many pixels, a size that is not the patch's, a value that is no number, an area
                seen that is no rectangle, or micrometres that are not above 0.
        """
        if len(self.png) < 24 or not self.png.startswith(_SIGNATURE):
            raise ConfigError(f"{self.label}: the patch is no PNG file.", "A PNG file.", "Encode it first.")
        height, width = self.shape
        if not 0 < height * width <= MOST_PIXELS:
            raise ConfigError(
                f"{self.label}: a patch of {width:,} x {height:,} pixels.",
                f"At most {MOST_PIXELS:,} pixels.",
                "Show a smaller part of it.",
            )
        named = {"the area seen": self.seen, "the mask": self.mask} | {one.label: one.values for one in self.maps}
        for name, values in named.items():
            if values is not None and values.shape != (height, width):
                found = " x ".join(map(str, values.shape))
                raise ConfigError(
                    f"{self.label}: {name} has {found} values, the patch {height} x {width}.",
                    "Both of one size.",
                    "Give what belongs to this patch.",
                )
        for one in self.maps:
            bad = int((~np.isfinite(one.values)).sum())
            if bad:
                raise ConfigError(
                    f"{one.label}: {bad:,} of {one.values.size:,} values of the map are not finite (NaN or infinity).",
                    "Finite numbers.",
                    "Leave the map out, and say why the method failed.",
                )
        if self.seen is not None:
            left, top, wide, tall = bounds(self.seen)
            if not wide or not self.seen[top : top + tall, left : left + wide].all():
                raise ConfigError(
                    f"{self.label}: the area that the model sees is no rectangle.", "A rectangle.", "Leave it out."
                )
        if self.microns is not None and not (np.isfinite(self.microns) and self.microns > 0):
            raise ConfigError(f"{self.label}: {self.microns} µm per pixel.", "A number above 0.", "Leave it out.")


def bounds(inside: np.ndarray) -> tuple[int, int, int, int]:
    """Return the smallest rectangle around the True pixels, (left, top, width, height); all 0 where there are none."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)
