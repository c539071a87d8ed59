"""A workspace with two finished models, an experiment, predictions, an audit and a saved split, all named naughtily."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from naughty_strings import COMBINED, SHORT
from PIL import Image

from histo_core.auditing.report import make_audit
from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, SplitConfig, TrainConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.saved_split import save_split
from histo_core.experiments.api import start_experiment
from histo_core.experiments.edit import rename_experiment
from histo_core.prediction.predict import predict_with
from histo_core.runs.api import launch
from histo_core.runs.store.edit import rename, set_note, set_tags
from histo_core.runs.worker.worker import work
from histo_core.storable import can_be_kept
from histo_core.workspace import Workspace

SIDE = 32
VIEWS = ("overview", "gallery", "mosaic", "stain", "augment", "split", "audit", "files")


@dataclass(frozen=True)
class NaughtyHome:
    """What was made: the workspace, the two runs, their experiment, the data, a split of them and a patch's id."""

    workspace: Workspace
    runs: tuple[str, str]
    experiment: str
    data: DataConfig
    split: str
    sample: str

    def name(self, text: str, tag: str) -> None:
        """Give a name to both runs and their experiment, and a tag and a note to the first."""
        for place, run_id in enumerate(self.runs):
            rename(run_id, f"{text[:198]} {place}", self.workspace)
        set_tags(self.runs[0], [tag], self.workspace)
        set_note(self.runs[0], text, self.workspace)
        rename_experiment(self.experiment, text, self.workspace)

    def paths(self, text: str) -> dict[str, str]:
        """Every page by a name of its own, on what is named so, and on addresses that say ``text`` themselves."""
        first, second = self.runs
        data = {"dataset": "manifest", "root": str(self.data.root)}
        return {
            **self.named(),
            **{f"data/{view}": _path("data", **data, view=view, split=self.split) for view in VIEWS},
            "data/patch": _path("data", **data, view="gallery", patch=self.sample),
            "data/folder": _path("data", dataset="folder", root=f"{self.data.root}/folder", view="gallery"),
            "predict": _path("predict", run=first, **data),
            "predict/other": _path("predict", run=first, dataset="folder", root=f"{self.data.root}/folder"),
            "compare/asked": _path("compare", runs=[first, text], **{"class": text}),
            "data/asked": _path("data", dataset=text, root=text, view=text),
            "train/asked": _path("train", find=text, tag=text, preset=text),
            "experiments/asked": _path("experiments", experiment=text),
            "explain/upload": _path("explain", run=second, source="upload"),
        }

    def named(self) -> dict[str, str]:
        """The pages that show names of runs, experiments, tags and notes."""
        first, second = self.runs
        return {
            "home": "/",
            "train": _path("train", watch=[first, second]),
            "train/clone": _path("train", clone=first),
            "experiments": _path("experiments", experiment=self.experiment),
            "compare": _path("compare", runs=[first, second]),
            "explain": _path("explain", run=first),
        }


def make_home(folder: Path, texts: Sequence[str] = (COMBINED,)) -> NaughtyHome:
    """Draw patches, train two models of one epoch, and name everything by ``texts`` in turn.

    Args:
        folder: an empty one; data have to be allowed in it.
        texts: class names, patients, slides, files and values; at least one.
    """
    workspace = Workspace(folder / "home")
    data = DataConfig(dataset="manifest", root=str(_draw(folder / "data", texts)), options={"alike": True})
    config = RunConfig(
        data=data,
        split=SplitConfig(method="patient"),
        preprocess=PreprocessConfig(crop=SIDE),
        model=ModelConfig(name="cnn_narrow"),
        train=TrainConfig(epochs=1, batch_size=16, device="cpu", threads=1),
    )
    runs = []
    for seed in (0, 1):
        run = launch(config.model_copy(update={"seed": seed}), workspace, start_supervisor=False)
        if work(run.run_id, workspace) != 0:
            raise RuntimeError((workspace.run_folder(run.run_id) / "log.txt").read_text())
        runs.append(run.run_id)
    started = start_experiment(config, ProtocolConfig(kind="repeats", repeats=2), workspace)
    predict_with(runs[0], data, workspace)
    source = open_dataset(data, workspace)
    split = make_split(source, config.split)
    make_audit(source, split, workspace)
    save_split(source, split, config.split, "".join(sign for sign in texts[0] if sign.isprintable())[:100], workspace)
    saved = json.dumps({"method": "saved", "saved": split.fingerprint})
    sample = str(source.table["sample_id"].iloc[0])
    home = NaughtyHome(workspace, (runs[0], runs[1]), started.experiment_id, data, saved, sample)
    home.name(COMBINED, SHORT)
    return home


def _draw(root: Path, texts: Sequence[str]) -> Path:
    """A table of patches, eight of each class, whose every text is naughty; and folders of classes with such names."""
    rng = np.random.default_rng(0)
    rows, column = [], f"{texts[0][:60]} column"
    # NaN is a missing value in every table; a class that cannot be kept is refused (tests/data/test_dataset.py).
    labels = [text for text in (*texts, "plain") if text != "NaN" and can_be_kept(text)]
    for number, label in enumerate(labels):
        for copy in range(8):
            name = f"{number}-{copy} {in_a_file_name(label)}.png"
            _image(rng, root / name, 60 + 120 * (number % 2))
            rows.append(
                {
                    "path": name,
                    "label": label,
                    "sample_id": f"{label} {copy}",
                    "patient_id": f"{texts[copy % len(texts)]} {copy}",
                    "slide_id": f"{label} {copy % 2}",
                    "x": SIDE * (copy % 4),
                    "y": SIDE * (copy // 4),
                    column: texts[copy % len(texts)],
                }
            )
    pd.DataFrame(rows).to_csv(root / "manifest.csv", index=False)
    for label in dict.fromkeys(map(in_a_file_name, labels)):
        for copy in range(2):
            _image(rng, root / "folder" / label / f"{copy} {label}.png", 128)
    return root


def _image(rng: np.random.Generator, path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, level, (SIDE, SIDE, 3), dtype=np.uint8)).save(path)


def in_a_file_name(text: str) -> str:
    """A text without what no file's name may hold on Linux, cut to what one may be long."""
    kept = text.replace("/", "\u2215").replace("\x00", "")
    while len(kept.encode()) > 200:
        kept = kept[:-1]
    return kept.strip(".") or "dots"


def _path(page: str, **params: str | list[str]) -> str:
    return f"/{page}?{urlencode(params, doseq=True)}"
