"""Neuroblastic tumours sorted by their grade of differentiation, as a hospital keeps them."""

from __future__ import annotations

from typing import ClassVar

from histo_core.data.dataset import DATASETS, DatasetInfo
from histo_core.data.sources.folder import ClassFolders

LONG_NAMES = {
    "DNB": "differentiating neuroblastoma",
    "GN": "ganglioneuroma",
    "GNB": "ganglioneuroblastoma",
    "PDNB": "poorly differentiated neuroblastoma",
    "UDNB": "undifferentiated neuroblastoma",
}
"""What the classes' short names stand for, in the order of the labels."""


@DATASETS.register("neuroblastoma")
class Neuroblastoma(ClassFolders):
    """Class folders named by the five categories' short names, in any case; see `LONG_NAMES`.

    The study's images are 300 x 300 crops of haematoxylin and eosin sections at 40x and are not public: users bring
    their own, in any size. Without ``patient_pattern`` patients are not known, and crops of one patient may stand on
    both sides of a split.
    """

    name_in_registry: ClassVar[str] = "neuroblastoma"
    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="Neuroblastoma",
        summary=f"Crops of neuroblastic tumours in five classes: "
        f"{', '.join(f'{short} ({long})' for short, long in LONG_NAMES.items())}.",
        source="a hospital's own; the study's images are not public",
        licence="your own",
        layout="Class folders PDNB, DNB, UDNB, GN and GNB, or <train|valid|test>/ above them where the split is fixed.",
        expected_counts={"PDNB": 571, "DNB": 187, "UDNB": 155, "GN": 84, "GNB": 46, "patients": 125},
    )

    @classmethod
    def class_of(cls, folder: str) -> str | None:
        """The short name that the folder's name is, in capitals."""
        return folder.upper() if folder.upper() in LONG_NAMES else None
