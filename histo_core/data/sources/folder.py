"""Any images, sorted into one folder for each class."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import pandas as pd
from pydantic import Field

from histo_core.config import Config
from histo_core.data.dataset import DATASETS, Dataset, DatasetInfo
from histo_core.data.formats.folder_look import FolderLook, Signs
from histo_core.data.formats.images import KINDS
from histo_core.data.formats.unpacked import in_namesake, only_folder
from histo_core.data.formats.walk import Walk
from histo_core.data.sources.alike import MEANT, refuse_alike
from histo_core.data.sources.image_files import ImageFilesDataset, usable_rows
from histo_core.data.sources.patients import patient_ids
from histo_core.data.sources.published_folders import class_of_interest, published_with
from histo_core.data.sources.set_names import set_named
from histo_core.errors import BrokenFilesError, ConfigError, CorruptDataError, DataNotFoundError
from histo_core.shown_text import count
from histo_core.workspace import Workspace

_SHOWN = 9
_MANY = 50
_DEEP = 2
"""Folders below a class folder in which an image is looked for, where a folder is to be recognised."""


class FolderOptions(Config):
    """Options for what the folders do not say."""

    positive: str | None = Field(
        default=None, title="Class of interest", description="A class folder's name; none takes the last by name"
    )
    patient_pattern: str | None = Field(
        default=None,
        title="Patient pattern",
        description="A regular expression whose group (patient, else the first) is the patient's id in "
        "<class>/<image>; none where patients are not known",
    )
    alike: bool = Field(
        default=False,
        title=MEANT,
        description="Take class folders such as tumor and tumour for two classes instead of refusing them",
    )


class ClassFolders(ImageFilesDataset):
    """Images in class folders, at any depth below them; folders for sets above the classes fix the split.

    Sample ids are paths below the root. An empty class folder, a link that leads out, or a name in which the pattern
    finds no patient is a problem.
    """

    name_in_registry: ClassVar[str]
    Options: ClassVar[type[Config]] = FolderOptions

    @classmethod
    def class_of(cls, folder: str) -> str | None:
        """Return the class that a folder's name means, or None."""
        return folder

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        """Open the class folders.

        Raises:
            DataNotFoundError: no class folders.
            CorruptDataError: only one class, two classes that look like one in two spellings, or set folders beside
                class folders.
            ConfigError: an unknown class of interest, or a pattern that cannot be used.
            BrokenFilesError: no image can be used, or only those of one class.
        """
        del workspace
        walk, options = Walk(cast(Path, root)), cast(FolderOptions, options)
        table = usable_rows(cls._table(walk), walk)
        if options.patient_pattern is not None:
            table = usable_rows(_with_patients(table, options.patient_pattern, walk), walk)
        classes = sorted(set(table["class"]))
        if len(classes) < 2 and walk.problems:
            raise BrokenFilesError(
                walk.problems, f"The class {classes[0]!r} alone is left, and at least two are needed: mend the others."
            )
        if len(classes) < 2:
            raise CorruptDataError(
                f"{root} holds the class folder {classes[0]!r} only.", "At least two are needed.", cls.info.layout
            )
        refuse_alike(
            classes, str(root), "Give both folders the same name, or put their images into one.", meant=options.alike
        )
        if options.positive not in (None, *classes):
            raise ConfigError(
                f"positive = {options.positive!r} is no class of {root}.",
                f"Classes: {', '.join(classes)}.",
                "Choose one of these.",
            )
        paths = table.pop("path").tolist()
        table["label"] = np.searchsorted(classes, table.pop("class").to_numpy(dtype=str))
        dataset = cls(
            cls.name_in_registry, table, classes, paths, positive=options.positive, problems=tuple(walk.problems)
        )
        dataset.survey = walk.survey()
        return dataset

    @classmethod
    def _table(cls, walk: Walk) -> pd.DataFrame:
        """Build the columns sample_id, class, path and, if folders fix it, split."""
        rows = []
        for split_set, folder in _class_folders(walk, cls.info.layout):
            kind = cls.class_of(folder.name)
            if kind is None:
                walk.note(folder, f"is no class; {cls.info.layout}")
                continue
            known = len(walk.problems)
            images = walk.all_images(folder)
            if not images and len(walk.problems) == known:
                walk.note(folder, f"is a class folder without images ({KINDS})")
            rows += [(walk.place(path), kind, path, split_set) for path in images]
        table = pd.DataFrame(rows, columns=["sample_id", "class", "path", "split"])
        return table.drop(columns="split") if "" in table["split"].array else table


