"""Other names of the classes normal and tumour, as data sets with these two classes declare them."""

from __future__ import annotations


def tumour_synonyms(*also: str) -> dict[str, tuple[str, ...]]:
    """Return the other names of normal and tumour.

    Benign is none of them: in some data sets it names benign tumours, in others healthy tissue. Nor are 0 and 1, whose
    meaning a name does not tell.

    Args:
        also: further names of tumour that hold in one data set alone.
    """
    return {
        "normal": ("no tumour", "non tumour", "not tumour", "no cancer", "non cancer", "healthy", "negative"),
        "tumour": ("cancer", "carcinoma", "malignant", "malignancy", "tumour tissue", "positive", *also),
    }
