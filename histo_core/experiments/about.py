"""Explain in sentences what an experiment's numbers are about."""

from __future__ import annotations

from histo_core.data.grouping import GroupKind
from histo_core.experiments.records import Experiment

NAMES = {
    "auroc": "AUROC",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "loss": "loss",
}
"""The names of metrics in a sentence."""
SET_WORDS = {"valid": "validation", "test": "test"}
OTHERS: dict[GroupKind | None, str] = {"patient": "patients", "slide": "slides", None: "patches"}
"""The population that an interval is about, by the kind of group that is known."""
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


def about(experiment: Experiment, split_set: str, kind: GroupKind | None = None, *, many: bool = False) -> str:
    """Return sentences on what the numbers and the interval of a summary are about.

    They say nothing about patients where these are unknown.

    Args:
        experiment: the experiment.
        split_set: the set that the numbers are about, valid or test; see `Summary`.
        kind: patient or slide, whichever is known of the held-out patches; None where neither is, and until a run has
            finished.
        many: whether there are more than two classes.
    """
    macro = " AUROC is the macro average over the classes of one against the rest." if many else ""
    return _about(experiment, split_set, kind) + macro


def _about(experiment: Experiment, split_set: str, kind: GroupKind | None) -> str:
    protocol, on, others = experiment.protocol, "the test set", f"other {OTHERS[kind]}"
    if split_set == "valid":
        on = "the validation set, because the split has no test set; it chose the epoch, so they are a little too good"
    kept_back = (
        "Numbers are of validation sets, which chose the epoch and choose the {0}, so they are a little too good. "
        "The test set is kept back: it is scored once, for the chosen {0}."
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
                f"many patches, on {others} from the same source; it takes into account that training sets overlap "
                "(Nadeau and Bengio 2003)."
            )
        case "folds":
            what = (
                kept_back.format("fold")
                if experiment.keeps_test_back
                else "Each fold is the test set of one run, so each patch was held out once; no fold chose anything."
            )
            if protocol.repeats > 1:
                return (
                    f"{what} The interval is about a network trained on as many patches, on {others}; it takes into "
                    "account that training sets overlap (Nadeau and Bengio 2003)."
                )
            return f"{what} The interval is that of all folds' predictions together{TOGETHER[kind]}."
