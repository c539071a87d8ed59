"""Cohort of phantom patients: slides, scanners, staining, tissue, and the position of each patch.

Every random draw comes from a generator seeded only by (seed, kind of draw, its number). So the same options give the
same patches, whatever the order and the number of workers that render them.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from histo_core.config import Config
from histo_core.data.phantom.stain import SCANNERS, Staining, render, stain_slide
from histo_core.data.phantom.tissue import SIDE, Host, sample_section

GRADES = 4
PATCH_SHAPE = (SIDE, SIDE, 3)
MASK_SHAPE = (SIDE, SIDE // 8)
"""Bytes of a packed row: eight pixels a byte."""

_COHORT, _PATIENT, _SLIDE, _PATCH = range(4)


class PhantomOptions(Config):
    """Options of phantom tissue."""

    grades: bool = Field(default=False, title="Grades", description="Five classes, normal and grades 1 to 4, not two")
    patients: int = Field(default=40, ge=4, le=500, title="Patients", description="Each has one or two slides")
    patches: int = Field(default=4000, ge=40, le=200_000, title="Patches", description="Of 96 x 96 pixels, in all")
    seed: int = Field(default=0, ge=0, lt=2**32, title="Seed", description="Another seed, other tissue")

    @model_validator(mode="after")
    def _everyone_has_a_patch(self) -> PhantomOptions:
        if self.patches < self.patients:
            raise ValueError(f"{self.patients} patients need at least as many patches, not {self.patches}")
        return self


class Cohort:
    """The patients and slides of one phantom data set.

    Attributes:
        table: one row for each patch: ``sample_id, label, patient_id, slide_id, scanner, x, y, grade``. ``x`` and ``y``
            are the left and upper edge on the slide in pixels; ``grade`` is that of the tumour in the central box, 0
            for none. Classes are balanced to within one patch.
    """

    def __init__(self, options: PhantomOptions) -> None:
        self.options = options
        rng = self._rng(_COHORT, 0)
        patients = np.arange(options.patients)
        self._scanner = rng.permutation(patients % len(SCANNERS))
        slides_of = rng.integers(1, 3, options.patients)
        self._patient = np.repeat(patients, slides_of)
        self._number = np.concatenate([np.arange(1, count + 1) for count in slides_of])
        # Patches are divided among patients first, so that one with two slides does not count twice.
        owner = np.sort(np.arange(options.patches) % options.patients)
        first = np.cumsum(slides_of) - slides_of
        turn = np.arange(options.patches) - np.searchsorted(owner, owner)
        self.slide = np.sort(first[owner] + turn % slides_of[owner])
        self.table = self._table(rng)

    def _table(self, rng: np.random.Generator) -> pd.DataFrame:
        count = self.options.patches
        classes = GRADES + 1 if self.options.grades else 2
        label = np.empty(count, np.int64)
        x, y = np.empty(count, np.int64), np.empty(count, np.int64)
        for slide in range(len(self._patient)):
            rows = np.flatnonzero(self.slide == slide)
            label[rows] = rng.permutation(rows % classes)
            wide = int(np.ceil(np.sqrt(1.5 * len(rows))))
            y[rows], x[rows] = np.divmod(np.sort(rng.permutation(wide * wide)[: len(rows)]), max(wide, 1))
        grade = label if self.options.grades else label * rng.integers(1, GRADES + 1, count)
        patient = self._patient[self.slide]
        patient_id = [f"P{number + 1:03d}" for number in patient]
        slide_id = [f"{name}-S{number}" for name, number in zip(patient_id, self._number[self.slide], strict=True)]
        return pd.DataFrame(
            {
                "sample_id": [f"{name}-{row:06d}" for row, name in enumerate(slide_id)],
                "label": label,
                "patient_id": patient_id,
                "slide_id": slide_id,
                "scanner": [SCANNERS[self._scanner[number]].name for number in patient],
                "x": x * SIDE,
                "y": y * SIDE,
                "grade": grade.astype(np.int64),
            }
        )

    @cached_property
    def _grades(self) -> np.ndarray:
        return self.table["grade"].to_numpy()

    @cached_property
    def _hosts(self) -> list[Host]:
        return [Host.drawn(self._rng(_PATIENT, number)) for number in range(self.options.patients)]

    @cached_property
    def _stainings(self) -> list[Staining]:
        return [
            stain_slide(self._rng(_PATIENT, patient), self._rng(_SLIDE, slide), SCANNERS[self._scanner[patient]])
            for slide, patient in enumerate(self._patient.tolist())
        ]

    def draw(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Render one patch.

        Returns:
            image: uint8 [96, 96, 3], RGB.
            mask: bool [96, 96], the pixels of tumour cells; some lie in the central box if and only if the patch's
            grade is not 0.
        """
        rng = self._rng(_PATCH, index)
        slide = self.slide[index]
        section = sample_section(rng, self._hosts[self._patient[slide]], int(self._grades[index]))
        return render(rng, section.haematoxylin, section.eosin, self._stainings[slide]), section.tumour

    def render_chunk(self, first: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Render patches ``first`` up to ``end``: images uint8 [n, 96, 96, 3] and packed masks uint8 [n, 96, 12]."""
        drawn = [self.draw(index) for index in range(first, end)]
        return np.stack([image for image, _ in drawn]), np.packbits([mask for _, mask in drawn], axis=2)

    def _rng(self, kind: int, number: int) -> np.random.Generator:
        return np.random.default_rng([self.options.seed, kind, number])
