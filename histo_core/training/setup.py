"""Build what a run trains with: batches, network, loss, optimiser and their state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from histo_core.config import RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.models.registry import MODELS, build_model
from histo_core.training.batches import Batches
from histo_core.training.distributed.process_group import ProcessGroup
from histo_core.training.distributed.sync_norm import synchronised
from histo_core.training.ema import Average
from histo_core.training.fabric import fabric_on, scaler_of
from histo_core.training.learning_recorder import StepRecorder
from histo_core.training.loss import build_loss, with_auxiliary
from histo_core.training.optimizer import build_optimizer
from histo_core.training.reproducible import reseed
from histo_core.training.state import TrainingState
from histo_core.training.updates import Updates
from histo_core.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Setup:
    """One process's objects for training, on its device.

    Attributes:
        batches: of the training and the validation set.
        model: the model that is trained.
        judged: the model that is validated and stored: the trained model or its average.
        loss_of: function from the model's output and labels to the mean loss over a batch.
        updates: updates the model's weights.
        recorder: measures whether they learn.
        state: everything that changes.
    """

    batches: Batches
    model: nn.Module
    judged: nn.Module
    loss_of: Callable[[Tensor | Sequence[Tensor], Tensor], Tensor]
    updates: Updates
    recorder: StepRecorder
    state: TrainingState


def set_up(
    config: RunConfig,
    dataset: Dataset,
    train: np.ndarray,
    valid: np.ndarray,
    count: int,
    ranks: ProcessGroup,
    workspace: Workspace | None,
) -> Setup:
    """Build all objects; initial random weights come from torch's global generator.

    Args:
        config: configuration of the run.
        dataset: the source of pixels and classes.
        train, valid: int64 rows of both sets.
        count: number of batches of an epoch.
        ranks: this process.
        workspace: stores initial weights.

    Raises:
        ConfigError, CheckpointError, DataError: as `histo_core.training.loop.fit`.
    """
    device, settings, spec = ranks.device, config.train, MODELS[config.model.name]
    n_classes, labels = len(dataset.classes), dataset.table["label"].to_numpy(np.int64)[train]
    fabric = fabric_on(device, settings.precision, ranks, frozen=settings.backbone == "frozen")
    batches = Batches(dataset, Preprocess(config.preprocess), np.concatenate([train, valid]), device)
    model = build_model(config.model, n_classes, batches.size, workspace)
    model = model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if ranks.count > 1:
        reseed(config.seed, ranks.rank)
        model = synchronised(model) if device.type == "cuda" else model
    optimizer = build_optimizer(settings, model, spec.classifiers, device)
    average = Average(model, settings.average_decay) if settings.average_decay else None
    averaged = average.model if average else None
    scaler, steps = scaler_of(fabric), -(-count // settings.accumulate)
    recorder = StepRecorder(model, steps, scaler, every_unit_moves=settings.l1 > 0)
    loss = build_loss(settings, labels, n_classes, device, config.model.output)
    return Setup(
        batches=batches,
        model=model,
        judged=averaged or model,
        loss_of=with_auxiliary(loss, spec.auxiliary_weight),
        updates=Updates(settings, fabric, model, optimizer, average, count, recorder),
        recorder=recorder,
        state=TrainingState(model, optimizer, device, averaged, scaler, ranks),
    )
