"""Published studies as recipes, and the demo. Importing a member registers it."""

from histo_core.studies import wpi_kpcam

__all__ = ["wpi_kpcam"]
