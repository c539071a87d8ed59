"""The doors by which the program reads users' files, one function each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path


def load() -> None:
    """Import what the doors need, so that it is loaded once and counts for no file."""
    import numba  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import tifffile  # noqa: F401
    import torch

    from histo_core.data import predictions  # noqa: F401
    from histo_core.data.formats import image_worker, jpeg_kernel, tar_file  # noqa: F401
    from histo_core.models.inference import predictor  # noqa: F401
    from histo_core.runs.artifacts import (
        events,  # noqa: F401
    )

    torch.set_num_threads(1)


def warm_up() -> None:
    """Start the process from which those are split that read uploads."""
    from io import BytesIO

    from PIL import Image

    from histo_core.data.formats.image_child import open_upload

    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    open_upload(file.getvalue(), max_pixels=64)


def _image(path: Path) -> None:
    from histo_core.data.formats.images import open_image

    open_image(path)


def _upload(path: Path) -> None:
    from histo_core.data.formats.image_child import open_upload

    open_upload(path.read_bytes(), max_pixels=4_000_000)


def _csv(path: Path) -> None:
    from histo_core.data.formats.csv_table import read_csv

    read_csv(path, ("path", "label"), None)


def _parquet(path: Path) -> None:
    from histo_core.data.formats.parquet_table import read_parquet

    read_parquet(path)


def _predictions(path: Path) -> None:
    from histo_core.data.predictions import read_predictions

    read_predictions(path)


def _hdf5(path: Path) -> None:
    from histo_core.data.formats.hdf5 import open_array

    array = open_array(path, "x", shape=(None, 16, 16, 3))
    array.read(range(0, len(array), max(len(array) // 64, 1)))


def _column(path: Path) -> None:
    from histo_core.data.formats.hdf5 import open_column

    array = open_column(path, "x")
    array.read(range(len(array)))


def _gzip(path: Path) -> None:
    from histo_core.data.formats.gzip_file import unpack_gzip

    try:
        unpack_gzip(path, path.parent / "out" / "file", max_bytes=256 << 20)
    finally:
        _nothing_left(path, "file")


def _tar(path: Path) -> None:
    from histo_core.data.formats.tar_file import unpack_tar

    try:
        unpack_tar(path, path.parent / "out" / "folder", max_bytes=64 << 20)
    finally:
        _nothing_left(path, "folder")


def _nothing_left(path: Path, name: str) -> None:
    out = path.parent / "out"
    left = [each.name for each in out.iterdir() if each.name != name] if out.is_dir() else []
    if left or (path.parent / "evil").exists():
        raise AssertionError(f"{left} was left behind")


def _config(path: Path) -> None:
    from histo_core.config import read_config

    read_config(path)


def _json(path: Path) -> None:
    from histo_core.models.weights.manifest import read_manifest

    read_manifest(path.parent)


def _events(path: Path) -> None:
    from histo_core.runs.artifacts.events import read_events

    read_events(path.parent)


def _log(path: Path) -> None:
    from histo_core.runs.artifacts.log_file import log_end

    lines = log_end(path, 40)
    if len(lines) > 40 or any("secret" in line for line in lines):
        raise AssertionError("it showed more than the end of a log")


def _weights(path: Path) -> None:
    from histo_core.models.inference.predictor import Predictor

    Predictor.load(path, "cpu")


def _initial(path: Path) -> None:
    from histo_core.config import ModelConfig
    from histo_core.models.registry import build_model

    build_model(ModelConfig(name="squeezenet1_1", weights=str(path)), 2, (96, 96))


def _folder(path: Path) -> None:
    from histo_core.config import DataConfig
    from histo_core.data.integrity import check_files
    from histo_core.data.opening import open_dataset
    from histo_core.workspace import Workspace

    config = DataConfig(dataset="folder", root=str(path.parent), skip_broken=True)
    dataset = open_dataset(config, Workspace.default())
    if len(dataset) != 6 or check_files(dataset).problems or not dataset.problems:
        raise AssertionError(f"{len(dataset)} samples are left of 6, and {len(dataset.problems)} problems were named")


def _pattern(path: Path) -> None:
    from histo_core.data.sources.patients import patient_ids

    asked = json.loads(path.read_text())
    patient_ids(asked["names"], asked["pattern"], seconds=2.0)


IN_CHILDREN = ("upload", "pattern")
"""Doors that read in short-lived processes themselves; the one from which those are split is started once."""

DOORS: dict[str, Callable[[Path], None]] = {
    "image": _image,
    "upload": _upload,
    "csv": _csv,
    "parquet": _parquet,
    "predictions": _predictions,
    "hdf5": _hdf5,
    "column": _column,
    "gzip": _gzip,
    "tar": _tar,
    "config": _config,
    "json": _json,
    "events": _events,
    "log": _log,
    "weights": _weights,
    "initial": _initial,
    "folder": _folder,
    "pattern": _pattern,
}
