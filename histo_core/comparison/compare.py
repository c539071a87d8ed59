"""Compute all numbers of a comparison. The threshold-free half is separate, so that a slider need not repeat it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from histo_core.comparison.aurocs import AurocResults, auroc_results, one_against_rest
from histo_core.comparison.join import Joined
from histo_core.comparison.results import Comparison, ModelResult
from histo_core.comparison.threshold import DEFAULT, ThresholdRule, chosen_thresholds, parse_threshold
from histo_core.comparison.training_set import LEARNT
from histo_core.comparison.verdict import verdict
from histo_core.evaluation.intervals import CONFIDENCE
from histo_core.evaluation.metrics import binary_metrics, confusion
from histo_core.evaluation.prevalence import at_prevalence, check_prevalence
from histo_core.evaluation.warnings import FEW_GROUPS, NOT_TRUSTED, few_groups
from histo_core.shown_text import count


def compare(
    joined: Joined,
    *,
    threshold: float | ThresholdRule = DEFAULT,
    class_of_interest: str | None = None,
    reference: str | None = None,
    comparator: str | None = None,
    confidence: float = CONFIDENCE,
    prevalence: float | None = None,
) -> Comparison:
    """Compare joined runs: `auroc_results`, then `at_threshold`; their docstrings say what the arguments mean."""
    aurocs = auroc_results(joined, class_of_interest, reference=reference, comparator=comparator, confidence=confidence)
    return at_threshold(joined, aurocs, threshold, prevalence)


def at_threshold(
    joined: Joined,
    aurocs: AurocResults,
    threshold: float | ThresholdRule = DEFAULT,
    prevalence: float | None = None,
) -> Comparison:
    """Add what depends on the threshold: rates and confusion matrices.

    Args:
        joined: the runs that ``aurocs`` were computed from.
        aurocs: from `auroc_results`.
        threshold: 0 to 1, or a rule that gives each run its own. A sample whose probability of the class of interest
            is at or above the threshold is predicted as that class.
        prevalence: the share of the class of interest where the models will be used, between 0 and 1, to which
            everything is reweighted that depends on it; None takes the samples as they are.

    Raises:
        ComparisonError: the threshold lies outside 0 to 1, or a run's validation set cannot give one.
        DataError: the prevalence does not lie between 0 and 1.
    """
    if prevalence is not None:
        check_prevalence(prevalence)
    rule = threshold if isinstance(threshold, ThresholdRule) else parse_threshold(threshold)
    y_true, scores = one_against_rest(joined, aurocs.class_of_interest)
    chosen = chosen_thresholds(joined, aurocs.class_of_interest, rule, prevalence)
    cuts = [one.value for one in chosen] or [rule.value] * len(joined.runs)
    results = tuple(_result(joined, aurocs, i, cut, y_true, scores[i], prevalence) for i, cut in enumerate(cuts))
    made = Comparison(
        split_set=joined.split_set,
        classes=joined.classes,
        class_of_interest=aurocs.class_of_interest,
        rule=rule,
        n=len(joined.y_true),
        n_groups=_n_groups(joined),
        group_kind=joined.group_kind,
        sample_ids=joined.sample_ids,
        y_true=joined.y_true,
        groups=joined.groups,
        results=results,
        comparator=aurocs.comparator,
        differences=aurocs.differences,
        warnings=_warnings(joined, y_true, rule),
        confidence=aurocs.confidence,
        prevalence=prevalence,
        chosen=chosen,
    )
    return replace(made, verdict=verdict(made))


def _result(
    joined: Joined,
    aurocs: AurocResults,
    i: int,
    threshold: float,
    y_true: np.ndarray,
    score: np.ndarray,
    prevalence: float | None,
) -> ModelResult:
    found = binary_metrics(y_true, score, threshold, joined.groups, aurocs.confidence)
    run_id = joined.runs[i].run_id
    called = _called(joined, i, aurocs.class_of_interest, threshold)
    return ModelResult(
        run_id=run_id,
        name=aurocs.names[i],
        auroc=aurocs.aurocs[i],
        metrics=at_prevalence(found, y_true, score, prevalence, joined.groups, aurocs.confidence),
        overall=aurocs.overall[i] if aurocs.overall else {},
        roc=aurocs.curves[i],
        probabilities=joined.probabilities[i],
        called=called,
        confusion=confusion(joined.y_true, called, len(joined.classes)),
        is_reference=run_id == aurocs.reference,
        source=joined.runs[i],
    )


def _called(joined: Joined, run: int, class_of_interest: str, threshold: float) -> np.ndarray:
    probabilities = joined.probabilities[run]
    if len(joined.classes) > 2:
        return probabilities.argmax(axis=1)
    index = joined.classes.index(class_of_interest)
    return np.where(probabilities[:, index] >= threshold, index, 1 - index)


def _n_groups(joined: Joined) -> int:
    return 0 if joined.groups is None else len(set(joined.groups))


def _warnings(joined: Joined, y_true: np.ndarray, rule: ThresholdRule) -> tuple[str, ...]:
    found = [LEARNT] if any(run.learnt for run in joined.runs) else []
    found += joined.notes
    n_groups, kind = _n_groups(joined), joined.group_kind
    if joined.groups is None:
        found.append("No patient or slide ids: patches count as independent, so that intervals may be too narrow.")
    else:
        fewest = min(len(set(joined.groups[y_true == value])) for value in (0, 1))
        if few := few_groups(n_groups, kind or "group"):
            found.append(few)
        elif 0 < fewest < FEW_GROUPS:
            found.append(
                f"Patches of one class come from only {fewest} of {count(n_groups, kind or 'group')}: {NOT_TRUSTED}"
            )
    if kind == "slide":
        found.append("Not every patient is known: slides count as independent, so that intervals may be too narrow.")
    if rule.from_validation and joined.split_set == "valid":
        found.append("The thresholds were chosen on these very patches, so that rates at them are too good.")
    if joined.dropped:
        found.append(f"{joined.dropped:,} {joined.split_set} samples that not every run has were left out.")
    return tuple(found)
