"""Whether a run may be expected to know its way about some data: resolution, stain, and patches it has seen before."""

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
"""Ratio of micrometres per pixel from which sizes count as different; scanners of one nominal magnification differ by
as much (0.23 to 0.25 at 40x)."""
MOST_COMPARED = 50_000
"""Training patches that are read again to find shared ones; more would take minutes, and the audit does it better."""

Verdict = Literal["alike", "differs", "unknown"]


@dataclass(frozen=True)
class Check:
    """One comparison of some data with those that a run was trained on.

    Attributes:
        name: resolution, stain, shared or test_part.
        verdict: "differs" where results must be expected to be worse, or to look better than they are.
        sentence: in plain words.
    """

    name: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, eq=False)
class Trained:
    """What a run was trained on, as far as it is still known.

    Attributes:
        resolution: micrometres per pixel of the network's input, or None.
        dataset, split: the data and their division; None where the data cannot be read any more.
    """

    resolution: float | None
    dataset: Dataset | None
    split: Split | None


def trained_on(run: Run, workspace: Workspace) -> Trained:
    """Look at a run's training data."""
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
    """Micrometres per pixel of a data set after preprocessing; None where the source does not say."""
    if dataset.microns_per_pixel is None:
        return None
    return resolution(dataset.microns_per_pixel, preprocess, dataset.read([row])[0].shape[:2])


def resolution(microns_per_pixel: float | None, preprocess: Preprocess, size: Sequence[int]) -> float | None:
    """Micrometres per pixel of the network's input for patches of some height and width.

    Raises:
        ConfigError: the crop is larger than the patches.
    """
    if microns_per_pixel is None:
        return None
    seen, (height, width) = preprocess.seen(size[0], size[1]), preprocess.output_size(size[0], size[1])
    return microns_per_pixel * (seen.height * seen.width / (height * width)) ** 0.5


def fit_checks(trained: Trained, dataset: Dataset, rows: np.ndarray, preprocess: Preprocess) -> tuple[Check, ...]:
    """Compare resolution and stain; it takes a second or two.

    Args:
        trained: from `trained_on`.
        dataset: what is to be predicted.
        rows: int64 [n] of it, at least one.
        preprocess: the run's.

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
    """Digests of the patches that a run learnt or was chosen from; None where they cannot be had at little cost."""
    if trained.dataset is None or trained.split is None:
        return None
    rows = np.concatenate([trained.split.indices(part) for part in ("train", "valid")])
    if len(rows) > MOST_COMPARED:
        return None
    return frozenset(digests(trained.dataset, rows, progress))


def shared_check(seen: frozenset[bytes] | None, found: Sequence[bytes]) -> Check:
    """Whether patches stand in the run's training or validation set, pixel by pixel."""
    if seen is None:
        return Check("shared", "unknown", "Shared patches: not looked for; the audit of two data sets finds them.")
    return seen_check(sum(digest in seen for digest in found), len(found))


def seen_check(count: int, of: int) -> Check:
    """What it means that so many of the patches stand in the run's training or validation set."""
    if not count:
        return Check("shared", "alike", "Shared patches: none was trained on.")
    many = f"{count:,} of {of:,} patches {'is' if count == 1 else 'are'}"
    return Check(
        "shared", "differs", f"Shared patches: {many} from the run's own training or validation set: no fair test."
    )


def held_out_check(before: int, kept_back_by: Sequence[str]) -> Check:
    """Whether it is fair to score the run's own test set now.

    Args:
        before: how often it was scored before, from `histo_core.runs.store.test_set_access.scored_before`.
        kept_back_by: names of the experiments that do not want it to be scored yet.
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
