"""The audit against the loop that one writes first, and against the times that it is allowed.

    python -m benchmarks.audit [--rows 327680] [--patches FOLDER] [--under FOLDER]

The peer reads the same files: per patch a grey 32 x 32 thumbnail by Pillow, SciPy's DCT and a 64-bit perceptual hash of
its low frequencies, as the package imagehash does. It knows neither mirrored nor turned copies, nor what ours measures
beside (digest, signature, ten facts). Ours is checked first: digests against hashlib, signatures against SciPy.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import h5py
import numpy as np
from PIL import Image
from scipy.fft import dctn

from benchmarks._paired import paired
from benchmarks._pcam_like import FULL, write_pcam_like
from histo_core.auditing.dct_signature import SIDE
from histo_core.auditing.duplicates import exact_duplicates
from histo_core.auditing.report import compute_audit
from histo_core.auditing.scan import digests, scan
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.workspace import Workspace

T = TypeVar("T")

PATCHES = 10_000
AUDIT_SECONDS, DIGEST_SECONDS = 60.0, 600.0
"""Allowed for the audit of 10,000 image files, and for the exact duplicates of 327,680 patches."""
FOUND = 0.98
"""Share of the planted copies that the audit must find."""
REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "pcam_jpeg"


def main() -> None:
    """Check, then measure; the exit code says whether the times are allowed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=sum(FULL.values()))
    parser.add_argument("--under", type=Path, default=None, help="where the temporary folder goes; 9 GB in full size")
    parser.add_argument("--patches", type=Path, default=REAL)
    arguments = parser.parse_args()
    if len(list(arguments.patches.glob("*/*/*.jpg"))) < PATCHES // 2:
        print(f"Skipped: {arguments.patches} does not hold {PATCHES // 2:,} patches as <split>/<normal|tumor>/*.jpg.")
        return
    with tempfile.TemporaryDirectory(dir=arguments.under, prefix="audit-") as name:
        folder = Path(name).resolve()
        workspace = Workspace(folder / "home", extra_roots=(folder,))
        copies = write_files(arguments.patches, folder / "files")
        files = open_dataset(DataConfig(dataset="folder", root=str(folder / "files")), workspace)
        check(files)
        compare(files)
        good = [measure_audit(files, copies)]
        sizes = {split_set: round(n * arguments.rows / sum(FULL.values())) for split_set, n in FULL.items()}
        write_pcam_like(arguments.patches, folder / "pcam", sizes)
        good.append(measure_digests(open_dataset(DataConfig(dataset="pcam", root=str(folder / "pcam")), workspace)))
    sys.exit(not all(good))


def write_files(patches: Path, folder: Path) -> int:
    """10,000 JPEG files: real ones, and mirrored copies of some, saved anew; returns how many copies."""
    real = sorted(patches.glob("*/*/*.jpg"))[:PATCHES]
    for row in range(PATCHES):
        source = real[row % len(real)]
        target = folder / source.parent.name / f"{row}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        if row < len(real):
            target.write_bytes(source.read_bytes())
        else:
            Image.open(source).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(target, quality=90)
    return PATCHES - len(real)


def check(dataset: Dataset) -> None:
    """Ours must give hashlib's digests and SciPy's coefficients."""
    rows = np.arange(64)
    images = [np.asarray(Image.open(dataset.sources[row]).convert("RGB")) for row in rows]
    expected = [hashlib.sha256(repr(image.shape).encode() + image.tobytes()).digest() for image in images]
    scanned = scan(dataset, rows)
    assert scanned.digests == digests(dataset, rows) == expected
    grey = np.stack([image @ [0.299, 0.587, 0.114] for image in images])
    reference = np.asarray(dctn(grey, axes=(1, 2), norm="ortho"))[:, :SIDE, :SIDE] / np.sqrt(grey[0].size)
    reference[:, 0, 0] /= 2  # the mean counts half
    np.testing.assert_allclose(scanned.signatures, reference, atol=1e-3)


def perceptual_hash(image: Image.Image) -> int:
    """The 64-bit hash of the lowest 8 x 8 frequencies against their median."""
    small = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), np.float64)
    low = np.asarray(dctn(small))[:8, :8]
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def compare(dataset: Dataset) -> None:
    """Files to numbers, both from the same files."""
    rows = np.arange(0, len(dataset), 5)
    peer = "a loop: Pillow, SciPy's DCT, 64-bit hash"
    paired(
        f"{len(rows):,} image files of 96 x 96",
        {
            peer: lambda: [perceptual_hash(Image.open(dataset.sources[row])) for row in rows],
            "ours: digest, signature and facts": lambda: scan(dataset, rows),
            "ours: digest alone": lambda: digests(dataset, rows),
        },
        base=peer,
        rounds=5,
    )


def measure_audit(dataset: Dataset, copies: int) -> bool:
    """The whole audit, which must find the copies."""
    split = make_split(dataset, SplitConfig())
    report, seconds = timed(lambda: compute_audit(dataset, split))
    near = next(finding for finding in report.findings if finding.key == "near")
    print(f"{len(near.table):,} near-duplicates found, {copies:,} planted")
    assert FOUND * copies <= len(near.table) <= copies
    return allowed(f"the audit of {len(dataset):,} image files", seconds, AUDIT_SECONDS)


def measure_digests(dataset: Dataset) -> bool:
    """Exact duplicates of a file in which no two patches are equal, and that its digests tell apart."""
    told: list[int] = []
    groups, seconds = timed(
        lambda: exact_duplicates(dataset, np.arange(len(dataset)), lambda done, _: told.append(done))
    )
    assert (groups, told[-1]) == ([], len(dataset))
    with h5py.File(dataset.sources[0]) as file:
        first = file["x"][:1]  # type: ignore[index]
    digest = hashlib.sha256(repr(first.shape[1:]).encode() + first.tobytes()).digest()  # type: ignore[union-attr]
    assert digests(dataset, np.arange(1)) == [digest]
    return allowed(f"exact duplicates of {len(dataset):,} patches", seconds, DIGEST_SECONDS)


def timed(call: Callable[[], T]) -> tuple[T, float]:
    """What a call gives and the seconds it took."""
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def allowed(what: str, seconds: float, limit: float) -> bool:
    """Print a time against its limit."""
    good = seconds <= limit
    print(f"{what}: {seconds:.0f} s, at most {limit:.0f} s are allowed: {'pass' if good else 'FAIL'}")
    return good


if __name__ == "__main__":
    main()
