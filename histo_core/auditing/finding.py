"""Define a finding of an audit: a sentence, its severity, and the patches that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

Severity = Literal["ok", "note", "warning", "problem"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From nothing found to results that are wrong."""


@dataclass(frozen=True, eq=False)
class Finding:
    """The answer of an audit to one question.

    Attributes:
        key: its name in links and files: "near", "patients".
        title: its heading.
        sentence: the answer, readable without the rest of the audit.
        severity: one of `SEVERITIES`.
        table: the patches: ``sample_id``, for pairs ``other_id`` (with ``other_dataset`` where it lies in another data
            set), then the measured values. Empty when nothing was found.
        clause: its words in the verdict; empty when the verdict does not need it.
        measure: the numeric column of ``table`` that says how strongly each row shows it; None where there is none.
    """

    key: str
    title: str
    sentence: str
    severity: Severity
    table: pd.DataFrame
    clause: str = ""
    measure: str | None = None
