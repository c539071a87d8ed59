"""An experiment in sentences: what it found, and what its numbers are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from histo_core.data.grouping import GroupKind
from histo_core.experiments.records import Experiment

if TYPE_CHECKING:
    from histo_core.experiments.summary import Summary

NAMES = {
    "auroc": "AUROC",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "loss": "loss",
}
"""Metrics as a sentence names them."""
PARTS = {"valid": "validation", "test": "test"}
OTHERS: dict[GroupKind | None, str] = {"patient": "patients", "slide": "slides", None: "patches"}
"""What an interval is about, by what is known of the patches."""
INDEPENDENT: dict[GroupKind | None, str] = {
    "patient": "",
    "slide": "; which patients they are of is not known",
    None: "; patches count as independent, so that it may be too narrow",
}
TOGETHER: dict[GroupKind | None, str] = {
    "patient": ", in which the patches of a patient stay together",
    "slide": ", in which the patches of a slide stay together",
    None: "; patches count as independent, so that it may be too narrow",
}


def verdict(summary: Summary, metric: str = "auroc") -> str:
    """What an experiment found, in one sentence.

    Args:
        summary: as it stands.
        metric: of the mean; the best trial of a sweep is named by the protocol's own metric.
    """
    protocol = summary.experiment.protocol
    if not summary.finished:
        return f"{summary.expected:,} run{'s' * (summary.expected != 1)}; none has finished yet."
    if protocol.kind == "sweep":
        return _best(summary)
    found = summary.together[metric]
    name = f"{PARTS[summary.part].capitalize()} {NAMES[metric]}"
    if not found.n:
        empty = not any(one.scores and summary.part in one.scores.scores for one in summary.members)
        return f"{name} is not defined: {'no patch there has a label' if empty else 'a class is missing'}."
    still = f", {summary.to_come:,} still to come" * summary.goes_on
    if found.n == 1:
        interval = f", {found.interval}" if found.interval.defined else ""
        return f"{name} is {found.mean:.3f} in the one run that has finished{still or interval}."
    over = f"{found.n:,} {'folds' if protocol.kind == 'folds' else 'runs'}"
    mean = f"{name} is {found.mean:.3f} on average over {over} (SD {found.sd:.3f})"
    if not found.interval.defined or still:
        return f"{mean}{still}."
    low, high = f"{found.interval.low:.3f}", f"{found.interval.high:.3f}"
    if found.interval.value != found.mean:
        return f"{mean}; of all patches together {found.interval.value:.3f} ({low} to {high})."
    return f"{mean}, with a 95% interval from {low} to {high}."


def _best(summary: Summary) -> str:
    metric = summary.experiment.protocol.metric.removeprefix("valid_")
    trials = f"{summary.finished:,} run{'s' * (summary.finished != 1)}{' so far' * summary.goes_on}"
    if summary.best is None:
        return f"{trials} have finished; none can be chosen yet."
    best = summary.members[summary.best]
    value = None if best.scores is None else getattr(best.scores.scores["valid"], metric)
    rank = "lowest" if metric == "loss" else "highest"
    shown = "" if value is None or summary.experiment.protocol.folds else f", {value:.3f}"
    return f"Of {trials}, {best.label} has the {rank} validation {NAMES[metric]}{shown}."


def about(experiment: Experiment, part: str, kind: GroupKind | None = None, *, many: bool = False) -> str:
    """What the numbers and the interval of a summary are about, in sentences.

    Of patients nothing is said where they are not known.

    Args:
        experiment: which.
        part: valid or test, of the numbers; see `Summary`.
        kind: what is known of the patches that were held out; None where neither patients nor slides are, and as long
            as no run has finished.
        many: whether there are more than two classes.
    """
    macro = " AUROC is the macro average over the classes of one against the rest." if many else ""
    return _about(experiment, part, kind) + macro


def _about(experiment: Experiment, part: str, kind: GroupKind | None) -> str:
    protocol, on, others = experiment.protocol, "the test part", f"other {OTHERS[kind]}"
    if part == "valid":
        on = (
            "the validation part, because the split has no test part; it chose the epoch, so they are a little too good"
        )
    kept_back = (
        "Numbers are of validation parts, which chose the epoch and choose the {0}, so they are a little too good. "
        "The test part is kept back: it is scored once, for the chosen {0}."
    )
    match protocol.kind:
        case "single":
            return f"Numbers are of {on}. The interval is about {others} from the same source{INDEPENDENT[kind]}."
        case "sweep":
            return kept_back.format("trial") + " The trials differ on purpose, so there is no mean over them."
        case "repeats" if protocol.new == "seeds":
            return (
                f"Numbers are of {on}. All have the same one. The interval is about chance in training: where the "
                f"mean of many such runs would lie. It says nothing about {others}."
            )
        case "repeats":
            return (
                f"Numbers are of {on}. Each repeat holds {others} out. The interval is about a network trained on as "
                f"many patches, on {others} from the same source; it takes into account that train parts overlap "
                "(Nadeau and Bengio 2003)."
            )
        case "folds":
            what = (
                kept_back.format("fold")
                if experiment.keeps_test_back
                else "Each fold is the test part of one run, so each patch was held out once; no fold chose anything."
            )
            if protocol.repeats > 1:
                return (
                    f"{what} The interval is about a network trained on as many patches, on {others}; it takes into "
                    "account that train parts overlap (Nadeau and Bengio 2003)."
                )
            return f"{what} The interval is that of all folds' predictions together{TOGETHER[kind]}."
