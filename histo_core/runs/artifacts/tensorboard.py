"""Write a run's curves for TensorBoard: ``tensorboard --logdir <workspace>/runs``."""

from __future__ import annotations

import logging
import os
import struct
import sys
import time
from pathlib import Path
from typing import Any

from histo_core.regular_files import read_regular
from histo_core.training.activations import EDGES, LayerActivity, last_activity
from histo_core.training.events import BatchDone, EpochDone, Event, Started

LOG = logging.getLogger(__name__)

FOLDER, FILE = "tensorboard", "events.out.tfevents.histoscope"

_HEAD, _CHECK = 12, 4
_MAX_BYTES = 1 << 30
"""Bytes around a record of n bytes: n and its checksum before it, the checksum of the record behind it."""


class EventFile:
    """A TensorBoard event file with one record for each finished epoch, so that a kill loses a whole epoch or none.

    A resumed run appends to the same file. An epoch that is already in the file is skipped. When the newest checkpoint
    was damaged, the epochs that are trained again are cut off. A file that cannot be written is logged once and stops
    nothing: the program itself reads ``events.jsonl``.

    Args:
        folder: the run's folder; the file is created in its ``tensorboard`` folder with the first epoch.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FOLDER / FILE
        self._epochs: set[int] | None = None
        self._begins_at = sys.maxsize
        self._speed: tuple[int, float] | None = None
        self._broken = False

    def add(self, event: Event) -> None:
        """Write an epoch's curves; other events are only used to compute the speed."""
        if isinstance(event, BatchDone):
            self._speed = event.epoch, event.images_per_second
        elif isinstance(event, Started):
            self._begins_at = event.epoch
        elif isinstance(event, EpochDone) and not self._broken:
            try:
                self._write(event)
            except OSError as error:
                self._broken = True
                LOG.warning("no more TensorBoard events of this run: %s", error)

    def _write(self, done: EpochDone) -> None:
        # Imported with the first epoch: it is slow to load, and a run that fails earlier does not need it.
        from tensorboard.compat.proto.event_pb2 import Event as Record  # pyright: ignore[reportAttributeAccessIssue]
        from tensorboard.compat.proto.summary_pb2 import (
            HistogramProto,  # pyright: ignore[reportAttributeAccessIssue]
            Summary,  # pyright: ignore[reportAttributeAccessIssue]
        )
        from tensorboard.summary.writer.record_writer import RecordWriter

        if self._epochs is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._epochs = set()
            for start, content in _whole_records(self._path):
                record = Record.FromString(content)
                if record.HasField("summary") and record.step >= self._begins_at:
                    os.truncate(self._path, start)
                    break
                if record.HasField("summary"):
                    self._epochs.add(record.step)
        if done.epoch in self._epochs:
            return
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in self._scalars(done).items()]
        if (activity := last_activity(self._path.parents[1])) is not None and activity.epoch == done.epoch:
            for layer in activity.layers:
                values.append(Summary.Value(tag=f"never_active/{layer.layer}", simple_value=layer.never_active_share))
                values.append(
                    Summary.Value(tag=f"activations/{layer.layer}", histo=HistogramProto(**_histogram(layer)))
                )
        with self._path.open("ab") as file:
            writer = RecordWriter(file)
            if file.tell() == 0:
                writer.write(Record(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())
            record = Record(wall_time=time.time(), step=done.epoch, summary=Summary(value=values))
            writer.write(record.SerializeToString())
            writer.flush()
        self._epochs.add(done.epoch)

    def _scalars(self, done: EpochDone) -> dict[str, float]:
        average = "_macro" if done.macro else ""
        known = {
            "loss/train": done.train_loss,
            "loss/valid": done.valid_loss,
            "learning_rate": done.learning_rate,
            "images_per_second": self._speed[1] if self._speed and self._speed[0] == done.epoch else None,
        }
        for split_set in ("train", "valid"):
            known[f"accuracy/{split_set}"] = getattr(done, f"{split_set}_accuracy")
            for score in ("auroc", "precision", "recall", "f1"):
                known[f"{score}{average}/{split_set}"] = getattr(done, f"{split_set}_{score}")
        return {tag: value for tag, value in known.items() if value is not None}


def _histogram(layer: LayerActivity) -> dict[str, Any]:
    """Return TensorBoard's histogram: each bucket has an upper limit, and the last limit must be finite."""
    return {
        "min": layer.low,
        "max": layer.high,
        "num": sum(layer.counts),
        "sum": layer.total,
        "sum_squares": layer.squares,
        "bucket_limit": [*EDGES, sys.float_info.max],
        "bucket": layer.counts,
    }


def _whole_records(path: Path) -> list[tuple[int, bytes]]:
    """Return a file's records with their offsets; cut an incomplete record off the end, so that more can follow."""
    content = read_regular(path, _MAX_BYTES) if path.exists() else b""
    records, at = [], 0
    while at + _HEAD <= len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        end = at + _HEAD + length + _CHECK
        if end > len(content):
            break
        records.append((at, content[at + _HEAD : end - _CHECK]))
        at = end
    if at < len(content):
        with path.open("rb+") as file:
            file.truncate(at)
    return records
