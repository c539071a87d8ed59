"""The training loop: epochs, batches, validation, checkpoints, reported as events."""

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
from histo_core.training.distributed.process_group import ProcessGroup, connected, find_ranks
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
    """Train a network, or go on where ``folder/checkpoint`` says that training stopped.

    A run that was stopped or killed and goes on ends with the very weights and metrics of one that was not: bit for
    bit on a CPU with the same number of threads, elsewhere within the limits of the device's own library. The test
    set is never read.

    With ``train.devices`` above 1 this is the code of every process: each takes its share of each batch, gradients are
    those of the whole batch, rank 0 alone writes files and yields events, and all stop together when one is asked to.
    The result is that of one device but for rounding, for dropout, which each process draws for itself, and, on
    CPUs, for batch normalisation, which sees a share. It goes on bit for bit with as many devices, and may go
    on with another number; see `histo_core.training.distributed.process_group` for who starts the processes.

    With ``train.activations`` each epoch also appends what the network's rectifiers did in validation to
    ``folder/activations.jsonl``; see `histo_core.training.activations`.

    While events are taken, torch's thread count, determinism switch and global generators are this run's; they are
    put back when the iterator ends or is closed.

    Args:
        config: all that decides the result.
        dataset: opened from ``config.data``.
        split: made from ``config.split``; parts train and valid are used.
        folder: the run's folder.
        should_stop: asked after each step and each batch of validation; when it says yes the state is saved and
            `Stopped` ends the iterator.
        workspace: where initial weights are looked for.
        data_hash: what tells the data from others when training goes on; None: the data set's content hash, for which
            all of its pixels are read where it is not remembered.

    Yields:
        `Started`; after a resume the last finished epoch's `EpochDone` once more, since the one who was told first
        may have died of it; `BatchDone` for each batch, counted from 1; `EpochDone` once the epoch's checkpoint is on
        disk; at the end `Stopped` or `Finished`. Epochs are counted from 0.

    Raises:
        ConfigError: the model, its options or the device are not to be had.
        SplitError: a part is empty or holds unlabelled samples.
        DataError: a patch cannot be read.
        CheckpointError: the checkpoint is damaged, does not fit the configuration, or cannot be written.
        TrainingError: a loss that is no number, or too little memory. The last checkpoint stays, and the samples of
            the batch are named in ``failed_batch.json``.
        RuntimeError: torch's, where another process of this run is gone or silent.

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
    ranks = find_ranks(config.train)
    stop = ranks.asked(should_stop)
    with closing(_fit(config, dataset, split, folder, ranks, stop, workspace, data_hash)) as events:
        for event in events:
            if ranks.leads:
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
        run = Session(config, dataset, split, folder, **rows, ranks=ranks, workspace=workspace, data_hash=data_hash)
        yield run.started()
        if run.at.last_epoch:
            yield run.at.last_epoch
        for epoch in range(run.at.epoch, config.train.epochs):
            if stalled(run.at.valid_losses, config.train.patience):
                yield run.finished("patience")
                return
            with run.epoch(epoch) as (shards, taken):
                for batch, shard in enumerate(shards, start=run.at.batch):
                    begun = perf_counter()
                    with memory_explained(run.size), run.updates.gathering(batch):
                        images, labels = next(taken)
                        outputs = run.updates.network(images)
                        run.seen.take(outputs, shard)
                        loss = run.loss_of(outputs, labels)
                        stepped = run.updates.take(loss, shard, epoch, batch, run.at.valid_losses)
                        # Asked for last: on an accelerator it waits until all before it is computed.
                        value = ranks.sum(loss.item() * shard.part)
                    yield run.after_batch(value, shard, perf_counter() - begun, stepped=stepped)
                    if stepped and should_stop():
                        yield run.stop()
                        return
            begun = perf_counter()
            result = run.validate(should_stop)
            if result is None:
                yield run.stop()
                return
            yield run.after_epoch(result, perf_counter() - begun)
        yield run.finished()
