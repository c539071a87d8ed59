"""How many planted duplicates the audit finds, and pictures of all it finds in the data as they are.

    python scripts/measure_audit.py ../shared/data/pcam_jpeg ../shared/data/kpcam build/audit

Planted: of 1,000 patches a copy each, mirrored or turned at random and saved at JPEG quality 70, the last one under
the other label. The contact sheets show each pair side by side, the second patch laid as the first, so that one can
count the wrong ones; one sheet shows the pairs that came closest without being called the same.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from PIL import Image
from scipy.spatial import KDTree

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # because it is started as a file

from histo_core.audit.report import AuditReport, compute_audit
from histo_core.audit.scan import scan
from histo_core.audit.signatures import FEATURELESS, SYMMETRIES, invariants, structure, turned, under_symmetries
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.base import Dataset, open_dataset
from histo_core.data.splits.split import make_split
from histo_core.workspace import Workspace

PLANTED = 1000
QUALITY = 70
CLOSEST = 60
_PAIRS_A_ROW = 8


def main(own: Path, other: Path, out: Path) -> None:
    """Print both rates and write the sheets."""
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as home:
        workspace = Workspace(Path(home), (own.resolve(), other.resolve(), out.resolve()))
        dataset = open_dataset(DataConfig(dataset="folder", root=str(own)), workspace)
        second = open_dataset(DataConfig(dataset="kpcam", root=str(other)), workspace)
        report = compute_audit(dataset, make_split(dataset, SplitConfig()), second)
        print(report.verdict)
        for key in ("identical", "near", "conflicts"):
            print(f"  {key} in {own.name}: {len(_table(report, key))} pairs")
        shared = _table(report, "shared")
        print(f"  shared with {other.name}: {len(shared)} pairs")
        _sheet(_looked_up(dataset, second, shared), out / "shared.png")
        near = _table(report, "near")
        _sheet(_looked_up(dataset, dataset, near), out / "near.png")
        _sheet(_closest(dataset), out / "closest.png")
        print(f"  sheets: {out}/shared.png, near.png, closest.png (different patches that look most alike from afar)")
        _measure_planted(dataset, workspace, Path(home) / "planted")


def _table(report: AuditReport, key: str) -> pd.DataFrame:
    finding = report.finding(key)
    return pd.DataFrame() if finding is None else finding.table


def _measure_planted(dataset: Dataset, workspace: Workspace, root: Path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.choice(len(dataset), PLANTED, replace=False)
    labels = dataset.table["label"].to_numpy()[rows]
    labels[-1] = 1 - labels[-1]
    ways = rng.integers(0, len(SYMMETRIES), PLANTED)
    originals = dataset.read(np.arange(len(dataset)))
    for row, (image, label) in enumerate(zip(originals, dataset.table["label"], strict=True)):
        _save(image, root / "train" / dataset.classes[label] / f"{row}.png")
    for row, way, label in zip(rows, ways, labels, strict=True):
        copy = Image.open(_jpeg(turned(originals[row], way)))
        _save(np.asarray(copy), root / "test" / dataset.classes[label] / f"{row}.png")
    planted = open_dataset(DataConfig(dataset="folder", root=str(root)), workspace)
    report = compute_audit(planted, make_split(planted, SplitConfig(valid=0)))
    found = pd.concat([_table(report, "identical"), _table(report, "near")])
    pairs = {(Path(a).stem, Path(b).stem) for a, b in zip(found["sample_id"], found["other_id"], strict=True)}
    right = {(str(row), str(row)) for row in rows} & pairs
    conflicts = {Path(name).stem for name in _table(report, "conflicts")["other_id"]}
    print(f"  planted: {len(right)} of {PLANTED} found ({len(right) / PLANTED:.1%}); {len(pairs - right)} other pairs")
    print(f"  relabelled: {'found, and no other' if conflicts == {str(rows[-1])} else f'wrong: {conflicts}'}")


def _jpeg(image: np.ndarray) -> io.BytesIO:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "JPEG", quality=QUALITY)
    return buffer


def _save(image: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, compress_level=1)


def _looked_up(dataset: Dataset, second: Dataset, table: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    rows, others = ({name: row for row, name in enumerate(each.table["sample_id"])} for each in (dataset, second))
    columns = table.reindex(columns=["sample_id", "other_id", "how"])
    return [
        (dataset.read([rows[a]])[0], turned(second.read([others[b]])[0], SYMMETRIES.index(how)))
        for a, b, how in columns.itertuples(index=False)
    ]


def _closest(dataset: Dataset) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs that look most alike from afar, before anyone asks for their details."""
    signature = scan(dataset, np.arange(len(dataset))).signatures
    places = np.flatnonzero(structure(signature) >= FEATURELESS)
    points = invariants(signature[places])
    distances, nearest = (np.asarray(found)[:, 1] for found in KDTree(points).query(points, k=2))
    pairs = list(dict.fromkeys(tuple(sorted((row, int(nearest[row])))) for row in distances.argsort()))[:CLOSEST]
    first, other = (places[[pair[end] for pair in pairs]] for end in (0, 1))
    ways = np.square(under_symmetries(signature[other]) - signature[first]).sum(axis=(2, 3)).argmin(axis=0)
    return [
        (dataset.read([a])[0], turned(dataset.read([b])[0], way)) for a, b, way in zip(first, other, ways, strict=True)
    ]


def _sheet(pairs: list[tuple[np.ndarray, np.ndarray]], path: Path) -> None:
    if not pairs:
        return
    side, gap = max(max(image.shape[:2]) for pair in pairs for image in pair), 8
    rows = -(-len(pairs) // _PAIRS_A_ROW)
    sheet = np.full((rows * (side + gap), _PAIRS_A_ROW * (2 * side + gap), 3), 255, np.uint8)
    for number, pair in enumerate(pairs):
        top, left = number // _PAIRS_A_ROW * (side + gap), number % _PAIRS_A_ROW * (2 * side + gap)
        for place, image in enumerate(pair):
            start = left + place * side
            sheet[top : top + image.shape[0], start : start + image.shape[1]] = image
    Image.fromarray(sheet).save(path)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
