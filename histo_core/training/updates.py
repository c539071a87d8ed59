"""From the losses of batches to changed weights: gathering, penalty, clipping, learning rate, step, average."""

from __future__ import annotations

from collections.abc import Sequence

from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from histo_core.config import TrainConfig
from histo_core.training.averaging import Average
from histo_core.training.penalty import l1_penalty
from histo_core.training.schedule import factor


class Updates:
    """Steps of an optimiser, each over ``config.accumulate`` batches or what an epoch has left of them.

    Args:
        config: of training.
        fabric: places the model and scales losses where the precision needs it.
        model: whose weights are changed.
        optimizer: over them; its groups name their own rate as ``initial_lr``.
        average: takes in the weights after each step; None for no average.
        samples: an epoch.
        batches: an epoch.

    Attributes:
        network: the model as the loop calls it.
    """

    def __init__(
        self,
        config: TrainConfig,
        fabric: Fabric,
        model: nn.Module,
        optimizer: Optimizer,
        average: Average | None,
        samples: int,
        batches: int,
    ) -> None:
        self._config, self._fabric, self._average = config, fabric, average
        self._model, self._optimizer = model, optimizer
        self.network, self._stepper = fabric.setup(model, optimizer)
        self._samples, self._batches = samples, batches
        self._steps = -(-batches // config.accumulate)

    def learning_rate(self, epoch: int, batch: int, valid_losses: Sequence[float]) -> float:
        """Of the classifiers in the step that a batch belongs to, all counted from 0."""
        return self._optimizer.param_groups[0]["initial_lr"] * self._factor(epoch, batch, valid_losses)

    def take(self, loss: Tensor, epoch: int, batch: int, valid_losses: Sequence[float]) -> bool:
        """Gather a batch's gradients, and step when it is the last of its group.

        A batch counts by its share of the group's samples, so that a group equals one large batch wherever the loss
        is a plain mean and no layer looks at a batch as a whole. Where losses are summed, it counts by its samples.

        Args:
            loss: mean over the batch.
            epoch: counted from 0.
            batch: of the epoch, counted from 0.
            valid_losses: of the epochs before.

        Returns:
            Whether the weights were changed.
        """
        config = self._config
        first = batch - batch % config.accumulate
        end = min(first + config.accumulate, self._batches)
        if batch == first:
            self._stepper.zero_grad()
        size = self._size(batch, batch + 1)
        share = size / self._size(first, end)
        loss = loss * (size if config.loss_sum else share)
        if config.l1:
            loss = loss + config.l1 * share * l1_penalty(self._model)
        self._fabric.backward(loss)
        if batch + 1 < end:
            return False
        if config.clip_norm is not None:
            # With a loss scaler gradients may be infinite: it then leaves the step out and lowers its scale.
            self._fabric.clip_gradients(
                self.network, self._stepper, max_norm=config.clip_norm, error_if_nonfinite=False
            )
        for group in self._optimizer.param_groups:
            group["lr"] = group["initial_lr"] * self._factor(epoch, batch, valid_losses)
        self._stepper.step()
        if self._average is not None:
            self._average.update(self._model, epoch * self._steps + batch // config.accumulate)
        return True

    def _factor(self, epoch: int, batch: int, valid_losses: Sequence[float]) -> float:
        return factor(self._config, self._steps, epoch, batch // self._config.accumulate, valid_losses)

    def _size(self, first: int, end: int) -> int:
        """Samples in some batches; the last batch may be smaller than the others."""
        return min(end * self._config.batch_size, self._samples) - first * self._config.batch_size
