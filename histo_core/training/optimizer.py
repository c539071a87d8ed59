"""Optimisers by name, with two groups of weights if backbone and classifiers have different learning rates."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.optim import SGD, Adagrad, Adam, Adamax, AdamW, Optimizer, RMSprop

from histo_core.config import TrainConfig
from histo_core.training.freezing import below


def build_optimizer(
    config: TrainConfig, model: nn.Module, classifiers: tuple[str, ...], device: torch.device
) -> Optimizer:
    """Build the configured optimiser of torch; each group keeps its rate as ``initial_lr``.

    ``weight_decay`` is an L2 penalty added to the gradient, except for AdamW, which subtracts it from the weights.

    Kingma and Ba, Adam (and Adamax): a method for stochastic optimization, ICLR 2015. Loshchilov and Hutter,
    Decoupled weight decay regularization, ICLR 2019. Reddi et al., On the convergence of Adam and beyond, ICLR 2018
    (AMSGrad). Duchi et al., Adaptive subgradient methods, JMLR 2011 (Adagrad).

    Args:
        config: names the optimiser and has its settings.
        model: on its device, because Adagrad makes tensors at the start.
        classifiers: prefixes of the layers that are not the backbone.
        device: device of training; decides whether a fused form (one pass over memory) is used.
    """
    # With a loss scaler a fused form would unscale by itself, so gradients could not be clipped. Measured on a CPU, it
    # takes half the time for AdamW and three quarters for Adagrad (which has it only there), but more for SGD. None,
    # not False, leaves the choice to torch, which on CUDA updates all tensors at once.
    unscaled, on_cpu = config.precision != "16", device.type == "cpu"
    settings: dict[str, Any] = {"weight_decay": config.weight_decay}
    if config.epsilon is not None:
        settings["eps"] = config.epsilon
    groups = _groups(config, model, classifiers)
    match config.optimizer:
        case "adam" | "adamw":
            kind = Adam if config.optimizer == "adam" else AdamW
            betas = (config.beta1, config.beta2)
            optimizer: Optimizer = kind(groups, betas=betas, amsgrad=config.amsgrad, fused=unscaled or None, **settings)
        case "adamax":
            optimizer = Adamax(groups, betas=(config.beta1, config.beta2), **settings)
        case "sgd":
            momentum = {"momentum": config.momentum, "dampening": config.dampening, "nesterov": config.nesterov}
            optimizer = SGD(groups, fused=(unscaled and not on_cpu) or None, **momentum, **settings)
        case "rmsprop":
            squares = {"alpha": config.alpha, "momentum": config.momentum, "centered": config.centered}
            optimizer = RMSprop(groups, **squares, **settings)
        case "adagrad":
            start = {"lr_decay": config.rate_decay, "initial_accumulator_value": config.initial_accumulator}
            optimizer = Adagrad(groups, fused=(unscaled and on_cpu) or None, **start, **settings)
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    return optimizer


def _groups(config: TrainConfig, model: nn.Module, classifiers: tuple[str, ...]) -> list[dict[str, Any]]:
    """Make the groups of weights; the classifiers' group is first, because its rate is the reported one."""
    if config.backbone_learning_rate is None:
        return [{"params": list(model.parameters()), "lr": config.learning_rate}]
    head = {name for name, _ in model.named_parameters() if below(name, classifiers)}
    return [
        {"params": [weight for name, weight in model.named_parameters() if name in head], "lr": config.learning_rate},
        {
            "params": [weight for name, weight in model.named_parameters() if name not in head],
            "lr": config.backbone_learning_rate,
        },
    ]
