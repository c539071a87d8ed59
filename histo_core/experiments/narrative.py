"""State the result of an experiment in one sentence."""

from __future__ import annotations

from histo_core.experiments.about import NAMES, SET_WORDS
from histo_core.experiments.results import Summary
from histo_core.shown_text import count


def verdict(summary: Summary, metric: str = "auroc") -> str:
    """Return the result of an experiment in one sentence.

    Args:
        summary: the current summary.
        metric: metric of the mean; the best trial of a sweep is reported by the protocol's own metric.
    """
    protocol = summary.experiment.protocol
    if not summary.finished:
        return f"{count(summary.expected, 'run')}; none has finished yet."
    if protocol.kind == "sweep":
        return _best(summary)
    found = summary.by_metric[metric]
    name = f"{SET_WORDS[summary.split_set].capitalize()} {NAMES[metric]}"
    if not found.n:
        empty = not any(one.scores and summary.split_set in one.scores.scores for one in summary.members)
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
    trials = f"{count(summary.finished, 'run')}{' so far' * summary.goes_on}"
    if summary.best is None:
        return f"{trials} have finished; none can be chosen yet."
    best = summary.members[summary.best]
    value = None if best.scores is None else getattr(best.scores.scores["valid"], metric)
    rank = "lowest" if metric == "loss" else "highest"
    shown = "" if value is None or summary.experiment.protocol.folds else f", {value:.3f}"
    return f"Of {trials}, {best.label} has the {rank} validation {NAMES[metric]}{shown}."
