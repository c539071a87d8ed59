"""What an audit says about one question: a sentence, how bad it is, and the patches it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

Severity = Literal["ok", "note", "warning", "problem"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From nothing found to what makes results wrong."""


@dataclass(frozen=True, eq=False)
class Finding:
    """One question and its answer.

    Attributes:
        key: names the finding in links and files: "near", "patients".
        title: its heading.
        sentence: the answer, for a reader who knows nothing else of the audit.
        severity: one of `SEVERITIES`.
        table: the patches; ``sample_id`` and for pairs ``other_id`` (with ``other_dataset`` where it lies in another
            data set), then what was measured. Empty when nothing was found.
        clause: what the verdict says of it, in a few words; empty when it need not.
        measure: the column of ``table``, a number, that says how strongly each row shows it; None where none does.
    """

    key: str
    title: str
    sentence: str
    severity: Severity
    table: pd.DataFrame
    clause: str = ""
    measure: str | None = None


def patches(count: int, what: str = "patch") -> str:
    """A count with its noun: "1 patch", "1,024 patches"."""
    plural = f"{what}es" if what.endswith("ch") else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"
