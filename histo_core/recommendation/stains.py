"""Choose the stain augmentation from the stains that the training patches show."""

from __future__ import annotations

from histo_core.recommendation.choice import Choice
from histo_core.recommendation.facts import DataFacts
from histo_core.shown_text import count

_STRENGTH = 0.05


def stain(facts: DataFacts, *, frozen: bool = False) -> Choice:
    """Choose how much haematoxylin and eosin are varied; not at all where features are frozen."""
    found = facts.stain
    if found is None:
        why = "Too little stained tissue was found to measure haematoxylin and eosin, so that they are not varied."
        return Choice("Stain", {"augment.stain": 0.0}, why)
    spread, between = found.spread, count(found.patches, "patch")
    if found.group_spread is not None and found.groups and facts.groups:
        spread, between = found.group_spread, count(found.groups, facts.groups)
    haematoxylin, eosin = (_relative(*pair) for pair in zip(spread[:2], found.mean[:2], strict=True))
    why = f"Between {between} haematoxylin differs by {haematoxylin} and eosin by {eosin} (SD)."
    if frozen:
        return Choice("Stain", {"augment.stain": 0.0}, f"{why} They are not varied, as features stay as they are.")
    why = f"{why} Each is varied by up to {_STRENGTH:.0%}: 20% did not help where it was tried."
    return Choice("Stain", {"augment.stain": _STRENGTH}, why)


def _relative(spread: float, mean: float) -> str:
    """Return an SD as a share of its mean, or in optical density where the mean is 0."""
    return f"{spread / mean:.0%}" if mean > 0 else f"{spread:.2f}"
