"""The catalogue of data sets that can be downloaded, and the check of local files against their checksums."""

from __future__ import annotations

from pathlib import Path

from histo_core.config import DataConfig
from histo_core.data.dataset import DATASETS, SPLIT_SETS, Problem
from histo_core.data.fetch.http import Download, differs, fetch
from histo_core.data.formats.tar_file import unpack_tar
from histo_core.data.sources.breakhis import BreaKHis
from histo_core.data.sources.pcam import PCam
from histo_core.data.sources.pcam_files import pcam_file
from histo_core.errors import ConfigError, CorruptDataError
from histo_core.progress import Progress, silent
from histo_core.workspace import Workspace

_ZENODO = "https://zenodo.org/records/2546921/files/{name}?download=1"
_ABOUT_BYTES = {"train_x": 6_400_000_000, "valid_x": 806_000_000, "test_x": 801_000_000}
"""As the publisher rounds them; labels and metadata are small in comparison."""


def _pcam() -> tuple[Download, ...]:
    checksums = PCam.info.checksums or {}
    names = [
        (split_set, what, pcam_file(split_set, what))
        for split_set in SPLIT_SETS
        for what in ("x.h5.gz", "y.h5.gz", "meta.csv")
    ]
    return tuple(
        Download(name, _ZENODO.format(name=name), checksums[name], _ABOUT_BYTES.get(f"{split_set}_{what[:1]}"))
        for split_set, what, name in names
    )


DOWNLOADS: dict[str, tuple[Download, ...]] = {
    "pcam": _pcam(),
    "breakhis": (
        Download(
            "BreaKHis_v1.tar.gz",
            "https://www.inf.ufpr.br/vri/databases/BreaKHis_v1.tar.gz",
            None,  # the publisher gives none; the archive's own checksums are compared when it is unpacked
            4_270_000_000,
        ),
    ),
}
"""By data set. All others must be downloaded by hand: their publishers require a login or a form."""

_UNPACKED = {"BreaKHis_v1.tar.gz": ("SOB_*.png", (BreaKHis.info.expected_counts or {})["images"])}
"""The contents of an unpacked archive: a pattern of file names, and how many files there are."""
_ARCHIVES_MAX_BYTES = 16 << 30


def fetch_dataset(name: str, folder: Path, workspace: Workspace, progress: Progress = silent) -> Path:
    """Download all files of a data set and unpack archives of files; existing files are only checked.

    Args:
        name: a key of `DOWNLOADS`.
        folder: where to put them; created if missing, below a folder that may be read.
        workspace: says which folders may be used.
        progress: receives (bytes so far, total) over all files.

    Returns:
        The folder to open the data set with.

    Raises:
        ConfigError: this data set cannot be fetched.
        PathNotAllowedError, DataNotFoundError: the folder may not be used, or its parent does not exist.
        CorruptDataError: the number of files differs from the published one, in the archive (which is kept) or in what
            was unpacked earlier.
        HistoscopeError: as `fetch` and `unpack_tar`.
    """
    if name not in DOWNLOADS:
        raise ConfigError(
            f"Data set {name!r} cannot be fetched from here.",
            f"Can be fetched: {', '.join(DOWNLOADS)}.",
            "Get it from its publisher and give its folder.",
        )
    folder = workspace.allowed(folder) if folder.exists() else workspace.allowed(folder.parent) / folder.name
    before, later = 0, [download.bytes or 0 for download in DOWNLOADS[name]]
    for place, download in enumerate(DOWNLOADS[name]):
        rest = sum(later[place + 1 :])
        unpacked = folder / download.name.removesuffix(".tar.gz")
        if unpacked.is_dir() and any(unpacked.iterdir()):
            _check_unpacked(unpacked, download.name)
            continue
        path = fetch(
            download,
            folder,
            lambda done, total, before=before, rest=rest: progress(before + done, before + total + rest),
        )
        before += path.stat().st_size
        if unpacked != path:
            unpack_tar(path, unpacked, progress, max_bytes=_ARCHIVES_MAX_BYTES)
            _check_unpacked(unpacked, download.name)
            path.unlink(missing_ok=True)
    return folder


def unlike_published(data: DataConfig, workspace: Workspace, progress: Progress = silent) -> tuple[Problem, ...]:
    """Return the files that have the name of a published file and other content, such as a table of the user's own.

    Args:
        data: a data set that can be opened.
        workspace: says which folders may be read.
        progress: receives (bytes read, total) over all files whose checksum was published.

    Raises:
        PathNotAllowedError: a file is a link that leads out of the folders that may be read.
        CancelledError: ``progress`` requested it.
    """
    checksums = DATASETS[data.dataset].info.checksums
    if not checksums or data.root is None:
        return ()
    root = workspace.allowed(data.root)
    files = {name: workspace.allowed(root / name) for name in checksums if (root / name).is_file()}
    before, total, found = 0, sum(file.stat().st_size for file in files.values()), []
    for name, file in files.items():
        difference = differs(file, checksums[name], lambda done, _, before=before: progress(before + done, total))
        before += file.stat().st_size
        if difference:
            found.append(Problem(name, f"is not the published file: {difference}"))
    return tuple(found)


def _check_unpacked(folder: Path, archive: str) -> None:
    pattern, expected = _UNPACKED[archive]
    found = sum(1 for _ in folder.rglob(pattern))
    if found != expected:
        raise CorruptDataError(
            f"{folder} holds {found:,} files named {pattern}.",
            f"{archive} unpacks to {expected:,}.",
            f"Move {folder} away and fetch it again; an archive that lies beside it is taken as it is.",
        )
