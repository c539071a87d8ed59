"""How many planted duplicates the audit finds, how near its limits real pairs come, and pictures of all it finds.

    python scripts/measure_audit.py build/audit folder=../shared/data/pcam_jpeg kpcam=../shared/data/kpcam \\
        idc=../shared/data/idc breakhis=../shared/data/breakhis_224

Every data set is looked at by itself, and the first is compared with the second. Planted: of up to 1,000 patches a copy
each, mirrored or turned at random and saved at JPEG quality 70, the last one under another label. The contact sheets
show each pair side by side, the second patch laid as the first, so that one can count the wrong ones; one sheet shows
the pairs that look most alike from afar, whether they are the same or not.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from PIL import Image
from scipy.spatial import KDTree

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # because it is started as a file

from histo_core.auditing.dct_signature import (
    FEATURELESS,
    SYMMETRIES,
    invariants,
    signatures,
    structure,
    turned,
    under_symmetries,
)
from histo_core.auditing.pixel_stats import luma
from histo_core.auditing.report import AuditReport, compute_audit
from histo_core.auditing.scan import scan
from histo_core.auditing.similarity import CORRELATION, Similarity, side_for, similarity, thumbnail
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.workspace import Workspace

PLANTED = 1000
QUALITY = 70
COMPARED = 3000
"""Pairs that look most alike from afar; their details are compared, and the first of them are drawn."""
DRAWN = 60
_PAIRS_A_ROW = 8


def main(out: Path, named: Sequence[str]) -> None:
    """Print what was measured and write the sheets."""
    out.mkdir(parents=True, exist_ok=True)
    configs = [
        DataConfig(dataset=name, root=str(Path(root).resolve()))
        for name, root in (each.split("=", 1) for each in named)
    ]
    with TemporaryDirectory() as home:
        workspace = Workspace(Path(home), (Path(home), *(Path(str(config.root)) for config in configs)))
        datasets = {Path(str(config.root)).name: open_dataset(config, workspace) for config in configs}
        for name, dataset in datasets.items():
            print(f"{name}: {len(dataset):,} patches")
            report = compute_audit(dataset, make_split(dataset, SplitConfig(method="random")))
            counts = [f"{len(_table(report, key))} {key}" for key in ("identical", "near", "conflicts")]
            print(f"  within it: {', '.join(counts)}")
            _sheet(_looked_up(dataset, dataset, _table(report, "near")), out / f"{name}-near.png")
            _measure_closest(dataset, out / f"{name}-closest.png")
            _measure_planted(dataset, workspace, Path(home) / f"planted-{name}")
        (name, own), (other_name, other), *_ = datasets.items()
        report = compute_audit(own, make_split(own, SplitConfig(method="random")), other)
        shared = _table(report, "shared")
        print(f"{name} and {other_name} share {len(shared)}; {len(_table(report, 'conflicts'))} labels contradict")
        _sheet(_looked_up(own, other, shared), out / "shared.png")


def _table(report: AuditReport, key: str) -> pd.DataFrame:
    finding = report.finding(key)
    return pd.DataFrame() if finding is None else finding.table


def _measure_planted(dataset: Dataset, workspace: Workspace, root: Path) -> None:
    rng = np.random.default_rng(0)
    count = min(PLANTED, len(dataset))
    rows, ways = rng.choice(len(dataset), count, replace=False), rng.integers(0, len(SYMMETRIES), count)
    originals = dataset.read(np.arange(len(dataset)))
    for quality in (90, QUALITY, 50):
        copies = [_decoded(turned(originals[row], way), quality) for row, way in zip(rows, ways, strict=True)]
        found = [_alike(originals[row], copy) for row, copy in zip(rows, copies, strict=True)]
        correlation, difference = np.array([[each.correlation, each.difference] for each in found]).T
        print(
            f"  copies at quality {quality}: {np.mean(correlation >= CORRELATION):.1%} reach the correlation, "
            f"the worst {correlation.min():.2f}; the greatest difference is {difference.max():.1f}"
        )
    labels = np.where(dataset.table["label"] == UNLABELLED, 0, dataset.table["label"])
    for row, (image, label) in enumerate(zip(originals, labels, strict=True)):
        _save(image, root / "train" / dataset.classes[label] / f"{row}.png")
    labels = labels[rows]
    labels[-1] = (labels[-1] + 1) % len(dataset.classes)
    for row, way, label in zip(rows, ways, labels, strict=True):
        _save(_decoded(turned(originals[row], way), QUALITY), root / "test" / dataset.classes[label] / f"{row}.png")
    planted = open_dataset(DataConfig(dataset="folder", root=str(root)), workspace)
    report = compute_audit(planted, make_split(planted, SplitConfig(method="published", valid=0)))
    table = pd.concat([_table(report, "identical"), _table(report, "near")])
    pairs = {(Path(a).stem, Path(b).stem) for a, b in zip(table["sample_id"], table["other_id"], strict=True)}
    right = {(str(row), str(row)) for row in rows} & pairs
    conflicts = {Path(name).stem for name in _table(report, "conflicts")["other_id"]}
    print(f"  planted: {len(right)} of {count} found ({len(right) / count:.1%}); {len(pairs - right)} other pairs")
    print(f"  relabelled: {'found, and no other' if conflicts == {str(rows[-1])} else f'wrong: {conflicts}'}")


def _alike(image: np.ndarray, copy: np.ndarray) -> Similarity:
    """Laid as the signatures say."""
    one, two = (signatures(luma(np.asarray(each)[None])) for each in (image, copy))
    way = np.square(under_symmetries(two) - one).sum(axis=(1, 2, 3)).argmin()
    side = side_for(image, copy)
    return similarity(thumbnail(image, side), thumbnail(copy, side), int(way))


def _decoded(image: np.ndarray, quality: int) -> np.ndarray:
    """After a round through JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


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


def _measure_closest(dataset: Dataset, path: Path) -> None:
    """Pairs that look most alike from afar, before anyone asks for their details."""
    signature = scan(dataset, np.arange(len(dataset))).signatures
    places = np.flatnonzero(structure(signature) >= FEATURELESS)
    points = invariants(signature[places])
    distances, nearest = (np.asarray(found)[:, 1:] for found in KDTree(points).query(points, k=min(6, len(points))))
    order = np.argsort(distances, axis=None)
    own = np.broadcast_to(np.arange(len(points))[:, None], nearest.shape)
    found = np.sort(np.stack([own.ravel()[order], nearest.ravel()[order]], axis=1), axis=1)
    pairs = [(int(places[a]), int(places[b])) for a, b in dict.fromkeys(map(tuple, found))][:COMPARED]
    images = dataset.read(np.arange(len(dataset)))
    alike = [_alike(images[a], images[b]) for a, b in pairs]
    same, apart = sum(each.same for each in alike), [each.correlation for each in alike if not each.same]
    print(
        f"  {len(pairs):,} pairs most alike from afar: {same} have the same details, the rest at most {max(apart):.2f}"
    )
    drawn = pairs[:DRAWN]
    first, other = (signature[[pair[end] for pair in drawn]] for end in (0, 1))
    ways = np.square(under_symmetries(other) - first).sum(axis=(2, 3)).argmin(axis=0)
    _sheet([(images[a], turned(images[b], way)) for (a, b), way in zip(drawn, ways, strict=True)], path)


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
    print(f"  {len(pairs)} pairs in {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
