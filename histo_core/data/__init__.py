"""Data sets, splits, the only transforms, and the contract of predictions.

Importing the package registers every data set in `histo_core.data.base.DATASETS`.
"""

from histo_core.data import folder, kpcam, pcam, phantom

__all__ = ["folder", "kpcam", "pcam", "phantom"]
