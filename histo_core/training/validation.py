"""Evaluate the network on the validation set, which chooses the best epoch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from histo_core.models.inference.probabilities import log_probabilities, probabilities
from histo_core.training.activation_recorder import ActivationRecorder
from histo_core.training.batches import Batches, BatchRequest
from histo_core.training.distributed.process_group import ProcessGroup
from histo_core.training.learning import SetLearning
from histo_core.training.learning_recorder import set_learning
from histo_core.training.scores import epoch_scores


@dataclass(frozen=True)
class Validation:
    """Mean cross entropy (nats) of the reported probabilities, and the `histo_core.training.scores.EpochScores`.

    It does not depend on the training loss: smoothed, weighted, summed or doubled losses could not be compared between
    runs, and would not choose the epoch with the best predictions.
    """

    loss: float
    accuracy: float
    auroc: float | None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    weighted_f1: float | None = None
    learning: SetLearning | None = None


@torch.inference_mode()
def validate(
    network: nn.Module,
    batches: Batches,
    rows: np.ndarray,
    *,
    positive: int,
    batch_size: int,
    should_stop: Callable[[], bool],
    output: str = "softmax",
    ranks: ProcessGroup | None = None,
    recorder: ActivationRecorder | None = None,
) -> Validation | None:
    """Validate without changing the network or any generator.

    Args:
        network: gives logits.
        batches: loads ``rows``.
        rows: int64 rows of the data set, at least one.
        positive: index of the class of interest.
        batch_size: number of patches in one forward pass.
        should_stop: called after each batch.
        output: as `histo_core.config.ModelConfig.output`.
        ranks: this process, if several share the batches; each reads its own shard, and all get the result.
        recorder: records the network's rectifiers on all of ``rows``; made for ``network``.

    Returns:
        The result, or None if asked to stop before the end.
    """
    network.eval()
    ranks = ranks or ProcessGroup(torch.device("cpu"))
    parts = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    loss, outputs = 0.0, []
    with closing(batches.each(BatchRequest(ranks.share_of(part)) for part in parts)) as taken:
        for part, (images, _) in zip(parts, taken, strict=True):
            mine = ranks.share(len(part))
            with recorder.watching(counts=mine.start < mine.stop) if recorder else nullcontext():
                given = network(images)
            logits = ranks.assembled(given, len(part)).float()
            truth = batches.labels(part).to(logits.device)
            loss += F.nll_loss(log_probabilities(logits, output), truth, reduction="sum").item()
            outputs.append(logits.cpu().double())
            if should_stop():
                return None
    whole, label = torch.cat(outputs), batches.labels(rows).numpy()
    scores = epoch_scores(label, probabilities(whole, output).numpy(), positive)
    return Validation(loss / len(rows), **asdict(scores), learning=set_learning(whole, label, output))
