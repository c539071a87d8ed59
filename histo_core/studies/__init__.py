"""Published studies as recipes, and the demo."""

from histo_core.studies import wpi_kpcam as wpi_kpcam
