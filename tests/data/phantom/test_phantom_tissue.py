"""Sections: the rule of the central box, and what tells a tumour."""

import numpy as np
import pytest

from histo_core.data.phantom.tissue import BOX, Host, TissueSection, sample_section


def section(seed: int, grade: int) -> TissueSection:
    rng = np.random.default_rng([7, seed])
    return sample_section(rng, Host.drawn(rng), grade)


@pytest.mark.parametrize("grade", range(5))
def test_tumour_is_in_the_box_when_asked_and_only_then(grade: int) -> None:
    for seed in range(40):
        assert section(seed, grade).tumour[BOX, BOX].any() == (grade > 0)


def test_amounts_are_finite_and_never_negative() -> None:
    for seed in range(40):
        drawn = section(seed, seed % 5)
        for amount in (drawn.haematoxylin, drawn.eosin):
            assert amount.shape == (96, 96)
            assert np.isfinite(amount).all()
            assert amount.min() >= 0


def test_classes_have_like_amounts_of_haematoxylin() -> None:
    """Else colour would give the label away: the spread within a class is wider than the step between them."""
    amounts = {grade: [section(seed, grade).haematoxylin.mean() for seed in range(60)] for grade in (0, 1, 3)}
    normal, *tumours = (np.array(values) for values in amounts.values())
    for tumour in tumours:
        assert abs(tumour.mean() - normal.mean()) < 0.8 * normal.std()


def test_hosts_differ() -> None:
    hosts = [Host.drawn(np.random.default_rng(seed)) for seed in range(50)]
    assert 0.03 < np.std([np.log(host.swelling) for host in hosts]) < 0.06
    assert min(host.looseness for host in hosts) >= 0.3
