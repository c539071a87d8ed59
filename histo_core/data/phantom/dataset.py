"""`phantom`: a synthetic H&E data set, rendered on the user's machine and kept in the workspace.

Built like PatchCamelyon (96 x 96 pixels at 0.97 micrometres; positive if the central 32 x 32 box has tumour), with what
PatchCamelyon lacks: patients, slides, scanners, grades, and the true pixels of every tumour cell.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np

from histo_core.config import Config
from histo_core.data.dataset import DATASETS, Dataset, DatasetInfo
from histo_core.data.formats.parquet_table import read_own_parquet
from histo_core.data.phantom.cohort import GRADES, MASK_SHAPE, PATCH_SHAPE, Cohort, PhantomOptions
from histo_core.data.phantom.nuclei import MICRONS_PER_PIXEL
from histo_core.data.phantom.workers import render_in_order
from histo_core.disk_errors import advice
from histo_core.errors import CorruptDataError, DataError
from histo_core.files import new_folder, read_json, sha256, write_json
from histo_core.locks import try_lock
from histo_core.progress import Progress, silent
from histo_core.regular_files import check_regular
from histo_core.workspace import Workspace

DRAWING = 1
"""Version of the rendering; raise it whenever the same options would give other pixels."""

_WAIT_SECONDS = 0.1
_IMAGES, _MASKS, _TABLE, _MANIFEST = "images.npy", "masks.npy", "table.parquet", "manifest.json"


@DATASETS.register("phantom")
class Phantom(Dataset):
    """Synthetic patches with patients, slides, scanners, grades and tumour masks.

    Attributes:
        folder: folder of the data set's files.
    """

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="Phantom tissue",
        summary="Synthetic H&E patches with known tumour masks: 96 x 96 pixels, positive when the central 32 x 32 "
        "box holds tumour; some patients, two scanners, or five grades.",
        source="Drawn by Histoscope; no patient is behind it.",
        licence="CC0 1.0: the images are made by this program and free to use",
        layout="Nothing is needed: it is drawn when it is first opened.",
        needs_root=False,
    )
    Options: ClassVar[type[Config]] = PhantomOptions
    mapped = True

    def __init__(self, folder: Path) -> None:
        manifest = _checked_manifest(folder)
        try:
            options = PhantomOptions.model_validate(manifest["options"])
        except (ValueError, KeyError):
            raise _damaged(folder, _MANIFEST, "is not as it was written") from None
        table = read_own_parquet(folder / _TABLE)
        tumours = [f"grade {grade}" for grade in range(1, GRADES + 1)] if options.grades else ["tumour"]
        super().__init__(
            "phantom",
            table,
            ["normal", *tumours],
            microns_per_pixel=MICRONS_PER_PIXEL,
            sources=[folder / _IMAGES],
        )
        self.folder = folder
        self._files = manifest["files"]
        self._images = _mapped(folder / _IMAGES)
        self._masks = _mapped(folder / _MASKS)

    @classmethod
    def prepare(cls, root: Path | None, options: Config, workspace: Workspace, progress: Progress = silent) -> None:
        """Render the data set if it does not exist."""
        del root
        build_phantom(cast(PhantomOptions, options), workspace, progress)

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Phantom:
        """Open the data set; render it first if it does not exist.

        Raises:
            CorruptDataError: a stored file is missing or was changed.
        """
        del root
        if not isinstance(options, PhantomOptions):
            raise TypeError(f"PhantomOptions are expected, not {type(options).__name__}")
        return cls(build_phantom(options, workspace))

    def read_source(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Read the pixels of some patches, uint8 [n, 96, 96, 3]; a copy of the mapped file's rows."""
        return self._images[np.asarray(indices, dtype=np.int64)]

    def mask(self, index: int) -> np.ndarray:
        """Return the pixels of tumour cells, bool [96, 96], inside the central box and around it."""
        return np.unpackbits(self._masks[index], axis=1).astype(bool)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over classes, table, and the stored hashes of pixels and masks, which are not read again."""
        parts = [self.classes, self.positive, self._files[_IMAGES]["sha256"], self._files[_MASKS]["sha256"]]
        text = json.dumps(parts) + self.table.to_csv(index=False, lineterminator="\n")
        return hashlib.sha256(text.encode()).hexdigest()


def phantom_folder(options: PhantomOptions, workspace: Workspace) -> Path:
    """Return the folder of the data set with these options, whether or not it exists."""
    text = json.dumps([DRAWING, options.model_dump(mode="json")], sort_keys=True, allow_nan=False)
    return workspace.data / f"phantom-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def build_phantom(
    options: PhantomOptions,
    workspace: Workspace,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Render the data set, completely or not at all; if it exists, do nothing.

    One process renders at a time; another that needs the same data set waits for it.

    The same options give the same bytes in the same environment. Another CPU or NumPy may round a pixel differently;
    `Dataset.content_hash` then differs.

    Args:
        options: what to render.
        workspace: where to keep it.
        progress: receives (patches done, total) before anything is rendered and about every 64 patches.
        cancelled: called as often; once it returns True, rendering stops and nothing is left behind.

    Returns:
        The folder.

    Raises:
        DataError: it was cancelled, or could not be written (a full disk).
    """
    folder = phantom_folder(options, workspace)
    try:
        while not folder.is_dir():
            if progress is not None:
                progress(0, options.patches)
            if (lock := try_lock(workspace.locks / f"{folder.name}.lock")) is None:
                _check_cancelled(cancelled, 0, options.patches)
                time.sleep(_WAIT_SECONDS)
                continue
            with lock:
                if not folder.is_dir():
                    with new_folder(folder) as temporary:
                        _draw_all(options, temporary, progress, cancelled)
    except OSError as error:
        raise DataError(
            f"The phantom could not be written to {folder.parent}: {error.strerror or error}.",
            f"It takes {options.patches * math.prod(PATCH_SHAPE) * 1.05 / 1e6:,.0f} MB.",
            f"{advice(error)}, or draw fewer patches.",
        ) from error
    return folder


