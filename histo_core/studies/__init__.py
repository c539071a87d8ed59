"""Provide published studies as recipes, and the demo. Importing a study registers it in `STUDIES`.

Example:
    >>> from histo_core.studies import STUDIES
    >>> [recipe.data for name, recipe in STUDIES.items() if name == "fub_breakhis"]
    ['breakhis']
"""

from histo_core.studies import (  # noqa: F401 (they register themselves)
    fub_breakhis,
    gatech_kpcam,
    pcam_4000,
    pcam_gcnn,
    uts_neuroblastoma,
    wpi_kpcam,
)
from histo_core.studies.recipes import STUDIES, Recipe

__all__ = ["STUDIES", "Recipe"]
