"""Splits: whole patients, even classes, the same each time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from histo_core.config import SplitConfig
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import fingerprint
from histo_core.data.splits.units import PATIENT
from histo_core.errors import SplitError

Make = Callable[..., Dataset]
RNG = np.random.default_rng(0)
PATIENTS = np.sort(RNG.integers(0, 40, 2000))
LABELS = (RNG.random(2000) < 0.2 + 0.01 * PATIENTS).astype(np.int64)


def patients_of(dataset: Dataset, rows: np.ndarray) -> set[str]:
    return set(dataset.table["patient_id"].iloc[rows])


@pytest.fixture
def cohort(make_dataset: Make) -> Dataset:
    return make_dataset(LABELS, patient_id=[f"P{n:02d}" for n in PATIENTS], slide_id=[f"S{n:02d}" for n in PATIENTS])


def test_whole_patients_are_held_out(cohort: Dataset) -> None:
    split = make_split(cohort, SplitConfig())
    held = {split_set: patients_of(cohort, split.indices(split_set)) for split_set in ("train", "valid", "test")}
    assert split.method == "patient"
    assert split.note == "Split by patient: 10 of 40 patients are held out for test."
    assert {split_set: len(names) for split_set, names in held.items()} == {"train": 24, "valid": 6, "test": 10}
    assert not held["train"] & held["test"]
    assert not held["train"] & held["valid"]
    assert not held["valid"] & held["test"]


def test_parts_have_the_shares_and_classes_of_the_whole(cohort: Dataset) -> None:
    for seed in range(5):
        split = make_split(cohort, SplitConfig(seed=seed))
        for split_set, share in (("train", 0.6), ("valid", 0.15), ("test", 0.25)):
            rows = split.indices(split_set)
            assert len(rows) / 2000 == pytest.approx(share, abs=0.03)
            assert LABELS[rows].mean() == pytest.approx(LABELS.mean(), abs=0.04)


def test_every_row_is_in_one_set(cohort: Dataset) -> None:
    split = make_split(cohort, SplitConfig())
    rows = np.concatenate([split.indices(split_set) for split_set in ("train", "valid", "test")])
    assert rows.dtype == np.int64
    assert sorted(rows) == list(range(2000))


def test_seeds_decide_and_nothing_else_does(cohort: Dataset, make_dataset: Make) -> None:
    split = make_split(cohort, SplitConfig(seed=3))
    assert make_split(cohort, SplitConfig(seed=3)).fingerprint == split.fingerprint
    assert make_split(cohort, SplitConfig(seed=4)).fingerprint != split.fingerprint
    for method in ("patient", "random"):
        before = make_split(cohort, SplitConfig(method=method))
        shuffled = make_dataset(LABELS)
        shuffled.table = cohort.table.sample(frac=1, random_state=0).reset_index(drop=True)
        assert make_split(shuffled, SplitConfig(method=method)).fingerprint == before.fingerprint


def test_the_fingerprint_is_a_hash_over_sorted_rows() -> None:
    expected = hashlib.sha256(b"'a' 1 train\n'b' 0 test\n").hexdigest()
    assert fingerprint(["b", "a"], [0, 1], ["test", "train"]) == expected
    assert fingerprint(["b", "a"], [1, 1], ["test", "train"]) != expected
    assert fingerprint(["b", "a"], [0, 1], ["train", "train"]) != expected


def test_auto_takes_the_best_there_is(cohort: Dataset, make_dataset: Make) -> None:
    table = cohort.table
    ids = {name: table[name] for name in ("patient_id", "slide_id")}
    published = ["train", "test"] * 1000
    assert make_split(make_dataset(LABELS, split=published, **ids), SplitConfig()).method == "published"
    assert make_split(make_dataset(LABELS, slide_id=table["slide_id"]), SplitConfig()).method == "slide"
    none = table["patient_id"].where(table.index < 0)
    assert make_split(make_dataset(LABELS, patient_id=none), SplitConfig()).method == "random"
    assert make_split(make_dataset(LABELS), SplitConfig()).method == "random"


@pytest.mark.parametrize("folds", [None, 3])
@pytest.mark.parametrize(
    ("split_sets", "ids", "says"),
    [
        (["valid", "test"], {}, "published valid and test set, and no train set.*how to split: random"),
        (["test", ""], {"slide_id": list("abcdef") * 2}, "published test set, and no train.*: slide, random"),
    ],
)
def test_a_published_test_set_is_trained_on_only_when_told(
    split_sets: list[str], ids: dict[str, list[str]], says: str, folds: int | None, make_dataset: Make
) -> None:
    dataset = make_dataset([0, 1] * 6, split=split_sets * 6, **ids)
    with pytest.raises(SplitError, match=says):
        make_split(dataset, SplitConfig(folds=folds))
    split = make_split(dataset, SplitConfig(method="random", folds=folds))
    assert split.method == "random"
    assert len(split.indices("train"))


@pytest.mark.parametrize("config", [SplitConfig(), SplitConfig(folds=4, fold=1), SplitConfig(method="patient")])
def test_one_missing_id_does_not_tear_the_patients_that_are_known(make_dataset: Make, config: SplitConfig) -> None:
    ids = [f"P{row // 10}" for row in range(120)]
    ids[25] = None
    dataset = make_dataset([0, 1] * 60, patient_id=ids)
    split = make_split(dataset, config)
    by_patient = dataset.table.assign(part=split.split_sets).groupby("patient_id")["part"].nunique()
    assert (split.method, by_patient.tolist()) == ("patient", [1] * 12)
    assert "of 12 patients are held out for test" in split.note
    assert split.note.endswith("; 1 of 120 patches lacks a patient id and may belong to a patient of another set.")
    assert split.counts(dataset)["patients"].sum() == 12


def test_a_patch_without_a_patient_stays_with_its_slide(make_dataset: Make) -> None:
    patients = [f"P{row // 10}" if row % 10 < 5 or row >= 100 else None for row in range(120)]
    patients[100:110] = [None] * 10
    slides = [f"S{row // 10}" for row in range(120)]  # S10 has no patient at all, and three patches have no slide
    slides[5], slides[16], slides[107] = None, None, None
    dataset = make_dataset([0, 1] * 60, patient_id=patients, slide_id=slides)
    split = make_split(dataset, SplitConfig())
    by_slide = dataset.table.assign(part=split.split_sets).groupby("slide_id")["part"].nunique()
    assert by_slide.tolist() == [1] * 12
    units = PATIENT.ids(dataset)
    assert units[:10].tolist() == ["P0"] * 5 + [units[5]] + ["P0"] * 4
    assert len(set(units)) == 11 + 1 + 3
    assert "; 60 of 120 patches lack a patient id" in split.note


def test_the_note_says_what_cannot_be_promised(make_dataset: Make) -> None:
    by_slide = make_split(make_dataset(LABELS, slide_id=PATIENTS.astype(str)), SplitConfig())
    assert by_slide.note == (
        "Split by slide: 10 of 40 slides are held out for test; "
        "patient ids are not known, so slides of one patient may stand on both sides."
    )
    at_random = make_split(make_dataset(LABELS), SplitConfig())
    assert "500 of 2,000 patches are held out for test; patients are not kept together" in at_random.note


def test_a_published_split_is_kept_as_it_is(make_dataset: Make) -> None:
    split_sets = ["train", "valid", "test", "test"] * 5
    split = make_split(make_dataset([0, 1, 0, 1, 1] * 4, split=split_sets), SplitConfig())
    assert split.split_sets.tolist() == split_sets
    assert split.note == "The split is the published one."


def test_a_missing_validation_set_is_cut_from_training_by_patient(make_dataset: Make) -> None:
    split_sets = np.where(PATIENTS < 30, "train", "test")
    dataset = make_dataset(LABELS, split=split_sets, patient_id=PATIENTS.astype(str))
    split = make_split(dataset, SplitConfig(valid=0.2))
    valid = patients_of(dataset, split.indices("valid"))
    assert len(valid) == 6  # a fifth of the 30
    assert not valid & patients_of(dataset, split.indices("train"))
    np.testing.assert_array_equal(split.split_sets == "test", split_sets == "test")
    assert split.note == "The split is the published one; validation was cut from its training set by patient."


def test_a_lone_training_set_gives_both_others(make_dataset: Make) -> None:
    split = make_split(make_dataset([0, 1] * 50, split="train"), SplitConfig())
    assert {split_set: len(split.indices(split_set)) for split_set in ("train", "valid", "test")} == {
        "train": 60,
        "valid": 16,
        "test": 24,
    }
    assert "validation and test were cut from its training set at random" in split.note


def test_random_splits_keep_class_shares_to_the_patch(make_dataset: Make) -> None:
    dataset = make_dataset([0] * 100 + [1] * 20)
    counts = make_split(dataset, SplitConfig()).counts(dataset)
    assert counts[["normal", "tumour"]].to_numpy().tolist() == [[60, 12], [15, 3], [25, 5]]


def test_counts_name_patients_where_they_are_known(cohort: Dataset, make_dataset: Make) -> None:
    counts = make_split(cohort, SplitConfig()).counts(cohort)
    assert counts.index.tolist() == ["train", "valid", "test"]
    assert counts["patients"].tolist() == [24, 6, 10]
    assert counts[["normal", "tumour"]].to_numpy().sum() == 2000
    unknown = make_dataset(LABELS)
    assert make_split(unknown, SplitConfig()).counts(unknown)["patients"].isna().all()


def test_samples_without_label_are_left_out(make_dataset: Make) -> None:
    dataset = make_dataset([0, 1] * 10 + [UNLABELLED] * 3)
    split = make_split(dataset, SplitConfig())
    assert split.split_sets[-3:].tolist() == ["", "", ""]
    assert split.note.endswith("3 patches without a label or set are left out.")
    with pytest.raises(SplitError, match="has no labels"):
        make_split(make_dataset([UNLABELLED] * 3), SplitConfig())


def test_a_class_that_training_never_shows_is_named(make_dataset: Make) -> None:
    dataset = make_dataset([0, 0, 1, 1], split=["train", "valid", "valid", "test"])
    assert make_split(dataset, SplitConfig()).note == (
        "The split is the published one. No training patch shows tumour. No test patch shows normal."
    )


def test_a_share_of_zero_makes_no_set(cohort: Dataset) -> None:
    split = make_split(cohort, SplitConfig(valid=0, test=0.25))
    assert len(split.indices("valid")) == 0
    assert len(patients_of(cohort, split.indices("train"))) == 30


@pytest.mark.parametrize(
    ("columns", "method", "says"),
    [
        ({}, "patient", "no patient ids.*split by: random"),
        ({}, "published", "no published training set"),
        ({"slide_id": list("abab")}, "patient", "split by: slide, random"),
        ({"slide_id": list("abab")}, "slide", "2 slides cannot be divided"),
        ({}, "random", "2 samples cannot be divided"),
    ],
)
def test_what_cannot_be_split_is_refused_in_words(
    columns: dict[str, object], method: str, says: str, make_dataset: Make
) -> None:
    with pytest.raises(SplitError, match=says) as caught:
        make_split(make_dataset([0, 0, 1, 1], **columns), SplitConfig.model_validate({"method": method}))
    assert caught.value.remedy
