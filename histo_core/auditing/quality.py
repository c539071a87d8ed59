"""Find unusable patches: blank, blurred, marked with a pen, or out of stain.

All limits were set on 8,000 PatchCamelyon patches (96 x 96 at 0.97 µm/px). They were then checked on 2,500 patches of
invasive ductal carcinoma (50 x 50), whose surgical margins are inked, and on BreaKHis.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from histo_core.auditing.finding import Finding
from histo_core.auditing.pixel_stats import SMOOTH
from histo_core.shown_text import count

BLANK_BACKGROUND = 0.97
"""A patch is blank when at least this share of it absorbs almost nothing. With `BLANK_CONTRAST` this finds 72 of the
8,000 patches."""
BLANK_CONTRAST = 0.02
"""A patch is also blank when its contrast is below this, whatever its colour: glass, shadow, black beside the slide."""

BLUR = 0.13
"""A patch is blurred when its sharpness above that of a linear ramp is below this share of the data set's median.

Sharpness depends on magnification, so the data set is its own reference. A Gaussian blur of 2 px brings 99% of
PatchCamelyon's patches below the limit. Without blur 10 of the 8,000 are below it, all of them out of focus."""
BLUR_CONTRAST = 0.03
"""Patches with less contrast are too uniform to be called blurred."""

INK = 0.015
"""A patch is marked when this share of it has the colour of ink (see `pixel_stats.measure`)."""

GREEN_SHARE = 0.37
"""Haematoxylin and eosin both absorb green most. A patch is out of stain when green is less than this share of its
absorption: grey shadows and glass edges (a third), brown pigment and ink, blue ink, a camera's green cast. 0.3% of
PatchCamelyon lies below, and a fifth of 197 BreaKHis images at 200X, which have a green cast."""

MANY = 0.05
"""From this share of the patches on, a finding is a warning and enters the verdict. The finding ``stain`` does not: its
limit is an absolute colour, and a camera's cast can shift that of a whole data set without harm."""

_LIMIT = "The limit was set on PatchCamelyon."


def quality_findings(described: pd.DataFrame, facts: pd.DataFrame, *, scale_known: bool = True) -> Iterator[Finding]:
    """Yield the findings ``blank``, ``blurred``, ``pen`` and ``stain``.

    Args:
        described: ``sample_id, part, label`` of each patch, and ``magnification`` where it is known.
        facts: statistics of the same patches from `histo_core.auditing.pixel_stats.measure`.
        scale_known: whether the patches' magnification or pixel size is known, on which sharpness depends.
    """
    empty = blank(facts)
    columns = [column for column in ("sample_id", "split_set", "label") if column in described]

    def finding(
        key: str, title: str, chosen: np.ndarray, by: str, what: str, meaning: str, unknown: str = ""
    ) -> Finding:
        worst = facts.loc[chosen, by].sort_values(ascending=by not in ("ink", "background"), kind="stable")
        table = described.loc[worst.index, columns].assign(**{by: worst}).reset_index(drop=True)
        if table.empty and unknown:
            return Finding(key, title, unknown, "unknown", table, measure=by)
        if table.empty:
            return Finding(key, title, f"No patch is {what}.", "ok", table, measure=by)
        clause = f"{count(len(table), 'patch')} {'is' if len(table) == 1 else 'are'} {what}"
        share = len(table) / len(facts)
        percent = f"{share:.1%}" if share >= 0.0005 else "under 0.1%"
        sentence = f"{clause} ({percent}): {meaning}"
        if share < MANY or key == "stain":
            return Finding(key, title, sentence, "note", table, measure=by)
        return Finding(key, title, sentence, "warning", table, clause, by)

    yield finding("blank", "Blank patches", empty, "background", "blank", "there is nothing to learn from.")
    out_of_focus = blurred(facts, described.get("magnification")) & ~empty
    meaning = f"out of focus. {_LIMIT}"
    doubt = ""
    if not scale_known:
        doubt = "Not known: no patch is less sharp than others by much, but their magnification is not known."
    elif facts["contrast"].to_numpy().max() < BLUR_CONTRAST:
        doubt = "Not known: all patches are too uniform to be called sharp or blurred."
    yield finding("blurred", "Blurred patches", out_of_focus, "sharpness", "blurred", meaning, doubt)
    inked = (facts["ink"] >= INK).to_numpy() & ~empty
    meaning = f"a network may learn the ink. {_LIMIT}"
    yield finding("pen", "Ink and pen marks", inked, "ink", "marked with ink", meaning)
    odd = (facts["green_share"] < GREEN_SHARE).to_numpy() & ~empty
    meaning = f"shadows, pigment, ink or a colour cast stand out from haematoxylin and eosin. {_LIMIT}"
    yield finding("stain", "Out of stain", odd, "green_share", "oddly coloured", meaning)


def blank(facts: pd.DataFrame) -> np.ndarray:
    """Return which patches are blank, bool [n]; see `BLANK_BACKGROUND`."""
    return ((facts["background"] >= BLANK_BACKGROUND) | (facts["contrast"] < BLANK_CONTRAST)).to_numpy()


def blurred(facts: pd.DataFrame, magnification: pd.Series | None = None) -> np.ndarray:
    """Return which patches are blurred, bool [n]; see `BLUR`. Each known magnification has a median of its own."""
    judged = pd.Series(np.where(facts["contrast"] >= BLUR_CONTRAST, facts["sharpness"], np.nan))
    kinds = np.zeros(len(facts)) if magnification is None else magnification.fillna(-1).to_numpy()
    median = judged.groupby(kinds).transform("median").to_numpy()
    return judged.to_numpy() - SMOOTH < BLUR * (median - SMOOTH)
