"""Optimisers by name, over two groups of weights where backbone and classifiers learn at rates of their own."""

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
    """The optimiser that the configuration names, as torch has it; each group keeps its rate as ``initial_lr``.

    ``weight_decay`` is an L2 penalty added to the gradient, except for AdamW, which takes it from the weights.

    Kingma and Ba, Adam (and Adamax): a method for stochastic optimization, ICLR 2015. Loshchilov and Hutter,
    Decoupled weight decay regularization, ICLR 2019. Reddi et al., On the convergence of Adam and beyond, ICLR 2018
    (AMSGrad). Duchi et al., Adaptive subgradient methods, JMLR 2011 (Adagrad).

    Args:
        config: names it and has its settings.
        model: already on its device, as Adagrad keeps tensors from the start.
        classifiers: prefixes of what is not the backbone.
        device: of training; decides where a fused form, one pass over memory, is used.
    """
    # With a loss scaler a fused form would unscale by itself and leave nothing to clip. Measured on a CPU, it takes
    # half the time for AdamW and three quarters for Adagrad (which has it there only), but more for SGD. None, not
    # False, leaves the rest to torch, which on CUDA walks through all tensors at once.
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
    """The classifiers' group comes first: its rate is the one that is told."""
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
