"""Print a run's epochs as lines and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from histo_core.cli.output import say, table
from histo_core.training.events import EpochDone

RUNNING = "Training figures are of the epoch's own forward passes: augmented, dropout on, the network still changing."
_SCORES = ("accuracy", "auroc", "precision", "recall", "f1")


def epoch_line(event: EpochDone, epochs: int) -> str:
    """Summarise an epoch in one line."""
    trained, valid = (_scores(event, split_set) for split_set in ("train", "valid"))
    return (
        f"epoch {event.epoch + 1} of {epochs}: train loss {event.train_loss:.4f}{trained}; validation loss "
        f"{event.valid_loss:.4f}{valid}; {event.seconds:.1f} s{', kept so far' if event.best else ''}"
    )


def print_epochs(events: Sequence[EpochDone]) -> None:
    """Print all figures of all epochs; "-" where a figure is not defined or was not recorded."""
    if not events:
        say("No epoch has finished yet.")
        return
    macro = any(event.macro for event in events)
    names = ["accuracy", *(f"macro {name}" if macro else name for name in ("AUROC", "precision", "recall", "F1"))]
    head = (
        "epoch",
        *(f"{split_set} {name}" for split_set in ("train", "valid") for name in ("loss", *names)),
        "learning rate",
    )
    kept = max((event.epoch for event in events if event.best), default=-1)
    table(head, [_row(event, best=event.epoch == kept) for event in events])
    say(RUNNING)


def _row(event: EpochDone, *, best: bool) -> tuple[str, ...]:
    cells = [
        cell
        for split_set in ("train", "valid")
        for cell in (
            f"{getattr(event, f'{split_set}_loss'):.4f}",
            *(_number(event, split_set, name) for name in _SCORES),
        )
    ]
    return (
        f"{event.epoch + 1}{' (kept)' if best else ''}",
        *cells,
        "-" if event.learning_rate is None else f"{event.learning_rate:.3g}",
    )


def _scores(event: EpochDone, split_set: str) -> str:
    names = {"accuracy": "accuracy", "auroc": "macro AUROC" if event.macro else "AUROC"}
    known = {shown: getattr(event, f"{split_set}_{name}") for name, shown in names.items()}
    return "".join(f", {shown} {value:.3f}" for shown, value in known.items() if value is not None)


def _number(event: EpochDone, split_set: str, name: str) -> str:
    value = getattr(event, f"{split_set}_{name}")
    return "-" if value is None else f"{value:.3f}"
