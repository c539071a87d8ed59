"""Train a run's network on one batch, to see whether it can be learnt by heart.

Karpathy, A recipe for training neural networks, 2019: overfit a single batch of a few examples.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from histo_core.config import RunConfig, TrainConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split
from histo_core.evaluation.chance_loss import guessing_loss
from histo_core.models.device import resolve_device
from histo_core.models.inference.memory import kept_memory
from histo_core.models.inference.probabilities import log_probabilities
from histo_core.models.registry import MODELS
from histo_core.progress import Progress, silent
from histo_core.training.data_order import training_rows
from histo_core.training.distributed.process_group import ProcessGroup
from histo_core.training.distributed.shards import Shard
from histo_core.training.failures import memory_explained
from histo_core.training.freezing import enter_epoch
from histo_core.training.one_batch import ENOUGH, PATCHES, STEPS, BatchTry, OneBatch
from histo_core.training.reproducible import reproducible
from histo_core.training.setup import Setup, set_up
from histo_core.workspace import Workspace

_OPTIMISER = ("optimizer", "learning_rate", "weight_decay", "l1", "momentum", "dampening", "nesterov", "beta1", "beta2")
_OPTIMISER += ("amsgrad", "alpha", "centered", "rate_decay", "initial_accumulator", "epsilon", "clip_norm")
_LOSS = ("loss", "label_smoothing", "loss_on", "loss_sum")
_KEPT = (*_OPTIMISER, *_LOSS, "backbone", "unfreeze_after", "backbone_learning_rate", "precision", "device", "threads")
"""Settings of training that are tried; without schedule, average, balance and accumulation."""
_USUAL = ("precision", "device", "threads")


def learn_one_batch(
    config: RunConfig,
    dataset: Dataset,
    split: Split,
    workspace: Workspace,
    *,
    patches: int = PATCHES,
    steps: int = STEPS,
    progress: Progress = silent,
) -> OneBatch:
    """Train on one batch without augmentation and dropout, at the constant configured learning rate.

    The batch has as many patches of each class as can be. If it is not learnt by heart, a second network is trained
    with usual settings, which says whether the network or the settings are at fault.

    Args:
        config: the run.
        dataset: opened from ``config.data``.
        split: made from ``config.split``; its training set is used.
        workspace: stores initial weights.
        patches: at most so many; fewer if the training set has fewer.
        steps: at most so many in each try.
        progress: receives (steps done, total).

    Raises:
        ConfigError, SplitError, DataError, CheckpointError: the run could not be trained.
        TrainingError: memory ran out.
        CancelledError: ``progress`` requested it.
    """
    rows = _balanced(training_rows(config, dataset, split), dataset, patches, config.seed)
    own = _learn(_alone(config, len(rows), _KEPT), "own", dataset, rows, workspace, steps, progress, 0)
    if own.learnt:
        progress(2 * steps, 2 * steps)
        return OneBatch((own,))
    usual = _learn(_alone(config, len(rows), _USUAL), "usual", dataset, rows, workspace, steps, progress, steps)
    progress(2 * steps, 2 * steps)
    return OneBatch((own, usual))


def _alone(config: RunConfig, patches: int, kept: tuple[str, ...]) -> RunConfig:
    """Return the configuration with only these settings of training, and one batch an epoch."""
    fields: dict[str, Any] = {name: getattr(config.train, name) for name in kept}
    return config.model_copy(update={"train": TrainConfig(batch_size=patches, **fields)})


def _balanced(rows: np.ndarray, dataset: Dataset, patches: int, seed: int) -> np.ndarray:
    """Draw rows of all classes in turn."""
    shuffled = np.random.default_rng(seed).permutation(rows)
    labels = dataset.table["label"].to_numpy()[shuffled]
    turn = np.zeros(len(shuffled), np.int64)
    for label in np.unique(labels):
        turn[labels == label] = np.arange((labels == label).sum())
    return np.sort(shuffled[np.argsort(turn, kind="stable")[:patches]])


def _learn(
    config: RunConfig,
    settings: Literal["own", "usual"],
    dataset: Dataset,
    rows: np.ndarray,
    workspace: Workspace,
    steps: int,
    progress: Progress,
    before: int,
) -> BatchTry:
    device = resolve_device(config.train.device)
    with reproducible(config.seed, config.train.threads, device), kept_memory(), memory_explained(len(rows)):
        setup = set_up(config, dataset, rows, rows[:0], 1, ProcessGroup(device), workspace)
        enter_epoch(setup.model, MODELS[config.model.name].heads, config.train, 0)
        _without_dropout(setup.model)
        images, labels = setup.batches.batch(rows)
        losses: list[float] = []
        correct = 0
        for step in range(steps + 1):
            progress(before + step, 2 * steps)
            outputs = setup.updates.network(images)
            loss, correct = _judged(outputs, labels, config.model.output)
            losses.append(loss)
            if step == steps or loss < ENOUGH or not math.isfinite(loss):
                break
            _step(setup, outputs, labels, step)
    known = tuple(loss if math.isfinite(loss) else None for loss in losses)
    return BatchTry(settings, known, correct, len(rows), guessing_loss(np.bincount(labels.cpu().numpy())))


@torch.no_grad()
def _judged(outputs: Any, labels: Tensor, output: str) -> tuple[float, int]:
    """Return the plain cross entropy, and how many patches are predicted right."""
    logits = (outputs if isinstance(outputs, Tensor) else outputs[0]).float()
    logs = log_probabilities(logits, output)
    return F.nll_loss(logs, labels).item(), int((logs.argmax(dim=1) == labels).sum())


def _step(setup: Setup, outputs: Any, labels: Tensor, step: int) -> None:
    setup.updates.learn_from(setup.loss_of(outputs, labels), Shard.alone(len(labels)), step, 0, ())


def _without_dropout(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd | StochasticDepth):
            module.p = 0.0
