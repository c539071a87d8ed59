"""Update weights from losses of batches: accumulation, penalty, clipping, learning rate, step, average."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from histo_core.config import TrainConfig
from histo_core.training.distributed.shards import Shard
from histo_core.training.ema import Average
from histo_core.training.learning_recorder import StepRecorder
from histo_core.training.schedule import factor


class Updates:
    """Steps of an optimiser, each over ``config.accumulate`` batches, or fewer at an epoch's end.

    Args:
        config: training configuration.
        fabric: places the model, and scales losses if the precision needs it.
        model: the model whose weights are changed.
        optimizer: the model's optimiser; its groups have their own rate as ``initial_lr``.
        average: updated with the weights after each step; None for no average.
        batches: number of batches of an epoch.
        recorder: measures one step of each epoch; None measures nothing.

    Attributes:
        network: the wrapped model that the loop calls.
    """

    def __init__(
        self,
        config: TrainConfig,
        fabric: Fabric,
        model: nn.Module,
        optimizer: Optimizer,
        average: Average | None,
        batches: int,
        recorder: StepRecorder | None = None,
    ) -> None:
        self._config, self._fabric, self._average, self._recorder = config, fabric, average, recorder
        self._model, self._optimizer = model, optimizer
        self.network, self._stepper = fabric.setup(model, optimizer)
        self._batches = batches
        self._steps = -(-batches // config.accumulate)

    def learning_rate(self, epoch: int, batch: int, valid_losses: Sequence[float]) -> float:
        """Return the classifiers' learning rate in the step that a batch belongs to, all counted from 0."""
        return self._optimizer.param_groups[0]["initial_lr"] * self._factor(epoch, batch, valid_losses)

    @property
    def used_rate(self) -> float:
        """The optimiser's learning rate for the classifiers: after a step, the one that it used."""
        return float(self._optimizer.param_groups[0]["lr"])

    def gathering(self, batch: int) -> AbstractContextManager[object]:
        """Return the context for a batch's forward and backward pass: processes add up their gradients once a step."""
        return self._fabric.no_backward_sync(self.network, enabled=not self._ends_step(batch))

    def learn_from(self, loss: Tensor, shard: Shard, epoch: int, batch: int, valid_losses: Sequence[float]) -> bool:
        """Accumulate a batch's gradients, and step if it is the last of its group.

        A batch is weighted by its share of the group's samples, or of their weights. So a group equals one large batch,
        unless a layer depends on the whole batch. If losses are summed, this is multiplied by the group's samples.

        Args:
            loss: mean over this process's shard of the batch.
            shard: the shard.
            epoch: counted from 0.
            batch: batch of the epoch, counted from 0.
            valid_losses: validation losses of the epochs before.

        Returns:
            Whether the weights were changed.
        """
        config = self._config
        if batch % config.accumulate == 0:
            self._stepper.zero_grad()
        loss = shard.counted(loss) * (shard.step_weight * (shard.step_samples if config.loss_sum else 1))
        if config.l1:
            loss = loss + config.l1 * shard.step_weight * l1_penalty(self._model)
        self._fabric.backward(loss)
        if not self._ends_step(batch):
            return False
        if self._recorder is not None:
            self._recorder.before_step(batch // config.accumulate)
        if config.clip_norm is not None:
            # With a loss scaler gradients may be infinite: it then skips the step and lowers its scale.
            self._fabric.clip_gradients(
                self.network, self._stepper, max_norm=config.clip_norm, error_if_nonfinite=False
            )
        for group in self._optimizer.param_groups:
            group["lr"] = group["initial_lr"] * self._factor(epoch, batch, valid_losses)
        self._stepper.step()
        if self._recorder is not None:
            self._recorder.after_step()
        if self._average is not None:
            self._average.update(epoch * self._steps + batch // config.accumulate)
        return True

    def _factor(self, epoch: int, batch: int, valid_losses: Sequence[float]) -> float:
        return factor(self._config, self._steps, epoch, batch // self._config.accumulate, valid_losses)

    def _ends_step(self, batch: int) -> bool:
        return (batch + 1) % self._config.accumulate == 0 or batch + 1 == self._batches


def l1_penalty(model: nn.Module) -> Tensor:
    """Sum the absolute values of all learnt weights with two or more axes.

    Biases and the scales and shifts of norms have one axis and are left out; frozen weights are left out, too. Other
    learnt tensors with two axes count as weights: the tokens and positions of a ViT, the layer scales of ConvNeXt.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad and weight.ndim > 1]
    return torch.stack([weight.abs().sum() for weight in weights]).sum()
