"""Neuroblastic tumours, sorted by grade of differentiation into folders, as a hospital keeps them."""

from __future__ import annotations

from typing import ClassVar

from histo_core.data.dataset import DATASETS, DatasetInfo
from histo_core.data.formats.folder_look import FolderLook, Signs
from histo_core.data.sources.folder import ClassFolders, classes_seen

LONG_NAMES = {
    "DNB": "differentiating neuroblastoma",
    "GN": "ganglioneuroma",
    "GNB": "ganglioneuroblastoma",
    "PDNB": "poorly differentiated neuroblastoma",
    "UDNB": "undifferentiated neuroblastoma",
}
"""Long names of the classes by their short names, in the order of the labels."""


_FEWEST = 2
"""Class folders by which such a folder is known."""


@DATASETS.register("neuroblastoma")
class Neuroblastoma(ClassFolders):
    """Images in folders named by the short names of the five categories, in any case; see `LONG_NAMES`.

    The study's images are 300 x 300 crops of haematoxylin and eosin sections at 40x and are not public; users bring
    their own, in any size. Without ``patient_pattern`` patients are not known, and crops of one patient may be in
    several sets of a split.
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
    def signs(cls, look: FolderLook) -> Signs | None:
        """Know the folder by class folders that all have the short names."""
        classes, _ = classes_seen(look)
        if len(classes) < _FEWEST or any(cls.class_of(name) is None for name in classes):
            return None
        return Signs((f"class folders {', '.join(classes)}",))

    @classmethod
    def class_of(cls, folder: str) -> str | None:
        """Return the short name in capitals that equals the folder's name."""
        return folder.upper() if folder.upper() in LONG_NAMES else None
