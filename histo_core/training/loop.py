"""The training loop: epochs, batches, validation and checkpoints, reported as events."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter

from histo_core.config import RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split
from histo_core.models.inference.memory import kept_memory
from histo_core.training.data_order import training_rows, validation_rows
from histo_core.training.distributed.process_group import ProcessGroup, connected, find_process_group
from histo_core.training.events import Event
from histo_core.training.failures import memory_explained
from histo_core.training.reproducible import reproducible
from histo_core.training.schedule import stalled
from histo_core.training.session import Session
from histo_core.workspace import Workspace


def fit(
    config: RunConfig,
    dataset: Dataset,
    split: Split,
    folder: Path,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    workspace: Workspace | None = None,
    data_hash: str | None = None,
) -> Iterator[Event]:
    """Train a network, or resume training from ``folder/checkpoint``.

    A resumed run ends with the same weights and metrics as an uninterrupted one: bit for bit on a CPU with the same
    number of threads, elsewhere within the limits of the device's own library. The test set is never read.

    With ``train.devices`` above 1 every process runs this code: each takes its shard of each batch, gradients are those
    of the whole batch, only rank 0 writes files and yields events, and all stop together when one is asked to. The
    result equals that of one device except for rounding, for dropout, which each process draws itself, and, on CPUs,
    for batch normalisation, which sees only a shard. It resumes bit for bit with the same number of devices, and may
    resume with another number. `histo_core.training.distributed.process_group` says who starts the processes.

    With ``train.activations`` each epoch also appends the activity of the network's rectifiers in validation to
    ``folder/activations.jsonl``; see `histo_core.training.activations`.

    Each epoch also appends what it says about learning to ``folder/learning.jsonl``; see
    `histo_core.training.learning`.

    While the iterator is in use, torch's thread count, determinism setting and global generators are set for this run;
    they are restored when it ends or is closed.

    Args:
        config: everything that determines the result.
        dataset: opened from ``config.data``.
        split: made from ``config.split``; training and validation set are used.
        folder: the run's folder.
        should_stop: called after each step and each batch of validation; if it returns True, the state is saved and
            `Stopped` ends the iterator.
        workspace: stores initial weights.
        data_hash: identifies the data when training resumes; None uses the data set's content hash, which reads all
            pixels unless it is cached.

    Yields:
        `Started`; after a resume the last finished epoch's `EpochDone` again, because the first receiver may have
        crashed; `BatchDone` for each batch, counted from 1; `EpochDone` when the epoch's checkpoint is on disk; at the
        end `Stopped` or `Finished`. Epochs are counted from 0.

    Raises:
        ConfigError: the model, its options or the device are not available.
        SplitError: a set is empty or has unlabelled samples.
        DataError: a patch cannot be read.
        CheckpointError: the checkpoint is damaged, does not fit the configuration, or cannot be written.
        TrainingError: a loss that is not finite, or too little memory. The last checkpoint stays, and
            ``failed_batch.json`` names the samples of the batch.
        RuntimeError: from torch: another process of this run has ended or does not answer.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core import RunConfig, fit, make_split, open_dataset
        >>> config = RunConfig.parse({
        ...     "data": {"dataset": "phantom", "options": {"patches": 80, "patients": 20}},
        ...     "model": {"name": "cnn_narrow"}, "preprocess": {"crop": 32},
        ...     "train": {"epochs": 1, "device": "cpu"},
        ... })
        >>> dataset = open_dataset(config.data)
        >>> with TemporaryDirectory() as folder:
        ...     for event in fit(config, dataset, make_split(dataset, config.split), Path(folder)):
        ...         print(type(event).__name__)
        Started
        BatchDone
        EpochDone
        Finished
    """
    ranks = find_process_group(config.train)
    stop = ranks.asked(should_stop)
    with closing(_fit(config, dataset, split, folder, ranks, stop, workspace, data_hash)) as events:
        for event in events:
            if ranks.is_main:
                yield event


def _fit(
    config: RunConfig,
    dataset: Dataset,
    split: Split,
    folder: Path,
    ranks: ProcessGroup,
    should_stop: Callable[[], bool],
    workspace: Workspace | None,
    data_hash: str | None,
) -> Generator[Event]:
    rows = {"train": training_rows(config, dataset, split), "valid": validation_rows(dataset, split)}
    with reproducible(config.seed, config.train.threads, ranks.device), connected(ranks), kept_memory():
        session = Session(config, dataset, split, folder, **rows, ranks=ranks, workspace=workspace, data_hash=data_hash)
        yield session.started()
        if session.at.last_epoch:
            yield session.at.last_epoch
        for epoch in range(session.at.epoch, config.train.epochs):
            if stalled(session.at.valid_losses, config.train.patience):
                yield session.finished("patience")
                return
            with session.epoch(epoch) as (shards, loaded):
                for batch, shard in enumerate(shards, start=session.at.batch):
                    begun = perf_counter()
                    with memory_explained(session.size), session.updates.gathering(batch):
                        images, labels = next(loaded)
                        outputs = session.updates.network(images)
                        session.seen.keep(outputs, shard)
                        loss = session.loss_of(outputs, labels)
                        stepped = session.updates.learn_from(loss, shard, epoch, batch, session.at.valid_losses)
                        # Read last: on an accelerator this waits until everything before is computed.
                        value = ranks.sum(loss.item() * shard.weight)
                    yield session.after_batch(value, shard, perf_counter() - begun, stepped=stepped)
                    if stepped and should_stop():
                        yield session.stop()
                        return
            begun = perf_counter()
            result = session.validate(should_stop)
            if result is None:
                yield session.stop()
                return
            yield session.after_epoch(result, perf_counter() - begun)
        yield session.finished()
