"""Link from a model of the comparison to Explain, with the threshold that decides what is right and wrong."""

from __future__ import annotations

from histo_core.comparison.entries import is_run
from histo_core.comparison.results import Comparison, ModelResult
from pages.shared.app import navigation
from pages.shared.components import onward


def to_explain(
    result: ModelResult,
    comparison: Comparison,
    label: str,
    *,
    icon: str,
    show: str | None = None,
    patch: str | None = None,
) -> None:
    """Draw the link; nothing where Explain cannot show it: it shows held-out patches of runs only.

    Args:
        result: the model.
        comparison: it belongs to.
        label, icon: of the link.
        show: "wrong" for the patches that the model gets wrong.
        patch: the patch to begin with.
    """
    if result.is_reference or comparison.split_set == "train" or not is_run(result.run_id):
        return
    navigation.link(
        "explain",
        label,
        icon=icon,
        run=result.run_id,
        show=show,
        patch=patch,
        split_set=comparison.split_set,
        **_chosen_by(result, comparison),
        **(onward.carried(*onward.COMPARED) | {"runs": _trained(comparison)}),
    )


def _chosen_by(result: ModelResult, comparison: Comparison) -> dict[str, str]:
    """Return the threshold by which a model is right or wrong, as Explain reads it; none with many classes."""
    if comparison.many:
        return {}
    return {"of": comparison.class_of_interest, "threshold": repr(result.metrics.threshold)}


def _trained(comparison: Comparison) -> list[str]:
    """Return the compared models, without the colour-only baseline."""
    return [result.run_id for result in comparison.results if not result.is_reference]