@DATASETS.register("folder")
class Folder(ClassFolders):
    """Images in class folders; classes are the folders' names, sorted."""

    name_in_registry: ClassVar[str] = "folder"
    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="Class folders",
        summary=f"Your own patches ({KINDS}), sorted into one folder a class.",
        source="your own",
        licence="your own",
        layout="<class>/<image>, or <train|valid|test>/<class>/<image> where the split is fixed.",
    )

    @classmethod
    def signs(cls, look: FolderLook) -> Signs | None:
        """Know the folder by two or more folders with images, and published sets by the names of their classes."""
        classes, split_sets = classes_seen(look)
        if len(classes) < 2:
            return None
        first = sorted(classes)[-1]
        published = published_with(classes)
        positive = published.positive if published else class_of_interest(classes)
        named = ", ".join(classes[:_SHOWN]) + (", ..." if len(classes) > _SHOWN else "")
        evidence = [f"{count(len(classes), 'class folder')} with images ({named})"]
        if split_sets:
            evidence.append(f"below the sets {', '.join(split_sets)}")
        if len(classes) > _MANY:
            evidence.append("so many that they may be patients and no classes")
        options = {} if positive in (None, first) else {"positive": positive}
        return Signs(tuple(evidence), options, published.title if published else "", specific=published is not None)


def classes_seen(look: FolderLook) -> tuple[list[str], list[str]]:
    """Return the names of class folders that hold images, and of the set folders above them, by names alone."""
    folders = look.folders(look.root)
    if len(folders) == 1 and set_named(folders[0].name) is None:  # as `_top`
        inner = look.folders(folders[0])
        folders = inner if inner and all(set_named(folder.name) for folder in inner) else folders
    split_sets = [folder.name for folder in folders if set_named(folder.name)]
    if split_sets:
        folders = [
            below
            for folder in folders
            for inner in [next((each for each in look.folders(folder) if each.name == folder.name), folder)]
            for below in look.folders(inner)
        ]
    return sorted({folder.name for folder in folders if look.first_images(folder, _DEEP)}), split_sets


def _class_folders(walk: Walk, layout: str) -> Iterator[tuple[str, Path]]:
    """Yield pairs of set ("" where the folders fix none) and class folder."""
    top = _top(walk)
    folders = walk.folders(top)
    walk.leave_images(top, "beside the folders")
    set_folders = [folder for folder in folders if set_named(folder.name)]
    others = [folder.name for folder in folders if not set_named(folder.name)]
    if not folders and not walk.problems:
        raise DataNotFoundError(f"{walk.root} holds no class folders.", layout, "Check the folder.")
    if set_folders and others:
        raise CorruptDataError(
            f"{walk.root} mixes the set {set_folders[0].name!r} with {', '.join(map(repr, others[:3]))}.",
            "Either sets (train, valid, test) or classes are expected.",
            "Move one of the two elsewhere.",
        )
    if not set_folders:
        yield from (("", folder) for folder in folders)
    for set_folder in set_folders:
        inner = in_namesake(walk, set_folder)
        below = walk.folders(inner)
        walk.leave_images(inner, "beside the class folders")
        if not below:
            walk.note(set_folder, "holds no class folders")
        yield from ((set_named(set_folder.name) or "", folder) for folder in below)


def _top(walk: Walk) -> Path:
    """Return the folder that holds class or set folders: the root, or one below it that unpacking created."""
    top = in_namesake(walk, walk.root)
    only = only_folder(walk, top)
    below = [] if only is None or set_named(only.name) else walk.folders(only)
    return only if only is not None and below and all(set_named(folder.name) for folder in below) else top


def _with_patients(table: pd.DataFrame, pattern: str, walk: Walk) -> pd.DataFrame:
    """Return the rows whose patient is known, with the column patient_id; the others become problems."""
    table = table.assign(patient_id=patient_ids(table["sample_id"].tolist(), pattern))
    unknown = table["patient_id"].isna()
    for path in table.loc[unknown, "path"]:
        walk.note(path, "has no patient: the pattern finds none in its name")
    return table.loc[~unknown]
