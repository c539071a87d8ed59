"""Describe an explanation in words that a pathologist understands."""

from __future__ import annotations

import numpy as np

from histo_core.explanation.base import Explanation
from histo_core.explanation.influence import Influence
from histo_core.shown_text import plural

PLACES = (
    ("at the upper left", "at the top", "at the upper right"),
    ("at the left", "in the centre", "at the right"),
    ("at the lower left", "at the bottom", "at the lower right"),
)
MOST = 0.5
"""The named areas have more than this share of the evidence on their side (for or against)."""
WORTH_NAMING = 0.25
"""Evidence against the class is mentioned from this share of all evidence."""
LOOSE_FIT = 0.5
"""Below this R squared LIME's linear model fits the network only roughly."""

IN_BOX, BOX_AREA = 0.116, 0.111
"""Share of the positive Grad-CAM evidence in the central 32 x 32 pixels, for a network trained on whole patches of
PatchCamelyon, and these pixels' share of the area. docs/explanations.md has the measurement."""

SMALL_EFFECT = 0.01
"""A LIME weight below this change in probability is unimportant."""


def describe(explanation: Explanation) -> str:
    """Say in one to four sentences where the evidence lies; also the alt text of an overlay.

    The seen region of the image is divided into 3 x 3 areas. The fewest areas with most of the positive evidence are
    named, or only the strongest if these are more than two. If the strongest area is negligible, no place is named. The
    result is plain text; class names are not escaped.

    Example:
        >>> import numpy as np
        >>> from histo_core.explanation import Explanation
        >>> from histo_core.explanation.words import describe
        >>> corner, seen = np.zeros((96, 96), np.float32), np.ones((96, 96), bool)
        >>> corner[:32, :32] = 1
        >>> describe(Explanation("gradcam", corner, seen, 1, "tumour", 0.9, {}))
        'The model leaned towards tumour (90%) mostly because of the area at the upper left.'
    """
    if explanation.influence is not None and explanation.negligible:
        return " ".join(part for part in (_nothing(explanation, explanation.influence), _unseen(explanation)) if part)
    sentences = [_for(explanation), _against(explanation), _unseen(explanation), _fit(explanation)]
    return " ".join(sentence for sentence in sentences if sentence)


def when_hidden(explanation: Explanation, title: str) -> str:
    """Say what hiding the map's strongest area does to the answer, in a sentence; "" where that was not measured.

    Args:
        explanation: a map.
        title: the method's name in the sentence.

    Example:
        >>> import numpy as np
        >>> from histo_core.explanation import Explanation
        >>> from histo_core.explanation.influence import Influence
        >>> from histo_core.explanation.words import when_hidden
        >>> moved = Influence(log_odds=2.0, strongest=2.5, whole=4.0, area=0.2)
        >>> corner, seen = np.eye(96, dtype=np.float32), np.ones((96, 96), bool)
        >>> when_hidden(Explanation("gradcam", corner, seen, 1, "tumour", 0.88, {}, influence=moved), "Grad-CAM")
        'Hiding the area that Grad-CAM marks lowers tumour to 38%.'
    """
    moved = explanation.influence
    if moved is None:
        return ""
    left, hiding = percent(moved.without_strongest), f"Hiding the area that {title} marks"
    if moved.negligible or left == percent(explanation.probability):
        return f"{hiding} hardly changes this."
    return f"{hiding} {'lowers' if moved.strongest > 0 else 'raises'} {explanation.target_name} to {left}."


def about_box(box: int | None, seen: np.ndarray) -> str:
    """Say that maps need not point into the central box that the labels are about; "" where this is not needed.

    Args:
        box: side of the box in pixels; None where labels are about the whole patch.
        seen: bool H x W, what the model sees of the patch.
    """
    area = seen.sum()
    if box is None or area <= box**2:
        return ""
    return (
        f"The label is about the central {box} x {box} pixels, but a map need not point there: of a trained network's "
        f"evidence for tumour, {IN_BOX} lay in that box, which is {BOX_AREA} of the patch (docs/explanations.md)."
    )


def percent(probability: float) -> str:
    """Format a probability in whole per cent; near 0 and 1 it does not claim certainty."""
    if probability > 0.995:
        return "over 99%"
    return "under 1%" if 0 < probability < 0.005 else f"{probability:.0%}"


