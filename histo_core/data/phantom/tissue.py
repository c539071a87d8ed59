"""Sections of tissue: areas of stroma, fat, lymphocytes, normal epithelium and tumour, and the cells in them.

Positive and negative patches contain the same tissues in similar proportions. A tumour is recognised as under the
microscope: its nuclei are larger, crowded, variable and turned in all directions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from histo_core.data.phantom import noise
from histo_core.data.phantom.ground import clefts, fat, stroma
from histo_core.data.phantom.nuclei import MICRONS_PER_PIXEL, Nuclei, draw, sample
from histo_core.data.phantom.populations import EPITHELIUM, FIBROBLAST, LYMPHOCYTE, TUMOUR, Population

SIDE = 96
BOX = slice(32, 64)
"""Rows and columns of the central box that the label is about."""

_CENTRE = SIDE / 2
_BOX_CLEAR = 18
_BORDER = 8
"""Width in pixels of the area outside the patch that has nuclei, so that the border cuts some."""
_Y, _X = (axis.astype(np.float32) for axis in np.ogrid[:SIDE, :SIDE])


def _hexagons(reach: int) -> np.ndarray:
    """Return the points of a hexagonal lattice of pitch 1 around the origin, the origin first."""
    i, j = (grid.ravel() for grid in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    points = np.stack([i + 0.5 * j, j * np.sqrt(0.75)], axis=1)
    return points[np.argsort((points**2).sum(1), kind="stable")]


_HEXAGONS = _hexagons(28)
_FROM_ORIGIN = np.hypot(*_HEXAGONS.T)


@dataclass(frozen=True)
class Host:
    """Properties that all tissue of one patient shares."""

    swelling: float
    """Factor on every diameter, because fixation makes tissue swell or shrink."""
    cellularity: float
    """Factor on the number of cells in stroma."""
    pallor: float
    """Added to the pallor of epithelial and tumour nuclei."""
    looseness: float
    """Width of the gaps between cells, pixels."""

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Host:
        """Draw the properties of one patient."""
        return cls(
            swelling=math.exp(rng.normal(0, 0.045)),
            cellularity=math.exp(rng.normal(0, 0.3)),
            pallor=rng.normal(0, 0.1),
            looseness=rng.uniform(0.3, 1.8),
        )


@dataclass(frozen=True, eq=False)
class TissueSection:
    """Amounts of stain, float [96, 96], and the pixels of tumour cells, bool [96, 96]."""

    haematoxylin: np.ndarray
    eosin: np.ndarray
    tumour: np.ndarray


def sample_section(rng: np.random.Generator, host: Host, grade: int) -> TissueSection:
    """Render one section.

    Args:
        rng: this patch's own generator.
        host: the patient's tissue.
        grade: 1 to 4, of the tumour that reaches into the central box; 0 keeps the box free of tumour.
    """
    tissue = _Tissue(rng, host)
    if rng.random() < 0.6:
        place = _CENTRE + rng.choice((-1, 1), 2) * rng.uniform(18, 60, 2)
        depth = tissue.blob(place, rng.uniform(15, 45))
        if rng.random() < 0.35:
            tissue.tumour(depth, grade or int(rng.integers(1, 5)), clear=0 if grade else _BOX_CLEAR)
        else:
            tissue.normal(depth)
    focus, radius, clear = _CENTRE + rng.uniform(-15, 15, 2), rng.uniform(12, 70), 0
    turn = rng.uniform(0, 2 * np.pi)
    if grade and rng.random() < 0.12:
        # The nest only touches the box: it lies outside except for the cells at its edge.
        focus[rng.integers(2)] = _CENTRE + rng.choice((-1, 1)) * rng.uniform(14, 15.4)
        turn = math.atan2(focus[1] - _CENTRE, focus[0] - _CENTRE)
        clear = 14
    shift = 0.75 * radius * math.sqrt(rng.random()) * np.array([math.cos(turn), math.sin(turn)])
    depth = tissue.blob(focus + shift, radius)
    if grade:
        tissue.tumour(depth, grade, anchor=focus, clear=clear)
    elif rng.random() < 0.88:
        tissue.normal(depth)
    return tissue.finished()


class _Tissue:
    """Section under construction; later tissue covers earlier tissue."""

    def __init__(self, rng: np.random.Generator, host: Host) -> None:
        self.rng, self.host = rng, host
        self.ground = fat(rng, SIDE) if rng.random() < 0.12 else stroma(rng, SIDE)
        self.haematoxylin, self.eosin = self.ground.haematoxylin.copy(), self.ground.eosin.copy()
        self.free = np.ones((SIDE, SIDE), bool)
        self.nuclei: list[Nuclei] = []

    def blob(self, place: np.ndarray, radius: float) -> np.ndarray:
        """Make a disc with a wavy border; return how far inside it each pixel lies, in pixels."""
        wave = 0.16 * min(radius, 40) * noise.field(self.rng, 7.0, SIDE)
        return radius + wave + noise.field(self.rng, 1.5, SIDE) - _distance(place)

    def normal(self, depth: np.ndarray) -> None:
        """Add lymphocytes, a sheet of epithelium, or glands."""
        kind = self.rng.choice(3, p=(0.34, 0.38, 0.28))
        if kind == 0:
            self._claim(depth, 0.2)
            self._sheet(depth > 0, self._kin(LYMPHOCYTE, 0.0))
        elif kind == 1:
            self._claim(depth, 0.27)
            self._sheet(depth > 0, self._kin(EPITHELIUM, self.host.pallor))
        else:
            self._glands(depth > 0, self._kin(EPITHELIUM, self.host.pallor))

    def tumour(self, depth: np.ndarray, grade: int, *, anchor: np.ndarray | None = None, clear: int = 0) -> None:
        """Add a nest of tumour.

        Args:
            depth: how far inside the nest each pixel lies, in pixels.
            grade: 1 to 4.
            anchor: the position of a required nucleus.
            clear: half the side of a central square that the nest leaves free; with `_BOX_CLEAR` no pixel of a cell
                lies in the box.
        """
        kind = self._kin(TUMOUR[grade - 1], self.host.pallor)
        depth = np.minimum(depth, np.maximum(np.abs(_X - _CENTRE), np.abs(_Y - _CENTRE)) - clear)
        self._claim(depth, 0.27)
        area = depth > 0
        points = self._lattice(kind.spacing, kind.disorder, anchor)
        wanted = _at(area, points)
        wanted[:1] |= anchor is not None
        nuclei = sample(self.rng, kind, points[wanted])
        if clear == _BOX_CLEAR:
            away = np.maximum(np.abs(nuclei.x - _CENTRE), np.abs(nuclei.y - _CENTRE))
            nuclei = nuclei.take(np.flatnonzero(away - nuclei.window > _BOX_CLEAR - 1))
        self.nuclei.append(nuclei)
        guests = self._lattice(kind.spacing, 0.4)
        guests = guests[_at(area, guests) & (self.rng.random(len(guests)) < self.rng.uniform(0, 0.25))]
        self.nuclei.append(sample(self.rng, self._kin(LYMPHOCYTE, 0.0), guests))

    def finished(self) -> TissueSection:
        """Add the stroma's cells and the gaps, and render all nuclei."""
        self._ground_cells()
        gap = clefts(self.rng, self.host.looseness * self.rng.uniform(0.3, 1.7), SIDE) * ~self.free
        light = (1 - 0.85 * gap) * (1 + 0.12 * noise.field(self.rng, 0.9, SIDE))
        stain = draw(self.rng, Nuclei.join(self.nuclei), SIDE)
        thickness = np.exp(0.1 * noise.field(self.rng, 20.0, SIDE))
        between = np.maximum(self.haematoxylin * light, 0) * (1 - stain.cover)
        return TissueSection(
            haematoxylin=(between + stain.haematoxylin) * thickness,
            eosin=np.maximum(self.eosin * light, 0) * (1 - 0.5 * stain.cover) * thickness,
            tumour=stain.tumour,
        )

    def _kin(self, population: Population, pallor: float) -> Population:
        return population.scaled(
            self.host.swelling * math.exp(self.rng.normal(0, 0.04)),
            pallor + self.rng.normal(0, 0.06),
            math.exp(self.rng.normal(0, 0.12)),
        )

    def _claim(self, depth: np.ndarray, cytoplasm: float) -> None:
        """Remove the cells of an area and fill it with cytoplasm."""
        area = depth > 0
        self.nuclei = [n.take(np.flatnonzero(~_at(area, np.stack([n.x, n.y], 1)))) for n in self.nuclei]
        self.free &= ~area
        alpha = np.clip(0.4 * depth + 0.5, 0, 1)
        eosin = cytoplasm * math.exp(self.rng.normal(0, 0.2)) * (1 + 0.25 * noise.field(self.rng, 2.5, SIDE))
        self.eosin += alpha * (eosin - self.eosin)
        self.haematoxylin += alpha * (eosin * self.rng.uniform(0.15, 0.6) - self.haematoxylin)

    def _lattice(self, spacing: float, disorder: float, anchor: np.ndarray | None = None) -> np.ndarray:
        """Return a rotated hexagonal lattice with random shifts; the first point is exactly ``anchor`` if given."""
        pitch = spacing / MICRONS_PER_PIXEL
        turn = self.rng.uniform(0, np.pi)
        cos, sin = pitch * math.cos(turn), pitch * math.sin(turn)
        near = np.searchsorted(_FROM_ORIGIN, np.sqrt(2) * (SIDE + _BORDER) / pitch)
        points = _HEXAGONS[:near] @ np.array([[cos, sin], [-sin, cos]])
        points += self.rng.uniform(0, SIDE, 2) if anchor is None else anchor
        points = points[((points > -_BORDER) & (points < SIDE + _BORDER)).all(1)]
        shift = self.rng.normal(0, disorder * pitch, points.shape)
        if anchor is not None:
            shift[0] = 0
        return points + shift

    def _sheet(self, area: np.ndarray, kind: Population) -> None:
        points = self._lattice(kind.spacing, kind.disorder)
        points = points[_at(area, points)]
        run = self.rng.uniform(0, np.pi) + 0.25 * self.rng.standard_normal(len(points))
        self.nuclei.append(sample(self.rng, kind, points, run))

    def _glands(self, area: np.ndarray, kind: Population) -> None:
        """Add rings of evenly spaced nuclei whose long axes point to the lumen."""
        radius = self.rng.uniform(9, 17)
        centres = self._lattice((2 * radius + 13) * MICRONS_PER_PIXEL, 0.06)
        for x, y in centres[_at(area, centres)]:
            size = radius * math.exp(self.rng.normal(0, 0.12))
            distance = _distance((x, y)) + 1.2 * noise.field(self.rng, 7.0, SIDE)
            self._claim(size + 5 - distance, 0.27)
            lumen = np.clip(size - 5.5 - distance, 0, 1)
            self.eosin *= 1 - 0.9 * lumen
            self.haematoxylin *= 1 - 0.9 * lumen
            count = round(2 * np.pi * size / (0.9 * kind.spacing / MICRONS_PER_PIXEL))
            turn = np.arange(count) * 2 * np.pi / count + self.rng.normal(0, 0.05, count) + self.rng.uniform(0, 6)
            out = size + self.rng.normal(0, 0.5, count)
            ring = np.stack([x + out * np.cos(turn), y + out * np.sin(turn)], axis=1)
            self.nuclei.append(sample(self.rng, kind, ring, turn + self.rng.normal(0, 0.15, count)))

    def _ground_cells(self) -> None:
        """Add fibroblasts along the fibres and single lymphocytes."""
        points = self._lattice(FIBROBLAST.spacing / np.sqrt(self.host.cellularity), FIBROBLAST.disorder)
        open_ground = self.free & (self.eosin > 0.1)
        points = points[_at(open_ground, points)]
        run = self.ground.direction[_index(points)] + 0.2 * self.rng.standard_normal(len(points))
        self.nuclei.append(sample(self.rng, self._kin(FIBROBLAST, 0.0), points, run))
        strays = self.rng.uniform(-_BORDER, SIDE + _BORDER, (self.rng.poisson(9 * self.host.cellularity), 2))
        self.nuclei.append(sample(self.rng, self._kin(LYMPHOCYTE, 0.0), strays[_at(open_ground, strays)]))


def _distance(place: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return each pixel's distance to a position (x, y)."""
    return np.sqrt((_X - np.float32(place[0])) ** 2 + (_Y - np.float32(place[1])) ** 2)


def _index(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return row and column of each point; points outside are moved to the border."""
    column, row = np.clip(points, 0, SIDE - 1).astype(int).T
    return row, column


def _at(area: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return whether each point lies in an area."""
    return area[_index(points)]
