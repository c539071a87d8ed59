"""Whether stains differ by more than a few patients do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_ind

from histo_core.auditing.domain_shift import StainProfile, stain_profile, stain_shift
from histo_core.data.dataset import Dataset

SPREAD = (0.1, 0.1, 0.1)


def profile(haematoxylin: float, patients: int | None, between: float) -> StainProfile:
    group_spread = (between, 0.0, 0.0) if patients is not None and patients > 1 else None
    return StainProfile((haematoxylin, 0.2, 0.1), SPREAD, 200, patients, group_spread)


def test_a_runs_own_test_set_of_few_patients_is_alike(make_folder: Callable[..., Dataset]) -> None:
    """Patients are stained more or less strongly; patches of one are alike."""
    rng = np.random.default_rng(1)
    strength = np.repeat(rng.uniform(0.5, 1.5, 8), 10)
    density = strength[:, None, None, None] * rng.uniform(0.9, 1.1, (80, 8, 8, 1)) * np.array([0.3, 0.5, 0.2])
    images = np.rint(255 * 10**-density).astype(np.uint8)
    dataset = make_folder(
        images, [("train", "a")] * 40 + [("train", "b")] * 40, patient_id=[f"p{row // 10}" for row in range(80)]
    )
    patient = dataset.table["patient_id"].str[1:].astype(int).to_numpy()
    weak, strong = strength[::10].argsort()[:6], strength.argmax() // 10
    train, test = (stain_profile(dataset, np.flatnonzero(np.isin(patient, some))) for some in (weak, strong))
    found = stain_shift(train, test)
    assert found.verdict == "alike"
    assert found.distances is not None
    assert max(map(abs, found.distances)) > 1
    assert "so few patients may differ as much (1 here, 6 in training)" in found.sentence
    assert test is not None
    assert stain_shift(train, replace(test, groups=None)).verdict == "differs"


@pytest.mark.parametrize(
    ("here", "there", "verdict"), [(30, 30, "differs"), (5, 3, "alike"), (1, 1, "alike"), (None, 3, "differs")]
)
def test_the_more_patients_the_surer(here: int | None, there: int, verdict: str) -> None:
    assert stain_shift(profile(0.5, here, 0.1), profile(0.38, there, 0.1)).verdict == verdict


def test_chance_is_that_of_the_t_test() -> None:
    """The means of 6 and 4 patients, just within and just beyond what scipy's test calls chance."""
    rng = np.random.default_rng(0)
    one, two = rng.normal(0, 0.1, 6), rng.normal(0, 0.1, 4)
    two += one.mean() - two.mean()
    apart = np.linspace(0.1, 0.5, 401)
    chance = np.array([ttest_ind(one, two + shift).pvalue > 0.05 / 3 for shift in apart])
    found = [
        stain_shift(profile(one.mean(), 6, one.std(ddof=1)), profile((two + shift).mean(), 4, two.std(ddof=1))).verdict
        == "alike"
        for shift in apart
    ]
    np.testing.assert_array_equal(found, chance)
    assert 0 < chance.sum() < len(chance)


def test_every_patient_counts_once(make_folder: Callable[..., Dataset]) -> None:
    images = np.full((12, 8, 8, 3), 120, np.uint8)
    images[9:] = 60
    dataset = make_folder(images, [("train", "a")] * 6 + [("train", "b")] * 6, patient_id=["light"] * 9 + ["dark"] * 3)
    found = stain_profile(dataset, np.arange(12))
    patient = dataset.table["patient_id"]
    light, dark = (stain_profile(dataset, np.flatnonzero(patient == name)) for name in ("light", "dark"))
    assert found is not None
    assert light is not None
    assert dark is not None
    assert (found.groups, light.groups, light.group_spread) == (2, 1, None)
    np.testing.assert_allclose(found.mean, (np.array(light.mean) + dark.mean) / 2)
    np.testing.assert_allclose(found.group_spread, np.abs(np.array(light.mean) - dark.mean) / np.sqrt(2))
