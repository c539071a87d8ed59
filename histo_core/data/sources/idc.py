"""Invasive ductal carcinoma: patches of whole breast slides with their positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, cast

import pandas as pd

from histo_core.config import Config
from histo_core.data.dataset import DATASETS, Dataset, DatasetInfo
from histo_core.data.formats.folder_look import FolderLook, Signs
from histo_core.data.formats.images import KINDS
from histo_core.data.formats.unpacked import only_folder
from histo_core.data.formats.walk import Walk
from histo_core.data.sources.image_files import ImageFilesDataset, usable_rows
from histo_core.data.sources.synonyms import tumour_synonyms
from histo_core.shown_text import count
from histo_core.workspace import Workspace

CLASSES = ("normal", "tumour")
"""Labels 0 and 1: patches without and with invasive ductal carcinoma."""

_ARCHIVE = "IDC_regular_ps50_idx5"
"""Folder inside the published archive; some copies hold every patient a second time in this folder."""
_UNREAD = "images in second folders of patients, or outside their class folders"
_TRIED = 5
"""Patients' folders that are looked into before the folder is taken for another data set's."""
_DEEP = 4
"""Most nested folders in which patients are looked for; Kaggle's copy has the archive's folder twice."""

_NAME = re.compile(r"(?P<patient>\d+)_idx5_x(?P<x>\d+)_y(?P<y>\d+)_class(?P<label>\d+)")


@DATASETS.register("idc")
class IDC(ImageFilesDataset):
    """Patches of 50 x 50 pixels, one slide a patient; ``x`` and ``y`` are the top left corner in the patches' pixels.

    A few patches at a slide's edge are smaller and are read at their own size. The class comes from the file's name,
    which must agree with its folder. Micrometres per pixel are not published with the files.

    Papers: Cruz-Roa et al., Automatic Detection of Invasive Ductal Carcinoma in Whole Slide Images with Convolutional
    Neural Networks, SPIE Medical Imaging 2014; Janowczyk and Madabhushi, Deep Learning for Digital Pathology Image
    Analysis, Journal of Pathology Informatics 7:29, 2016.
    """

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="Invasive ductal carcinoma",
        summary="Breast patches of 50 x 50 pixels with their place on the slide: is there invasive ductal carcinoma?",
        source="https://andrewjanowczyk.com/use-case-6-invasive-ductal-carcinoma-idc-segmentation/",
        licence="CC0-1.0",
        layout="<patient>/<0|1>/<patient>_idx5_x<X>_y<Y>_class<0|1>.png, as the archive unpacks.",
        # The archive has folders of 279 patients, although its description mentions 162 slides.
        expected_counts={"patches": 277_524, "normal": 198_738, "tumour": 78_786, "patients": 279},
        synonyms=tumour_synonyms("IDC", "invasive ductal carcinoma", "ductal carcinoma"),
    )

    @classmethod
    def signs(cls, look: FolderLook) -> Signs | None:
        """Know the folder by patients' numbers, and names of images that say position and class."""
        for top in look.wrapped():
            patients = [folder for folder in look.folders(top) if folder.name.isdecimal()]
            for patient in patients[:_TRIED]:
                images = look.first_images(patient, 1)
                name = _NAME.fullmatch(images[0].stem) if images else None
                if name and not _disagreement(name, patient.name, images[0].parent.name):
                    named = ", ".join(folder.name for folder in patients[:2])
                    numbered = count(len(patients), "patient's folder", "patients' folders")
                    return Signs((f"{numbered} ({named}, ...)", look.place(images[0])))
        return None

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        """Open the patients' folders.

        Raises:
            DataNotFoundError: the folder cannot be listed, or holds no patients.
            BrokenFilesError: no patch can be used.
        """
        del options, workspace
        walk = Walk(cast(Path, root))
        table = usable_rows(_table(walk), walk)
        paths = table.pop("path").tolist()
        dataset = cls("idc", table, CLASSES, paths, problems=walk.problems)
        dataset.survey = walk.survey(images=_UNREAD)
        return dataset


def _table(walk: Walk) -> pd.DataFrame:
    rows = [row for patient in _patients(walk) for folder in _classes(patient, walk) for row in _rows(folder, walk)]
    return pd.DataFrame(rows, columns=["sample_id", "label", "patient_id", "slide_id", "x", "y", "path"])


def _classes(patient: Path, walk: Walk) -> list[Path]:
    """Return the folders of a patient, which should be class folders."""
    known = len(walk.problems)
    folders = walk.folders(patient)
    walk.leave_images(patient, "beside the class folders")
    if not folders and len(walk.problems) == known:
        walk.note(patient, "holds no class folders")
    return folders


def _rows(folder: Path, walk: Walk) -> Iterator[tuple[str, int, str, str, float, float, Path]]:
    """Yield one row for each patch of a class folder."""
    patient, label = folder.parent.name, folder.name
    if label not in ("0", "1"):
        walk.note(folder, "is no class; class folders are 0 and 1")
        return
    known = len(walk.problems)
    images = walk.all_images(folder)
    if not images and len(walk.problems) == known:
        walk.note(folder, f"is a class folder without images ({KINDS})")
    for path in images:
        stem = path.stem
        name = _NAME.fullmatch(stem)
        wrong = _disagreement(name, patient, label)
        if name is None or wrong:
            walk.note(path, wrong)
        else:
            yield stem, int(label), patient, patient, float(name["x"]), float(name["y"]), path


def _patients(walk: Walk) -> list[Path]:
    """Return the patients' folders, named by a number. They may lie below the archive's folder, once or twice nested.

    A patient who occurs at several depths is read where the walk finds it first; the copy is left out.
    """
    found: dict[str, Path] = {}
    folder = walk.root
    for _ in range(_DEEP):
        folders = walk.folders(folder)
        only = only_folder(walk, folder)
        for each in folders:
            if each.name.isdecimal():
                found.setdefault(each.name, each)
            elif each.name != _ARCHIVE and each != only:
                walk.note(each, "is no patient; patients' folders are named by a number")
        walk.leave_images(folder, "beside the patients' folders")
        inner = [each for each in folders if each.name == _ARCHIVE or (each == only and not each.name.isdecimal())]
        if not inner:
            break
        folder = inner[0]
    return list(found.values())


def _disagreement(name: re.Match[str] | None, patient: str, label: str) -> str:
    """Describe how a file's name contradicts its folder, or return ""."""
    if name is None:
        return "has a name that is not <patient>_idx5_x<X>_y<Y>_class<0|1>"
    if name["patient"] != patient:
        return f"lies in the folder of patient {patient} though its name says {name['patient']}"
    if name["label"] != label:
        return f"lies in the class folder {label} though its name says class {name['label']}"
    return ""
