"""Compute the map of a data set: every patch is a point, and similar patches are near each other."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from histo_core.auditing.embedding.features import feature_key, feature_words, open_features
from histo_core.auditing.embedding.lasso import inside
from histo_core.auditing.embedding.principal_plane import principal_plane
from histo_core.auditing.embedding.umap import FEWEST, umap_layout
from histo_core.data.dataset import Dataset
from histo_core.files import new_folder, read_json, read_kept, write_atomically, write_json
from histo_core.progress import Progress, silent
from histo_core.regular_files import open_regular
from histo_core.workspace import Workspace

__all__ = ["PatchMap", "inside", "load_map", "make_map"]

UMAP_SAMPLE = 20_000
_UMAP_COST = 10
"""UMAP takes about as long for a patch as reading and describing this many patches."""


@dataclass(frozen=True)
class PatchMap:
    """The coordinates of each patch on the map.

    Attributes:
        xy: float32 [n, 2], the first two principal components of all rows' features.
        umap_xy: float32 [m, 2], UMAP of a sample; None until it is computed, or where there are too few patches.
        umap_rows: int64 [m], the sample's rows, in order; None where ``umap_xy`` is.
        explained: share of the features' variance along each axis of ``xy``, 0 to 1.
        features: "colour", "squeezenet" or a run's folder.
        note: a description of the map, in sentences for a page.

    Example:
        >>> import numpy as np
        >>> from histo_core.auditing.embedding.layout import PatchMap
        >>> points = PatchMap(np.zeros((3, 2), np.float32), None, None, (0.5, 0.25), "colour", "PCA of all 3 patches.")
        >>> sum(points.explained)
        0.75
    """

    xy: np.ndarray
    umap_xy: np.ndarray | None
    umap_rows: np.ndarray | None
    explained: tuple[float, float]
    features: str
    note: str


def make_map(
    dataset: Dataset,
    features: str,
    workspace: Workspace,
    progress: Progress = silent,
    umap_sample: int = UMAP_SAMPLE,
) -> PatchMap:
    """Map all patches by PCA and a sample of them by UMAP; only what the workspace does not keep is computed.

    The sample is always the same and stratified by class. When the task is stopped after the PCA, the map is kept
    without its UMAP, which the next call adds.

    Args:
        dataset: the data set; every row is read once, in order.
        features: "colour" (cheap), "squeezenet", or a run's folder.
        workspace: keeps the map under ``data/maps``.
        progress: reports reading, then the UMAP.
        umap_sample: largest number of patches in the UMAP; part of the map's name.

    Raises:
        DataError: the data set is empty, or a patch cannot be read.
        CancelledError: the task was asked to stop.
        ConfigError, CheckpointError, PathNotAllowedError: as `histo_core.auditing.embedding.features.open_features`.

    Example:
        PCA alone: a sample of fewer than 16 patches has no UMAP.

        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core.auditing.embedding.layout import make_map
        >>> from histo_core.config import DataConfig
        >>> from histo_core.data import open_dataset
        >>> from histo_core.workspace import Workspace
        >>> with TemporaryDirectory() as home:
        ...     workspace = Workspace(Path(home))
        ...     dataset = open_dataset(DataConfig(options={"patches": 40, "patients": 4}), workspace)
        ...     found = make_map(dataset, "colour", workspace, umap_sample=10)
        >>> found.xy.shape, found.umap_xy
        ((40, 2), None)
    """
    folder = _folder(dataset, features, workspace, umap_sample)
    sample = stratified_sample(dataset.table["label"].to_numpy(np.int64), umap_sample)
    n, umap_cost = len(dataset), _UMAP_COST * len(sample)
    if load_map(dataset, features, workspace, umap_sample) is None:
        shutil.rmtree(folder, ignore_errors=True)  # any folder here is damaged
        describe = open_features(features, workspace)
        with new_folder(folder) as new:
            plane = principal_plane(dataset, describe, sample, new, lambda done, _: progress(done, n + umap_cost))
            for name, values in (("pca", plane.xy), ("sample_rows", sample), ("sample", plane.sampled)):
                np.save(new / f"{name}.npy", values)
            write_json(new / "map.json", {"explained": plane.explained})
    if len(sample) >= FEWEST and not (folder / "umap.npy").is_file():

        def step(done: int, steps: int) -> None:
            progress(n + umap_cost * done // steps, n + umap_cost)

        xy = umap_layout(_load(folder / "sample.npy"), progress=step)
        write_atomically(folder / "umap.npy", _npy(xy))
        (folder / "sample.npy").unlink(missing_ok=True)
    return _read(folder, features)


def load_map(dataset: Dataset, features: str, workspace: Workspace, umap_sample: int = UMAP_SAMPLE) -> PatchMap | None:
    """Read the map that `make_map` kept, or return None; a map whose UMAP is not ready comes without it.

    Raises:
        ConfigError, CheckpointError, PathNotAllowedError: as `histo_core.auditing.embedding.features.feature_key`.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core.auditing.embedding.layout import load_map, make_map
        >>> from histo_core.config import DataConfig
        >>> from histo_core.data import open_dataset
        >>> from histo_core.workspace import Workspace
        >>> with TemporaryDirectory() as home:
        ...     workspace = Workspace(Path(home))
        ...     dataset = open_dataset(DataConfig(options={"patches": 40, "patients": 4}), workspace)
        ...     before = load_map(dataset, "colour", workspace, umap_sample=10)
        ...     _ = make_map(dataset, "colour", workspace, umap_sample=10)
        ...     after = load_map(dataset, "colour", workspace, umap_sample=10)
        >>> before is None, len(after.xy)
        (True, 40)
    """
    folder = _folder(dataset, features, workspace, umap_sample)
    return read_kept(folder / "map.json", lambda: _read(folder, features))


def stratified_sample(labels: np.ndarray, most: int, *, seed: int = 0) -> np.ndarray:
    """Sample rows at random, stratified by label; each label's share is exact to within one row.

    Args:
        labels: int64 [n].
        most: largest number of rows.
        seed: seed of the sample.

    Returns:
        int64 [min(n, most)], in order.
    """
    n = len(labels)
    if n <= most:
        return np.arange(n)
    shuffled = np.random.default_rng(seed).permutation(n)
    by_label = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return np.sort(by_label[np.arange(most) * n // most])


def _folder(dataset: Dataset, features: str, workspace: Workspace, umap_sample: int) -> Path:
    name = f"{dataset.state}\0{feature_key(features, workspace)}\0{umap_sample}"
    return workspace.data / "maps" / hashlib.sha256(name.encode()).hexdigest()[:32]


def _read(folder: Path, features: str) -> PatchMap:
    first, second = read_json(folder / "map.json")["explained"]
    xy, umap_xy, umap_rows = _load(folder / "pca.npy"), None, None
    if (folder / "umap.npy").is_file():
        umap_xy, umap_rows = _load(folder / "umap.npy"), _load(folder / "sample_rows.npy")
    return PatchMap(xy, umap_xy, umap_rows, (first, second), features, _note(features, len(xy), umap_rows))


def _note(features: str, n: int, umap_rows: np.ndarray | None) -> str:
    pca = f"PCA of all {n:,} patches {feature_words(features)}."
    if umap_rows is None:
        return f"{pca} " + ("UMAP is not ready." if n >= FEWEST else f"UMAP needs at least {FEWEST} patches.")
    if len(umap_rows) == n:
        return f"{pca} UMAP of all of them."
    return f"{pca} UMAP of {len(umap_rows):,} of them, drawn at random with the shares of the classes kept."


def _npy(values: np.ndarray) -> bytes:
    buffer = BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def _load(path: Path) -> np.ndarray:
    with open_regular(path) as file:
        return np.load(file, allow_pickle=False)
