"""Define types and bounds that several configurations share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Option = bool | int | float | str
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
PATH_LENGTH = 4096
"""Characters of the longest path on Linux."""
MANY = 1_000_000_000
"""The largest number of patches that may be asked for; no data set has as many."""
SEEDS = 2**32
"""Seeds are below this number, because NumPy requires it."""
