"""How good the network is on samples that it is not trained on; what chooses the best epoch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from histo_core.models.inference.probabilities import log_probabilities
from histo_core.models.inference.probabilities import probabilities as to_probabilities
from histo_core.training.activation_recorder import ActivationRecorder
from histo_core.training.batches import Batches, BatchRequest
from histo_core.training.distributed.process_group import ProcessGroup
from histo_core.training.scores import epoch_scores


@dataclass(frozen=True)
class Validation:
    """Mean cross-entropy (nats) of the reported probabilities, and the `histo_core.training.scores.EpochScores`.

    The loss is that of the probabilities whatever is trained with: smoothed, weighed, summed or doubled losses would
    neither be comparable between runs nor choose the epoch with the best answers.
    """

    loss: float
    accuracy: float
    auroc: float | None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    weighted_f1: float | None = None


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
        batches: holds ``rows``.
        rows: int64 rows of the data set, at least one.
        positive: index of the class of interest.
        batch_size: how many go through at once.
        should_stop: asked after each batch.
        output: as `histo_core.config.ModelConfig.output`.
        ranks: who this process is, where several share the batches; each reads its own share, and all get the result.
        recorder: watches the network's rectifiers on all of ``rows``; made for ``network``.

    Returns:
        The result, or None when asked to stop before the end.
    """
    network.eval()
    ranks = ranks or ProcessGroup(torch.device("cpu"))
    parts = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    loss, probabilities = 0.0, []
    with closing(batches.each(BatchRequest(ranks.share_of(part)) for part in parts)) as taken:
        for part, (images, _) in zip(parts, taken, strict=True):
            mine = ranks.share(len(part))
            with recorder.watching(counts=mine.start < mine.stop) if recorder else nullcontext():
                given = network(images)
            logits = ranks.assembled(given, len(part)).float()
            truth = batches.labels(part).to(logits.device)
            loss += F.nll_loss(log_probabilities(logits, output), truth, reduction="sum").item()
            probabilities.append(to_probabilities(logits.cpu().double(), output).numpy())
            if should_stop():
                return None
    probability, label = np.concatenate(probabilities), batches.labels(rows).numpy()
    return Validation(loss / len(rows), **asdict(epoch_scores(label, probability, positive)))
