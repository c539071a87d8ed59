"""BreaKHis: breast tumours at four magnifications; each file's name gives the tumour's type and the patient."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal, cast

import numpy as np
import pandas as pd
from pydantic import Field

from histo_core.config import Config
from histo_core.data.dataset import DATASETS, Dataset, DatasetInfo
from histo_core.data.formats.folder_look import FolderLook, Signs
from histo_core.data.formats.unpacked import in_own_folder
from histo_core.data.formats.walk import Walk
from histo_core.data.sources.breakhis_folds import own_sets, published_sets
from histo_core.data.sources.image_files import ImageFilesDataset, usable_rows
from histo_core.data.sources.set_names import set_named
from histo_core.errors import DataNotFoundError
from histo_core.workspace import Workspace

KINDS = {"B": "benign", "M": "malignant"}
SUBTYPES = {
    "A": "adenosis",
    "F": "fibroadenoma",
    "PT": "phyllodes_tumor",
    "TA": "tubular_adenoma",
    "DC": "ductal_carcinoma",
    "LC": "lobular_carcinoma",
    "MC": "mucinous_carcinoma",
    "PC": "papillary_carcinoma",
}
"""Short names in file names and names of folders, benign first; this is the order of the labels."""

_TREES = ("BreaKHis_v1/histology_slides/breast", "histology_slides/breast", "breast", ".")
"""Folders below the user's folder in which the published tree may begin."""

_DEEP, _MOST = 5, 2_000
"""How deep, and in how many folders, benign and malignant folders are looked for if the tree is elsewhere."""

_NAME = re.compile(
    r"SOB_(?P<kind>[BM])_(?P<subtype>A|F|PT|TA|DC|LC|MC|PC)-(?P<year>\d+)-(?P<number>\d+)(?P<letters>[A-Z]*)"
    r"-(?P<magnification>40|100|200|400)-(?P<image>\d+)"
)
_MAGNIFICATION, _SLIDE = re.compile(r"\d+x"), re.compile(r"sob_.+")
_COLUMNS = [
    *("sample_id", "patient_id", "slide_id", "group", "magnification", "kind", "subtype", "year", "image"),
    *("copy_part", "path"),
]


class BreaKHisOptions(Config):
    """Classes, magnification and split of BreaKHis."""

    target: Literal["binary", "subtype"] = Field(
        default="binary", title="Classes", description="Benign and malignant, or the eight types of tumour"
    )
    magnification: Literal[0, 40, 100, 200, 400] = Field(
        default=0, title="Magnification", description="40, 100, 200 or 400 times; 0 takes all"
    )
    fold: Literal[0, 1, 2, 3, 4, 5] = Field(
        default=0,
        title="Fold",
        description="Of the five published in dsfold1.txt to dsfold5.txt, else of five of our own; 0 takes none",
    )


@DATASETS.register("breakhis")
class BreaKHis(ImageFilesDataset):
    """Images with ``patient_id`` as published, such as 14-29960AB; ``group`` is its number alone, 29960.

    Ids that share a number may be one person, and one patient (14-13412) has two types of tumour, so splitting by group
    is the safe choice. ``slide_id`` is the name of the patient's folder. Further columns are magnification, subtype,
    year and image (its number). With a fold, images that its file does not name are in no set, and the validation set
    must be cut from the training set. Without the fold's file, 30% of the patients are drawn as test set, and the
    split's note says so. Copies with other folders above the images are read by the images' names, if no folder
    contradicts them. If these folders are called train or test (Kaggle's "BreaKHis 400X"), the column ``copy_part``
    keeps their names. They are not used as the split, because they divide patients. Micrometres per pixel are not
    given, because sources disagree.

    Paper: Spanhol et al., A Dataset for Breast Cancer Histopathological Image Classification, IEEE TBME 63(7), 2016.
    """

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="BreaKHis",
        summary="Breast tumours, 700 x 460 pixels at 40X, 100X, 200X and 400X: benign or malignant, or eight types.",
        source="https://web.inf.ufpr.br/vri/databases/breast-cancer-histopathological-database-breakhis/",
        licence="CC BY 4.0",
        layout=(
            "The published tree, BreaKHis_v1/histology_slides/breast/<benign|malignant>/SOB/<type>/<patient>/<40X|...>/"
            "SOB_<B|M>_<type>-<year>-<patient>-<magnification>-<number>.png; dsfold1.txt to dsfold5.txt beside "
            "BreaKHis_v1 if the published folds are wanted. Copies with fewer folders (<benign|malignant>/<image>) are "
            "read by the images' names."
        ),
        expected_counts={
            "images": 7_909,
            "benign": 2_480,
            "malignant": 5_429,
            "patients": 82,
            "40X": 1_995,
            "100X": 2_081,
            "200X": 2_013,
            "400X": 1_820,
        },
        synonyms={"malignant": ("cancer", "carcinoma", "malignancy", "malignant tumour")},
    )
    Options: ClassVar[type[Config]] = BreaKHisOptions

    @classmethod
    def signs(cls, look: FolderLook) -> Signs | None:
        """Know the folder by an image whose name says type, patient and magnification."""
        *_, top = look.wrapped(deep=_DEEP)
        folders = [folder.name.lower() for folder in look.folders(top)]
        if not all(_may_lie_above(folder) for folder in folders):  # a folder of several data sets
            return None
        first = next(iter(look.first_images(top)), None)
        if first is None or not _NAME.fullmatch(first.stem):
            return None
        evidence = [look.place(first)]
        evidence += [f"dsfold{fold}.txt" for fold in range(1, 6) if look.file(look.root / f"dsfold{fold}.txt")]
        above = {folder.lower() for folder in first.relative_to(look.root).parent.parts}
        sorted_so = bool(above & set(KINDS.values()))
        return Signs(tuple(evidence), missing="" if sorted_so else "the folders benign and malignant above the images")

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        """Open the tree.

        Raises:
            DataNotFoundError: no such tree, or no image at this magnification.
            CorruptDataError: a file of the published fold that cannot be used.
            BrokenFilesError: no image can be used.
        """
        root, options = cast(Path, root), cast(BreaKHisOptions, options)
        walk = Walk(root)
        table = usable_rows(_table(walk, _tree(walk, cls.info.layout)), walk)
        file, note = in_own_folder(root / f"dsfold{options.fold}.txt"), ""
        if options.fold and (file.exists() or file.is_symlink()):
            names = table["sample_id"].tolist()
            table["split"] = published_sets(workspace.allowed(file), options.fold, names, options.magnification, walk)
        elif options.fold:
            # Of all images, so that a patient is in the same set at every magnification.
            patients, kind = table["patient_id"].to_numpy(dtype=object), table["kind"].to_numpy() == "malignant"
            table["split"] = own_sets(patients, kind.astype(np.int64), options.fold)
            note = f"{file.name} is not here, so 30% of the patients were drawn for test (draw {options.fold} of ours)"
        if options.magnification:
            table = _at(table, options.magnification, root)
        classes = tuple(KINDS.values()) if options.target == "binary" else tuple(SUBTYPES.values())
        kinds, paths = table.pop("kind"), table.pop("path").tolist()
        named = kinds if options.target == "binary" else table["subtype"]
        table["label"] = np.array([classes.index(name) for name in named], np.int64)
        positive = "malignant" if options.target == "binary" else "ductal_carcinoma"  # the most frequent type
        dataset = cls("breakhis", table, classes, paths, positive=positive, problems=walk.problems)
        dataset.split_note = note
        dataset.survey = walk.survey(files=[file])
        return dataset


