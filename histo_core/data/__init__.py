"""Data sets, splits, the only transforms, and the contract of predictions.

Importing the package registers every data set in `histo_core.data.base.DATASETS`.
"""

from histo_core.data import breakhis, folder, idc, kpcam, manifest_table, neuroblastoma, pcam, phantom

__all__ = ["breakhis", "folder", "idc", "kpcam", "manifest_table", "neuroblastoma", "pcam", "phantom"]
