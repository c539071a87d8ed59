"""Data sets, splits, the only transforms, and the contract of predictions.

Importing the package registers every data set in `histo_core.data.dataset.DATASETS`.
"""

from histo_core.data.phantom import dataset as phantom
from histo_core.data.sources import breakhis, folder, idc, kpcam, manifest_table, neuroblastoma, pcam

__all__ = ["breakhis", "folder", "idc", "kpcam", "manifest_table", "neuroblastoma", "pcam", "phantom"]
