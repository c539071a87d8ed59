"""Say whether a run learnt, and why not: symptoms from its records, the likeliest cause from its configuration.

Karpathy, A recipe for training neural networks, 2019, lists most of these checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from histo_core.config import RunConfig
from histo_core.training.diagnosis_causes import causes, softmax_twice, too_high
from histo_core.training.events import EpochDone
from histo_core.training.learning import EpochLearning, SetLearning
from histo_core.training.learning_findings import LearningFinding, LearningRecords, guess_of, learnt, one_answer

RISEN = 1.2
"""Factor between the last training loss and the higher of the first one and that of guessing, from which it rose."""
FAR_ABOVE = 1.5
"""Factor between a loss and that of guessing, from which chance does not explain it."""
SILENT = 0.5
"""Share of the units without gradient that is worth a sentence where nothing is learnt."""
NO_GRADIENT = 1e-7
UNMOVED = 1e-3
"""Share of their norm that weights must move at least to have changed anything."""
CLEARLY = 0.1
"""Share of the loss of guessing that is gained by a network that has certainly learnt before."""


def diagnose(
    config: RunConfig, epochs: Sequence[EpochDone], learning: Sequence[EpochLearning], failed_loss: str = ""
) -> tuple[LearningFinding, ...]:
    """Return the symptoms of a run that did not learn, then the causes, the likeliest first; empty for a healthy run.

    A run has not learnt if neither the training set in its last epoch nor the validation set, in the last or the kept
    epoch, is predicted better than chance: better by two standard deviations of the same predictions against shuffled
    labels, and by 0.5% of the loss of guessing. Where that is so, or where the loss rose or the weights hardly moved,
    all other symptoms are reported, too. Networks whose outputs are probabilities already are always reported.

    Args:
        config: the run's configuration.
        epochs: its finished epochs, in order.
        learning: their records, in order; empty for runs of older versions, about which nothing is said.
        failed_loss: the loss at which the run failed, as text, if it was not finite.
    """
    if failed_loss:
        found = [_not_finite(failed_loss)]
        return (*found, too_high(config, f"the loss became {failed_loss}"))
    if not learning:
        return ()
    records = LearningRecords(config, epochs, learning)
    gate = [*_rising(records), *_guessing(records), *_unmoved(records)]
    if not gate:
        return tuple(filter(None, [softmax_twice(records, certain=True)]))
    symptoms = [*gate, *_one_answer(records), *_gradients(records)]
    return (*symptoms, *causes(records, rose=gate[0].key == "rising"))


def verdict(findings: Sequence[LearningFinding]) -> str:
    """Return the first symptom and the likeliest cause as one line; empty for a healthy run."""
    symptom = next((one for one in findings if one.kind == "symptom"), None)
    cause = likeliest_cause(findings)
    if symptom is None:
        return cause
    return f"{symptom.found} Likeliest cause: {cause}"


def likeliest_cause(findings: Sequence[LearningFinding]) -> str:
    """Return the likeliest cause and what to do; empty for a healthy run."""
    cause = next((one for one in findings if one.kind == "cause"), None)
    return "" if cause is None else f"{cause.found} {cause.remedy}"


def remedy_settings(findings: Sequence[LearningFinding]) -> Mapping[str, Any]:
    """Return the remedy of the likeliest cause as dotted fields of a configuration; empty where no field does it."""
    return next((one.settings for one in findings if one.kind == "cause"), {})


def _not_finite(loss: str) -> LearningFinding:
    return LearningFinding(
        "not_finite", "symptom", f"The loss became {loss}, and training ended.", "A loss stays a finite number.", ""
    )


def _shown(loss: float) -> str:
    return f"{loss:.3f}" if loss < 100 else f"{loss:,.0f}" if loss < 1e6 else f"{loss:.2g}"


def _rising(records: LearningRecords) -> Iterator[LearningFinding]:
    last, first = records.last, records.first
    if last.train is None or last.valid is None or not guess_of(last.train):
        return
    guess, began = guess_of(last.train), first.train.loss if first.train else 0.0
    rose = last.train.loss > RISEN * max(guess, began)
    if rose or min(last.train.loss, last.valid.loss) > FAR_ABOVE * guess:
        how = (
            f"rose from {_shown(began)} to {_shown(last.train.loss)}" if rose else f"ended at {_shown(last.train.loss)}"
        )
        yield LearningFinding(
            "rising",
            "symptom",
            f"The training loss {how}, above the {guess:.3f} of guessing by the shares of the classes.",
            "It falls below that of guessing in the first epochs.",
            "",
        )


def _guessing(records: LearningRecords) -> Iterator[LearningFinding]:
    last = records.last
    sets = (last.train, last.valid, records.kept.valid)
    if any(map(learnt, sets)) or last.valid is None:
        return
    shown, name = (last.train, "training") if last.train else (last.valid, "validation")
    low, high = shown.chance_loss - 2 * shown.chance_sd, shown.chance_loss + 2 * shown.chance_sd
    yield LearningFinding(
        "guessing",
        "symptom",
        f"Nothing was learnt: the {name} loss ended at {_shown(shown.loss)}. Guessing by the shares of the classes "
        f"gives {guess_of(shown):.3f}, and these predictions with shuffled labels {_shown(low)} to {_shown(high)}.",
        "A network that learns falls below both.",
        "",
    )


def _unmoved(records: LearningRecords) -> Iterator[LearningFinding]:
    moved = records.moved
    if moved is None or moved >= UNMOVED or any(map(_clear, (records.last.train, records.last.valid))):
        return
    yield LearningFinding(
        "unmoved",
        "symptom",
        f"The weights hardly changed: by at most {moved:.2g} of their size in {records.steps:,} steps.",
        "They change by a tenth of their size or more.",
        "",
    )


def _clear(found: SetLearning | None) -> bool:
    return found is None or found.chance_loss - found.loss >= CLEARLY * guess_of(found)


def _one_answer(records: LearningRecords) -> Iterator[LearningFinding]:
    valid = records.last.valid
    if valid is not None and one_answer(valid):
        yield LearningFinding(
            "one_answer",
            "symptom",
            f"All {sum(valid.classes):,} validation patches get the same answer.",
            "Probabilities differ from patch to patch.",
            "",
        )


def _gradients(records: LearningRecords) -> Iterator[LearningFinding]:
    step, share = records.last.step, records.silent_share(records.last)
    if step is not None and step.gradient_norm is not None and step.gradient_norm < NO_GRADIENT:
        yield LearningFinding(
            "no_gradient",
            "symptom",
            f"The gradient is {step.gradient_norm:.1g}: no weight can learn.",
            "Its norm is 0.01 to 10.",
            "",
        )
    if step is not None and share is not None and share > SILENT:
        yield LearningFinding(
            "silent_units",
            "symptom",
            f"{step.silent_units:,} of {step.units:,} units are dead: their weights get a gradient of 0.",
            "In a network that learns, few are.",
            "",
        )
