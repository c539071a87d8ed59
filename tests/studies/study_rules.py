"""Which rule each fact of each study's file is held to."""

from __future__ import annotations

import rules_fub_breakhis
import rules_gatech_kpcam
import rules_pcam_gcnn
import rules_uts_neuroblastoma
import rules_wpi_kpcam
from study_facts import Rule

RULES: dict[str, dict[str, Rule]] = {
    "wpi_kpcam": rules_wpi_kpcam.RULES,
    "fub_breakhis": rules_fub_breakhis.RULES,
    "gatech_kpcam": rules_gatech_kpcam.RULES,
    "pcam_gcnn": rules_pcam_gcnn.RULES,
    "uts_neuroblastoma": rules_uts_neuroblastoma.RULES,
}
