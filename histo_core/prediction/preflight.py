"""Check whether a run suits some data: resolution, stain, and patches that it has seen before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from histo_core.auditing.domain_shift import stain_profile, stain_shift
from histo_core.auditing.scan import digests
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import Split
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import HistoscopeError
from histo_core.files import read_json
from histo_core.progress import Progress, silent
from histo_core.runs.store.records import Run
from histo_core.runs.store.test_set_access import scored_in_words
from histo_core.workspace import Workspace

SCALE = 1.1
"""Ratio of micrometres per pixel from which resolutions count as different; scanners of the same nominal
magnification differ by almost as much (0.23 to 0.25 at 40x)."""
MOST_COMPARED = 50_000
"""The most training patches that are read again to find shared ones; more take minutes and are left to the audit."""

Verdict = Literal["alike", "differs", "unknown"]


@dataclass(frozen=True)
class Check:
    """One comparison of some data with a run's training data.

    Attributes:
        name: resolution, stain, shared or test_part.
        verdict: "differs" where results will probably be worse, or look better than they are.
        sentence: in plain words.
    """

    name: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, eq=False)
class Trained:
    """A run's training data, as far as they are still available.

    Attributes:
        resolution: micrometres per pixel of the network's input, or None.
        dataset, split: the data and their split; None where the data can no longer be read.
    """

    resolution: float | None
    dataset: Dataset | None
    split: Split | None


def trained_on(run: Run, workspace: Workspace) -> Trained:
    """Open a run's training data."""
    data, preprocess = run.config.data, Preprocess(run.config.preprocess)
    try:
        dataset = open_dataset(data, workspace.allowing(run.config))
        split = make_split(dataset, run.config.split, workspace)
    except HistoscopeError:
        facts = _manifest(run, workspace)
        size = facts.get("patch_size")
        known = resolution(facts.get("microns_per_pixel"), preprocess, size) if size else None
        return Trained(known, None, None)
    return Trained(dataset_resolution(dataset, preprocess), dataset, split)


def dataset_resolution(dataset: Dataset, preprocess: Preprocess, row: int = 0) -> float | None:
    """Return the micrometres per pixel of a data set after preprocessing; None where the source does not say."""
    if dataset.microns_per_pixel is None:
        return None
    return resolution(dataset.microns_per_pixel, preprocess, dataset.read([row])[0].shape[:2])


def resolution(microns_per_pixel: float | None, preprocess: Preprocess, size: Sequence[int]) -> float | None:
    """Return the micrometres per pixel of the network's input for patches of a given height and width.

    Raises:
        ConfigError: the crop is larger than the patches.
    """
    if microns_per_pixel is None:
        return None
    seen, (height, width) = preprocess.seen(size[0], size[1]), preprocess.output_size(size[0], size[1])
    return microns_per_pixel * (seen.height * seen.width / (height * width)) ** 0.5


def fit_checks(trained: Trained, dataset: Dataset, rows: np.ndarray, preprocess: Preprocess) -> tuple[Check, ...]:
    """Compare resolution and stain; this takes a second or two.

    Args:
        trained: from `trained_on`.
        dataset: the data to predict.
        rows: int64 [n], rows of ``dataset``, at least one.
        preprocess: the run's preprocessing.

    Raises:
        DataError, ConfigError: a patch cannot be read, or is smaller than the crop.
    """
    scale = resolution_check(trained.resolution, dataset_resolution(dataset, preprocess, int(rows[0])))
    if trained.dataset is None or trained.split is None:
        lost = "Stain: cannot be compared, because the run's training data cannot be read any more."
        return scale, Check("stain", "unknown", lost)
    train = stain_profile(trained.dataset, trained.split.indices("train"))
    shift = stain_shift(train, stain_profile(dataset, rows))
    return scale, Check("stain", shift.verdict, shift.sentence)


def resolution_check(trained: float | None, target: float | None) -> Check:
    """Compare micrometres per pixel of the network's input."""
    if trained is None or target is None:
        whose = "the run's training data do" if trained is None else "these data do"
        return Check("resolution", "unknown", f"Resolution: cannot be compared, because {whose} not say it.")
    ratio = trained / target
    numbers = f"{target:.3g} µm per pixel against {trained:.3g} in training"
    if 1 / SCALE <= ratio <= SCALE:
        return Check("resolution", "alike", f"Resolution: alike ({numbers}).")
    times = f"{max(ratio, 1 / ratio):.1f} times {'larger' if ratio > 1 else 'smaller'}"
    return Check("resolution", "differs", f"Resolution: differs: {numbers}, so that everything looks {times}.")


def training_digests(trained: Trained, progress: Progress = silent) -> frozenset[bytes] | None:
    """Return digests of a run's training and validation patches; None where they cannot be read quickly."""
    if trained.dataset is None or trained.split is None:
        return None
    rows = np.concatenate([trained.split.indices(split_set) for split_set in ("train", "valid")])
    if len(rows) > MOST_COMPARED:
        return None
    return frozenset(digests(trained.dataset, rows, progress))


def shared_check(seen: frozenset[bytes] | None, found: Sequence[bytes]) -> Check:
    """Check whether patches are in the run's training or validation set, pixel by pixel."""
    if seen is None:
        return Check("shared", "unknown", "Shared patches: not looked for; the audit of two data sets finds them.")
    return seen_check(sum(digest in seen for digest in found), len(found))


def seen_check(count: int, of: int) -> Check:
    """Return the check for a number of patches that are in the run's training or validation set."""
    if not count:
        return Check("shared", "alike", "Shared patches: none was trained on.")
    many = f"{count:,} of {of:,} patches {'is' if count == 1 else 'are'}"
    return Check(
        "shared", "differs", f"Shared patches: {many} from the run's own training or validation set: no fair test."
    )


def held_out_check(before: int, kept_back_by: Sequence[str]) -> Check:
    """Check whether the run's own test set may be scored now without bias.

    Args:
        before: how often it was scored before, from `histo_core.runs.store.test_set_access.scored_before`.
        kept_back_by: names of the experiments that still withhold it.
    """
    if kept_back_by:
        names = ", ".join(map(repr, kept_back_by))
        return Check(
            "test_part",
            "differs",
            f"Test set: the experiment {names} keeps it back until one run is chosen; a choice made after looking at "
            "it seems better than it is.",
        )
    return Check("test_part", "unknown" if before else "alike", f"Test set: {scored_in_words(before)}")


def _manifest(run: Run, workspace: Workspace) -> dict[str, Any]:
    try:
        found = read_json(workspace.run_folder(run.run_id) / "manifest.json")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
