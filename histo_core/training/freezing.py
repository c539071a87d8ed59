"""A backbone that is kept as it is while the classifiers learn."""

from __future__ import annotations

from torch import nn

from histo_core.config import TrainConfig


def below(name: str, prefixes: tuple[str, ...]) -> bool:
    """Whether a tensor or module is one of those named, or part of one."""
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def enter_epoch(model: nn.Module, classifiers: tuple[str, ...], config: TrainConfig, epoch: int) -> None:
    """Put a network into training mode, its backbone frozen where the configuration says so.

    A frozen part runs as in evaluation: its weights get no gradient, batch norm uses and keeps its statistics, and
    nothing in it is dropped out.

    Args:
        model: the network.
        classifiers: prefixes of what is not the backbone.
        config: whether the backbone is frozen, and for how many epochs.
        epoch: counted from 0.
    """
    model.train()
    if config.backbone == "trained":
        return
    frozen = config.unfreeze_after is None or epoch < config.unfreeze_after
    for name, weight in model.named_parameters():
        weight.requires_grad_(not frozen or below(name, classifiers))
    for name, module in model.named_modules():
        if frozen and not below(name, classifiers) and not _holds(name, classifiers):
            module.training = False  # not eval(), which would reach classifiers inside


def _holds(name: str, classifiers: tuple[str, ...]) -> bool:
    """Whether a module is the network itself or lies on the way from it to a classifier."""
    return not name or any(classifier.startswith(f"{name}.") for classifier in classifiers)
