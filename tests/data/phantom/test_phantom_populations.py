from itertools import pairwise

import pytest

from histo_core.data.phantom.populations import EPITHELIUM, LYMPHOCYTE, TUMOUR


def test_grades_rise_in_size_variation_and_crowding() -> None:
    for lower, higher in pairwise((EPITHELIUM, *TUMOUR)):
        assert higher.diameter > lower.diameter
        assert higher.spread > lower.spread
        assert higher.irregularity > lower.irregularity
        assert higher.disorder > lower.disorder
        assert higher.diameter / higher.spacing > lower.diameter / lower.spacing


def test_sizes_are_those_of_human_tissue() -> None:
    """Micrometres: small lymphocytes 6 to 8, normal ductal nuclei about 8, carcinoma up to two or three times these."""
    assert 6 <= LYMPHOCYTE.diameter <= 8
    assert 7 <= EPITHELIUM.diameter <= 9
    assert all(1.1 <= grade.diameter / EPITHELIUM.diameter <= 3 for grade in TUMOUR)


def test_scaling_keeps_the_crowding() -> None:
    kin = EPITHELIUM.scaled(1.1, 0.05, 0.9)
    assert kin.diameter / kin.spacing == pytest.approx(EPITHELIUM.diameter / EPITHELIUM.spacing)
    assert kin.pallor == pytest.approx(EPITHELIUM.pallor + 0.05)
    assert kin.amount == pytest.approx(EPITHELIUM.amount * 0.9)
