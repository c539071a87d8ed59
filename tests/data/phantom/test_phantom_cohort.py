"""Who the patients are, without drawing their tissue."""

import numpy as np
import pytest

from histo_core.data.phantom.cohort import Cohort, PhantomOptions


@pytest.mark.parametrize("options", [PhantomOptions(), PhantomOptions(patches=41, patients=40, seed=3)])
def test_slides_belong_to_one_patient_and_patients_to_one_scanner(options: PhantomOptions) -> None:
    table = Cohort(options).table
    assert len(table) == options.patches
    assert table["sample_id"].is_unique
    assert table.groupby("slide_id")["patient_id"].nunique().max() == 1
    assert table.groupby("patient_id")["scanner"].nunique().max() == 1
    assert set(table.groupby("patient_id")["slide_id"].nunique()) <= {1, 2}
    assert not table.duplicated(["slide_id", "x", "y"]).any()
    by_scanner = table.groupby("scanner")["patient_id"].nunique()
    assert by_scanner.to_dict() == {"A": 20, "B": 20}


def test_classes_are_balanced_overall_and_on_every_slide() -> None:
    table = Cohort(PhantomOptions(patches=1000, patients=20)).table
    assert table["label"].mean() == 0.5
    by_slide = table.groupby("slide_id")["label"].agg(["sum", "size"])
    assert (2 * by_slide["sum"] - by_slide["size"]).abs().max() <= 1


def test_patients_have_equally_many_patches() -> None:
    counts = Cohort(PhantomOptions(patches=1010, patients=20)).table["patient_id"].value_counts()
    assert set(counts) == {50, 51}


def test_grades_only_where_there_is_tumour() -> None:
    table = Cohort(PhantomOptions(patches=1000, patients=20)).table
    assert set(table.loc[table["label"] == 0, "grade"]) == {0}
    assert set(table.loc[table["label"] == 1, "grade"]) == {1, 2, 3, 4}


def test_a_patch_does_not_depend_on_what_was_drawn_before() -> None:
    options = PhantomOptions(patches=40, patients=4)
    in_order, alone = Cohort(options), Cohort(options)
    images, masks = in_order.render_chunk(0, 12)
    image, mask = alone.draw(11)
    np.testing.assert_array_equal(image, images[11])
    np.testing.assert_array_equal(np.packbits(mask, axis=1), masks[11])


def test_scanners_and_patients_differ_more_than_patches_of_one_slide() -> None:
    cohort = Cohort(PhantomOptions(patches=320, patients=8, seed=1))
    table = cohort.table
    colours = np.stack([cohort.draw(index)[0].mean((0, 1)) for index in range(0, 320, 4)])
    by_scanner = [colours[(table["scanner"] == name)[::4]].mean(0) for name in ("A", "B")]
    # The second laboratory's haematoxylin is bluer.
    assert by_scanner[1][2] - by_scanner[1][0] > by_scanner[0][2] - by_scanner[0][0] + 10
