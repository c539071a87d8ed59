"""Any images sorted into one folder a class."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, cast

import pandas as pd
from pydantic import Field

from histo_core.config import Config
from histo_core.data.base import DATASETS, Dataset, DatasetInfo
from histo_core.data.image_files import ImageFilesDataset, list_folder, list_images
from histo_core.errors import ConfigError, CorruptDataError, DataNotFoundError
from histo_core.workspace import Workspace

_PARTS = {"train": "train", "valid": "valid", "val": "valid", "validation": "valid", "test": "test"}
"""Folder names that fix a part, in lower case."""


class FolderOptions(Config):
    """What the folders do not say by themselves."""

    positive: str | None = Field(
        default=None, title="Class of interest", description="A class folder's name; none takes the last by name"
    )


@DATASETS.register("folder")
class Folder(ImageFilesDataset):
    """Images in class folders; classes are the folders' names, in the order of their names."""

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="Class folders",
        summary="Your own PNG, JPEG or TIFF patches, sorted into one folder a class.",
        source="your own",
        licence="your own",
        layout="<class>/<image>, or <train|valid|test>/<class>/<image> where the split is fixed.",
    )
    Options: ClassVar[type[Config]] = FolderOptions

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        del workspace
        root, options = cast(Path, root), cast(FolderOptions, options)
        samples = [(part, folder.name, path) for part, folder in _class_folders(root) for path in _images(folder, root)]
        classes = sorted({name for _, name, _ in samples})
        labels = {name: label for label, name in enumerate(classes)}
        if len(classes) < 2:
            raise CorruptDataError(
                f"{root} holds the class folder {classes[0]!r} only.", "At least two are needed.", cls.info.layout
            )
        if options.positive not in (None, *classes):
            raise ConfigError(
                f"positive = {options.positive!r} is no class of {root}.",
                f"Classes: {', '.join(classes)}.",
                "Choose one of these.",
            )
        table = pd.DataFrame(
            {
                "sample_id": [path.relative_to(root).as_posix() for *_, path in samples],
                "label": [labels[name] for _, name, _ in samples],
            }
        )
        if samples[0][0]:
            table["split"] = [part for part, *_ in samples]
        return cls("folder", table, classes, [path for *_, path in samples], positive=options.positive)


def _class_folders(root: Path) -> Iterator[tuple[str, Path]]:
    """Pairs of part ("" where the folders fix none) and class folder."""
    folders = _folders(root, root)
    parts = [folder for folder in folders if folder.name.lower() in _PARTS]
    others = [folder.name for folder in folders if folder.name.lower() not in _PARTS]
    if parts and others:
        raise CorruptDataError(
            f"{root} mixes the part {parts[0].name!r} with {', '.join(map(repr, others[:3]))}.",
            "Either parts (train, valid, test) or classes are expected.",
            "Move one of the two elsewhere.",
        )
    if not parts:
        yield from (("", folder) for folder in folders)
    for part in parts:
        yield from ((_PARTS[part.name.lower()], folder) for folder in _folders(part, root))


def _folders(folder: Path, root: Path) -> list[Path]:
    found = [path for path in list_folder(folder, root) if path.is_dir()]
    if not found:
        raise DataNotFoundError(f"{folder} holds no class folders.", Folder.info.layout, "Check the folder.")
    return found


def _images(folder: Path, root: Path) -> list[Path]:
    found = list_images(folder, root)
    if not found:
        raise DataNotFoundError(
            f"The class folder {folder} holds no images.",
            "PNG, JPEG or TIFF files directly in it are expected.",
            "Fill it or remove it.",
        )
    return found
