"""Find all pairs of duplicate patches within a data set and between two, with their sets, labels and similarity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.auditing.dct_signature import SYMMETRIES
from histo_core.auditing.duplicates import equal_groups, near_pairs
from histo_core.auditing.scan import Scan
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class Scanned:
    """A data set with the scan of some of its rows, and the set that each of its rows belongs to."""

    dataset: Dataset
    scan: Scan
    split_sets: np.ndarray

    def described(self) -> pd.DataFrame:
        """Return sample id, set and label (class name, "" where unknown) of each scanned row."""
        labels = self.dataset.table["label"].to_numpy()[self.scan.rows]
        names = np.array([*self.dataset.classes, ""], dtype=object)  # UNLABELLED is -1, the last index
        return pd.DataFrame(
            {
                "sample_id": self.dataset.table["sample_id"].to_numpy(dtype=object)[self.scan.rows],
                "split_set": self.split_sets[self.scan.rows],
                "label": names[np.where(labels == UNLABELLED, -1, labels)],
            }
        )


def find_pairs(own: Scanned, other: Scanned | None = None, progress: Progress = silent) -> pd.DataFrame:
    """Return duplicate pairs within a data set and, where another is given, between the two.

    Among equal patches the first is paired with each other one; only the first is compared with similar patches.

    Returns:
        Columns ``sample_id, other_id, part, other_part, label, other_label`` (class names), ``outside`` (the other
        patch lies in the other data set), ``identical`` (pixel by pixel), ``conflict`` (the labels differ),
        ``how`` (one of `SYMMETRIES`), ``correlation``, ``difference``; sorted by index of the first patch, then of the
        other.
    """
    scanned = [own] if other is None else [own, other]
    size = len(own.scan)
    groups = equal_groups([digest for each in scanned for digest in each.scan.digests])
    again = np.array([place for same in groups for place in same[1:]], np.int64)
    heads = np.setdiff1d(np.arange(sum(len(each.scan) for each in scanned)), again)

    def read(places: np.ndarray) -> list[np.ndarray]:
        ours, theirs = places[places < size], places[places >= size] - size
        images = list(own.dataset.read(own.scan.rows[ours])) if len(ours) else []
        if other is not None and len(theirs):
            images += other.dataset.read(other.scan.rows[theirs])
        return images

    signatures = np.concatenate([each.scan.signatures for each in scanned])
    equal = pd.DataFrame(
        [(same[0], place, 0, 1.0, 0.0) for same in groups for place in same[1:]],
        columns=["first", "other", "symmetry", "correlation", "difference"],
    ).assign(identical=True)
    near = near_pairs(signatures, heads, read, progress).assign(identical=False)
    found = pd.concat([each for each in (equal, near) if len(each)] or [equal], ignore_index=True)
    found = found.loc[found["first"].to_numpy() < size].sort_values(["first", "other"], ignore_index=True)
    return _named(found, [each.described() for each in scanned])


def one_each(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return one pair for each patch that repeats an earlier one, with the earliest that it repeats."""
    return pairs.drop_duplicates(["outside", "other_id"], ignore_index=True)


def _named(found: pd.DataFrame, each_described: list[pd.DataFrame]) -> pd.DataFrame:
    described = pd.concat(each_described, ignore_index=True)
    first, other = (described.iloc[found[end].astype(np.int64)].reset_index(drop=True) for end in ("first", "other"))
    outside = found["other"].to_numpy() >= len(each_described[0])
    return pd.DataFrame(
        {
            "sample_id": first["sample_id"],
            "other_id": other["sample_id"],
            "split_set": first["split_set"],
            "other_split_set": other["split_set"],
            "label": first["label"],
            "other_label": other["label"],
            "outside": outside,
            "identical": found["identical"].to_numpy(bool),
            "conflict": _conflict(first["label"], other["label"], outside, each_described),
            "how": np.array(SYMMETRIES, dtype=object)[found["symmetry"].to_numpy(np.int64)],
            "correlation": found["correlation"].to_numpy(np.float64),
            "difference": found["difference"].to_numpy(np.float64),
        }
    )


def _conflict(
    first: pd.Series, other: pd.Series, outside: np.ndarray, each_described: list[pd.DataFrame]
) -> np.ndarray:
    """Return whether two known labels contradict each other; between data sets only class names of both can."""
    names = [{_plain(name) for name in set(each["label"])} - {""} for each in each_described]
    own, shared = names[0], set.intersection(*names)
    pairs = zip(map(_plain, first), map(_plain, other), outside, strict=True)
    return np.array([a != b and {a, b} <= (shared if out else own) for a, b, out in pairs], dtype=bool)


def _plain(name: str) -> str:
    """Return a class name without differences of spelling."""
    return name.strip().casefold().replace("tumour", "tumor")
