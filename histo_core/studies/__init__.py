"""Provide published studies as recipes, and the demo. Importing a module here registers its study."""

from histo_core.studies import fub_breakhis, gatech_kpcam, pcam_4000, pcam_gcnn, uts_neuroblastoma, wpi_kpcam

__all__ = ["fub_breakhis", "gatech_kpcam", "pcam_4000", "pcam_gcnn", "uts_neuroblastoma", "wpi_kpcam"]
