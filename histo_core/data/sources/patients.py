"""Extract patients from file names by a user's regular expression.

A pattern can take practically forever on a short name ((a+)+$ on thirty letters), and Python cannot stop it in a
thread. So names are matched in a separate process, which is killed when its time is over.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd

from histo_core.errors import ConfigError
from histo_core.limited import LimitReachedError, run_limited

MAX_LENGTH = 500
"""Length limit of a pattern, in characters."""

SHOWN = 20
"""Number of names in a preview."""


def patient_ids(names: Sequence[str], pattern: str, *, seconds: float = 20.0) -> list[str | None]:
    """Return each name's patient: the group ``patient``, else the first group, of the pattern's first match.

    Args:
        names: paths below the data set's folder, with forward slashes.
        pattern: a regular expression as in Python's `re`.
        seconds: time limit for all names.

    Returns:
        One id for each name; None where the pattern does not match or its group is empty.

    Raises:
        ConfigError: the pattern is not a regular expression, too long, without a group, or too slow.
    """
    if len(pattern) > MAX_LENGTH:
        raise ConfigError(
            f"The patient pattern has {len(pattern):,} characters.", f"At most {MAX_LENGTH} are read.", "Shorten it."
        )
    request = json.dumps({"pattern": pattern, "names": list(names)}).encode()
    try:
        return json.loads(run_limited("histo_core.match_names:match", request, seconds=seconds))
    except LimitReachedError:
        raise ConfigError(
            f"The patient pattern {pattern!r} was not done with {len(names):,} names after {seconds:g} s.",
            "Patterns must not repeat what repeats already, as (a+)+ does.",
            "Make it simpler.",
        ) from None


def preview(names: Sequence[str], pattern: str) -> pd.DataFrame:
    """Apply a pattern to the first names: columns ``name`` and ``patient_id`` (None where it does not match).

    Raises:
        ConfigError: as `patient_ids`, after a few seconds at most.
    """
    shown = list(names[:SHOWN])
    return pd.DataFrame({"name": shown, "patient_id": patient_ids(shown, pattern, seconds=2.0)}, dtype=object)
