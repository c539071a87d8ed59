"""Cell populations of phantom tissue: their nuclei, spacing and cytoplasm."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Population:
    """Cells of one kind. Lengths are micrometres, amounts are relative to a lymphocyte's haematoxylin."""

    diameter: float
    """Geometric mean of the nucleus's long and short axis."""
    spread: float
    """SD of the logarithm of the diameter: anisokaryosis."""
    elongation: float
    """Long over short axis, on average."""
    irregularity: float
    """SD of each wave of the outline, relative to the radius."""
    amount: float
    amount_spread: float
    """SD of the logarithm of the amount: hyperchromatic beside pale nuclei."""
    pallor: float
    """How far the inside is cleared, 0 to 1: vesicular nuclei."""
    rim: float
    """Extra amount under the membrane, relative."""
    chromatin: float
    """SD of the texture, relative to the amount."""
    nucleolus: float
    """Extra amount in the middle of a nucleolus, relative."""
    spacing: float
    """Distance between neighbours in a sheet."""
    disorder: float
    """SD of a cell's shift from its lattice point, relative to the spacing."""
    tumour: bool = False

    def scaled(self, size: float, pallor: float, amount: float) -> Population:
        """Return the same population with other dimensions, clearing and amount."""
        return replace(
            self,
            diameter=self.diameter * size,
            spacing=self.spacing * size,
            pallor=self.pallor + pallor,
            amount=self.amount * amount,
        )


LYMPHOCYTE = Population(6.3, 0.1, 1.12, 0.04, 0.85, 0.15, 0.15, 0.0, 0.22, 0.0, 7.8, 0.16)
FIBROBLAST = Population(5.0, 0.15, 3.4, 0.04, 0.7, 0.2, 0.1, 0.0, 0.15, 0.0, 17.0, 0.35)
EPITHELIUM = Population(8.0, 0.07, 1.25, 0.02, 0.62, 0.12, 0.25, 0.08, 0.2, 0.35, 10.4, 0.1)
TUMOUR = (
    Population(9.8, 0.12, 1.3, 0.03, 0.62, 0.14, 0.3, 0.1, 0.24, 0.6, 12.4, 0.14, tumour=True),
    Population(11.0, 0.17, 1.3, 0.04, 0.62, 0.2, 0.34, 0.14, 0.28, 0.8, 13.0, 0.16, tumour=True),
    Population(12.0, 0.23, 1.35, 0.05, 0.62, 0.26, 0.38, 0.18, 0.32, 1.0, 13.8, 0.18, tumour=True),
    Population(13.0, 0.29, 1.4, 0.06, 0.62, 0.32, 0.4, 0.2, 0.38, 1.2, 14.6, 0.2, tumour=True),
)
"""Grades 1 to 4, with increasing size, variation and crowding."""
