"""Class names that look like one class spelled twice."""

from __future__ import annotations

import pytest

from histo_core.data.sources.alike import common_form, refuse_alike
from histo_core.errors import CorruptDataError

ALIKE = (
    ("tumor", "tumour"),
    ("Tumor", "tumors"),
    ("TUMOUR ", "tumor"),
    ("benign_tumours", "Benign tumor"),
    ("grade-1", "grade 1"),
    ("grade  1", "grade_1"),
    ("oedema", "edema"),
    ("anaemia", "anemia"),
    ("Gland", "glands"),
    ("gr\u00f6\u00dfe", "gro\u0308sse"),
    ("\ufb01brosis", "fibrosis"),
)
APART = (
    ("GN", "GNB"),
    ("HER2+", "HER2-"),
    ("HER2", "HER2-"),
    ("MUC", "MUS"),
    ("1", "10"),
    ("01_TUMOR", "02_STROMA"),
    ("benign", "malignant"),
    ("mass", "mas"),
    ("gas", "ga"),
    ("normal", "tumour"),
    ("0", "1"),
)


@pytest.mark.parametrize("names", ALIKE)
def test_two_spellings_of_a_class_are_named_in_either_order(names: tuple[str, str]) -> None:
    for one, other in (names, names[::-1]):
        with pytest.raises(CorruptDataError) as caught:
            refuse_alike(["something else", one, other], "mine", "Rename one.", meant=False)
        assert (
            caught.value.found
            == f"mine has the classes {one!r} and {other!r}, which look like one class spelled twice."
        )
        assert caught.value.remedy.startswith("Rename one. If they are two classes")
        refuse_alike([one, other], "mine", "Rename one.", meant=True)


@pytest.mark.parametrize("names", APART)
def test_different_classes_pass(names: tuple[str, str]) -> None:
    refuse_alike(names, "mine", "", meant=False)
    assert common_form(names[0]) != common_form(names[1])
