"""Folds, repeats, subsets and columns: each unit on one side, each fold once, whatever the order of the rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.folds import folds_of, repeats_of
from histo_core.data.splits.make_split import make_split
from histo_core.errors import SplitError
from histo_core.workspace import Workspace

Make = Callable[..., Dataset]
RNG = np.random.default_rng(0)
PATIENTS = np.sort(RNG.integers(0, 40, 2000))
LABELS = (RNG.random(2000) < 0.2 + 0.01 * PATIENTS).astype(np.int64)


def patients_of(dataset: Dataset, rows: np.ndarray) -> set[str]:
    return set(dataset.table["patient_id"].iloc[rows])


METHODS = ("patient", "slide", "group", "random")


def config_of(method: str, **fields: object) -> SplitConfig:
    return SplitConfig.model_validate({"method": method, "group": "site" if method == "group" else None, **fields})


@pytest.fixture
def sites(make_dataset: Make) -> Dataset:
    """Forty patients with two slides each, three of them at each site."""
    half = np.arange(2000) % 2
    return make_dataset(
        LABELS,
        patient_id=[f"P{n:02d}" for n in PATIENTS],
        slide_id=[f"S{n}-{m}" for n, m in zip(PATIENTS, half, strict=True)],
        site=PATIENTS // 3,
    )


def units(dataset: Dataset, method: str) -> np.ndarray:
    column = {"patient": "patient_id", "slide": "slide_id", "group": "site", "random": "sample_id"}[method]
    return dataset.table[column].to_numpy(dtype=object)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("hold_out", [True, False])
@pytest.mark.parametrize("seed", [0, 7])
def test_every_unit_is_in_exactly_one_fold(
    sites: Dataset, method: str, stratify: bool, hold_out: bool, seed: int
) -> None:
    config = config_of(method, folds=5, stratify=stratify, hold_out=hold_out, seed=seed, test=0.2)
    splits = [make_split(sites, fold) for fold in folds_of(config)]
    assert [split.fold for split in splits] == [0, 1, 2, 3, 4]
    assert len({split.fingerprint for split in splits}) == 5
    ids = units(sites, method)
    for split in splits:
        held = {split_set: set(ids[split.indices(split_set)]) for split_set in ("train", "valid", "test")}
        assert all(held.values())
        assert not held["train"] & held["valid"]
        assert not held["train"] & held["test"]
        assert not held["valid"] & held["test"]
        assert sum(len(split.indices(split_set)) for split_set in held) == len(sites)
    split_set = "valid" if hold_out else "test"
    dealt = np.concatenate([split.indices(split_set) for split in splits])
    others = splits[0].indices("test") if hold_out else np.zeros(0, np.int64)
    assert sorted([*dealt, *others]) == list(range(2000))
    if hold_out:
        assert all(np.array_equal(split.indices("test"), others) for split in splits)
        assert len(set(ids[others])) == pytest.approx(0.2 * len(set(ids)), abs=1)
    else:
        share = len(set(ids[splits[0].indices("valid")])) / len(set(ids))
        assert share == pytest.approx(0.15, abs=0.04)  # of the whole, to the nearest group


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fields", [{"folds": 4, "fold": 2}, {"folds": 4, "hold_out": True}, {"subset": 700}])
def test_neither_folds_nor_subsets_depend_on_the_order_of_rows(
    sites: Dataset, make_dataset: Make, method: str, fields: dict[str, object]
) -> None:
    shuffled = make_dataset(LABELS)
    shuffled.table = sites.table.sample(frac=1, random_state=1).reset_index(drop=True)
    config = config_of(method, **fields)
    assert make_split(shuffled, config).fingerprint == make_split(sites, config).fingerprint


@pytest.mark.parametrize("method", METHODS)
def test_folds_have_like_class_shares_and_repeats_differ(sites: Dataset, method: str) -> None:
    for config in repeats_of(config_of(method, folds=5), 3):
        for fold in folds_of(config):
            rows = make_split(sites, fold).indices("test")
            assert len(rows) == pytest.approx(400, abs=1 if method == "random" else 90)
            assert LABELS[rows].mean() == pytest.approx(LABELS.mean(), abs=0.003 if method == "random" else 0.08)
    firsts = [make_split(sites, config).fingerprint for config in repeats_of(config_of(method, folds=5), 3)]
    assert len(set(firsts)) == 3


def test_a_subset_keeps_the_shares_of_the_classes_and_of_published_sets(sites: Dataset, make_dataset: Make) -> None:
    split = make_split(sites, config_of("random", subset=500))
    drawn = split.split_sets != ""
    assert drawn.sum() == 500
    assert LABELS[drawn].sum() == round(500 * LABELS.mean())
    assert "500 of 2,000 patches were drawn, with the shares of the classes kept." in split.note
    split_sets = np.where(np.arange(2000) < 1600, "train", np.where(np.arange(2000) < 1800, "valid", "test"))
    published = make_split(make_dataset(LABELS, split=split_sets), SplitConfig(subset=100))
    assert [len(published.indices(split_set)) for split_set in ("train", "valid", "test")] == [80, 10, 10]
    assert (
        make_split(sites, config_of("patient", subset=9999)).fingerprint
        == make_split(sites, config_of("patient")).fingerprint
    )
    assert make_split(sites, config_of("random", subset=500, seed=1)).fingerprint != split.fingerprint


def test_without_stratification_class_shares_are_left_to_chance(make_dataset: Make) -> None:
    dataset = make_dataset([0] * 100 + [1] * 20)
    counts = [
        make_split(dataset, SplitConfig(stratify=False, seed=seed)).counts(dataset).loc["test"].tolist()[:2]
        for seed in range(6)
    ]
    assert all(sum(count) == 30 for count in counts)
    assert len({count[1] for count in counts}) > 1


def test_a_column_keeps_together_what_agrees_in_it(sites: Dataset) -> None:
    split = make_split(sites, config_of("group"))
    assert split.method == "group"
    assert split.note == "Split by the column 'site': 4 of 14 groups are held out for test."
    torn = make_split(sites, SplitConfig(method="slide"))
    assert "of 40 patients stand in more than one set." in torn.note


def test_a_fold_says_which_one_it_is(sites: Dataset, make_dataset: Make) -> None:
    fold = make_split(sites, config_of("patient", folds=5, fold=1))
    assert fold.note == "Fold 1 of 5, counted from 0, divided by patient: 8 of 40 patients are held out for test."
    held = make_split(sites, config_of("patient", folds=5, fold=1, hold_out=True))
    assert held.note == (
        "Fold 1 of 5, counted from 0, divided by patient, is for validation: 10 of 40 patients are held out for test, "
        "the same in every fold."
    )
    missing = make_split(
        make_dataset([0] * 20 + [1] * 2, patient_id=[f"P{n}" for n in range(22)]), SplitConfig(folds=4)
    )
    assert "No validation patch shows tumour." in missing.note


def test_a_published_test_set_is_held_out_of_folds(make_dataset: Make) -> None:
    split_sets = np.where(PATIENTS < 25, "train", np.where(PATIENTS < 30, "valid", "test"))
    dataset = make_dataset(LABELS, split=split_sets, patient_id=PATIENTS.astype(str))
    splits = [make_split(dataset, fold) for fold in folds_of(SplitConfig(folds=3, hold_out=True))]
    for split in splits:
        assert split.method == "published"
        np.testing.assert_array_equal(split.split_sets == "test", split_sets == "test")
        assert not patients_of(dataset, split.indices("valid")) & patients_of(dataset, split.indices("train"))
        assert "of all but its test set, divided by patient, is for validation." in split.note
    valid = np.concatenate([split.indices("valid") for split in splits])
    np.testing.assert_array_equal(np.sort(valid), np.flatnonzero(split_sets != "test"))
    assert make_split(dataset, SplitConfig(folds=3)).method == "patient"
    with pytest.raises(SplitError, match=r"no folds of its own.*hold_out"):
        make_split(dataset, SplitConfig(method="published", folds=3))


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (SplitConfig(method="patient", folds=5), "4 patients cannot be divided into 5 folds"),
        (SplitConfig(method="patient", folds=4, hold_out=True), "3 patients cannot be divided into 4 folds"),
        (SplitConfig(method="patient", folds=2, valid=0.6), "2 patients cannot be divided into train and valid"),
        (SplitConfig(method="random", folds=20), "8 samples cannot be divided into 20 folds"),
        (SplitConfig(method="group", group="ward"), "no column 'ward' with a value for each.*patient_id"),
        (SplitConfig(method="saved", saved="0" * 64), "No split is saved under"),
    ],
)
def test_what_cannot_be_dealt_is_refused_in_words(config: SplitConfig, says: str, make_dataset: Make) -> None:
    dataset = make_dataset([0, 1] * 4, patient_id=list("aabbccdd"), ward=[1, 1, 1, None, 1, 1, 1, 1])
    with pytest.raises(SplitError, match=says) as caught:
        make_split(dataset, config)
    assert caught.value.remedy


def test_five_patient_wise_folds_of_breakhis_share_no_patient(shared_data: Path, workspace: Workspace) -> None:
    """By the table alone: the patients of each side of each fold, and that each patient is tested once."""
    dataset = open_dataset(DataConfig(dataset="breakhis", root=str(shared_data / "breakhis_224")), workspace)
    patient = dataset.table["patient_id"].to_numpy()
    tested: list[str] = []
    for config in folds_of(SplitConfig(method="patient", folds=5)):
        split = make_split(dataset, config)
        sides = [set(patient[split.split_sets == split_set]) for split_set in ("train", "valid", "test")]
        assert all(sides)
        assert sum(map(len, sides)) == len(set().union(*sides)) == 33
        tested += sides[2]
        counts = split.counts(dataset)
        assert (counts[list(dataset.classes)].to_numpy() > 0).all()
    assert sorted(tested) == sorted(set(patient))