def _nothing(explanation: Explanation, influence: Influence) -> str:
    by_itself = "" if influence.still else " by itself"
    left, bare = percent(influence.without_strongest), percent(influence.without_whole)
    hidden = f"with the strongest area hidden it is {left}, with the whole picture hidden {bare}"
    return (
        f"The model gave {explanation.target_name} {percent(explanation.probability)}; nothing in the picture moves "
        f"this answer{by_itself}: {hidden}."
    )


def _for(explanation: Explanation) -> str:
    name, sure = explanation.target_name, percent(explanation.probability)
    shares = area_shares(np.maximum(explanation.map, 0), explanation.seen)
    if shares is None:
        return f"The model gave {name} {sure}; no area spoke for {name}."
    areas = _areas(shares)
    if explanation.probability > MOST:
        return f"The model leaned towards {name} ({sure}) {_cause(areas)}."
    return f"The model gave {name} only {sure}; what spoke for it {_place(areas)}."


def _cause(areas: list[str]) -> str:
    if len(areas) > 4:
        return "because of evidence spread evenly over the picture"
    if len(areas) > 2:
        return f"because of evidence spread over the picture, strongest {areas[0]}"
    return f"mostly because of {_noun(areas)}"


def _place(areas: list[str]) -> str:
    if len(areas) > 4:
        return "was spread evenly over the picture"
    if len(areas) > 2:
        return f"was spread over the picture, strongest {areas[0]}"
    return f"lies mostly {' and '.join(areas)}"


def _against(explanation: Explanation) -> str:
    shares = area_shares(np.maximum(-explanation.map, 0), explanation.seen)
    total = float(np.abs(explanation.map).sum())
    if shares is None or float(np.maximum(-explanation.map, 0).sum()) < WORTH_NAMING * total:
        return ""
    areas = _areas(shares)
    if len(areas) > 2:
        return f"Evidence against {explanation.target_name} was spread over the picture, strongest {areas[0]}."
    subject = _noun(areas)
    return f"{subject[0].upper()}{subject[1:]} spoke against {explanation.target_name}."


def _unseen(explanation: Explanation) -> str:
    if explanation.seen.all():
        return ""
    share = f"{explanation.seen.mean():.0%}"
    return f"The model saw only the middle of the picture ({share} of its area), and places are named within that part."


def _fit(explanation: Explanation) -> str:
    r_squared = explanation.diagnostics.get("r_squared")
    if r_squared is None:
        return ""
    if np.abs(explanation.map).max() < SMALL_EFFECT:
        return f"Hiding any one area hardly changes the answer (by less than {SMALL_EFFECT:.0%})."
    if r_squared >= LOOSE_FIT:
        return ""
    return f"This explanation follows the model only loosely here (R squared {r_squared:.2f}); read it with care."


def _noun(areas: list[str]) -> str:
    return f"the {plural('area') if len(areas) > 1 else 'area'} {' and '.join(areas)}"


def _areas(shares: np.ndarray) -> list[str]:
    """Return the fewest areas that together have `MOST` of the evidence, strongest first."""
    order = np.argsort(-shares, axis=None, kind="stable")
    # The margin is for rounding: two of four equal shares are exactly half, not more.
    count = int(np.searchsorted(np.cumsum(shares.ravel()[order]), MOST + 1e-6)) + 1
    return [PLACES[cell // 3][cell % 3] for cell in order[:count]]


def area_shares(evidence: np.ndarray, seen: np.ndarray) -> np.ndarray | None:
    """Compute the share of non-negative evidence in each of 3 x 3 areas of the seen region.

    Args:
        evidence: float H x W, at least 0.
        seen: bool H x W, a rectangle of True.

    Returns:
        float64 [3, 3] summing to 1, or None if there is no evidence.
    """
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    part = evidence[np.ix_(rows, columns)].astype(np.float64)
    total = part.sum()
    if total == 0:
        return None
    cells = [[cell.sum() for cell in np.array_split(band, 3, axis=1)] for band in np.array_split(part, 3, axis=0)]
    return np.array(cells) / total