def _check_cancelled(cancelled: Callable[[], bool] | None, done: int, count: int) -> None:
    if cancelled is not None and cancelled():
        raise DataError(
            f"Drawing the phantom was cancelled after {done:,} of {count:,} patches.",
            remedy="Nothing was kept; start it again when it is wanted.",
        )


def _draw_all(
    options: PhantomOptions,
    folder: Path,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    count, done = options.patches, 0
    images = _ArrayFile(folder / _IMAGES, (count, *PATCH_SHAPE))
    masks = _ArrayFile(folder / _MASKS, (count, *MASK_SHAPE))
    with images, masks, closing(render_in_order(options)) as chunks:
        for some_images, some_masks in chunks:
            images.append(some_images)
            masks.append(some_masks)
            done += len(some_images)
            if progress is not None:
                progress(done, count)
            _check_cancelled(cancelled, done, count)
    Cohort(options).table.to_parquet(folder / _TABLE, index=False)
    hashes = {_IMAGES: images.sha256, _MASKS: masks.sha256, _TABLE: sha256(folder / _TABLE)}
    write_json(
        folder / _MANIFEST,
        {
            "drawing": DRAWING,
            "options": options.model_dump(mode="json"),
            "files": {
                name: {"sha256": digest, "bytes": (folder / name).stat().st_size} for name, digest in hashes.items()
            },
        },
    )


class _ArrayFile:
    """Appendable ``.npy`` file of uint8 that is hashed while it is written.

    It is written and not memory-mapped: a full disk is an error here, but would kill the process with a map.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self._file, self._digest = path.open("w+b"), hashlib.sha256()
        np.lib.format.write_array_header_1_0(self._file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        self._file.seek(0)
        self._digest.update(self._file.read())

    def __enter__(self) -> _ArrayFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def append(self, rows: np.ndarray) -> None:
        content = rows.tobytes()
        self._file.write(content)
        self._digest.update(content)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def _checked_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest after checking every file's size and the hash of the small table.

    Raises:
        CorruptDataError: something is missing or differs.
    """
    try:
        manifest = read_json(folder / _MANIFEST)
        for name, written in manifest["files"].items():
            if (folder / name).stat().st_size != written["bytes"]:
                raise _damaged(folder, name, "has another size than when it was written")
        if sha256(folder / _TABLE) != manifest["files"][_TABLE]["sha256"]:
            raise _damaged(folder, _TABLE, "is not as it was written")
    except OSError as error:
        raise _damaged(folder, Path(error.filename or _MANIFEST).name, "cannot be read") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _damaged(folder, _MANIFEST, "is not as it was written") from None
    return manifest


def _damaged(folder: Path, name: str, what: str) -> CorruptDataError:
    return CorruptDataError(
        f"{folder / name} {what}.",
        "The files of a phantom are never changed.",
        f"Delete the folder {folder}; the phantom is drawn anew when it is next opened.",
    )


def _mapped(path: Path) -> np.ndarray:
    check_regular(path)
    return np.load(path, mmap_mode="r", allow_pickle=False)
