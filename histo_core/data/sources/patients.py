"""Patients from file names, by a regular expression that the user gives.

A pattern can take longer than the universe's age on a short name ((a+)+$ on thirty letters), and Python cannot stop
one in a thread; so names are matched in a process of their own, which is killed when its time is over.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from histo_core.errors import ConfigError

MAX_LENGTH = 500
"""Of a pattern, in characters."""

SHOWN = 20
"""Names that a preview shows."""

_WORKER = Path(__file__).with_name("patients_worker.py")
_EXAMPLE = r"Write for example ^[^/]+/(?P<patient>[^_]+)_ for benign/P01_3.png."


def patient_ids(names: Sequence[str], pattern: str, *, seconds: float = 20.0) -> list[str | None]:
    """The patient of each name: the group ``patient``, else the first group, of the pattern's first match.

    Args:
        names: paths below the data set's folder, with forward slashes.
        pattern: a regular expression as in Python's `re`.
        seconds: after which the pattern is given up.

    Returns:
        One id a name; None where the pattern does not match, or its group is empty.

    Raises:
        ConfigError: no regular expression, too long, without a group, or too slow.
    """
    _check(pattern)
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(_WORKER)],
            input=json.dumps({"pattern": pattern, "names": list(names)}).encode(),
            capture_output=True,
            timeout=seconds,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(
            f"The patient pattern {pattern!r} was not done with {len(names):,} names after {seconds:g} s.",
            "Patterns must not repeat what repeats already, as (a+)+ does.",
            "Make it simpler.",
        ) from None
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ConfigError(f"The patient pattern {pattern!r} failed: {reason}.", "", "Make it simpler.") from None
    return json.loads(done.stdout)


def preview(names: Sequence[str], pattern: str) -> pd.DataFrame:
    """What a pattern finds in the first names: columns ``name`` and ``patient_id`` (None where it does not match).

    Raises:
        ConfigError: as `patient_ids`, within seconds.
    """
    shown = list(names[:SHOWN])
    return pd.DataFrame({"name": shown, "patient_id": patient_ids(shown, pattern, seconds=2.0)}, dtype=object)


def _check(pattern: str) -> None:
    if len(pattern) > MAX_LENGTH:
        raise ConfigError(
            f"The patient pattern has {len(pattern):,} characters.", f"At most {MAX_LENGTH} are read.", "Shorten it."
        )
    try:
        groups = re.compile(pattern).groups
    except (re.error, OverflowError, RecursionError) as error:
        raise ConfigError(
            f"The patient pattern {pattern!r} is no regular expression: {error}.", "See Python's re.", _EXAMPLE
        ) from None
    if not groups:
        raise ConfigError(
            f"The patient pattern {pattern!r} has no group.", "Parentheses around the patient's id.", _EXAMPLE
        )
