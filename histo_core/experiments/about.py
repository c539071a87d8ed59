"""What an experiment's numbers are about, in sentences."""

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
