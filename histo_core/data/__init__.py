"""Data sets, splits, transforms, and the contract of predictions.

Importing the package registers every data set in `DATASETS`.

Example:
    >>> from histo_core.data import DATASETS
    >>> DATASETS["pcam"].info.title, DATASETS["phantom"].info.needs_root
    ('PatchCamelyon', False)
"""

from histo_core.data.dataset import DATASETS, Dataset, DatasetInfo
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split

# isort: split
from histo_core.data.phantom import dataset as _phantom  # noqa: F401 (it registers itself)
from histo_core.data.sources import (  # noqa: F401 (they register themselves)
    breakhis,
    folder,
    idc,
    kpcam,
    manifest_table,
    neuroblastoma,
    pcam,
)

__all__ = ["DATASETS", "Dataset", "DatasetInfo", "make_split", "open_dataset"]
