"""Check a run's patches before it is queued: sizes against the crop, classes, the share that is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from histo_core.config import PreprocessConfig, RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.grouping import known_groups
from histo_core.data.integrity import Size, image_sizes
from histo_core.data.splits.split import Split
from histo_core.errors import ConfigError, DataError
from histo_core.shown_text import count
from histo_core.workspace import Workspace

FEW_GROUPS = 10
"""Fewest validation patients (or slides) of each class by which an epoch can be chosen."""
_SHOWN = 3
_LITTLE = 0.5
"""Share of the image below which a crop is pointed out."""
_IN_WORDS = {"train": "training", "valid": "validation", "test": "test"}


def sizes_that_matter(config: PreprocessConfig, dataset: Dataset, workspace: Workspace) -> Mapping[Size, int] | None:
    """Return the sizes of all images where they can stop a run; None where whole images are resized.

    Raises:
        BrokenFilesError: images that cannot be read.
    """
    if config.crop is None and config.resize is not None:
        return None
    return image_sizes(dataset, workspace)


def check_sizes(config: PreprocessConfig, sizes: Mapping[Size, int]) -> None:
    """Refuse a crop that is larger than an image, and images of several sizes that are not resized.

    Raises:
        ConfigError: the crop is larger than an image.
        DataError: images have different sizes, and a network needs one.
    """
    total, side = sum(sizes.values()), config.crop
    if side is not None:
        small = {size: number for size, number in sizes.items() if side > min(size)}
        if small:
            smallest = _size(min(small, key=_area))
            raise ConfigError(
                f"preprocess.crop = {side} is larger than {sum(small.values()):,} of {total:,} images, of which the "
                f"smallest has {smallest} pixels.",
                f"At most {min(min(size) for size in sizes)} is possible.",
                f"Show the whole image instead: no crop, and resize to {min(next(iter(sizes)))}.",
            )
    elif config.resize is None and len(sizes) > 1:
        smallest, largest = min(sizes, key=_area), max(sizes, key=_area)
        raise DataError(
            f"Images have {len(sizes)} sizes, from {_size(smallest)} to {_size(largest)} pixels.",
            "A network needs one size.",
            f"Set preprocess.resize, such as {min(next(iter(sizes)))}, the side of most images.",
        )


def data_doubts(config: RunConfig, dataset: Dataset, split: Split, sizes: Mapping[Size, int] | None) -> Iterator[str]:
    """Yield a sentence for each thing that does not stop a run and makes its result worth less."""
    yield from absent_classes(dataset, split)
    if dataset.info.needs_root:  # drawn patches can be had in any number, and what they show is known
        yield from _seen(config.preprocess, dataset, sizes)
        yield from _noisy_epoch(config, dataset, split)


def absent_classes(dataset: Dataset, split: Split) -> Iterator[str]:
    """Yield a sentence for each set that lacks a class."""
    table = split.counts(dataset)
    for split_set in _IN_WORDS:
        row = table.loc[split_set, list(dataset.classes)]
        lacking = [str(kind) for kind, number in row.items() if not number]
        if row.sum() and lacking:
            yield lacks_class(split_set, lacking)


def lacks_class(split_set: str, classes: Sequence[str]) -> str:
    """Say that a set ("train", "valid", "test") has no patch of some classes."""
    what = "so that it cannot be learnt" if split_set == "train" else "so that some figures cannot be computed"
    shown = ", ".join(classes[:_SHOWN]) + (f" and {len(classes) - _SHOWN} others" if len(classes) > _SHOWN else "")
    return f"No {_IN_WORDS[split_set]} patch shows {shown}, {what}."


def _seen(config: PreprocessConfig, dataset: Dataset, sizes: Mapping[Size, int] | None) -> Iterator[str]:
    """Point out a crop that leaves most of the image out, unless the label is about that part alone."""
    side = config.crop
    if side is None or sizes is None or (dataset.info.label_box is not None and side >= dataset.info.label_box):
        return
    share = seen_share(config, sizes)
    if share < _LITTLE:
        yield (
            f"The network sees {share:.0%} of each image: the central {side} x {side} of "
            f"{_size(next(iter(sizes)))} pixels. Without a crop it sees all."
        )


def seen_share(config: PreprocessConfig, sizes: Mapping[Size, int]) -> float:
    """Return the share of all pixels that the crop keeps, 0 to 1; 1 without a crop."""
    if config.crop is None:
        return 1.0
    return sum(sizes.values()) * config.crop**2 / sum(_area(size) * number for size, number in sizes.items())


def _noisy_epoch(config: RunConfig, dataset: Dataset, split: Split) -> Iterator[str]:
    if config.train.checkpoint == "last" or config.train.epochs == 1:
        return
    ids, kind = known_groups(dataset.table)
    if ids is None or kind is None:
        return
    rows = split.indices("valid")
    labels = dataset.table["label"].to_numpy()[rows]
    fewest = min(len(set(ids[rows][labels == label])) for label in range(len(dataset.classes)))
    if fewest < FEW_GROUPS:
        yield (
            f"The validation set holds {count(fewest, kind)} of its rarer class, too few to choose an epoch by: keep "
            "the last epoch's weights (train.checkpoint=last, best with an EMA decay)."
        )


def _area(size: Size) -> int:
    return size[0] * size[1]


def _size(size: Size) -> str:
    return f"{size[1]} x {size[0]}"