def _may_lie_above(folder: str) -> bool:
    """Return whether a folder's name, in lower case, is one of those above the images in some copy."""
    known = {*KINDS.values(), *SUBTYPES.values(), "sob"}
    return folder in known or set_named(folder) is not None or bool(_MAGNIFICATION.fullmatch(folder))


def _tree(walk: Walk, layout: str) -> Path:
    for below in _TREES:
        if any((walk.root / below / kind).is_dir() for kind in KINDS.values()):
            return walk.root / below
    found = _above_kinds(walk)
    if found:
        return Path(os.path.commonpath(found))
    raise DataNotFoundError(
        f"{walk.root} does not hold BreaKHis's tree.", layout, "Check the folder, or unpack the archive."
    )


def _above_kinds(walk: Walk) -> list[Path]:
    """Find the folders that contain a benign or malignant folder, at the least depth with any."""
    level, listed = [walk.root], 0
    for _ in range(_DEEP):
        below = [folder for each in level[: _MOST - listed] for folder in walk.folders(each)]
        listed += len(level)
        found = {folder.parent for folder in below if folder.name.lower() in KINDS.values()}
        if found or not below or listed >= _MOST:
            return sorted(found)
        level = [folder for folder in below if not folder.is_symlink()]
    return []


def _at(table: pd.DataFrame, magnification: int, root: Path) -> pd.DataFrame:
    there = sorted(set(table["magnification"]))
    if magnification not in there:
        raise DataNotFoundError(
            f"{root} holds no image at {magnification}X.",
            f"There are images at {', '.join(f'{number}X' for number in there)}.",
            "Choose one of these, or 0 for all.",
        )
    return table.loc[table["magnification"] == magnification]


def _table(walk: Walk, tree: Path) -> pd.DataFrame:
    """Build the table: one row for each image whose name can be parsed and agrees with its folders."""
    rows = []
    for path in walk.all_images(tree):
        name = _NAME.fullmatch(path.stem)
        if name is None:
            walk.note(path, "has a name that is not SOB_<B|M>_<type>-<year>-<patient>-<magnification>-<number>")
            continue
        patient = f"{name['year']}-{name['number']}{name['letters']}"
        slide = f"SOB_{name['kind']}_{name['subtype']}_{patient}"
        kind, subtype = KINDS[name["kind"]], SUBTYPES[name["subtype"]]
        folders = [folder.lower() for folder in path.relative_to(tree).parent.parts]
        if not _agrees(folders, kind, subtype, slide, f"{name['magnification']}X"):
            walk.note(path, f"does not lie where its name says ({kind}/SOB/{subtype}/{slide}/{name['magnification']}X)")
            continue
        numbers = int(name["magnification"]), int(name["year"]), int(name["image"])
        magnification, year, image = numbers
        split_set = next((split_set for folder in folders if (split_set := set_named(folder))), None)
        rows.append(
            (path.stem, patient, slide, name["number"], magnification, kind, subtype, year, image, split_set, path)
        )
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.drop(columns="copy_part") if bool(table["copy_part"].isna().all()) else table


def _agrees(folders: Sequence[str], kind: str, subtype: str, slide: str, magnification: str) -> bool:
    """Return whether the folders above an image (lower case) name its kind and agree with its name."""
    if kind not in folders:
        return False
    for folder in folders:
        if folder in KINDS.values() and folder != kind:
            return False
        if folder in SUBTYPES.values() and folder != subtype:
            return False
        if _MAGNIFICATION.fullmatch(folder) and folder != magnification.lower():
            return False
        if _SLIDE.fullmatch(folder) and folder != slide.lower():
            return False
    return True
