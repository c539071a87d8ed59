"""Freeze the backbone while the last layers learn."""

from __future__ import annotations

from torch import nn

from histo_core.config import TrainConfig


def below(name: str, prefixes: tuple[str, ...]) -> bool:
    """Return whether a tensor or module is one of those named, or inside one."""
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def enter_epoch(model: nn.Module, heads: tuple[str, ...], config: TrainConfig, epoch: int) -> None:
    """Put a network into training mode, with its backbone frozen if configured.

    Frozen modules run in evaluation mode: their weights get no gradient, batch norm uses its statistics and does not
    update them, and there is no dropout. So an Inception v3 trains two linear layers, its own and its auxiliary
    classifier's; the convolutions before the latter come from ImageNet like the rest.

    Args:
        model: the network.
        heads: prefixes of the layers that still learn, as `histo_core.models.registry.ModelSpec.heads`.
        config: says whether the backbone is frozen, and for how many epochs.
        epoch: counted from 0.
    """
    model.train()
    if config.backbone == "trained":
        return
    frozen = config.unfreeze_after is None or epoch < config.unfreeze_after
    for name, weight in model.named_parameters():
        weight.requires_grad_(not frozen or below(name, heads))
    for name, module in model.named_modules():
        if frozen and not below(name, heads) and not _holds(name, heads):
            module.training = False  # not eval(), which would also change the heads inside


def _holds(name: str, heads: tuple[str, ...]) -> bool:
    """Return whether a module is the network itself or contains a head."""
    return not name or any(head.startswith(f"{name}.") for head in heads)
