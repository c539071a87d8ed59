"""The table of the commands about what finished runs give: compare, explain, predict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from wiring_base import ANYTHING, CLI, DATA, GET, ID, OWN_DATA, RUN, STORE, Command, Row, Rows
from wiring_options import data_rows

from histo_core.config import SplitConfig


def compare() -> Command:
    compared, written = "histo_core.comparison.api.compare", "histo_core.reports.comparison.write_comparison"
    imported = "histo_core.comparison.import_file.import_file"
    return Command(
        {
            "runs": Row(("first", "second", "third"), compared, "runs", ["first", "second", "third"]),
            "split_set": Row(("--split-set", "valid"), compared, "split_set", "valid"),
            "shared_only": Row(("--shared-only",), compared, "shared_only", value=True),
            "threshold": Row(("--threshold", "validation:youden"), compared, "threshold", "validation:youden"),
            "prevalence": Row(("--prevalence", "0.1"), compared, "prevalence", 0.1),
            "class_of_interest": Row(("--class-of-interest", "benign"), compared, "class_of_interest", "benign"),
            "comparator": Row(("--comparator", "second"), compared, "comparator", "second"),
            "margin": Row(("--margin", "0.02"), f"{CLI}.compare._print", "margin", 0.02),
            "class_": Row(("--map-class", "tumor=tumour"), compared, "classes", {"tumor": "tumour"}),
            "ensemble": Row(("--ensemble", "vote"), compared, "ensembles", ["vote"]),
            "predictions": Row(("--predictions", "p.csv"), imported, "path", Path("p.csv")),
            "slice_by": Row(("--slice-by", "scanner"), f"{CLI}.compare._print", "slice_by", "scanner"),
            "cases": Row(("--cases", "uncertain"), f"{CLI}.compare._print", "cases", "uncertain"),
            "out": Row(("--out", "here"), written, "folder", Path("here")),
            "as_json": (
                Row(("--json",), f"{CLI}.compare._print_json", "result", ANYTHING),
                Row(("--json",), f"{CLI}.compare._print", calls=False),
            ),
        },
        words={"runs": ("first", "second")},
        stubs={
            compared: ANYTHING,
            "histo_core.comparison.entries.load_entry": ANYTHING,
            f"{CLI}.compare._print": None,
            f"{CLI}.compare._print_json": None,
        },
    )


def explain() -> Command:
    gradcam, lime = "histo_core.explanation.gradcam.GradCam.attribute", "histo_core.explanation.lime.Lime.attribute"
    read = f"{CLI}.explain._read"
    return Command(
        {
            "run_id": Row((RUN,), GET, "run_id", RUN),
            "out": Row(("--out", "here"), f"{CLI}.explain.write_json", "path", Path(f"here/{RUN}-any.json")),
            "patch": Row(("--patch", "42"), read, "patch", "42"),
            "image": Row(("--image", "a.png"), read, "image", Path("a.png")),
            "method": Row(("--method", "lime"), lime, "self.options.seed", 5, also=("--set", "seed=5")),
            "target": Row(("--target", "benign"), gradcam, "target", 1),
            "change": Row(("--set", "relu=false"), gradcam, "self.options.relu", value=False),
        },
        words={**ID, "out": ("--out", "there")},
        stubs={
            **STORE,
            read: (ANYTHING, "a source", None),
            gradcam: ANYTHING,
            "histo_core.explanation.base.influence": ANYTHING,
            "histo_core.explanation.base.replace": ANYTHING,
            "histo_core.explanation.words.about_box": "",
            "histo_core.models.inference.predictor.Predictor.from_run": SimpleNamespace(classes=("normal", "benign")),
            "histo_core.plots.overlay.describe": "",
            "histo_core.plots.overlay.overlay_png": b"",
            f"{CLI}.explain.write_atomically": None,
        },
    )


def predict() -> Command:
    target, answered = "histo_core.prediction.predict.predict_with", f"{CLI}.predict.answer_file"
    split_set = ("--split-set", "train")
    return Command(
        {
            "run_id": Row((RUN,), target, "run_id", RUN),
            **_predicted_data(target),
            "split_set": (
                Row(("--split-set", "train", "--split-set", "test"), target, "predict.parts", ("train", "test")),
                Row(("--split-set", "train"), target, "split.method", "slide"),
            ),
            "split": Row(("--split", "random"), target, "split.method", "random", also=split_set),
            "class_": (
                Row(("--map-class", "benign=normal"), target, "classes", {"benign": "normal"}),
                Row(("--class", "benign="), target, "classes", {"benign": ""}),
            ),
            "tta": Row(("--tta", "flips"), target, "predict.tta", "flips"),
            "combine": Row(("--combine", "vote"), target, "predict.combine", "vote", also=("--tta", "flips")),
            "device": Row(("--device", "cuda:1"), target, "device", "cuda:1"),
            "out": Row(("--out", "p.parquet"), f"{DATA}.predictions.write_predictions", "path", Path("p.parquet")),
            "image": Row(("--image", "a.png"), answered, "image", Path("a.png")),
            "mpp": Row(("--mpp", "0.5"), answered, "mpp", 0.5, also=("--image", "a.png")),
            "submission": Row(
                ("--submission", "s.csv"), f"{DATA}.export.kaggle_submission.write_submission", "path", Path("s.csv")
            ),
        },
        words=ID,
        stubs={
            **STORE,
            target: ANYTHING,
            answered: None,
            f"{CLI}.predict._own_or": SplitConfig(method="slide"),
            f"{CLI}.predict._summary": None,
        },
    )


def _predicted_data(target: str) -> Rows:
    """The options of another data set than the run's own, and of the run's own where none is named."""
    named = data_rows(target, "data")
    other = {name: replace(row, also=("--dataset", "phantom")) for name, row in named.items()}
    return {
        "dataset": (named["dataset"], Row((), target, "data", OWN_DATA)),
        "root": (other["root"], Row(("--root", "/moved"), target, "data.root", "/moved")),
        "option": (other["option"], Row(("--option", "a=3"), target, "data.options", {"fold": 2, "a": 3})),
        "skip_broken": (other["skip_broken"], named["skip_broken"]),
    }
