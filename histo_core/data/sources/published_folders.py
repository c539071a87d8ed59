"""Published data sets that lie as class folders, known by the names of their classes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from histo_core.data.sources.alike import common_form
from histo_core.data.sources.synonyms import tumour_synonyms


class PublishedFolders(NamedTuple):
    """One such data set.

    Attributes:
        title: its name with the paper.
        classes: the names of its class folders.
        positive: the class of interest among them.
    """

    title: str
    classes: frozenset[str]
    positive: str


PUBLISHED = (
    PublishedFolders(
        "NCT-CRC-HE (Kather 2018)",
        frozenset({"ADI", "BACK", "DEB", "LYM", "MUC", "MUS", "NORM", "STR", "TUM"}),
        "TUM",
    ),
    PublishedFolders(
        "Colorectal texture (Kather 2016)",
        frozenset(
            {
                *("01_TUMOR", "02_STROMA", "03_COMPLEX", "04_LYMPHO"),
                *("05_DEBRIS", "06_MUCOSA", "07_ADIPOSE", "08_EMPTY"),
            }
        ),
        "01_TUMOR",
    ),
)


def published_with(classes: Collection[str]) -> PublishedFolders | None:
    """Return the published data set whose classes are exactly these."""
    return next((each for each in PUBLISHED if each.classes == set(classes)), None)


def class_of_interest(classes: Sequence[str]) -> str | None:
    """Return the one of two classes whose name says tumour, where the other does not; None where names do not tell."""
    means = {common_form(name) for name in ("tumour", *tumour_synonyms()["tumour"])}
    named = [name for name in classes if common_form(name) in means]
    return named[0] if len(classes) == 2 and len(named) == 1 else None
